//! Draws the bodies of lines on a canvas.
//!
//! Must not know axes, text or cursors: those are elements of the page.

use super::frame::{Frame, thinned};
use super::lines::Line;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters_canvas::CanvasBackend;
use wasm_bindgen::JsCast;

const LINE_WIDTH: f64 = 2.0;
const DOT_RADIUS: f64 = 2.5;

type Area = DrawingArea<CanvasBackend, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// How much of a raw line is seen behind its smoothed one.
const FAINT: f64 = 0.25;

/// Draws all lines, with smoothing above 0 faintly behind their smoothed ones. A browser that cannot draw leaves the canvas empty; table and summary remain.
pub fn draw(canvas: &web_sys::HtmlCanvasElement, lines: &[Line], smoothing: f64, frame: &Frame) {
    let ratio = sharpness();
    // Setting the size clears the canvas. The cast is of a positive number of device pixels.
    canvas.set_width((frame.width * ratio) as u32);
    canvas.set_height((frame.height * ratio) as u32);
    round_joins(canvas);
    let colours: Vec<RGBColor> = (0..lines.len()).map(|index| colour(canvas, index)).collect();
    let Some(backend) = CanvasBackend::with_canvas_object(canvas.clone()) else { return };
    let area = with_coordinates(&backend.into_drawing_area(), frame, ratio);
    for (line, colour) in lines.iter().zip(colours) {
        if smoothing > 0.0 {
            draw_line(&area, line, frame, colour.mix(FAINT), ratio);
            draw_line(&area, &line.smoothed(smoothing), frame, colour.mix(1.0), ratio);
        } else {
            draw_line(&area, line, frame, colour.mix(1.0), ratio);
        }
    }
}

fn draw_line(area: &Area, line: &Line, frame: &Frame, colour: RGBAColor, ratio: f64) {
    for part in line.parts() {
        draw_part(area, &thinned(part, frame.x), colour, ratio);
    }
}

fn draw_part(area: &Area, points: &[super::lines::Point], colour: RGBAColor, ratio: f64) {
    let places: Vec<(f64, f64)> = points.iter().map(|point| (point.x, point.y)).collect();
    // What the backend says about a stroke that failed, the page could not say better.
    let _ = match places.as_slice() {
        [] => Ok(()),
        [only] => area.draw(&Circle::new(*only, (DOT_RADIUS * ratio) as i32, colour.filled())),
        _ => area.draw(&PathElement::new(places, colour.stroke_width((LINE_WIDTH * ratio) as u32))),
    };
}

fn with_coordinates(area: &DrawingArea<CanvasBackend, Shift>, frame: &Frame, ratio: f64) -> Area {
    let pixel = |value: f64| (value * ratio).round() as i32;
    let (x, y) = (frame.x.domain(), frame.y.domain());
    area.apply_coord_spec(Cartesian2d::new(
        x.0..x.1,
        y.0..y.1,
        (pixel(frame.left())..pixel(frame.right()), pixel(frame.bottom())..pixel(frame.top())),
    ))
}

/// Device pixels to a CSS pixel. The backend rounds to whole pixels, so that a coarse screen gets
/// twice as many as it has, which the browser then smooths.
fn sharpness() -> f64 {
    let ratio = leptos::prelude::window().device_pixel_ratio();
    if ratio < 1.5 { 2.0 } else { ratio }
}

fn round_joins(canvas: &web_sys::HtmlCanvasElement) {
    let context = canvas.get_context("2d").ok().flatten();
    if let Some(context) =
        context.and_then(|context| context.dyn_into::<web_sys::CanvasRenderingContext2d>().ok())
    {
        context.set_line_join("round");
        context.set_line_cap("round");
    }
}

/// Class of a line's colour; from the seventh line on they repeat.
pub fn series_class(index: usize) -> String {
    format!("series-{}", index % 6 + 1)
}

/// The colour that the style sheet gives to a line, in the theme of the moment.
fn colour(canvas: &web_sys::HtmlCanvasElement, index: usize) -> RGBColor {
    canvas.set_class_name(&series_class(index));
    let style = leptos::prelude::window().get_computed_style(canvas).ok().flatten();
    let text = style.and_then(|style| style.get_property_value("color").ok()).unwrap_or_default();
    let mut numbers =
        text.split(|letter: char| !letter.is_ascii_digit()).filter_map(|digits| digits.parse::<u8>().ok());
    let mut next = || numbers.next().unwrap_or(128);
    RGBColor(next(), next(), next())
}
