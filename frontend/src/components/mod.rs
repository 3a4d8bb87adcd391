//! The parts that pages are made of.
//!
//! Must not know any page or any call of the server.

pub mod box_path;
pub mod chart;
pub mod choices;
pub mod filter;
pub mod folders;
pub mod logs;
pub mod sparkline;
pub mod virtual_heights;
pub mod virtual_window;

#[cfg(target_arch = "wasm32")]
pub mod combo_field;
#[cfg(target_arch = "wasm32")]
pub mod dialog;
#[cfg(target_arch = "wasm32")]
pub mod dynamic;
#[cfg(target_arch = "wasm32")]
pub mod empty;
#[cfg(target_arch = "wasm32")]
pub mod field;
#[cfg(target_arch = "wasm32")]
pub mod folder_tree;
#[cfg(target_arch = "wasm32")]
pub mod icon;
#[cfg(target_arch = "wasm32")]
pub mod image_boxes;
#[cfg(target_arch = "wasm32")]
pub mod menu;
#[cfg(target_arch = "wasm32")]
pub mod observed;
#[cfg(target_arch = "wasm32")]
pub mod palette;
#[cfg(target_arch = "wasm32")]
pub mod popover;
#[cfg(target_arch = "wasm32")]
pub mod progress;
#[cfg(target_arch = "wasm32")]
pub mod search_field;
#[cfg(target_arch = "wasm32")]
pub mod section_tabs;
#[cfg(target_arch = "wasm32")]
pub mod shortcut_sheet;
#[cfg(target_arch = "wasm32")]
pub mod status_chip;
#[cfg(target_arch = "wasm32")]
pub mod step_button;
#[cfg(target_arch = "wasm32")]
pub mod time;
#[cfg(target_arch = "wasm32")]
pub mod toast;
#[cfg(target_arch = "wasm32")]
pub mod virtual_scroll;
