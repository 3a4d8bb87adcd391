//! A log of any length in a bounded number of elements.
//!
//! Must not know whose log it is.

pub mod buffer;
pub mod colours;
pub mod layout;
pub mod window;

#[cfg(target_arch = "wasm32")]
mod view;

#[cfg(target_arch = "wasm32")]
pub use view::{LogView, LogViewer};
