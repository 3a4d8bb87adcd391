//! The life of a runner: registered once, then asking for work, renewing its leases, and ending
//! when it is told to, when its server no longer knows it, or after a signal.
//!
//! Must not know what an attempt does.

use super::attempt::{Attempt, Command, Surroundings};
use super::connect::{ConnectError, ServerLink, Trouble, pause_before_try};
use super::data::FileSource;
use super::outcome::StopReason;
use proto::v1;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

/// How long training goes on without a server.
const DEFAULT_OUTAGE: Duration = Duration::from_secs(24 * 3600);

/// What a runner is started with; it comes by environment variables, because command lines can be
/// read by everybody on the machine.
pub struct RunnerArgs {
    /// Where the server is (`TRAINYARD_URL`).
    pub server_url: String,
    /// Where a server that moved says so (`TRAINYARD_SERVER_FILE`).
    pub server_file: Option<PathBuf>,
    /// The folder for everything that this instance writes (`TRAINYARD_INSTANCE_DIR`).
    pub instance_dir: PathBuf,
    /// The one-time token (`TRAINYARD_REGISTRATION_TOKEN`).
    pub registration_token: String,
    /// The server's stored files, where the disk is shared (`TRAINYARD_BLOBS`).
    pub blobs_dir: Option<PathBuf>,
    /// Another Train function than the built-in one (`TRAINYARD_TRAIN_FUNCTION`, a JSON list).
    pub train_function: Option<Vec<String>>,
    /// How long training goes on without a server (`TRAINYARD_OUTAGE_SECS`).
    pub outage: Duration,
}

/// Why a runner ends with an error.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// It was not started by an executor.
    #[error("`{0}` is not set: a runner is started by the server, not by hand")]
    Environment(&'static str),
    /// A variable cannot be used.
    #[error("`{name}` cannot be used: {detail}")]
    Variable {
        /// Which one.
        name: &'static str,
        /// Why.
        detail: String,
    },
    /// There is no line to the server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server does not take it.
    #[error("the server at {url} did not take this runner: {detail}")]
    NotRegistered {
        /// Where it was tried.
        url: String,
        /// What was said.
        detail: String,
    },
    /// The server no longer knows it.
    #[error("the server no longer counts on this instance; what it held was stopped")]
    Dismissed,
    /// The server was away for too long.
    #[error("the server did not answer for {0} s; what this instance held was stopped")]
    Outage(u64),
    /// Somebody deleted the data folder.
    #[error("the folder {} of this instance is gone, and its server, too; what it held was stopped", .0.display())]
    FolderGone(PathBuf),
    /// The operating system refused.
    #[error("{action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// Why.
        source: std::io::Error,
    },
}

impl RunnerArgs {
    /// Reads what the executor put into the environment.
    ///
    /// # Errors
    /// If something is missing or cannot be used.
    pub fn from_environment() -> Result<Self, RunnerError> {
        let wanted = |name| std::env::var(name).map_err(|_| RunnerError::Environment(name));
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
        let variable = |name, detail: String| RunnerError::Variable { name, detail };
        let train_function = match std::env::var("TRAINYARD_TRAIN_FUNCTION") {
            Ok(text) => Some(
                serde_json::from_str(&text)
                    .map_err(|error| variable("TRAINYARD_TRAIN_FUNCTION", error.to_string()))?,
            ),
            Err(_) => None,
        };
        let outage = match std::env::var("TRAINYARD_OUTAGE_SECS") {
            Ok(text) => Duration::from_secs(text.parse().map_err(|error: std::num::ParseIntError| {
                variable("TRAINYARD_OUTAGE_SECS", error.to_string())
            })?),
            Err(_) => DEFAULT_OUTAGE,
        };
        Ok(Self {
            server_url: wanted("TRAINYARD_URL")?,
            server_file: path("TRAINYARD_SERVER_FILE"),
            instance_dir: path("TRAINYARD_INSTANCE_DIR")
                .ok_or(RunnerError::Environment("TRAINYARD_INSTANCE_DIR"))?,
            registration_token: wanted("TRAINYARD_REGISTRATION_TOKEN")?,
            blobs_dir: path("TRAINYARD_BLOBS"),
            train_function,
            outage,
        })
    }
}

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

struct Held {
    attempt: v1::HeldAttempt,
    commands: watch::Sender<Command>,
}

/// The attempts that a runner holds.
#[derive(Clone, Default)]
struct Hands {
    held: Arc<Mutex<BTreeMap<String, Held>>>,
    changed: Arc<Notify>,
}

