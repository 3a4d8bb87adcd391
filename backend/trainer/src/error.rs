//! Why a training could not start or go on, and what to do about it.

use std::error::Error;
use std::fmt;
use std::path::Path;

/// What to do about a loss that is no number.
pub(crate) const DIVERGED_NEXT_STEP: &str =
    "lower the learning rate or clip_norm, or lengthen the warm-up, and train again";

/// What kind of trouble it is, for callers that branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainErrorKind {
    /// A value of the configuration, or a combination, cannot work.
    Configuration,
    /// The images or labels cannot be used.
    Data,
    /// The asked device is absent or failed.
    Device,
    /// The training would need more memory than the machine has.
    Memory,
    /// The loss is no longer a number.
    Diverged,
    /// A weights file or checkpoint does not fit.
    Weights,
    /// A file could not be read or written.
    Io,
}

/// A training that cannot start or go on: what happened, and the next step.
#[derive(Debug)]
pub struct TrainError {
    kind: TrainErrorKind,
    what: String,
    next_step: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl TrainError {
    /// An error of a kind: `what` happened, and what to do next.
    pub fn new(kind: TrainErrorKind, what: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { kind, what: what.into(), next_step: next_step.into(), source: None }
    }

    /// A file that could not be read or written.
    pub(crate) fn io(doing: &str, path: &Path, source: std::io::Error) -> Self {
        let what = format!("cannot {doing} {}: {source}", path.display());
        let error = Self::new(TrainErrorKind::Io, what, "check the folder's permissions and free space");
        error.because(source)
    }

    /// An image with `what` of a class that is none of the labels.
    pub(crate) fn unknown_class(name: &str, what: &str, class: usize, labels: usize) -> Self {
        let what = format!("{name} has {what} {class}, but there are {labels} labels");
        Self::new(TrainErrorKind::Data, what, "count classes from 0 in the order of the labels")
    }

    /// A device that failed.
    pub(crate) fn device(source: impl Error + Send + Sync + 'static) -> Self {
        let next = "train again; if it happens again choose another device or a smaller batch";
        Self::new(TrainErrorKind::Device, source.to_string(), next).because(source)
    }

    /// A file of weights that cannot be used.
    pub(crate) fn weights(path: &Path, source: impl Error + Send + Sync + 'static) -> Self {
        let what = format!("cannot use {}: {source}", path.display());
        let next = "choose weights of the same variant, or start without";
        Self::new(TrainErrorKind::Weights, what, next).because(source)
    }

    #[must_use]
    pub(crate) fn because(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Box::new(source));
        self
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> TrainErrorKind {
        self.kind
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> &str {
        &self.next_step
    }
}

impl fmt::Display for TrainError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; {}", self.what, self.next_step)
    }
}

impl Error for TrainError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| -> &(dyn Error + 'static) { source.as_ref() })
    }
}
