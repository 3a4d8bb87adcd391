//! The bar in which a filter is written: as short text, as JSON or as rows of conditions, with what is wrong underlined,
//! completion, and the count of what it would find.
//!
//! Must not know what is filtered or where counts and completions come from.

pub mod completion;
pub mod draft;
mod pretty;
mod rows;

#[cfg(target_arch = "wasm32")]
mod bar;
#[cfg(target_arch = "wasm32")]
mod editor;
#[cfg(target_arch = "wasm32")]
mod form;
#[cfg(target_arch = "wasm32")]
mod form_row;
#[cfg(target_arch = "wasm32")]
mod input;
#[cfg(target_arch = "wasm32")]
mod sample;
#[cfg(target_arch = "wasm32")]
mod suggestions;
#[cfg(target_arch = "wasm32")]
mod switch;

#[cfg(target_arch = "wasm32")]
pub use bar::{Answer, Choice, Complete, FilterBar, FilterSource, Named};
#[cfg(target_arch = "wasm32")]
pub use input::FilterInput;
#[cfg(target_arch = "wasm32")]
pub use sample::Found;
