//! A Train function that runs, wherever it does: as a process or on a thread.
//!
//! Must not know what it says.

use super::child::{Happening, Pressure, Program, TrainFunction};
use super::function::BuiltIn;
use super::inline::InlineFunction;
use super::outcome::ProcessEnd;
use crate::executor::Image;
use crate::executor::host::ProcessIdentity;
use crate::secrets::SecretValue;
use async_trait::async_trait;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A Train function that is neither a process nor a thread, for example a part of a simulated world. It reads nothing and
/// writes no files.
#[async_trait]
pub trait OtherFunction: Send {
    /// The next thing that happens. Nothing may be lost when the future is dropped.
    async fn next(&mut self) -> Happening;

    /// Tells it to stop; it makes itself stop when that time is over.
    fn stop(&mut self, pressure: Pressure);
}

/// What starts [such functions](OtherFunction).
pub trait OtherFunctions: std::fmt::Debug + Send + Sync {
    /// Starts one; the name of `work` ends with the execution and the number of the attempt.
    fn start(&self, work: &Path) -> Box<dyn OtherFunction>;
}

/// What an instance runs for each execution.
#[derive(Debug, Clone)]
pub enum Function {
    /// A process.
    Process {
        /// What is started.
        program: Program,
        /// It needs neither data nor a folder.
        is_instant: bool,
    },
    /// A thread of the runner.
    Inline(BuiltIn),
    /// Whatever says lines and hears orders.
    Other(Arc<dyn OtherFunctions>),
}

impl Function {
    /// What an image asks for; `own` is the path of this program, and `instead` what takes the place of the
    /// built-in function.
    #[must_use]
    pub fn from_image(image: Image, as_process: bool, own: &str, instead: Option<Vec<String>>) -> Self {
        let start = |arguments: &[&str]| {
            let command = std::iter::once(own).chain(arguments.iter().copied()).map(str::to_owned).collect();
            Program { command, is_supervised: false }
        };
        match (image, instead) {
            (Image::Program(path), _) => Self::supervised(own, vec![path.to_string_lossy().into_owned()]),
            (Image::BuiltIn, Some(command)) => Self::supervised(own, command),
            (Image::BuiltIn, None) if as_process => {
                Self::Process { program: start(&["train-function"]), is_instant: false }
            }
            (Image::Instant, _) if as_process => {
                Self::Process { program: start(&["train-function", "--instant"]), is_instant: true }
            }
            (Image::BuiltIn, None) => Self::Inline(BuiltIn::Train),
            (Image::Instant, _) => Self::Inline(BuiltIn::Instant),
        }
    }

    /// A program of one's own, which is always a process, under the eyes of this program, whose path is `own`.
    fn supervised(own: &str, command: Vec<String>) -> Self {
        let head = [own, "train-function", "--supervise", "--"].map(str::to_owned);
        let command = head.into_iter().chain(command).collect();
        Self::Process { program: Program { command, is_supervised: true }, is_instant: false }
    }

    /// The same for an execution whose architecture brings this command: it takes the place of the built-in function, and
    /// of nothing else that a service names. An empty command is none.
    #[must_use]
    pub fn or_command(self, own: &str, command: Vec<String>) -> Self {
        let is_built_in = match &self {
            Self::Process { program, is_instant } => !program.is_supervised && !is_instant,
            Self::Inline(function) => *function == BuiltIn::Train,
            Self::Other(_) => false,
        };
        if command.is_empty() || !is_built_in { self } else { Self::supervised(own, command) }
    }

    /// Whether it reads nothing and writes nothing.
    #[must_use]
    pub const fn is_instant(&self) -> bool {
        match self {
            Self::Process { is_instant, .. } => *is_instant,
            Self::Inline(function) => matches!(function, BuiltIn::Instant),
            Self::Other(_) => true,
        }
    }

