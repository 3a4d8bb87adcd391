//! Line charts: pure geometry beside a thin view.
//!
//! Must not know what is charted.

pub mod frame;
pub mod lines;
pub mod projection;
pub mod summary;

#[cfg(target_arch = "wasm32")]
mod draw;
#[cfg(target_arch = "wasm32")]
mod overlay;
#[cfg(target_arch = "wasm32")]
mod table;
#[cfg(target_arch = "wasm32")]
mod view;

#[cfg(target_arch = "wasm32")]
pub use view::Chart;
