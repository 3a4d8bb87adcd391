//! One attempt at one execution: lease confirmed, data on disk, child process, reports, end.
//!
//! Must not know the scheduler, nor how many attempts its instance holds.

use super::child::{Happening, Pressure};
use super::connect::{ServerLink, pause_before_try};
use super::data::{DataError, FileSource, materialise};
use super::hands::Ears;
use super::lease;
use super::listen::Listener;
use super::memory::MemoryWitness;
use super::outcome::{ProcessEnd, StopReason, conclude};
use super::protocol::{Job, JobData, PROTOCOL_VERSION};
use super::report::{Courier, Delivery, Voice};
use super::running::{Function, Running};
use super::spool::{Body, Outcome};
use crate::executor::host::{GroupNote, out_of_memory_kills};
use crate::secrets::SecretValue;
use crate::secrets::redact::Patterns;
use proto::v1;
use shared::metric::LogLevel;
use shared::secret::check_name;
use shared::training::{Cause, CauseKind, Phase, Progress};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// How long a Train function may take to stop by itself once a person asked; with the signals after
/// it, this stays below the ten seconds after which the server no longer waits.
const ABORT_GRACE: Duration = Duration::from_secs(6);

/// How long one that is no longer ours may take.
const ABANDON_GRACE: Duration = Duration::from_secs(2);

/// Between the polite signal and the one that cannot be refused, where somebody waits for the end.
const SHORT_PATIENCE: Duration = Duration::from_millis(1_500);

/// The same where the drain time has passed, so that what is being written can be finished.
const DRAIN_PATIENCE: Duration = Duration::from_secs(10);

/// What an attempt is told from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Nothing new.
    GoOn,
    /// Stop and report the end.
    Stop(StopReason),
    /// Stop and report nothing more.
    Abandon,
}

/// What all attempts of a runner share.
#[derive(Clone)]
pub struct Surroundings {
    /// The line to the server.
    pub link: ServerLink,
    /// Where files come from.
    pub source: FileSource,
    /// The instance's folder.
    pub instance_dir: PathBuf,
    /// The Train function, where an architecture brings none of its own.
    pub function: Function,
    /// The path of this program.
    pub program: String,
    /// Who knows of kills for memory.
    pub memory: Arc<MemoryWitness>,
    /// How long a lease lasts.
    pub lease: Duration,
    /// Told when a function does not stop and cannot be made to.
    pub stuck: Arc<Notify>,
}

/// One attempt.
pub struct Attempt {
    surroundings: Surroundings,
    assignment: v1::Assignment,
    /// For the environment of the Train function, and for nothing else.
    secrets: Vec<(String, SecretValue)>,
    ears: Ears,
    started: Instant,
}

/// The end of an attempt; `None` when nothing is to be reported.
type End = Option<(Outcome, Option<Cause>)>;

impl Attempt {
    /// An attempt that was just leased.
    #[must_use]
    pub(super) fn new(mut surroundings: Surroundings, mut assignment: v1::Assignment, ears: Ears) -> Self {
        let secrets = std::mem::take(&mut assignment.secrets)
            .into_iter()
            .map(|(name, value)| (name, SecretValue::handed_over(value)))
            .collect();
        let command = std::mem::take(&mut assignment.command);
        surroundings.function = surroundings.function.or_command(&surroundings.program, command);
        Self { surroundings, assignment, secrets, ears, started: Instant::now() }
    }

    fn held(&self) -> v1::HeldAttempt {
        v1::HeldAttempt {
            execution_id: self.assignment.execution_id.clone(),
            attempt: self.assignment.attempt,
            fencing_token: self.assignment.fencing_token,
        }
    }

