//! The page of one model version: how its latest training goes, by tab.
//!
//! Must not know how figures and lines arrive.

pub mod address;
pub mod command;
pub mod explore;
pub mod figures;
pub mod log_address;
pub mod predictions;
pub mod resolved;
pub mod service_words;
pub mod timeline;

#[cfg(target_arch = "wasm32")]
mod artifacts;
#[cfg(target_arch = "wasm32")]
mod chosen;
#[cfg(target_arch = "wasm32")]
mod compare;
#[cfg(target_arch = "wasm32")]
mod config;
#[cfg(target_arch = "wasm32")]
pub mod data;
#[cfg(target_arch = "wasm32")]
mod head;
#[cfg(target_arch = "wasm32")]
mod history;
#[cfg(target_arch = "wasm32")]
pub mod items;
#[cfg(target_arch = "wasm32")]
mod leaks;
#[cfg(target_arch = "wasm32")]
mod logs;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod priority;
#[cfg(target_arch = "wasm32")]
mod service;

#[cfg(target_arch = "wasm32")]
pub use page::ModelPage;
