//! The program inside an instance: it asks for work, runs the Train function and reports.
//!
//! Must not know SQL or the scheduler.

mod args;
pub mod artifacts;
pub mod attempt;
pub mod child;
pub mod connect;
pub mod data;
pub mod function;
mod hands;
mod hidden;
pub mod inline;
mod lease;
mod life;
pub mod lines;
pub mod listen;
pub mod memory;
pub mod outcome;
pub mod protocol;
pub mod report;
pub mod running;
pub mod spool;
pub mod supervise;
pub mod wire;

pub use args::{RunnerArgs, RunnerError};
pub use life::{live_over, run};

#[cfg(test)]
mod suite;
