//! What goes into the store and comes out of it beside the domain types of `shared`.
//!
//! Must not know SQL, gRPC or files.

mod datasets;
mod executions;
mod models;
mod reports;
mod secrets;
mod trainings;

pub use datasets::{DatasetHead, ImportOutcome, NewAnnotation, NewImport, NewItem};
pub use executions::{
    Assignment, AttemptOutcome, HeldAttempt, InHand, LeaseOutlook, QueuedExecution, ServiceRevision, Snapshot,
};
pub use models::{ArchitectureRevision, Draft, ModelChange, ModelQuery, NewModel, NewRecipe};
pub use reports::{
    Changes, NewArtifact, ReportBatch, ReportBody, ReportEntry, SeriesQuery, StoredLogLine, StoredSample,
    StoredSeries, WatchScope,
};
pub use secrets::{NewSecret, SealedSecret, SecretRecord, SecretUse};
pub use trainings::{
    NewTraining, SnapshotItems, TrainingData, TrainingPreview, TrainingQuery, TrainingSubject,
};

/// A part of a long list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Entries to skip.
    pub offset: u64,
    /// Entries at most.
    pub limit: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { offset: 0, limit: 100 }
    }
}

/// A page of what a query finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// The rows of the page.
    pub rows: Vec<T>,
    /// Whether there are more after them.
    pub has_more: bool,
}
