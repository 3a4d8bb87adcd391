//! Draws the bodies of lines on a canvas.
//!
//! Must not know axes, text or cursors: those are elements of the page.

use super::frame::{Frame, thinned};
use super::lines::{Line, Point};
use super::look::Look;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

const LINE_WIDTH: f64 = 2.0;
const DOT_RADIUS: f64 = 2.5;

type Area = DrawingArea<CanvasBackend, Shift>;

/// How much of a raw line is seen behind its smoothed one.
const FAINT: f64 = 0.25;

/// Draws all lines, with smoothing above 0 faintly behind their smoothed ones. A browser that cannot draw leaves the
/// canvas empty; table and summary remain.
pub fn draw(canvas: &HtmlCanvasElement, lines: &[Line], smoothing: f64, frame: &Frame) {
    let ratio = sharpness();
    // Setting the size clears the canvas. The cast is of a positive number of device pixels.
    canvas.set_width((frame.width * ratio) as u32);
    canvas.set_height((frame.height * ratio) as u32);
    let context = canvas.get_context("2d").ok().flatten();
    let Some(context) = context.and_then(|context| context.dyn_into::<CanvasRenderingContext2d>().ok())
    else {
        return;
    };
    keep_within(&context, frame, ratio);
    let Some(backend) = CanvasBackend::with_canvas_object(canvas.clone()) else { return };
    let area = backend.into_drawing_area();
    for line in lines {
        let colour = colour(canvas, line.look);
        set_dashes(&context, line.look, ratio);
        if smoothing > 0.0 {
            draw_line(&area, line, frame, colour.mix(FAINT), ratio);
            draw_line(&area, &line.smoothed(smoothing), frame, colour.mix(1.0), ratio);
        } else {
            draw_line(&area, line, frame, colour.mix(1.0), ratio);
        }
    }
}

fn draw_line(area: &Area, line: &Line, frame: &Frame, colour: RGBAColor, ratio: f64) {
    let parts = line.points.split(|point| !frame.y.has_place(point.y));
    for part in parts.filter(|part| !part.is_empty()) {
        draw_part(area, &thinned(part, frame.x), frame, colour, ratio);
    }
}

fn draw_part(area: &Area, points: &[Point], frame: &Frame, colour: RGBAColor, ratio: f64) {
    let place = |point: &Point| {
        let (x, y) = frame.place(*point);
        ((x * ratio).round() as i32, (y * ratio).round() as i32)
    };
    let places: Vec<(i32, i32)> = points.iter().map(place).collect();
    // What the backend says about a stroke that failed, the page could not say better.
    let _ = match places.as_slice() {
        [] => Ok(()),
        [only] => area.draw(&Circle::new(*only, (DOT_RADIUS * ratio) as i32, colour.filled())),
        _ => area.draw(&PathElement::new(places, colour.stroke_width((LINE_WIDTH * ratio) as u32))),
    };
}

/// Device pixels to a CSS pixel. The backend rounds to whole pixels, so that a coarse screen gets
/// twice as many as it has, which the browser then smooths.
fn sharpness() -> f64 {
    let ratio = leptos::prelude::window().device_pixel_ratio();
    if ratio < 1.5 { 2.0 } else { ratio }
}

/// Lines leave the picture at its edges, with half a stroke's width beyond them.
fn keep_within(context: &CanvasRenderingContext2d, frame: &Frame, ratio: f64) {
    context.set_line_join("round");
    context.set_line_cap("round");
    let (left, top) = (frame.left() - LINE_WIDTH, frame.top() - LINE_WIDTH);
    let (right, bottom) = (frame.right() + LINE_WIDTH, frame.bottom() + LINE_WIDTH);
    context.begin_path();
    context.rect(left * ratio, top * ratio, (right - left) * ratio, (bottom - top) * ratio);
    context.clip();
}

fn set_dashes(context: &CanvasRenderingContext2d, look: Look, ratio: f64) {
    let dashes: js_sys::Array =
        look.dashes().iter().map(|length| JsValue::from_f64(length * ratio)).collect();
    // A browser that knows no dashes draws solid lines.
    let _ = context.set_line_dash(&dashes);
}

/// The colour that the style sheet gives to a line, in the theme of the moment.
fn colour(canvas: &HtmlCanvasElement, look: Look) -> RGBColor {
    canvas.set_class_name(&look.class());
    let style = leptos::prelude::window().get_computed_style(canvas).ok().flatten();
    let text = style.and_then(|style| style.get_property_value("color").ok()).unwrap_or_default();
    let mut numbers =
        text.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse::<u8>().ok());
    let mut next = || numbers.next().unwrap_or(128);
    RGBColor(next(), next(), next())
}
