//! The Train function as a child process: in a group, a folder and an environment of its own, told
//! to stop, then made to. Its output arrives as lines.
//!
//! Must not know what the lines mean or how they travel.

use super::lines::{Line, MAX_LINE_BYTES, next_line};
use super::outcome::ProcessEnd;
use super::protocol::{JOB_VARIABLE, Order, line_from};
use super::supervise::SIGNALLED;
use crate::executor::family;
use crate::executor::host::ProcessIdentity;
use crate::secrets::SecretValue;
use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Lines that wait to be read; beyond them the child's own writing waits.
const LINES_AHEAD: usize = 256;

/// How a function is made to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pressure {
    /// How long it may take to stop by itself once it was told to.
    pub grace: Duration,
    /// Between the polite signal that follows and the one that cannot be refused.
    pub patience: Duration,
}

/// A program to start as a Train function.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// It is started by another one, which tells of signals by [exit codes](SIGNALLED).
    pub is_supervised: bool,
}

/// How long its pipes may stay open after it ended.
const PIPE_PATIENCE: Duration = Duration::from_secs(1);

/// What a Train function needs of the machine's environment, and nothing else of the runner's.
const PASSED_ON: [&str; 12] = [
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "CUDA_HOME",
    "CUDA_PATH",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_VISIBLE_DEVICES",
    "VK_ICD_FILENAMES",
    "RAYON_NUM_THREADS",
    "RUST_BACKTRACE",
];

/// Which pipe a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pipe {
    /// Standard output: messages and text.
    Output,
    /// Standard error: text.
    Error,
}

/// What happens to a Train function.
#[derive(Debug)]
pub enum Happening {
    /// It wrote a line.
    Line(Pipe, Line),
    /// It ended, and everything that it wrote was read.
    Ended(ProcessEnd),
}

/// A Train function that runs.
pub struct TrainFunction {
    child: Child,
    group: Option<Pid>,
    stdin: Option<ChildStdin>,
    lines: mpsc::Receiver<(Pipe, Line)>,
    lines_open: bool,
    next_step: Option<(Instant, Step)>,
    patience: Duration,
    ended: Option<(ProcessEnd, Instant)>,
    is_supervised: bool,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Terminate,
    Kill,
}

impl TrainFunction {
    /// Starts a program in `work`, with the path of its `job.json`, and with
    /// secrets in its environment, which is the one place that they come to.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(
        program: &Program,
        work: &Path,
        job: &Path,
        secrets: &[(String, SecretValue)],
    ) -> std::io::Result<Self> {
        let (name, arguments) = program
            .command
            .split_first()
            .ok_or_else(|| std::io::Error::other("no Train function is named"))?;
        let temporary = work.join("tmp");
        std::fs::create_dir_all(&temporary)?;
        let mut child = Command::new(name)
            .args(arguments)
            .current_dir(work)
            .env_clear()
            .envs(PASSED_ON.iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value))))
            // Before the variables of the runner, which none of them can replace.
            .envs(secrets.iter().map(|(name, value)| (name, value.expose())))
            .env("HOME", work)
            .env("TMPDIR", &temporary)
            .env(JOB_VARIABLE, job)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let (sender, lines) = mpsc::channel(LINES_AHEAD);
        if let Some(output) = child.stdout.take() {
            tokio::spawn(forward(output, Pipe::Output, sender.clone()));
        }
        if let Some(error) = child.stderr.take() {
            tokio::spawn(forward(error, Pipe::Error, sender));
        }
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let stdin = child.stdin.take();
        Ok(Self {
            child,
            group,
            stdin,
            lines,
            lines_open: true,
            next_step: None,
            patience: Duration::ZERO,
            ended: None,
            is_supervised: program.is_supervised,
        })
    }

    /// The next thing that happens; what was said comes before the end. It is made to stop on the
    /// way, once it was told to. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// If the system does not tell how it ended.
    pub async fn next(&mut self) -> std::io::Result<Happening> {
        loop {
            if let Some((end, _)) = &self.ended
                && !self.lines_open
            {
                return Ok(Happening::Ended(end.clone()));
            }
            tokio::select! {
                biased;
                line = self.lines.recv(), if self.lines_open => match line {
                    Some((pipe, line)) => return Ok(Happening::Line(pipe, line)),
                    None => self.lines_open = false,
                },
                status = self.child.wait(), if self.ended.is_none() => {
                    // What it started goes with it, also what closed its pipes or ignores a kind word.
                    // The group keeps its number as long as it has a member, so nobody else is hit.
                    self.signal(Signal::KILL);
                    let end = end_from(status?, self.is_supervised);
                    self.ended = Some((end, Instant::now() + PIPE_PATIENCE));
                }
                () = sleep_until(self.next_step.map(|(at, _)| at)), if self.ended.is_none() => self.step(),
                // Somebody that it started holds its pipes open.
                () = sleep_until(self.ended.as_ref().map(|(_, at)| *at)), if self.lines_open => {
                    self.kill_group();
                    self.lines_open = false;
                }
            }
        }
    }

    /// Which process it is; `None` once it has ended.
    #[must_use]
    pub fn identity(&self) -> Option<ProcessIdentity> {
        self.child.id().and_then(ProcessIdentity::of)
    }

    /// Tells it to stop; after its grace it is made to. A later call can only shorten the time.
    pub async fn stop(&mut self, pressure: Pressure) {
        let deadline = Instant::now() + pressure.grace;
        let first = self.next_step.is_none();
        if self.next_step.is_none_or(|(at, _)| deadline < at) {
            self.next_step = Some((deadline, Step::Terminate));
            self.patience = pressure.patience;
        }
        if first
            && let Some(stdin) = &mut self.stdin
            && let Ok(order) = line_from(&Order::Stop)
            // One that does not read its orders must not hold up the runner; signals follow.
            && let Err(error) = tokio::time::timeout(Duration::from_secs(1), stdin.write_all(order.as_bytes())).await
        {
            tracing::debug!(%error, "the Train function does not read its orders");
        }
    }

    fn step(&mut self) {
        match self.next_step.map(|(_, step)| step) {
            Some(Step::Terminate) => self.signal(Signal::TERM),
            Some(Step::Kill) => self.kill_group(),
            None => return,
        }
        self.next_step = Some((Instant::now() + self.patience, Step::Kill));
    }

    /// Ends everything that is left of its group, and what it started in others as long as it lives.
    fn kill_group(&self) {
        // Once it has ended, its number may be somebody else's. The group comes first, so that nobody in it sees the
        // others go.
        let others = self.group.filter(|_| self.ended.is_none()).map(family::others).unwrap_or_default();
        self.signal(Signal::KILL);
        family::end(&others);
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group
            && let Err(error) = kill_process_group(group, signal)
        {
            tracing::debug!(%error, "a signal found no process group");
        }
    }
}

