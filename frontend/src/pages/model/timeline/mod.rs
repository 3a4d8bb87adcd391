//! The timeline of a training: what happened when, and why.
//!
//! Must not know what may follow what.

pub mod layout;
pub mod story;

#[cfg(target_arch = "wasm32")]
mod strip;

#[cfg(target_arch = "wasm32")]
pub use strip::Timeline;
