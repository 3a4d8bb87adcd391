//! The life of a runner: registered once, then asking for work, renewing its leases, and ending
//! when it is told to, when its server no longer knows it, or after a signal.
//!
//! Must not know what an attempt does.

use super::args::{RunnerArgs, RunnerError};
use super::attempt::{Attempt, Command, Surroundings};
use super::connect::{ServerLink, Trouble, pause_before_try};
use super::data::FileSource;
use super::hands::Hands;
use super::lease::{Decision, ServerState, decide, server_state};
use super::memory::MemoryWitness;
use super::outcome::StopReason;
use super::running::Function;
use futures::{Stream, StreamExt as _, stream};
use proto::v1;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

/// How long one question for work waits for its answer.
const LEASE_WAIT_SECS: u32 = 20;

/// What a call may take beyond the time that the server waits on purpose.
const CALL_MARGIN: Duration = Duration::from_secs(10);

/// How long a runner tries to register.
const REGISTER_PATIENCE: Duration = Duration::from_secs(45);

/// How long a runner that has nothing to do waits for a server that is away. It has nothing to lose, and without
/// an end it would be left behind for ever by a server that was stopped.
const IDLE_PATIENCE: Duration = Duration::from_secs(20);

/// How often it is looked whether the lease is still good.
const LEASE_LOOKS: Duration = Duration::from_millis(250);

/// Renewals that are answered at once come no more often than this, and slower while something stops.
const RENEWAL_PAUSE: Duration = Duration::from_millis(200);
const STOPPING_PAUSE: Duration = Duration::from_secs(1);

/// How long what is held may take to stop once the runner has to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// Lives the life of a runner; returns when it is over.
///
/// It runs on one thread of its own that lives as long as the runner, because a child process ends
/// with the thread that started it (see `PR_SET_PDEATHSIG` in prctl(2)).
///
/// # Errors
/// Why it ended other than as it was told.
pub fn run(args: RunnerArgs) -> Result<(), RunnerError> {
    let system = |action| move |source| RunnerError::System { action, source };
    let life = std::thread::Builder::new()
        .name("runner".into())
        .spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(system("starting the runtime"))?
                .block_on(live(args))
        })
        .map_err(system("starting a thread"))?;
    life.join().unwrap_or_else(|_| {
        Err(RunnerError::System { action: "running", source: std::io::Error::other("the runner panicked") })
    })
}

async fn answer_to(question: &mut Option<JoinHandle<v1::LeaseResponse>>) -> Option<v1::LeaseResponse> {
    match question {
        Some(question) => question.await.ok(),
        None => std::future::pending().await,
    }
}

struct Runner {
    surroundings: Surroundings,
    hands: Hands,
    concurrency: usize,
    renew: Duration,
    outage: Duration,
    server_file: Option<PathBuf>,
    /// When the last renewal that was confirmed was sent.
    heard: watch::Sender<Instant>,
    /// No more work is taken.
    stop: watch::Sender<bool>,
    /// What is held has to stop as well.
    drains: watch::Sender<bool>,
}

async fn live(args: RunnerArgs) -> Result<(), RunnerError> {
    let link = ServerLink::new(&args.server_url, args.server_file.clone(), args.registration_token.clone())?;
    let own = args.program.to_string_lossy().into_owned();
    let function =
        Function::from_image(args.image.clone(), args.run_as_process, &own, args.train_function.clone());
    let told = signals()?;
    live_over(link, function, args, told).await
}

/// The same over a line that there is already; each item of `told` is as good as a signal. Where several things happen
/// at once, the order in which they are looked at is fixed, so that a life can be repeated.
///
/// # Errors
/// Why it ended other than as it was told.
pub async fn live_over(
    link: ServerLink,
    function: Function,
    args: RunnerArgs,
    told: impl Stream<Item = ()>,
) -> Result<(), RunnerError> {
    let registered = register(&link, &args.server_url).await?;
    link.set_token(registered.session_token.clone());
    tracing::info!(instance_id = registered.instance_id, "registered");
    let source = FileSource { link: link.clone(), blobs_dir: args.blobs_dir };
    let surroundings = Surroundings {
        link,
        source,
        function,
        program: args.program.to_string_lossy().into_owned(),
        memory: Arc::new(MemoryWitness::of_instance(&args.instance_dir)),
        instance_dir: args.instance_dir,
        lease: Duration::from_secs(u64::from(registered.lease_secs.max(1))),
        stuck: Arc::new(Notify::new()),
    };
    let runner = Arc::new(Runner {
        surroundings,
        hands: Hands::default(),
        concurrency: args.concurrency.unwrap_or(registered.concurrency as usize).max(1),
        renew: Duration::from_secs(u64::from(registered.renew_secs.max(1))),
        outage: args.outage,
        server_file: args.server_file,
        heard: watch::Sender::new(Instant::now()),
        stop: watch::Sender::new(false),
        drains: watch::Sender::new(false),
    });
    // It lives on while what it started is told to stop.
    let mut work = Box::pin(runner.work_until_stopped());
    let ended = tokio::select! {
        biased;
        ended = runner.obey(told) => ended,
        ended = runner.renew_for_ever() => ended,
        () = &mut work => Ok(()),
        () = runner.watch_lease() => Ok(()),
        () = runner.drain_when_stuck() => Ok(()),
    };
    match &ended {
        // With this runner, its functions' groups end at once.
        Ok(()) | Err(RunnerError::Forced) => {}
        Err(_) => {
            runner.hands.command_all(Command::Abandon);
            runner.wait_until_free(FAREWELL).await;
        }
    }
    drop(work);
    ended
}