    /// Carries it out and reports it. Returns once nothing is left to do or to say.
    pub async fn run(mut self) {
        let Some(stopped) = self.confirmed().await else { return };
        let name = format!("{}-{}", self.assignment.execution_id, self.assignment.attempt);
        let work = self.surroundings.instance_dir.join("work").join(&name);
        let spool = self.surroundings.instance_dir.join("spool").join(&name);
        let outbox = self.surroundings.instance_dir.join("outbox").join(&name);
        // One that ends at once leaves nothing worth a folder.
        let is_instant = self.surroundings.function.is_instant();
        let voice = if is_instant { Voice::in_memory(&spool) } else { Voice::create(&spool) };
        let courier = Courier {
            voice: voice.clone(),
            link: self.surroundings.link.clone(),
            attempt: self.held(),
            outbox: outbox.clone(),
        };
        let mut delivery = tokio::spawn(courier.deliver());
        let end = match stopped {
            Some(reason) => Some(conclude(None, ProcessEnd::Exit(0), Some(reason), &[])),
            None => self.work(&voice, &work, &outbox, &mut delivery).await,
        };
        if let Some((outcome, cause)) = end {
            tracing::info!(execution_id = self.assignment.execution_id, ?outcome, "attempt ended");
            voice.say(Body::End { outcome, cause });
            voice.close();
            self.wait_for_delivery(&mut delivery).await;
        }
        delivery.abort();
        for dir in [&work, &spool, &outbox] {
            if let Err(error) = std::fs::remove_dir_all(dir)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%error, dir = %dir.display(), "a folder of an ended attempt is left");
            }
        }
    }

    async fn wait_for_delivery(&mut self, delivery: &mut tokio::task::JoinHandle<Delivery>) {
        loop {
            tokio::select! {
                biased;
                delivered = &mut *delivery => {
                    if !matches!(delivered, Ok(Delivery::Complete)) {
                        tracing::error!(?delivered, "the end of an attempt was not taken by the server");
                    }
                    return;
                }
                command = next_command(&mut self.ears.commands) => match command {
                    Command::Abandon => return,
                    Command::GoOn | Command::Stop(_) => {}
                }
            }
        }
    }

    /// Waits for the first renewal: without it no work starts. `None` when nothing is to be reported, and
    /// otherwise what stops it before it began, if anything does.
    async fn confirmed(&mut self) -> Option<Option<StopReason>> {
        loop {
            tokio::select! {
                biased;
                command = next_command(&mut self.ears.commands) => match command {
                    Command::Abandon => return None,
                    Command::Stop(reason) => return Some(Some(reason)),
                    Command::GoOn => {}
                },
                confirmed = self.ears.confirmed.wait_for(|confirmed| *confirmed) => {
                    return confirmed.is_ok().then_some(None);
                }
            }
        }
    }

    /// Everything between the confirmed lease and the end.
    async fn work(
        &mut self,
        voice: &Voice,
        work: &Path,
        outbox: &Path,
        delivery: &mut tokio::task::JoinHandle<Delivery>,
    ) -> End {
        voice.say(Body::Progress(Progress { phase: Phase::Preparing, ..Progress::default() }));
        if matches!(self.surroundings.function, Function::Inline(_)) && !self.secrets.is_empty() {
            let message = "its secrets cannot be handed over: executions of this service share one process";
            let next_step = "Switch on \"run as process\" in the service's settings, then train again";
            return failed(CauseKind::Configuration, message.into(), next_step);
        }
        let job = if self.surroundings.function.is_instant() {
            voice.log(LogLevel::Info, self.announcement());
            work.join("job.json")
        } else {
            match self.prepare(voice, work).await {
                Ok(job) => job,
                Err(end) => return end,
            }
        };
        // Checked when a secret is made, and again by who would be harmed.
        for (name, _) in &self.secrets {
            if let Err(problem) = check_name(name) {
                let message = format!("a secret cannot be handed over: its name {problem}");
                return failed(CauseKind::Configuration, message, "Give the secret another name");
            }
        }
        let kills_before = out_of_memory_kills();
        let function = match self.surroundings.function.start(work, job, &self.secrets) {
            Ok(function) => function,
            Err(error) => {
                let message = format!("the Train function cannot be started: {error}");
                return failed(CauseKind::TrainFunction, message, "Look at the service's settings");
            }
        };
        // Should this runner be killed, the executor ends what it leaves behind.
        let note =
            function.identity().map(|leader| GroupNote::write(&self.surroundings.instance_dir, leader));
        if let Some(Err(error)) = &note {
            tracing::warn!(%error, "the Train function's process is not noted");
        }
        let patterns = Arc::new(Patterns::new(&self.secrets));
        let mut listener = Listener::new(voice.clone(), work.to_owned(), outbox.to_owned(), patterns);
        let (end, stopped) = self.supervise(function, &mut listener, delivery).await;
        if end.as_ref().is_ok_and(ProcessEnd::is_stuck) {
            self.surroundings.stuck.notify_one();
        }
        let stopped = stopped?;
        listener.hear_the_rest();
        let process = match end {
            Ok(end) => self.surroundings.memory.explain(end, kills_before),
            Err(error) => {
                return failed(
                    CauseKind::TrainFunction,
                    format!("its process cannot be watched: {error}"),
                    "",
                );
            }
        };
        let (outcome, cause) = conclude(listener.end(), process, stopped, &listener.last_words());
        listener.finish(outcome).await;
        Some((outcome, cause))
    }

    /// Data and `job.json` on disk; `Err` when the attempt ends already.
    async fn prepare(&mut self, voice: &Voice, work: &Path) -> Result<PathBuf, End> {
        let mut failed_tries = 0;
        loop {
            let error = tokio::select! {
                biased;
                prepared = write_job(&self.assignment, work, &self.surroundings.source) => match prepared {
                    Ok(job) => {
                        voice.log(LogLevel::Info, self.announcement());
                        return Ok(job);
                    }
                    Err(error) => error,
                },
                command = next_command(&mut self.ears.commands) => match command {
                    Command::Stop(reason) => return Err(Some(conclude(None, ProcessEnd::Exit(0), Some(reason), &[]))),
                    Command::Abandon => return Err(None),
                    Command::GoOn => continue,
                },
            };
            match error {
                DataError::Unreachable { .. } if self.started.elapsed() < self.timeout() => {
                    voice.log(LogLevel::Warning, format!("waiting for data: {error}"));
                    self.surroundings.link.look_again();
                    tokio::time::sleep(pause_before_try(failed_tries)).await;
                    failed_tries = failed_tries.saturating_add(1);
                }
                DataError::Unreachable { .. } | DataError::Unusable(_) => {
                    return Err(failed(
                        CauseKind::Data,
                        error.to_string(),
                        "Look at the dataset, then train again",
                    ));
                }
                DataError::Disk { .. } => {
                    let message = format!("the data cannot be written: {error}");
                    return Err(failed(
                        CauseKind::Resources,
                        message,
                        "Free some disk space, then train again",
                    ));
                }
            }
        }
    }

    fn announcement(&self) -> String {
        let images: usize = self.assignment.subsets.iter().map(|subset| subset.items.len()).sum();
        format!(
            "attempt {}: {}{} with {images} images{}",
            self.assignment.attempt,
            self.assignment.architecture_id,
            self.assignment.variant,
            if self.assignment.resume_content_hash.is_empty() { "" } else { ", going on from a checkpoint" }
        )
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.assignment.timeout_secs))
    }

    fn drain(&self) -> Duration {
        Duration::from_secs(u64::from(self.assignment.drain_secs))
    }

    fn pressure_for(&self, reason: StopReason) -> Pressure {
        match reason {
            StopReason::Abort => Pressure { grace: self.drain().min(ABORT_GRACE), patience: SHORT_PATIENCE },
            StopReason::Timeout { .. } | StopReason::Drain => {
                Pressure { grace: self.drain(), patience: DRAIN_PATIENCE }
            }
            StopReason::Silence => lease::pressure(self.surroundings.lease),
        }
    }

    /// Watches over the Train function to its end: how it ended, and, unless the attempt was abandoned, what
    /// it was stopped for.
    async fn supervise(
        &mut self,
        mut function: Running,
        listener: &mut Listener,
        delivery: &mut tokio::task::JoinHandle<Delivery>,
    ) -> (std::io::Result<ProcessEnd>, Option<Option<StopReason>>) {
        const ABANDONED: Pressure = Pressure { grace: ABANDON_GRACE, patience: SHORT_PATIENCE };
        let overdue = self.started + self.timeout();
        let mut stopped = None;
        let mut abandoned = false;
        loop {
            tokio::select! {
                // Orders first: one that talks without end must hear them, too.
                biased;
                () = tokio::time::sleep_until(overdue), if stopped.is_none() && !abandoned => {
                    let reason = StopReason::Timeout { secs: self.assignment.timeout_secs };
                    stopped = Some(reason);
                    function.stop(self.pressure_for(reason)).await;
                }
                command = next_command(&mut self.ears.commands), if !abandoned => match command {
                    Command::GoOn => {}
                    Command::Stop(reason) => {
                        stopped.get_or_insert(reason);
                        function.stop(self.pressure_for(reason)).await;
                    }
                    Command::Abandon => {
                        abandoned = true;
                        function.stop(ABANDONED).await;
                    }
                },
                delivered = &mut *delivery, if !abandoned => {
                    // It cannot be complete yet, as the end was not said.
                    tracing::warn!(?delivered, "reports are no longer taken: the attempt is abandoned");
                    abandoned = true;
                    function.stop(ABANDONED).await;
                }
                happening = function.next() => match happening {
                    Ok(Happening::Line(pipe, line)) => listener.hear(pipe, line).await,
                    Ok(Happening::Ended(end)) => return (Ok(end), (!abandoned).then_some(stopped)),
                    Err(error) => return (Err(error), (!abandoned).then_some(stopped)),
                },
            }
        }
    }
}

