//! The settings: what is kept for all, and what one browser shows in its own way.
//!
//! Must not know where a setting is used.

mod appearance;
mod time_zone;

pub use appearance::AppearancePage;
