//! A whole cluster in one thread and in simulated time: the real server (API, store, scheduler, leases), the real
//! runners and a person, over a network that delays, loses, repeats and cuts, on machines that die, under a wall clock
//! that jumps. Everything random comes from one seed, so a failure can be had again.
//!
//! Simulated are the wires, the machines (`turmoil`), the Train function and time. Each call is carried out by the server
//! in no simulated time, and a kill comes between two calls: kills within one are the business of `tests/crash`.
//! Must not know what is right: that is `checks`.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod checks;
mod cluster;
mod faults;
#[path = "../fixtures/mod.rs"]
mod fixtures;
mod function;
mod person;
mod scenarios;
mod server;
mod wire;
mod yard;
