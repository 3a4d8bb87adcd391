//! Data sets from outside: importers, where everything hostile is parsed, and the generator of the
//! demo's scenes.
//!
//! Must not know SQL or gRPC.

pub mod archive;
mod detect;
mod error;
mod formats;
mod image;
pub mod import;
pub mod scenes;
mod source;
mod split;
pub mod thumbnail;
pub mod upload;

pub use error::ImportError;
pub use import::{Format, ImportRequest, run as import};
pub use split::Split;
