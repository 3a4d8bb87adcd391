//! A call that the browser carries out although the page that makes it goes away.
//!
//! Must not know what is sent. Nobody is left to read the answer.

use crate::state::kept;
use js_sys::{Object, Reflect, Uint8Array};
use leptos::prelude::window;
use wasm_bindgen::JsValue;
use web_sys::RequestInit;

/// What a browser sends at most for a page that is gone.
const MOST_BYTES: usize = 60_000;

/// Sends the body of a gRPC-Web call to `method`, for example `trainyard.v1.ModelService/SaveDraft`. What is too long is not sent.
pub fn send(method: &str, body: &[u8]) {
    if body.len() > MOST_BYTES {
        return;
    }
    kept::forget();
    let headers = Object::new();
    let set = |target: &JsValue, key: &str, value: &JsValue| {
        // A property of an object of one's own can always be set.
        let _ = Reflect::set(target, &key.into(), value);
    };
    for (key, value) in [("content-type", "application/grpc-web+proto"), ("x-grpc-web", "1")] {
        set(&headers, key, &value.into());
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&Uint8Array::from(body));
    set(&init, "keepalive", &true.into());
    let _ = window().fetch_with_str_and_init(&format!("/{method}"), &init);
}
