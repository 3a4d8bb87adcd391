//! The parts that pages are made of.
//!
//! Must not know any page or any call of the server.

pub mod chart;
pub mod logs;

#[cfg(target_arch = "wasm32")]
pub mod dialog;
#[cfg(target_arch = "wasm32")]
pub mod empty;
#[cfg(target_arch = "wasm32")]
pub mod field;
#[cfg(target_arch = "wasm32")]
pub mod icon;
#[cfg(target_arch = "wasm32")]
pub mod menu;
#[cfg(target_arch = "wasm32")]
pub mod palette;
#[cfg(target_arch = "wasm32")]
pub mod progress;
#[cfg(target_arch = "wasm32")]
pub mod shortcut_sheet;
#[cfg(target_arch = "wasm32")]
pub mod status_chip;
#[cfg(target_arch = "wasm32")]
pub mod time;
#[cfg(target_arch = "wasm32")]
pub mod toast;
