//! The real server on a simulated host: its API, scheduler and store.
//!
//! The store works on threads of its own, in real time. So everything that touches it is done there while the simulated
//! world stands still, and each call takes no simulated time. A call that waits for news is answered without them once
//! something changed, and asked again, as a real one may be.
//! Must not know who calls.

use super::cluster::SimulatedExecutor;
use super::wire::PORT;
use super::yard::{Answer, Letter, SharedYard};
use axum::Router;
use backend::api::runner::Runners;
use backend::api::{self, Api};
use backend::auth::{Authenticator, Token};
use backend::clock::{Clock as _, ManualClock};
use backend::scheduler::{Explanations, LeaseTimes, Scheduler, SharedLeases};
use backend::secrets::Secrets;
use backend::store::Store;
use bytes::Bytes;
use futures::future::LocalBoxFuture;
use http_body_util::BodyExt as _;
use prost::Message as _;
use proto::v1;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use turmoil::net::UdpSocket;

/// Between two passes at least, as the real loop has it.
const COALESCE: Duration = Duration::from_millis(50);
/// A runner that waits for work hears at least this often that there is none.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

type Job = Box<dyn FnOnce() -> LocalBoxFuture<'static, ()> + Send>;

/// The thread on which the store's futures are driven.
#[derive(Debug)]
pub(super) struct Backroom(mpsc::UnboundedSender<Job>);

impl Backroom {
    pub(super) fn new() -> Self {
        let (jobs, mut todo) = mpsc::unbounded_channel::<Job>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                while let Some(job) = todo.recv().await {
                    job().await;
                }
            });
        });
        Self(jobs)
    }

    /// Does something while the world stands still.
    pub(super) fn run<T: Send + 'static>(&self, work: impl AsyncFnOnce() -> T + Send + 'static) -> T {
        let (done, result) = std::sync::mpsc::channel();
        let job = move || {
            Box::pin(async move {
                let _ = done.send(work().await);
            }) as LocalBoxFuture<'static, ()>
        };
        assert!(self.0.send(Box::new(job)).is_ok(), "the backroom's thread is gone");
        result.recv().unwrap()
    }
}

/// What outlives one life of the server.
pub(super) struct Site {
    pub(super) yard: SharedYard,
    pub(super) backroom: Backroom,
    pub(super) folder: PathBuf,
    pub(super) clock: Arc<ManualClock>,
    pub(super) owner: Token,
    pub(super) house: Mutex<Option<Arc<House>>>,
}

/// One life of the server.
pub(super) struct House {
    site: Arc<Site>,
    router: Router,
    scheduler: Scheduler,
    store: Store,
    revision: Mutex<i64>,
    /// Wakes who waits in the order in which they came; a `watch` channel has an order of chance.
    changed: Notify,
    pub(super) draining: CancellationToken,
    opened_at: Duration,
}

impl Site {
    /// Sets the clocks by simulated time.
    pub(super) fn set_clock(&self) {
        let now = self.yard.time();
        self.clock.advance(now.saturating_sub(self.clock.monotonic()));
    }

    /// The present life of the server, if it lives.
    pub(super) fn house(&self) -> Option<Arc<House>> {
        self.house.lock().unwrap().clone()
    }

    fn open(self: &Arc<Self>) -> Arc<House> {
        self.set_clock();
        let (folder, clock) = (self.folder.clone(), Arc::clone(&self.clock));
        let store = self.backroom.run(async move || Store::open(&folder, clock).await.unwrap());
        let leases = SharedLeases::new(LeaseTimes::default());
        let explanations = Explanations::default();
        let secrets = Secrets::new(store.clone(), Some(self.folder.join("secrets.key")));
        let (draining, stop) = (CancellationToken::new(), CancellationToken::new());
        let api = Api {
            store: store.clone(),
            authenticator: Authenticator::new(store.clone(), self.owner.hash()),
            runners: Runners::new(store.clone(), leases.clone(), secrets.clone(), stop.clone()),
            explanations: explanations.clone(),
            executor: None,
            secrets,
            draining: draining.clone(),
            url: "http://server".into(),
            stop,
        };
        let executor = Arc::new(SimulatedExecutor::new(self.yard.clone()));
        let scheduler = Scheduler::new(store.clone(), executor, leases, explanations, draining.clone());
        let house = Arc::new(House {
            site: Arc::clone(self),
            router: api::router(api).unwrap(),
            scheduler,
            revision: Mutex::new(*store.revisions().borrow()),
            changed: Notify::new(),
            store,
            draining,
            opened_at: self.yard.time(),
        });
        *self.house.lock().unwrap() = Some(Arc::clone(&house));
        self.yard.lock().server_is_up = true;
        self.yard.note("the server is open");
        house
    }

    /// Ends the present life of the server as a crash does; what is stored stays.
    pub(super) fn crash(&self) {
        self.yard.lock().server_is_up = false;
        if let Some(house) = self.house.lock().unwrap().take() {
            let store = house.store.clone();
            self.backroom.run(async move || store.close().await);
        }
        self.yard.note("the server is gone");
    }

