//! What must survive when things break: the real server under load, killed, stopped and started again, and asked
//! afterwards for everything that it acknowledged.
//!
//! How much is done is a matter of the environment: `TRAINYARD_ROUNDS` (kills, stops, keys) and `TRAINYARD_SEED`; the
//! seed is printed, and gives the same operations again.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod chance;
mod client;
mod crash_points;
mod deeds;
mod disk_full;
mod drain;
mod house;
mod io_faults;
mod keys;
mod kill_both;
mod kill_runner;
mod kill_server;
#[path = "../program/mod.rs"]
mod program;
mod stored;
