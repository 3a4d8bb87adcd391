//! Models → Training: one row a training, live.
//!
//! Must not know how rows arrive.

pub mod csv;
pub mod presses;
pub mod query;
pub mod remedy;
pub mod roll;
pub mod selection;
pub mod sieve;
pub mod trouble;

#[cfg(target_arch = "wasm32")]
mod batch;
#[cfg(target_arch = "wasm32")]
mod keys;
#[cfg(target_arch = "wasm32")]
mod list;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
pub mod row;
#[cfg(target_arch = "wasm32")]
mod table;
#[cfg(target_arch = "wasm32")]
mod table_view;
#[cfg(target_arch = "wasm32")]
mod toolbar;
#[cfg(target_arch = "wasm32")]
pub mod trouble_badge;
#[cfg(target_arch = "wasm32")]
pub mod waiting;

#[cfg(target_arch = "wasm32")]
pub use keys::{is_in_field, move_by_keys};
#[cfg(target_arch = "wasm32")]
pub use page::TrainingPage;
