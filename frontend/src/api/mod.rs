//! The calls of the server, typed, with errors that pages can show.
//!
//! Must not know who calls or what is drawn.

mod call;
mod error;
mod leaving;

pub mod access;
pub mod datasets;
pub mod filters;
pub mod models;
pub mod recipes;
pub mod secrets;
pub mod services;
pub mod trainings;
pub mod uploads;

pub use error::{ApiError, ErrorKind};

use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Status};
use tonic_web_wasm_client::Client;

/// What carries calls.
pub type Transport = InterceptedService<Client, fn(Request<()>) -> Result<Request<()>, Status>>;

/// The way to the server that this page came from. The session travels as a cookie that scripts
/// cannot read.
pub fn transport() -> Transport {
    let client = Client::new(leptos::prelude::window().location().origin().unwrap_or_default());
    InterceptedService::new(client, with_key)
}

/// A browser may send a request again by itself when a connection breaks. With a key it has one effect nevertheless;
/// methods that only read do not look at it.
fn with_key(mut request: Request<()>) -> Result<Request<()>, Status> {
    if let Ok(key) = idempotency_key().parse() {
        request.metadata_mut().insert("idempotency-key", key);
    }
    Ok(request)
}

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
