//! How an attempt ended, judged from what the Train function said, how its process ended, and why
//! it was stopped. A pure function with a table of cases.
//!
//! Must not know processes or reports.

use super::protocol::EndOutcome;
use super::spool::Outcome;
use shared::service::Reason;
use shared::training::{Cause, CauseKind};

/// Why the runner stopped a Train function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// A person asked for it.
    Abort,
    /// The execution timeout passed.
    Timeout {
        /// After how long.
        secs: u32,
    },
    /// The instance was told to end.
    Drain,
    /// The lease could not be renewed in time.
    Silence,
}

/// How a Train function ended, as a process or on a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessEnd {
    /// By itself.
    Exit(i32),
    /// By a signal.
    Signal(i32),
    /// Killed for its memory; these words tell why, and follow "was killed because".
    OutOfMemory(String),
    /// On a thread, by a panic.
    Panic,
    /// On a thread, not at all, although it was told to.
    Stuck,
}

const SIGNAL_KILL: i32 = 9;
const SIGNAL_TERM: i32 = 15;

impl From<EndOutcome> for ProcessEnd {
    /// The exit code of the built-in function.
    fn from(outcome: EndOutcome) -> Self {
        Self::Exit(i32::from(outcome == EndOutcome::Failed))
    }
}

/// Judges the end of an attempt. `last_words` are its last lines of output.
#[must_use]
pub fn conclude(
    said: Option<(EndOutcome, Option<Cause>)>,
    process: ProcessEnd,
    stopped: Option<StopReason>,
    last_words: &[String],
) -> (Outcome, Option<Cause>) {
    match (said, stopped) {
        // What was complete before the stop arrived stays complete.
        (Some((EndOutcome::Succeeded, _)), _) => (Outcome::Succeeded, None),
        (Some((EndOutcome::Failed, cause)), None) => {
            (Outcome::Failed, Some(cause.unwrap_or_else(|| unexplained(last_words))))
        }
        (_, Some(reason)) => after_stop(reason),
        (Some((EndOutcome::Stopped, _)), None) => {
            let message = "the Train function stopped although nobody told it to";
            (Outcome::Failed, Some(function_cause(message, last_words)))
        }
        (None, None) => without_a_word(process, last_words),
    }
}

fn after_stop(reason: StopReason) -> (Outcome, Option<Cause>) {
    match reason {
        StopReason::Abort => {
            (Outcome::Stopped, Some(cause(CauseKind::Person, "a person aborted it".into(), "")))
        }
        StopReason::Timeout { secs } => {
            let message = format!("it ran longer than its execution timeout of {secs} s");
            let next_step = "Raise the execution timeout, or train fewer epochs";
            (Outcome::Reset, Some(cause(CauseKind::Timeout, message, next_step)))
        }
        StopReason::Silence => {
            let message =
                "it was stopped because its runner could not renew its lease: the server did not answer"
                    .to_owned();
            let next_step = "Look whether the server is overloaded, or its machine cut off from the runner's";
            (Outcome::Reset, Some(cause(CauseKind::RunnerLost, message, next_step)))
        }
        StopReason::Drain => {
            let message = "its instance was told to end before the training did".to_owned();
            (Outcome::Reset, Some(cause(CauseKind::RunnerLost, message, "")))
        }
    }
}

fn without_a_word(process: ProcessEnd, last_words: &[String]) -> (Outcome, Option<Cause>) {
    match process {
        ProcessEnd::OutOfMemory(why) => {
            let message =
                with_last_words(&format!("the Train function was killed because {why}"), last_words);
            (Outcome::Failed, Some(cause(CauseKind::Resources, message, Reason::OomKilled.next_step())))
        }
        ProcessEnd::Panic => {
            (Outcome::Failed, Some(function_cause("the Train function panicked", last_words)))
        }
        ProcessEnd::Stuck => {
            let message = "the Train function did not stop when it was told to, and its runner ended with it";
            (Outcome::Reset, Some(function_cause(message, last_words)))
        }
        // Somebody outside ended it: the next attempt may well go through.
        ProcessEnd::Signal(signal @ (SIGNAL_KILL | SIGNAL_TERM)) => {
            let message = format!("the Train function was killed by signal {signal}");
            (Outcome::Reset, Some(function_cause(&message, last_words)))
        }
        ProcessEnd::Signal(signal) => {
            let message = format!("the Train function crashed with signal {signal}");
            (Outcome::Failed, Some(function_cause(&message, last_words)))
        }
        ProcessEnd::Exit(code) => {
            let message =
                format!("the Train function ended with exit code {code} without saying how it went");
            (Outcome::Failed, Some(function_cause(&message, last_words)))
        }
    }
}

