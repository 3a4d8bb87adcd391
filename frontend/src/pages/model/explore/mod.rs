//! The Explore tab: charts of what a version's latest training reports, beside those of other versions.
//!
//! Must not know how figures arrive.

pub mod address;
pub mod lines;

#[cfg(target_arch = "wasm32")]
mod charts;
#[cfg(target_arch = "wasm32")]
pub mod picker;
#[cfg(target_arch = "wasm32")]
pub mod runs;
#[cfg(target_arch = "wasm32")]
mod tab;
#[cfg(target_arch = "wasm32")]
mod tables;
#[cfg(target_arch = "wasm32")]
pub mod toolbar;

#[cfg(target_arch = "wasm32")]
pub use tab::ExploreTab;
