//! The shared core of Trainyard: domain types, the status machine, configuration, and the metric
//! and series math that server, command line and browser all run.
//!
//! Must not know IO, clocks, randomness, threads, protobuf or SQL. The same input gives the same
//! bits natively and in the browser.
#![deny(missing_docs)]

pub mod architecture;
pub mod boxes;
pub mod check;
pub mod config;
pub mod dataset;
pub mod dql;
pub mod estimate;
pub mod filter;
pub mod format;
pub mod id;
pub mod labels;
pub mod machine;
pub mod metric;
pub mod metrics;
pub mod model;
pub mod permission;
pub mod recipe;
pub mod retry;
pub mod secret;
pub mod series;
pub mod service;
pub mod snapshot;
pub mod status;
pub mod suggest;
pub mod table;
pub mod training;
