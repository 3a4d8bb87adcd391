//! Who runs where: the pure plan, the leases, and the loop that carries decisions out.
//!
//! Must not know how an instance is made.

pub mod explanations;
mod instances;
pub mod leases;
pub mod plan;
mod reconcile;

pub use explanations::Explanations;
pub use leases::{LeaseTimes, SharedLeases};
pub use reconcile::Scheduler;