    /// Starts it. Secrets go into the environment of a process; a thread gets none.
    ///
    /// # Errors
    /// If the system does not start it.
    pub fn start(
        &self,
        work: &Path,
        job: PathBuf,
        secrets: &[(String, SecretValue)],
    ) -> std::io::Result<Running> {
        match self {
            Self::Process { program, .. } => TrainFunction::start(program, work, &job, secrets)
                .map(|function| Running::Process(Box::new(function))),
            Self::Inline(function) => InlineFunction::start(*function, job).map(Running::Inline),
            Self::Other(functions) => Ok(Running::Other(functions.start(work))),
        }
    }
}

/// One that was started.
pub enum Running {
    /// As a process.
    Process(Box<TrainFunction>),
    /// On a thread.
    Inline(InlineFunction),
    /// Somewhere else.
    Other(Box<dyn OtherFunction>),
}

impl Running {
    /// The next thing that happens. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// If the system does not tell how it ended.
    pub async fn next(&mut self) -> std::io::Result<Happening> {
        match self {
            Self::Process(function) => function.next().await,
            Self::Inline(function) => Ok(function.next().await),
            Self::Other(function) => Ok(function.next().await),
        }
    }

    /// Tells it to stop; what can be made to is made to.
    pub async fn stop(&mut self, pressure: Pressure) {
        match self {
            Self::Process(function) => function.stop(pressure).await,
            Self::Inline(function) => function.stop(pressure.grace),
            Self::Other(function) => function.stop(pressure),
        }
    }

    /// Which process it is; `None` where it is none of its own, or has ended.
    #[must_use]
    pub fn identity(&self) -> Option<ProcessIdentity> {
        match self {
            Self::Process(function) => function.identity(),
            Self::Inline(_) | Self::Other(_) => None,
        }
    }
}

impl ProcessEnd {
    /// Whether something of it goes on that only the end of this process ends.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        *self == Self::Stuck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(function: Function) -> String {
        match function {
            Function::Process { program, is_instant } => {
                format!("{} {}{}", program.command.join(" "), program.is_supervised, is_instant)
            }
            Function::Inline(function) => format!("{function:?}"),
            Function::Other(functions) => format!("{functions:?}"),
        }
    }

    #[test]
    fn what_an_architecture_brings_takes_the_place_of_the_built_in_one_alone() {
        let own = "/t train-function --supervise -- python3 a.py truefalse";
        for (image, as_process, command, expected) in [
            (Image::BuiltIn, true, &["python3", "a.py"][..], own),
            (Image::BuiltIn, false, &["python3", "a.py"], own),
            (Image::BuiltIn, true, &[], "/t train-function falsefalse"),
            (Image::Instant, true, &["python3"], "/t train-function --instant falsetrue"),
            (
                Image::Program("/opt/a".into()),
                true,
                &["python3"],
                "/t train-function --supervise -- /opt/a truefalse",
            ),
        ] {
            let command = command.iter().map(|&part| part.to_owned()).collect();
            let function = Function::from_image(image, as_process, "/t", None).or_command("/t", command);
            assert_eq!(shown(function), expected);
        }
    }

    #[test]
    fn an_image_says_what_is_started() {
        let command =
            |image, as_process, instead| shown(Function::from_image(image, as_process, "/t", instead));
        let own = || Some(vec!["sh".to_owned(), "-c".to_owned()]);
        let program = || Image::Program("/opt/train".into());
        for (image, as_process, instead, expected) in [
            (Image::BuiltIn, true, None, "/t train-function falsefalse"),
            (Image::BuiltIn, false, None, "Train"),
            (Image::BuiltIn, false, own(), "/t train-function --supervise -- sh -c truefalse"),
            (Image::Instant, true, None, "/t train-function --instant falsetrue"),
            (Image::Instant, false, None, "Instant"),
            (program(), true, None, "/t train-function --supervise -- /opt/train truefalse"),
            (program(), false, own(), "/t train-function --supervise -- /opt/train truefalse"),
        ] {
            assert_eq!(command(image, as_process, instead), expected);
        }
    }
}
