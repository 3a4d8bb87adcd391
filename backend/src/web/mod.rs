//! Everything that travels over plain HTTP on the one port: the built UI, stored files, uploads.
//!
//! Must not know protobuf.

pub mod content;
pub mod files;
pub mod headers;
pub mod listener;
pub mod problem;
mod thumbnails;
pub mod ui;
pub mod uploads;
