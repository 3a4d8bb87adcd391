//! What the model predicts on the pictures of its validation, and how good that is at any confidence.
//!
//! Must not know how boxes were predicted: files of predictions come from the Train function.

pub mod address;
pub mod drawn;
pub mod evaluation;
pub mod kept;
pub mod order;
pub mod rates;

#[cfg(target_arch = "wasm32")]
mod bar;
#[cfg(target_arch = "wasm32")]
mod classes;
#[cfg(target_arch = "wasm32")]
mod curves;
#[cfg(target_arch = "wasm32")]
mod evaluated;
#[cfg(target_arch = "wasm32")]
mod grid;
#[cfg(target_arch = "wasm32")]
mod matrix;
#[cfg(target_arch = "wasm32")]
mod picture;
#[cfg(target_arch = "wasm32")]
mod pictures;
#[cfg(target_arch = "wasm32")]
mod tab;
#[cfg(target_arch = "wasm32")]
mod view;

#[cfg(target_arch = "wasm32")]
pub use tab::PredictionsTab;
