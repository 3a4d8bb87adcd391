//! The program inside an instance: it asks for work, runs the Train function and reports.
//!
//! Must not know SQL or the scheduler.

pub mod artifacts;
pub mod attempt;
pub mod child;
pub mod connect;
pub mod data;
pub mod function;
mod hidden;
mod life;
pub mod lines;
pub mod listen;
pub mod outcome;
pub mod protocol;
pub mod report;
pub mod spool;
pub mod wire;

pub use life::{RunnerArgs, RunnerError, run};
