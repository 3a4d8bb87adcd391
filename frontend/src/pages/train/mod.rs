//! The form of Train: for a new version, or for one that exists.
//!
//! Must not check values by itself: `shared::config` does.

mod fields;
mod page;
mod submit;

pub use page::TrainPage;
