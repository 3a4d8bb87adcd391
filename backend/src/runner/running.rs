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
        let start = |arguments: &[&str], program: Vec<String>, is_supervised| {
            let head = std::iter::once(own).chain(arguments.iter().copied()).map(str::to_owned);
            Program { command: head.chain(program).collect(), is_supervised }
        };
        let supervised = |command: Vec<String>| Self::Process {
            program: start(&["train-function", "--supervise"], command, true),
            is_instant: false,
        };
        match (image, instead) {
            // A program of one's own is always a process.
            (Image::Program(path), _) => supervised(vec![path.to_string_lossy().into_owned()]),
            (Image::BuiltIn, Some(command)) => supervised(command),
            (Image::BuiltIn, None) if as_process => {
                Self::Process { program: start(&["train-function"], Vec::new(), false), is_instant: false }
            }
            (Image::Instant, _) if as_process => Self::Process {
                program: start(&["train-function", "--instant"], Vec::new(), false),
                is_instant: true,
            },
            (Image::BuiltIn, None) => Self::Inline(BuiltIn::Train),
            (Image::Instant, _) => Self::Inline(BuiltIn::Instant),
        }
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

    #[test]
    fn an_image_says_what_is_started() {
        let command =
            |image, as_process, instead| match Function::from_image(image, as_process, "/t", instead) {
                Function::Process { program, is_instant } => {
                    format!("{} {}{}", program.command.join(" "), program.is_supervised, is_instant)
                }
                Function::Inline(function) => format!("{function:?}"),
                Function::Other(functions) => format!("{functions:?}"),
            };
        let own = || Some(vec!["sh".to_owned(), "-c".to_owned()]);
        let program = || Image::Program("/opt/train".into());
        for (image, as_process, instead, expected) in [
            (Image::BuiltIn, true, None, "/t train-function falsefalse"),
            (Image::BuiltIn, false, None, "Train"),
            (Image::BuiltIn, false, own(), "/t train-function --supervise sh -c truefalse"),
            (Image::Instant, true, None, "/t train-function --instant falsetrue"),
            (Image::Instant, false, None, "Instant"),
            (program(), true, None, "/t train-function --supervise /opt/train truefalse"),
            (program(), false, own(), "/t train-function --supervise /opt/train truefalse"),
        ] {
            assert_eq!(command(image, as_process, instead), expected);
        }
    }
}
