//! Data sets from outside: importers, where everything hostile is parsed, and the generator of the
//! demo's scenes.
//!
//! Must not know SQL or gRPC.

mod error;
mod formats;
mod image;
pub mod import;
pub mod scenes;
mod source;
mod split;

pub use error::ImportError;
pub use import::{Format, ImportRequest, run as import};
pub use split::Split;