impl Hands {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, assignment: &v1::Assignment) -> watch::Receiver<Command> {
        let (commands, receiver) = watch::channel(Command::GoOn);
        let attempt = v1::HeldAttempt {
            execution_id: assignment.execution_id.clone(),
            attempt: assignment.attempt,
            fencing_token: assignment.fencing_token,
        };
        self.lock().insert(assignment.execution_id.clone(), Held { attempt, commands });
        self.changed.notify_waiters();
        receiver
    }

    fn let_go(&self, execution_id: &str, fencing_token: i64) {
        let mut held = self.lock();
        if held.get(execution_id).is_some_and(|one| one.attempt.fencing_token == fencing_token) {
            held.remove(execution_id);
        }
        drop(held);
        self.changed.notify_waiters();
    }

    fn attempts(&self) -> Vec<v1::HeldAttempt> {
        self.lock().values().map(|held| held.attempt.clone()).collect()
    }

    fn is_stopping_any(&self) -> bool {
        self.lock().values().any(|held| *held.commands.borrow() != Command::GoOn)
    }

    fn obey(&self, order: &v1::AttemptOrder) {
        let command = match order.order() {
            v1::Order::Unspecified => return,
            v1::Order::Stop => Command::Stop(StopReason::Abort),
            v1::Order::Drain => Command::Stop(StopReason::Drain),
            v1::Order::Abandon => Command::Abandon,
        };
        if let Some(held) = self.lock().get(&order.execution_id)
            && held.attempt.fencing_token == order.fencing_token
        {
            command_to(&held.commands, command);
        }
    }

    fn command_all(&self, command: Command) {
        for held in self.lock().values() {
            command_to(&held.commands, command);
        }
    }
}

/// Orders only get harder: what is abandoned is not stopped again, and nothing is said twice.
fn command_to(commands: &watch::Sender<Command>, command: Command) {
    commands.send_if_modified(|present| {
        let modified = *present != command && *present != Command::Abandon;
        if modified {
            *present = command;
        }
        modified
    });
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
    stop: watch::Sender<bool>,
}

async fn live(args: RunnerArgs) -> Result<(), RunnerError> {
    let link = ServerLink::new(&args.server_url, args.server_file.clone(), args.registration_token.clone())?;
    let registered = register(&link, &args.server_url).await?;
    link.set_token(registered.session_token.clone());
    tracing::info!(instance_id = registered.instance_id, "registered");
    let own_function = || -> Result<Vec<String>, RunnerError> {
        let program = std::env::current_exe()
            .map_err(|source| RunnerError::System { action: "finding this program", source })?;
        Ok(vec![program.to_string_lossy().into_owned(), "train-function".into()])
    };
    let train_function = args.train_function.map_or_else(own_function, Ok)?;
    let source = FileSource { link: link.clone(), blobs_dir: args.blobs_dir };
    let runner = Arc::new(Runner {
        surroundings: Surroundings { link, source, instance_dir: args.instance_dir, train_function },
        hands: Hands::default(),
        concurrency: registered.concurrency.max(1) as usize,
        renew: Duration::from_secs(u64::from(registered.renew_secs.max(1))),
        outage: args.outage,
        stop: watch::Sender::new(false),
    });
    let ended = tokio::select! {
        ended = runner.renew_for_ever() => ended,
        () = runner.work_until_stopped() => Ok(()),
        ended = runner.obey_signals() => ended,
    };
    if ended.is_err() {
        runner.hands.command_all(Command::Abandon);
        runner.wait_until_free(Duration::from_secs(5)).await;
    }
    ended
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
    /// is an order, so that an abort needs no waiting for the next renewal.
    async fn renew_for_ever(&self) -> Result<(), RunnerError> {
        let mut answered = Instant::now();
        let mut failed_tries = 0;
        loop {
            // Who is stopping already is asked for at a steady pace.
            let stopping = self.hands.is_stopping_any();
            let wait_secs =
                if stopping { 0 } else { u32::try_from(self.renew.as_secs()).unwrap_or(u32::MAX) };
            let request = v1::RenewRequest { held: self.hands.attempts(), wait_secs };
            let asked = Instant::now();
            let answer = tokio::select! {
                answer = self.renew(request) => answer,
                // A new attempt is to be named at once.
                () = self.hands.changed.notified() => continue,
            };
            match answer {
                Ok(answer) => {
                    answered = Instant::now();
                    failed_tries = 0;
                    for order in &answer.orders {
                        self.hands.obey(order);
                    }
                    if answer.stop {
                        self.stop.send_replace(true);
                    }
                    if asked.elapsed() < Duration::from_millis(200) {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
                Err(Trouble::NotOurs | Trouble::Refused) => return Err(RunnerError::Dismissed),
                Err(Trouble::Unreachable) => {
                    self.bear_outage(answered.elapsed())?;
                    self.surroundings.link.look_again();
                    tokio::time::sleep(pause_before_try(failed_tries)).await;
                    failed_tries = failed_tries.saturating_add(1);
                }
            }
        }
    }

    /// Whether to go on without a server, and why not.
    fn bear_outage(&self, lasting: Duration) -> Result<(), RunnerError> {
        let patience =
            if self.hands.lock().is_empty() { IDLE_PATIENCE.min(self.outage) } else { self.outage };
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
        let commands = self.hands.take(&assignment);
        Attempt::new(self.surroundings.clone(), assignment, commands).run().await;
        self.hands.let_go(&execution_id, fencing_token);
    }

    /// The first signal drains: no new work, and what runs gets its drain time, while the lease is
    /// still renewed. The second one ends it now.
    async fn obey_signals(&self) -> Result<(), RunnerError> {
        let system = |source| RunnerError::System { action: "listening to signals", source };
        let mut terminate = signal(SignalKind::terminate()).map_err(system)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(system)?;
        for count in 1.. {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if count > 1 {
                return Err(RunnerError::Dismissed);
            }
            tracing::info!("told to end: attempts are stopped and reported");
            self.stop.send_replace(true);
            self.hands.command_all(Command::Stop(StopReason::Drain));
        }
        Ok(())
    }

    async fn wait_until_free(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while !self.hands.lock().is_empty() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}
