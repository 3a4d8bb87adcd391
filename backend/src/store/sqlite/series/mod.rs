//! Points of charts: packed in blocks, so that a run may have millions of them.
//!
//! Must not know who reports them, or how lines are drawn.

mod block;
mod read;
mod take_over;
mod write;

pub(super) use read::{Stamped, samples_after};
pub(super) use take_over::take_over;
pub(super) use write::put_samples;

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
