//! A whole runner against a server that plays along: no work before its lease is confirmed, none after a
//! silence, and little time lost between attempts.

use super::{RunnerArgs, run};
use crate::executor::Image;
use proto::v1;
use proto::v1::runner_service_server::{RunnerService, RunnerServiceServer};
use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tonic::{Request, Response, Status};

const LEASE_SECS: u32 = 6;

#[derive(Default)]
struct Seen {
    waiting: VecDeque<v1::Assignment>,
    confirmed: BTreeSet<String>,
    /// Attempts that said something before they were confirmed.
    too_early: Vec<String>,
    ends: Vec<(String, v1::AttemptEnd)>,
    logs: Vec<String>,
    total: usize,
    /// It lives, and answers nothing.
    is_silent: bool,
    orders: Option<v1::Order>,
    last_renewal: Option<Instant>,
    concurrency: u32,
}

#[derive(Clone, Default)]
struct Server(Arc<Mutex<Seen>>);

impl Server {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap()
    }

    fn answers(&self) -> Result<(), Status> {
        if self.seen().is_silent { Err(Status::unavailable("cut off")) } else { Ok(()) }
    }
}

#[tonic::async_trait]
impl RunnerService for Server {
    async fn register(
        &self,
        _: Request<v1::RegisterRequest>,
    ) -> Result<Response<v1::RegisterResponse>, Status> {
        Ok(Response::new(v1::RegisterResponse {
            instance_id: "i".into(),
            session_token: "s".into(),
            lease_secs: LEASE_SECS,
            renew_secs: 2,
            concurrency: self.seen().concurrency,
        }))
    }

    async fn lease(&self, _: Request<v1::LeaseRequest>) -> Result<Response<v1::LeaseResponse>, Status> {
        self.answers()?;
        let (assignment, stop) = {
            let mut seen = self.seen();
            (seen.waiting.pop_front(), seen.ends.len() == seen.total)
        };
        if assignment.is_none() && !stop {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Response::new(v1::LeaseResponse { assignment, stop }))
    }

    async fn renew(&self, request: Request<v1::RenewRequest>) -> Result<Response<v1::RenewResponse>, Status> {
        self.answers()?;
        let request = request.into_inner();
        let order = {
            let mut seen = self.seen();
            seen.last_renewal = Some(Instant::now());
            seen.confirmed.extend(request.held.iter().map(|held| held.execution_id.clone()));
            seen.orders
        };
        if order.is_none() {
            tokio::time::sleep(Duration::from_secs(u64::from(request.wait_secs))).await;
        }
        let orders = request.held.into_iter().map(|held| v1::AttemptOrder {
            execution_id: held.execution_id,
            fencing_token: held.fencing_token,
            order: order.unwrap_or_default().into(),
        });
        Ok(Response::new(v1::RenewResponse { orders: orders.collect(), stop: false }))
    }

    async fn report(
        &self,
        request: Request<v1::ReportRequest>,
    ) -> Result<Response<v1::ReportResponse>, Status> {
        self.answers()?;
        let v1::ReportRequest { attempt, entries } = request.into_inner();
        let id = attempt.unwrap().execution_id;
        let mut seen = self.seen();
        if !seen.confirmed.contains(&id) {
            seen.too_early.push(id.clone());
        }
        let acknowledged_sequence = entries.last().unwrap().sequence;
        for entry in entries {
            match entry.entry.unwrap() {
                v1::report_entry::Entry::End(end) => seen.ends.push((id.clone(), end)),
                v1::report_entry::Entry::Log(log) => seen.logs.push(log.text),
                _ => {}
            }
        }
        Ok(Response::new(v1::ReportResponse { acknowledged_sequence }))
    }
}

fn assignment(number: usize) -> v1::Assignment {
    let subset = |subset: v1::Subset| v1::SubsetItems { subset: subset.into(), items: Vec::new() };
    v1::Assignment {
        execution_id: format!("e{number}"),
        attempt: 1,
        fencing_token: 1,
        architecture_id: "yolov8".into(),
        variant: "n".into(),
        configuration_json: "{}".into(),
        timeout_secs: 600,
        drain_secs: 1,
        subsets: vec![subset(v1::Subset::Train), subset(v1::Subset::Validation)],
        ..v1::Assignment::default()
    }
}