    /// What the server's host does.
    pub(super) async fn serve(self: Arc<Self>) -> turmoil::Result {
        let house = self.open();
        let socket = Rc::new(UdpSocket::bind(("0.0.0.0", PORT)).await?);
        tokio::task::spawn_local(Arc::clone(&house).schedule());
        // Whether a call was answered; one that is sent again while it is worked on is not begun again.
        let seen = Rc::new(Mutex::new(BTreeMap::<u64, bool>::new()));
        loop {
            let mut buffer = [0; 8];
            let (_, from) = socket.recv_from(&mut buffer).await?;
            let number = u64::from_be_bytes(buffer);
            let state = seen.lock().unwrap().get(&number).copied();
            match state {
                Some(true) => drop(socket.send_to(&buffer, from).await),
                Some(false) => {}
                None => {
                    seen.lock().unwrap().insert(number, false);
                    let (house, socket, seen) = (Arc::clone(&house), Rc::clone(&socket), Rc::clone(&seen));
                    tokio::task::spawn_local(async move {
                        house.answer(number).await;
                        seen.lock().unwrap().insert(number, true);
                        let _ = socket.send_to(&number.to_be_bytes(), from).await;
                    });
                }
            }
        }
    }
}

impl House {
    async fn schedule(self: Arc<Self>) {
        loop {
            let changed = self.changed.notified();
            let pause = self.pass();
            tokio::select! {
                biased;
                () = changed => {}
                () = tokio::time::sleep(pause) => {}
            }
            tokio::time::sleep(COALESCE).await;
        }
    }

    fn pass(&self) -> Duration {
        self.site.set_clock();
        let scheduler = self.scheduler.clone();
        let pause = self.site.backroom.run(async move || scheduler.pass().await.unwrap());
        self.publish();
        pause
    }

    /// Tells who waits that something changed.
    fn publish(&self) {
        let revision = *self.store.revisions().borrow();
        if std::mem::replace(&mut *self.revision.lock().unwrap(), revision) != revision {
            self.changed.notify_waiters();
        }
    }

    async fn answer(&self, number: u64) {
        let letter = self.site.yard.lock().letters[&number].clone();
        // It may have been begun by a server that is gone since; its client hears no more than that.
        let answer = if letter.sent_at < self.opened_at {
            Answer { is_reset: true, ..Answer::default() }
        } else {
            let (letter, patience) = without_waiting(letter);
            let answer = self.call(&letter);
            if !has_news(&letter.path, &answer) {
                tokio::select! {
                    biased;
                    () = self.changed.notified() => {}
                    () = tokio::time::sleep(patience) => {}
                }
            }
            answer
        };
        self.site.yard.lock().answers.insert(number, answer);
    }

    /// Carries a call out.
    pub(super) fn call(&self, letter: &Letter) -> Answer {
        self.site.set_clock();
        let mut request = http::Request::post(letter.path.as_str()).version(http::Version::HTTP_2);
        request.headers_mut().unwrap().clone_from(&letter.headers);
        let request = request.body(axum::body::Body::from(letter.body.clone())).unwrap();
        let router = self.router.clone();
        let answer = self.site.backroom.run(async move || {
            let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
            let body = body.collect().await.unwrap();
            let trailers = body.trailers().cloned();
            Answer { headers: parts.headers, body: body.to_bytes(), trailers, is_reset: false }
        });
        self.publish();
        super::checks::hear(&self.site.yard, letter, &answer);
        answer
    }
}

/// The same question, asked for an answer at once, and how long the answer may wait.
fn without_waiting(mut letter: Letter) -> (Letter, Duration) {
    let message = letter.body.slice(letter.body.len().min(5)..);
    if letter.path.ends_with("RunnerService/Lease") {
        let request = v1::LeaseRequest::decode(message).unwrap();
        letter.body = framed(&v1::LeaseRequest { wait_secs: 0 });
        let patience = Duration::from_secs(u64::from(request.wait_secs));
        return (letter, patience.min(LOOK_AGAIN));
    }
    if letter.path.ends_with("RunnerService/Renew") {
        let request = v1::RenewRequest::decode(message).unwrap();
        let patience = Duration::from_secs(u64::from(request.wait_secs));
        letter.body = framed(&v1::RenewRequest { wait_secs: 0, ..request });
        return (letter, patience);
    }
    (letter, Duration::ZERO)
}

fn has_news(path: &str, answer: &Answer) -> bool {
    if answer.code() != tonic::Code::Ok {
        return true;
    }
    if path.ends_with("RunnerService/Lease") {
        return answer.message::<v1::LeaseResponse>().is_none_or(|one| one.stop || one.assignment.is_some());
    }
    let orders =
        |one: v1::RenewResponse| one.orders.iter().any(|order| order.order() != v1::Order::Unspecified);
    !path.ends_with("RunnerService/Renew")
        || answer.message::<v1::RenewResponse>().is_none_or(|one| one.stop || orders(one))
}

/// A message in the frame of gRPC.
pub(super) fn framed(message: &impl prost::Message) -> Bytes {
    let bytes = message.encode_to_vec();
    let mut frame = vec![0];
    frame.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    frame.extend(bytes);
    frame.into()
}
