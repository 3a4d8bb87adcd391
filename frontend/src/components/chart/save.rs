//! Saves a chart as a file: a picture as the style sheet colours it, or its values.
//!
//! Must not know what is charted.

use super::export::{Colours, csv, svg};
use super::frame::Frame;
use super::lines::Line;
use super::look::HUES;
use super::scope::Scope;
use crate::state::saving::{blob, offer, offer_blob};
use crate::state::toasts::Toasts;
use leptos::prelude::*;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, HtmlCanvasElement, HtmlImageElement, Url};

/// Device pixels to one of the chart, in a picture of pixels.
const PNG_RATIO: f64 = 2.0;

/// What a chart is saved as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Png,
    Svg,
    Csv,
}

/// Saves a chart as it is seen.
pub fn save(format: Format, name: &str, lines: &[Line], frame: &Frame, scope: Scope, toasts: Toasts) {
    let file: String =
        name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect();
    let settings = scope.settings.get_untracked();
    let picture = || svg(name, lines, settings.smoothing, frame, &colours());
    let saved = match format {
        Format::Csv => {
            let table = csv(settings.axis.name(), lines, scope.shown.get_untracked());
            offer(&format!("{file}.csv"), &table, "text/csv")
        }
        Format::Svg => offer(&format!("{file}.svg"), &picture(), "image/svg+xml"),
        Format::Png => draw(format!("{file}.png"), &picture(), frame.width, toasts),
    };
    if saved.is_err() {
        toasts.problem("This browser could not save the chart");
    }
}

/// The colours of the moment.
fn colours() -> Colours {
    let root = document().document_element();
    let style = root.and_then(|root| window().get_computed_style(&root).ok().flatten());
    let token = |name: &str| {
        let value = style.as_ref().and_then(|style| style.get_property_value(name).ok());
        value.map(|value| resolved(&value)).unwrap_or_default()
    };
    Colours {
        background: token("--surface"),
        text: token("--text"),
        grid: token("--grid"),
        series: (1..=HUES).map(|number| token(&format!("--series-{number}"))).collect(),
    }
}

/// A colour that depends on the theme, as the one that it is now: a file knows no theme.
fn resolved(value: &str) -> String {
    let Some(body) = document().body() else { return value.to_owned() };
    let style = body.style();
    let before = style.get_property_value("outline-color").unwrap_or_default();
    let _ = style.set_property("outline-color", value);
    let computed = window().get_computed_style(&body).ok().flatten();
    let colour = computed.and_then(|computed| computed.get_property_value("outline-color").ok());
    let _ = style.set_property("outline-color", &before);
    colour.unwrap_or_else(|| value.to_owned())
}

/// Draws a picture of lines as one of pixels, and offers that.
fn draw(file: String, picture: &str, width: f64, toasts: Toasts) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(&blob(picture, "image/svg+xml")?)?;
    let image = HtmlImageElement::new()?;
    let (drawn, source) = (image.clone(), url.clone());
    let on_load = Closure::once_into_js(move || {
        let result = pixels(&drawn, width, file, toasts);
        let _ = Url::revoke_object_url(&source);
        if result.is_err() {
            toasts.problem("This browser could not draw the chart as PNG; SVG may work");
        }
    });
    image.set_onload(Some(on_load.unchecked_ref()));
    image.set_src(&url);
    Ok(())
}

fn pixels(image: &HtmlImageElement, width: f64, file: String, toasts: Toasts) -> Result<(), JsValue> {
    let height = width * f64::from(image.natural_height()) / f64::from(image.natural_width().max(1));
    let canvas: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    // The casts are of positive numbers of pixels.
    canvas.set_width((width * PNG_RATIO) as u32);
    canvas.set_height((height * PNG_RATIO) as u32);
    let context = canvas.get_context("2d")?.ok_or(JsValue::NULL)?;
    let context: web_sys::CanvasRenderingContext2d = context.unchecked_into();
    context.scale(PNG_RATIO, PNG_RATIO)?;
    context.draw_image_with_html_image_element_and_dw_and_dh(image, 0.0, 0.0, width, height)?;
    let on_blob = Closure::once_into_js(move |blob: Option<Blob>| {
        if blob.is_none_or(|blob| offer_blob(&file, &blob).is_err()) {
            toasts.problem("This browser could not save the chart as PNG");
        }
    });
    canvas.to_blob(on_blob.unchecked_ref())
}