fn unexplained(last_words: &[String]) -> Cause {
    function_cause("the Train function failed without saying why", last_words)
}

fn function_cause(message: &str, last_words: &[String]) -> Cause {
    cause(CauseKind::TrainFunction, with_last_words(message, last_words), "Look at the log")
}

fn with_last_words(message: &str, last_words: &[String]) -> String {
    if last_words.is_empty() {
        return message.to_owned();
    }
    format!("{message}; its last words: {}", last_words.join(" | "))
}

fn cause(kind: CauseKind, message: String, next_step: &str) -> Cause {
    Cause { kind, message, next_step: next_step.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_outcome() {
        use CauseKind as K;
        let data = || Some(cause(K::Data, "no boxes".into(), "label some"));
        let timeout = Some(StopReason::Timeout { secs: 5 });
        type Said = Option<(EndOutcome, Option<Cause>)>;
        type Case = (Said, ProcessEnd, Option<StopReason>, Outcome, Option<K>);
        let cases: [Case; 17] = [
            (Some((EndOutcome::Succeeded, None)), ProcessEnd::Exit(0), None, Outcome::Succeeded, None),
            (
                Some((EndOutcome::Succeeded, None)),
                ProcessEnd::Exit(0),
                Some(StopReason::Abort),
                Outcome::Succeeded,
                None,
            ),
            (Some((EndOutcome::Failed, data())), ProcessEnd::Exit(1), None, Outcome::Failed, Some(K::Data)),
            (
                Some((EndOutcome::Failed, None)),
                ProcessEnd::Exit(1),
                None,
                Outcome::Failed,
                Some(K::TrainFunction),
            ),
            (
                Some((EndOutcome::Failed, data())),
                ProcessEnd::Exit(1),
                Some(StopReason::Abort),
                Outcome::Stopped,
                Some(K::Person),
            ),
            (
                Some((EndOutcome::Stopped, None)),
                ProcessEnd::Exit(0),
                Some(StopReason::Abort),
                Outcome::Stopped,
                Some(K::Person),
            ),
            (
                Some((EndOutcome::Stopped, None)),
                ProcessEnd::Exit(0),
                timeout,
                Outcome::Reset,
                Some(K::Timeout),
            ),
            (
                Some((EndOutcome::Stopped, None)),
                ProcessEnd::Exit(0),
                Some(StopReason::Drain),
                Outcome::Reset,
                Some(K::RunnerLost),
            ),
            (
                Some((EndOutcome::Stopped, None)),
                ProcessEnd::Exit(0),
                None,
                Outcome::Failed,
                Some(K::TrainFunction),
            ),
            (None, ProcessEnd::Signal(9), Some(StopReason::Abort), Outcome::Stopped, Some(K::Person)),
            (None, ProcessEnd::Signal(9), None, Outcome::Reset, Some(K::TrainFunction)),
            (None, ProcessEnd::Signal(11), None, Outcome::Failed, Some(K::TrainFunction)),
            (None, ProcessEnd::OutOfMemory("x".into()), None, Outcome::Failed, Some(K::Resources)),
            (None, ProcessEnd::Panic, None, Outcome::Failed, Some(K::TrainFunction)),
            (None, ProcessEnd::Stuck, Some(StopReason::Abort), Outcome::Stopped, Some(K::Person)),
            (None, ProcessEnd::Signal(15), Some(StopReason::Silence), Outcome::Reset, Some(K::RunnerLost)),
            (None, ProcessEnd::Exit(0), None, Outcome::Failed, Some(K::TrainFunction)),
        ];
        for (said, process, stopped, outcome, kind) in cases {
            let name = format!("{said:?} {process:?} {stopped:?}");
            let (got, cause) = conclude(said, process, stopped, &["last line".into()]);
            assert_eq!((got, cause.map(|cause| cause.kind)), (outcome, kind), "{name}");
        }
    }

    #[test]
    fn a_sudden_end_quotes_the_last_words() {
        let words = ["Traceback".to_owned(), "ValueError: x".to_owned()];
        let (_, cause) = conclude(None, ProcessEnd::Exit(1), None, &words);
        assert!(cause.unwrap().message.ends_with("Traceback | ValueError: x"));
    }
}
