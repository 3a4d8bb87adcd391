//! The pages, one folder or file a subject.
//!
//! Must not hold a rule of the business that is not in `shared`.

pub mod filter_language;
pub mod model;
pub mod train;
pub mod training;

#[cfg(target_arch = "wasm32")]
mod actions;
#[cfg(target_arch = "wasm32")]
pub mod datasets;
#[cfg(target_arch = "wasm32")]
pub mod models;
#[cfg(target_arch = "wasm32")]
pub mod not_found;
#[cfg(target_arch = "wasm32")]
pub mod sign_in;
