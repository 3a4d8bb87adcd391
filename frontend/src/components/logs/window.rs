//! The rows of a log: their height, and where its end is.
//!
//! Must not know what the rows show.

use crate::components::virtual_window::Rows;

/// Height of one line of a log, in CSS pixels; `pages.css` sets the same.
pub const LINE_HEIGHT: f64 = 20.0;

/// The lines as a list of rows.
pub const fn lines(total: usize) -> Rows {
    Rows { total, height: LINE_HEIGHT, per_row: 1 }
}

/// Whether the view shows the end, give or take a line.
pub fn is_at_end(scroll_top: f64, height: f64, scroll_height: f64) -> bool {
    scroll_height - scroll_top - height < LINE_HEIGHT * 1.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_drawn_at_the_end() {
        let window = lines(1_000).window(1_000.0 * LINE_HEIGHT, 400.0);
        assert_eq!(window.first + window.count, 1_000);
    }

    #[test]
    fn the_end_is_felt_within_a_line() {
        assert!(is_at_end(1_000.0, 500.0, 1_520.0));
        assert!(!is_at_end(900.0, 500.0, 1_520.0));
    }
}
