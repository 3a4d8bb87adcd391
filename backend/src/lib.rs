//! The server, the runner and the command line of Trainyard, as one library for one program.

pub mod api;
pub mod auth;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crash_point;
pub mod datasets;
pub mod executor;
pub mod runner;
pub mod scheduler;
pub mod secrets;
pub mod serve;
pub mod store;
pub mod telemetry;
pub mod web;
