//! What the journeys are made of: the real program on a folder of its own, a real browser, small data,
//! and waiting for conditions.
//!
//! Must not know the product's code: it sees what a user and an operator see.

pub mod accessibility;
pub mod browser;
pub mod dataset;
pub mod keyboard;
pub mod pointer;
pub mod processes;
pub mod program;
pub mod server;
pub mod tabs;
pub mod told;
pub mod training;
pub mod wait;
