//! Events of a run that a chart shows: where attempts began and where files were kept.
//!
//! Must not know what else happened to the run.

/// What a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// An attempt after the first began.
    Attempt,
    /// A checkpoint or the weights were kept.
    Checkpoint,
}

/// A mark on the horizontal axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub x: f64,
    pub kind: MarkKind,
    /// For example `Attempt 2` or `best.bin`.
    pub words: String,
}
