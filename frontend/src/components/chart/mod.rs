//! Line charts: pure geometry beside a thin view.
//!
//! Must not know what is charted.

pub mod axis;
pub mod export;
pub mod frame;
pub mod lines;
pub mod look;
pub mod marks;
pub mod projection;
pub mod range;
pub mod settings;
pub mod summary;
pub mod vertical;

#[cfg(target_arch = "wasm32")]
mod body;
#[cfg(target_arch = "wasm32")]
mod draw;
#[cfg(target_arch = "wasm32")]
pub mod drawing;
#[cfg(target_arch = "wasm32")]
mod gestures;
#[cfg(target_arch = "wasm32")]
pub mod overlay;
#[cfg(target_arch = "wasm32")]
mod save;
#[cfg(target_arch = "wasm32")]
pub mod scope;
#[cfg(target_arch = "wasm32")]
mod table;
#[cfg(target_arch = "wasm32")]
mod tip;
#[cfg(target_arch = "wasm32")]
mod view;

#[cfg(target_arch = "wasm32")]
pub use view::Chart;