impl Drop for TrainFunction {
    /// Whatever happens to the attempt, nothing of its group stays behind.
    fn drop(&mut self) {
        // Once the process was waited for, its number may belong to somebody else.
        if self.ended.is_none() {
            self.kill_group();
        }
    }
}

fn end_from(status: ExitStatus, is_supervised: bool) -> ProcessEnd {
    match (status.code(), status.signal()) {
        (Some(code), _) if is_supervised && (SIGNALLED + 1..SIGNALLED + 65).contains(&code) => {
            ProcessEnd::Signal(code - SIGNALLED)
        }
        (Some(code), _) => ProcessEnd::Exit(code),
        (None, signal) => ProcessEnd::Signal(signal.unwrap_or_default()),
    }
}

/// Sleeps for ever where there is no time.
pub(super) async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn forward<R: AsyncRead + Unpin>(pipe: R, which: Pipe, lines: mpsc::Sender<(Pipe, Line)>) {
    let mut reader = BufReader::with_capacity(64 * 1024, pipe);
    loop {
        match next_line(&mut reader, MAX_LINE_BYTES).await {
            Ok(Some(line)) => {
                if lines.send((which, line)).await.is_err() {
                    return;
                }
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, ?which, "the Train function's output cannot be read");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Pressure =
        Pressure { grace: Duration::from_millis(300), patience: Duration::from_millis(300) };

    fn shell(script: &str) -> Program {
        Program { command: vec!["/bin/sh".into(), "-c".into(), script.into()], is_supervised: false }
    }

    async fn run_to_end(mut function: TrainFunction) -> (Vec<String>, ProcessEnd) {
        let mut said = Vec::new();
        loop {
            match function.next().await.unwrap() {
                Happening::Line(_, line) => said.push(line.text),
                Happening::Ended(end) => return (said, end),
            }
        }
    }

    #[tokio::test]
    async fn it_sees_its_job_and_nothing_of_the_runner() {
        let folder = tempfile::tempdir().unwrap();
        let script = format!("echo job=${JOB_VARIABLE} home=$HOME cargo=$CARGO_MANIFEST_DIR; echo oops >&2");
        let function =
            TrainFunction::start(&shell(&script), folder.path(), Path::new("/x/job.json"), &[]).unwrap();
        let (mut said, end) = run_to_end(function).await;
        said.sort();
        assert_eq!(said, [format!("job=/x/job.json home={} cargo=", folder.path().display()), "oops".into()]);
        assert_eq!(end, ProcessEnd::Exit(0));
    }

    #[tokio::test]
    async fn one_that_leaves_somebody_behind_still_ends() {
        let folder = tempfile::tempdir().unwrap();
        let script = "sleep 600 & echo started";
        let function =
            TrainFunction::start(&shell(script), folder.path(), Path::new("job.json"), &[]).unwrap();
        let (said, end) = tokio::time::timeout(Duration::from_secs(20), run_to_end(function)).await.unwrap();
        assert_eq!(said, ["started"]);
        assert_eq!(end, ProcessEnd::Exit(0));
    }

    #[tokio::test]
    async fn it_is_told_to_stop_then_made_to() {
        let cases = [
            ("read order; echo \"$order\"", Some("{\"type\":\"stop\"}"), ProcessEnd::Exit(0)),
            ("sleep 600", None, ProcessEnd::Signal(15)),
            ("trap '' TERM; while true; do sleep 0.05; done", None, ProcessEnd::Signal(9)),
        ];
        for (script, says, expected) in cases {
            let folder = tempfile::tempdir().unwrap();
            let mut function =
                TrainFunction::start(&shell(script), folder.path(), Path::new("job.json"), &[]).unwrap();
            function.stop(SOON).await;
            let (said, end) =
                tokio::time::timeout(Duration::from_secs(20), run_to_end(function)).await.unwrap();
            assert_eq!(said.first().map(String::as_str), says, "{script}");
            assert_eq!(end, expected, "{script}");
        }
    }
}