async fn next_command(commands: &mut watch::Receiver<Command>) -> Command {
    match commands.changed().await {
        Ok(()) => *commands.borrow_and_update(),
        // The runner itself is ending, and takes the attempt with it.
        Err(_) => std::future::pending().await,
    }
}

fn failed(kind: CauseKind, message: String, next_step: &str) -> End {
    Some((Outcome::Failed, Some(Cause { kind, message, next_step: next_step.to_owned() })))
}

/// Writes everything that the Train function reads; answers the path of `job.json`.
async fn write_job(
    assignment: &v1::Assignment,
    work: &Path,
    source: &FileSource,
) -> Result<PathBuf, DataError> {
    let disk = |path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| DataError::Disk { path, source: error }
    };
    if let Err(error) = std::fs::remove_dir_all(work)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(disk(work)(error));
    }
    let output_dir = work.join("output");
    std::fs::create_dir_all(&output_dir).map_err(disk(&output_dir))?;
    let data: JobData = materialise(assignment, work, source).await?;
    let resume = placed(source, &assignment.resume_content_hash, work.join("resume.safetensors")).await?;
    let initial_weights =
        placed(source, &assignment.initial_weights_hash, work.join("initial.safetensors")).await?;
    let job = Job {
        protocol: PROTOCOL_VERSION,
        execution_id: assignment.execution_id.clone(),
        attempt: assignment.attempt,
        architecture_id: assignment.architecture_id.clone(),
        variant: assignment.variant.clone(),
        configuration: serde_json::from_str(&assignment.configuration_json)
            .map_err(|error| DataError::Unusable(format!("the configuration is not JSON: {error}")))?,
        labels: assignment.labels.clone(),
        data,
        output_dir,
        initial_weights,
        resume,
    };
    let path = work.join("job.json");
    let text = serde_json::to_vec_pretty(&job).map_err(|error| DataError::Unusable(error.to_string()))?;
    std::fs::write(&path, text).map_err(disk(&path))?;
    Ok(path)
}

/// Puts a file that an assignment may name at `target`.
async fn placed(source: &FileSource, hash: &str, target: PathBuf) -> Result<Option<PathBuf>, DataError> {
    if hash.is_empty() {
        return Ok(None);
    }
    source.place(hash, &target).await?;
    Ok(Some(target))
}
