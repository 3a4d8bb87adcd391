//! The form of Train: for a new version, or for one that exists.
//!
//! Must not check values by itself: `shared::config` does.

pub mod overrides;

#[cfg(target_arch = "wasm32")]
mod fields;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod submit;

#[cfg(target_arch = "wasm32")]
pub use page::TrainPage;