/// An item for each signal that asks for the end.
fn signals() -> Result<impl Stream<Item = ()>, RunnerError> {
    let system = |source| RunnerError::System { action: "listening to signals", source };
    let mut terminate = signal(SignalKind::terminate()).map_err(system)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system)?;
    Ok(stream::poll_fn(move |context| {
        let any = [terminate.poll_recv(context), interrupt.poll_recv(context)];
        if any.iter().any(Poll::is_ready) { Poll::Ready(Some(())) } else { Poll::Pending }
    }))
}

async fn register(link: &ServerLink, url: &str) -> Result<v1::RegisterResponse, RunnerError> {
    let not_registered =
        |detail: &str| RunnerError::NotRegistered { url: url.to_owned(), detail: detail.to_owned() };
    let deadline = Instant::now() + REGISTER_PATIENCE;
    let mut failed_tries = 0;
    loop {
        let request = v1::RegisterRequest {
            process_id: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let mut client = link.client()?;
        match tokio::time::timeout(CALL_MARGIN, client.register(request)).await {
            Ok(Ok(answer)) => return Ok(answer.into_inner()),
            Ok(Err(status)) if link.trouble(&status) != Trouble::Unreachable => {
                return Err(not_registered(status.message()));
            }
            Ok(Err(status)) if Instant::now() >= deadline => return Err(not_registered(status.message())),
            Err(_) if Instant::now() >= deadline => return Err(not_registered("no answer")),
            Ok(Err(_)) | Err(_) => {}
        }
        link.look_again();
        tokio::time::sleep(pause_before_try(failed_tries)).await;
        failed_tries += 1;
    }
}

impl Runner {
    /// Renews until it makes no sense any more. The server confirms at once and answers when there
    /// is an order, so that an abort needs no waiting for the next renewal. New attempts are named at once,
    /// all in one call: none does any work before.
    async fn renew_for_ever(&self) -> Result<(), RunnerError> {
        let mut failed_tries = 0;
        let mut taken = self.hands.taken();
        loop {
            taken.mark_unchanged();
            // Who is stopping already is asked for at a steady pace.
            let hurries = self.hands.has_unconfirmed() || self.hands.is_stopping_any();
            let wait_secs =
                if hurries { 0 } else { u32::try_from(self.renew.as_secs() / 2).unwrap_or(1).max(1) };
            let held = self.hands.attempts();
            let asked = Instant::now();
            let answer = tokio::select! {
                biased;
                answer = self.renew(v1::RenewRequest { held: held.clone(), wait_secs }) => answer,
                _ = taken.changed(), if !hurries => continue,
            };
            match answer {
                Ok(answer) => {
                    self.heard.send_replace(asked);
                    failed_tries = 0;
                    self.hands.hear(&held, &answer.orders);
                    if answer.stop {
                        self.stop.send_replace(true);
                    }
                    let stops = answer.stop || self.hands.is_stopping_any();
                    let pause = if stops { STOPPING_PAUSE } else { RENEWAL_PAUSE };
                    if asked.elapsed() < RENEWAL_PAUSE {
                        // What was taken meanwhile ends the pause.
                        tokio::select! {
                            biased;
                            () = tokio::time::sleep(pause) => {}
                            _ = taken.changed() => {}
                        }
                    }
                }
                Err(Trouble::NotOurs | Trouble::Refused) => return Err(RunnerError::Dismissed),
                Err(Trouble::Unreachable) => {
                    let heard = *self.heard.borrow();
                    self.bear_outage(heard.elapsed())?;
                    self.surroundings.link.look_again();
                    tokio::time::sleep(pause_before_try(failed_tries)).await;
                    failed_tries = failed_tries.saturating_add(1);
                }
            }
        }
    }

    /// Stops what is held before its lease ends, should the server live and not be reached. Never ends.
    async fn watch_lease(&self) {
        let mut seen_gone: Option<Instant> = None;
        loop {
            tokio::time::sleep(LEASE_LOOKS).await;
            let heard = *self.heard.borrow();
            if heard.elapsed() < self.renew || self.hands.is_empty() {
                continue;
            }
            let server = server_state(self.server_file.as_deref());
            if server == ServerState::Gone {
                seen_gone = Some(Instant::now());
            }
            let silence = seen_gone.map_or(heard, |gone| gone.max(heard)).elapsed();
            if decide(silence, self.surroundings.lease, server) == Decision::StopNow {
                tracing::warn!(?silence, "the lease cannot be renewed: what this runner holds is stopped");
                self.hands.command_all(Command::Stop(StopReason::Silence));
            }
        }
    }

    /// A thread that does not stop ends with this process alone; what else is held may stop in peace.
    async fn drain_when_stuck(&self) {
        self.surroundings.stuck.notified().await;
        tracing::error!(
            "a Train function does not stop: this runner ends as soon as the others have stopped"
        );
        self.drain();
        std::future::pending::<()>().await;
    }

    fn drain(&self) {
        self.stop.send_replace(true);
        self.drains.send_replace(true);
        self.hands.command_all(Command::Stop(StopReason::Drain));
    }

    /// Whether to go on without a server, and why not.
    fn bear_outage(&self, lasting: Duration) -> Result<(), RunnerError> {
        let patience = if self.hands.is_empty() { IDLE_PATIENCE.min(self.outage) } else { self.outage };
        if lasting > patience {
            return Err(RunnerError::Outage(patience.as_secs()));
        }
        let folder = &self.surroundings.instance_dir;
        if folder.is_dir() { Ok(()) } else { Err(RunnerError::FolderGone(folder.clone())) }
    }

    async fn renew(&self, request: v1::RenewRequest) -> Result<v1::RenewResponse, Trouble> {
        let patience = Duration::from_secs(u64::from(request.wait_secs)) + CALL_MARGIN;
        let mut client = self.surroundings.link.client().map_err(|_| Trouble::Refused)?;
        tokio::time::timeout(patience, client.renew(request))
            .await
            .map_err(|_| Trouble::Unreachable)?
            .map(tonic::Response::into_inner)
            .map_err(|status| self.surroundings.link.trouble(&status))
    }

    /// Takes work as long as there is a free hand; ends once told to stop and all hands are free.
    async fn work_until_stopped(self: &Arc<Self>) {
        let mut attempts = JoinSet::new();
        // The question is never dropped while it waits: its answer may be an attempt.
        let mut question: Option<JoinHandle<v1::LeaseResponse>> = None;
        let mut stop = self.stop.subscribe();
        loop {
            let stopped = *stop.borrow_and_update();
            if stopped && attempts.is_empty() && question.is_none() {
                return;
            }
            if !stopped && question.is_none() && attempts.len() < self.concurrency {
                question = Some(tokio::spawn(Arc::clone(self).ask_until_answered()));
            }
            tokio::select! {
                biased;
                Some(ended) = attempts.join_next(), if !attempts.is_empty() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "an attempt broke off");
                    }
                }
                changed = stop.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                answer = answer_to(&mut question) => {
                    question = None;
                    if let Some(assignment) = answer.as_ref().and_then(|answer| answer.assignment.clone()) {
                        attempts.spawn(Arc::clone(self).attempt(assignment));
                    }
                    if answer.is_some_and(|answer| answer.stop) {
                        self.stop.send_replace(true);
                    }
                }
            }
        }
    }

    async fn ask_until_answered(self: Arc<Self>) -> v1::LeaseResponse {
        let mut failed_tries = 0;
        loop {
            match self.ask_for_work().await {
                Ok(answer) => return answer,
                // Whether it is over is for the renewals to find out.
                Err(_) if *self.stop.borrow() => return v1::LeaseResponse::default(),
                Err(_) => {
                    self.surroundings.link.look_again();
                    tokio::time::sleep(pause_before_try(failed_tries)).await;
                    failed_tries = failed_tries.saturating_add(1);
                }
            }
        }
    }

    async fn ask_for_work(&self) -> Result<v1::LeaseResponse, Trouble> {
        let mut client = self.surroundings.link.client().map_err(|_| Trouble::Refused)?;
        let patience = Duration::from_secs(u64::from(LEASE_WAIT_SECS)) + CALL_MARGIN;
        tokio::time::timeout(patience, client.lease(v1::LeaseRequest { wait_secs: LEASE_WAIT_SECS }))
            .await
            .map_err(|_| Trouble::Unreachable)?
            .map(tonic::Response::into_inner)
            .map_err(|status| self.surroundings.link.trouble(&status))
    }

    async fn attempt(self: Arc<Self>, assignment: v1::Assignment) {
        let (execution_id, fencing_token) = (assignment.execution_id.clone(), assignment.fencing_token);
        tracing::info!(execution_id, attempt = assignment.attempt, "attempt leased");
        let ears = self.hands.take(&assignment);
        if *self.drains.borrow() {
            // It was on its way when the end began.
            self.hands.command(&execution_id, Command::Stop(StopReason::Drain));
        }
        Attempt::new(self.surroundings.clone(), assignment, ears).run().await;
        self.hands.let_go(&execution_id, fencing_token);
    }

    /// The first signal drains: no new work, and what runs gets its drain time, while the lease is
    /// still renewed. The second one ends it now.
    async fn obey(&self, told: impl Stream<Item = ()>) -> Result<(), RunnerError> {
        let mut told = pin!(told);
        if told.next().await.is_some() {
            tracing::info!("told to end: attempts are stopped and reported");
            self.drain();
            if told.next().await.is_some() {
                return Err(RunnerError::Forced);
            }
        }
        std::future::pending().await
    }

    async fn wait_until_free(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while !self.hands.is_empty() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
