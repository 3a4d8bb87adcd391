//! Files that the page makes, offered to be saved.
//!
//! Must not know what is in them.

use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// A text as a file of this kind, for example `text/csv`.
pub fn blob(content: &str, kind: &str) -> Result<Blob, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(&content.into()), &options)
}

/// Offers a text to be saved under a name.
pub fn offer(file: &str, content: &str, kind: &str) -> Result<(), JsValue> {
    offer_blob(file, &blob(content, kind)?)
}

/// Offers a file to be saved under a name.
pub fn offer_blob(file: &str, content: &Blob) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(content)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(file);
    link.click();
    // The click has begun to read it.
    Url::revoke_object_url(&url)
}