/// A server with this much to do, and what a runner of it is started with.
async fn site(folder: &Path, count: usize, concurrency: u32) -> (Server, RunnerArgs) {
    let server = Server::default();
    {
        let mut seen = server.seen();
        seen.waiting = (0..count).map(assignment).collect();
        seen.total = count;
        seen.concurrency = concurrency;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
    let service = RunnerServiceServer::new(server.clone());
    tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
    let instance_dir = folder.join("instance");
    std::fs::create_dir_all(&instance_dir).unwrap();
    let server_file = folder.join("server.json");
    std::fs::write(&server_file, serde_json::json!({ "url": url, "pid": 1 }).to_string()).unwrap();
    // In the place of this program, which is a test here: it starts what it is told to.
    let program = folder.join("program");
    std::fs::write(&program, "#!/bin/sh\nshift 3; exec \"$@\"\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let args = RunnerArgs {
        program,
        server_url: url,
        server_file: Some(server_file),
        instance_dir,
        registration_token: "r".into(),
        blobs_dir: None,
        train_function: None,
        image: Image::Instant,
        run_as_process: false,
        concurrency: None,
        outage: Duration::from_secs(600),
    };
    (server, args)
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn outcomes(server: &Server) -> Vec<v1::AttemptOutcome> {
    server.seen().ends.iter().map(|(_, end)| end.outcome()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn little_time_is_lost_between_attempts_and_none_begins_unconfirmed() {
    const COUNT: usize = 400;
    let folder = tempfile::tempdir().unwrap();
    let (server, args) = site(folder.path(), COUNT, 4).await;
    let instance_dir = args.instance_dir.clone();
    let started = Instant::now();
    tokio::task::spawn_blocking(|| run(args)).await.unwrap().unwrap();
    let seconds = started.elapsed().as_secs_f64();
    println!("{COUNT} attempts in {seconds:.2} s: {:.0} a second", COUNT as f64 / seconds);
    assert_eq!(outcomes(&server), vec![v1::AttemptOutcome::Succeeded; COUNT]);
    assert_eq!(server.seen().too_early, Vec::<String>::new());
    assert!(COUNT as f64 / seconds > 100.0, "only {:.0} a second", COUNT as f64 / seconds);
    assert_eq!(std::fs::read_dir(instance_dir).unwrap().count(), 0, "something is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_do_not_come_into_a_shared_process() {
    let folder = tempfile::tempdir().unwrap();
    let (server, args) = site(folder.path(), 1, 1).await;
    server.seen().waiting[0].secrets.insert("TOKEN".into(), "hunter22".into());
    tokio::task::spawn_blocking(|| run(args)).await.unwrap().unwrap();
    let (_, end) = server.seen().ends[0].clone();
    assert_eq!(end.outcome(), v1::AttemptOutcome::Failed);
    assert!(end.cause.unwrap().message.contains("share one process"));
}

fn sleeping(args: &mut RunnerArgs) {
    args.image = Image::BuiltIn;
    args.train_function = Some(["/bin/sh", "-c", "echo up; exec sleep 600"].map(str::to_owned).into());
}

/// The process that notes say runs for an instance.
fn child_of(instance_dir: &Path) -> Option<crate::executor::host::ProcessIdentity> {
    let note = std::fs::read_dir(instance_dir.join("groups")).ok()?.flatten().next()?;
    crate::executor::host::ProcessIdentity::parse(note.file_name().to_str()?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runner_that_cannot_renew_stops_before_its_lease_ends_and_says_so_later() {
    let folder = tempfile::tempdir().unwrap();
    let lock = File::create(folder.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let (server, mut args) = site(folder.path(), 1, 1).await;
    sleeping(&mut args);
    let instance_dir = args.instance_dir.clone();
    let runner = tokio::task::spawn_blocking(|| run(args));
    until("it runs", || server.seen().logs.iter().any(|line| line == "up")).await;
    let child = child_of(&instance_dir).unwrap();
    server.seen().is_silent = true;
    let renewed = server.seen().last_renewal.unwrap();
    until("it is stopped", || !child.is_alive()).await;
    let after = renewed.elapsed();
    assert!(after < Duration::from_secs(u64::from(LEASE_SECS)), "stopped after {after:?}");
    server.seen().is_silent = false;
    runner.await.unwrap().unwrap();
    let (_, end) = server.seen().ends[0].clone();
    assert_eq!(end.outcome(), v1::AttemptOutcome::Reset);
    assert!(end.cause.unwrap().message.contains("could not renew its lease"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn training_goes_on_while_no_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody holds it.
    File::create(folder.path().join("lock")).unwrap();
    let (server, mut args) = site(folder.path(), 1, 1).await;
    sleeping(&mut args);
    let instance_dir = args.instance_dir.clone();
    let runner = tokio::task::spawn_blocking(|| run(args));
    until("it runs", || server.seen().logs.iter().any(|line| line == "up")).await;
    let child = child_of(&instance_dir).unwrap();
    server.seen().is_silent = true;
    let silent = Instant::now();
    until("its lease is long over", || silent.elapsed() > Duration::from_secs(u64::from(LEASE_SECS) + 2))
        .await;
    assert!(child.is_alive());
    {
        let mut seen = server.seen();
        seen.is_silent = false;
        seen.orders = Some(v1::Order::Drain);
    }
    runner.await.unwrap().unwrap();
    assert_eq!(outcomes(&server), [v1::AttemptOutcome::Reset]);
    assert!(!child.is_alive());
}
