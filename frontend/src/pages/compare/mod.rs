//! Two to eight trainings side by side: what came out, and in what they differ.
//!
//! Must not know how trainings are fetched or run.

pub mod address;
pub mod copied;
pub mod facts;
pub mod figures;
pub mod rows;
pub mod settings;

#[cfg(target_arch = "wasm32")]
mod charts;
#[cfg(target_arch = "wasm32")]
mod columns;
#[cfg(target_arch = "wasm32")]
mod comparison;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod table;
#[cfg(target_arch = "wasm32")]
mod toolbar;

#[cfg(target_arch = "wasm32")]
pub use page::ComparePage;
