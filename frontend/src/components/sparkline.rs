//! The course of a figure as a line so small that it fits into a row.
//!
//! Must not know which figure it is.

use std::fmt::Write;

/// Size of the picture, in its own units.
pub const WIDTH: f64 = 80.0;
pub const HEIGHT: f64 = 20.0;
/// Half of the stroke, so that no end is cut off.
const EDGE: f64 = 2.0;

/// The line as a path in SVG's language; nothing for less than two values. It fills the height, from the lowest value to
/// the highest one.
pub fn path(values: &[f64]) -> String {
    let mut path = String::new();
    if values.len() < 2 {
        return path;
    }
    let (low, high) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    let step = (WIDTH - 2.0 * EDGE) / (values.len() - 1) as f64;
    for (place, value) in values.iter().enumerate() {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        let (x, y) = (EDGE + step * place as f64, EDGE + (1.0 - share) * (HEIGHT - 2.0 * EDGE));
        // Writing into a text cannot fail.
        let _ = write!(path, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fills_the_picture() {
        assert_eq!(path(&[0.1, 0.3, 0.2]), "M2.0 18.0L40.0 2.0L78.0 10.0");
        assert_eq!(path(&[0.5, 0.5]), "M2.0 10.0L78.0 10.0");
        assert_eq!(path(&[0.5]), "");
        assert_eq!(path(&[]), "");
    }
}
