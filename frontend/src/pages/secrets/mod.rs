//! The organization's secrets: their page, and the way to pick some for a training.
//!
//! Must not know any value after it was sent.

mod form;
mod page;
mod picker;

pub use page::SecretsPage;
pub use picker::SecretPicker;
