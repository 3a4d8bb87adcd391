//! The calls of the server, typed, with errors that pages can show.
//!
//! Must not know who calls or what is drawn.

mod call;
mod error;
mod leaving;

pub mod access;
pub mod architectures;
pub mod datasets;
pub mod files;
pub mod filters;
pub mod models;
pub mod recipes;
pub mod secrets;
pub mod services;
pub mod trainings;
pub mod uploads;

pub use call::Messages;
pub use error::{ApiError, ErrorKind};

/// A text that no other call has, so that a call sent twice has one effect.
pub fn idempotency_key() -> String {
    let mut bytes = [0u8; 16];
    let random = leptos::prelude::window()
        .crypto()
        .is_ok_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    if !random {
        // Every browser has the call above; the time alone still tells two presses apart.
        bytes[..8].copy_from_slice(&js_sys::Date::now().to_bits().to_be_bytes());
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
