//! The pages, one folder or file a subject.
//!
//! Must not hold a rule of the business that is not in `shared`.

pub mod compare;
pub mod datasets;
pub mod filter_language;
#[cfg(any(test, feature = "gallery"))]
pub mod gallery;
pub mod model;
pub mod models;
pub mod services;
pub mod train;
pub mod training;

#[cfg(target_arch = "wasm32")]
mod actions;
#[cfg(target_arch = "wasm32")]
pub mod not_found;
#[cfg(target_arch = "wasm32")]
pub mod recipes;
#[cfg(target_arch = "wasm32")]
pub mod secrets;
#[cfg(target_arch = "wasm32")]
pub mod settings;
#[cfg(target_arch = "wasm32")]
pub mod sign_in;
