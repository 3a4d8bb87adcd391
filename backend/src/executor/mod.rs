//! Instances with states, reasons and logs, in the words of Kubernetes: what starts and ends them.
//!
//! Must not know trainings, queues or the store. The scheduler speaks to the trait alone, so that
//! containers and clusters can follow without a change there.

pub(crate) mod family;
pub mod host;
mod image;
pub mod incidents;
mod machine;
pub mod memory;
pub mod process;

pub use image::Image;
pub use machine::{discover, with_free_memory};

use async_trait::async_trait;
use shared::id::InstanceId;
use shared::machine::Reservation;
use shared::service::InstanceError;
use tokio::sync::watch;

/// A new instance, as the executor is asked to start it.
pub struct InstanceSpec {
    /// Its id.
    pub instance_id: InstanceId,
    /// Whose it is, to show in process lists and logs.
    pub service_name: String,
    /// The one-time token with which its runner registers. Never on a command line.
    pub registration_token: String,
    /// What its Train function is; empty for the architecture's own.
    pub image: String,
    /// The program that a private architecture names; `None` for a built-in one.
    pub program: Option<String>,
    /// Whether each execution is a process of its own.
    pub run_as_process: bool,
    /// What it holds of the machine. GPUs and memory are held to it; cores are only counted.
    pub reservation: Reservation,
    /// Executions at once.
    pub concurrency: u32,
    /// How long executions may take to stop by themselves.
    pub drain_secs: u32,
}

/// What the executor sees of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// It runs.
    Running,
    /// It ended; the reason is a word of the field, for example `Completed`, `Error` or `OOMKilled`.
    Ended {
        /// Whether it ended well.
        well: bool,
        /// Why.
        error: InstanceError,
    },
    /// The executor cannot tell; whether it lives is then decided by its lease.
    Unknown,
}

/// What starts and ends instances.
#[async_trait]
pub trait Executor: Send + Sync + std::fmt::Debug {
    /// Starts an instance and answers what to call it from now on.
    ///
    /// # Errors
    /// Why it cannot be started.
    async fn start(&self, spec: InstanceSpec) -> Result<String, InstanceError>;

    /// What to call an instance whose start was not noted, because the server died meanwhile; `None` if it does not run.
    async fn find(&self, instance_id: InstanceId) -> Option<String>;

    /// Looks at an instance, also at one that an earlier server started.
    async fn observe(&self, instance_id: InstanceId, handle: &str) -> Observation;

    /// Makes an instance end: it is asked first and made to after some seconds. Returns at once;
    /// what became of it is observed.
    async fn stop(&self, instance_id: InstanceId, handle: &str);

    /// Makes an instance end at once.
    async fn kill(&self, instance_id: InstanceId, handle: &str);

    /// What went wrong in an instance while it went on, since the last call: for example that an execution was
    /// killed because it took too much memory. What ended the instance itself is observed instead.
    async fn incidents(&self, instance_id: InstanceId, handle: &str) -> Vec<InstanceError>;

    /// The last lines that an instance wrote.
    async fn log_tail(&self, instance_id: InstanceId, lines: usize) -> Vec<String>;

    /// Ticks whenever an instance ended.
    fn changes(&self) -> watch::Receiver<u64>;
}
