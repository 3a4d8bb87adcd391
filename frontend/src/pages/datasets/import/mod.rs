//! Imports: from this computer or a folder of the server's machine, with their progress and their report.
//!
//! Must not know any format: the server reads.

pub mod names;

#[cfg(target_arch = "wasm32")]
mod dialog;
#[cfg(target_arch = "wasm32")]
mod drop;
#[cfg(target_arch = "wasm32")]
mod picked;
#[cfg(target_arch = "wasm32")]
mod report;
#[cfg(target_arch = "wasm32")]
mod sending;
#[cfg(target_arch = "wasm32")]
mod source;
#[cfg(target_arch = "wasm32")]
mod state;
#[cfg(target_arch = "wasm32")]
mod under_way;

#[cfg(target_arch = "wasm32")]
pub use dialog::ImportDialog;
#[cfg(target_arch = "wasm32")]
pub use drop::DropTarget;
#[cfg(target_arch = "wasm32")]
pub use state::Importing;

/// The format that a choice stands for; 0 lets the server find out.
#[cfg(target_arch = "wasm32")]
fn format_of(choice: &str) -> i32 {
    choice.parse().unwrap_or_default()
}
