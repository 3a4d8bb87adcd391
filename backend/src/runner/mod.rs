//! The program inside an instance: it asks for work, runs the Train function and reports.
//!
//! Must not know SQL or the scheduler.

pub mod lines;
pub mod protocol;
pub mod spool;
