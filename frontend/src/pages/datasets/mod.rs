//! Datasets: their list, imports, and the browser of one dataset.
//!
//! Must not know how items are stored or found.

pub mod address;
mod columns;
pub mod edits;
mod import;
pub mod selection;
pub mod split;

#[cfg(target_arch = "wasm32")]
mod batch;
#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod changes;
#[cfg(target_arch = "wasm32")]
mod dialogs;
#[cfg(target_arch = "wasm32")]
mod elsewhere;
#[cfg(target_arch = "wasm32")]
mod facets;
#[cfg(target_arch = "wasm32")]
mod filter;
#[cfg(target_arch = "wasm32")]
mod folders;
#[cfg(target_arch = "wasm32")]
mod grid;
#[cfg(target_arch = "wasm32")]
mod item_cache;
#[cfg(target_arch = "wasm32")]
mod keys;
#[cfg(target_arch = "wasm32")]
mod list;
#[cfg(target_arch = "wasm32")]
mod panel;
#[cfg(target_arch = "wasm32")]
mod saved;
#[cfg(target_arch = "wasm32")]
mod split_fields;
#[cfg(target_arch = "wasm32")]
mod state;
#[cfg(target_arch = "wasm32")]
mod table;
#[cfg(target_arch = "wasm32")]
mod tile;

#[cfg(target_arch = "wasm32")]
pub use browser::DatasetPage;
#[cfg(target_arch = "wasm32")]
pub use filter::completion;
#[cfg(target_arch = "wasm32")]
pub use folders::tree_of;
#[cfg(target_arch = "wasm32")]
pub use import::Importing;
#[cfg(target_arch = "wasm32")]
pub use list::{DatasetsPage, NoDatasets};
#[cfg(target_arch = "wasm32")]
pub use saved::{SavedChange, SavedFilters};
