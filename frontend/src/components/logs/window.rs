//! Which rows of a long list have to exist for what is scrolled into view.
//!
//! Must not know what the rows show.

/// Height of one line of a log, in CSS pixels; `components.css` sets the same.
pub const LINE_HEIGHT: f64 = 20.0;

/// Rows kept ready above and below what is visible.
const OVERSCAN: usize = 12;

/// However high the view claims to be, no more rows than this exist.
const MOST_ROWS: usize = 120;

/// The rows to draw: from `first`, `count` of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub first: usize,
    pub count: usize,
}

impl Window {
    /// What is needed when `total` rows are scrolled by `scroll_top` in a view of `height` pixels.
    pub fn over(total: usize, scroll_top: f64, height: f64) -> Self {
        // Casts of non-negative pixel counts; a browser reports at most 33 million.
        let above = (scroll_top.max(0.0) / LINE_HEIGHT) as usize;
        let visible = (height.max(0.0) / LINE_HEIGHT).ceil() as usize + 1;
        let first = above.min(total.saturating_sub(visible)).saturating_sub(OVERSCAN);
        let count = (visible + 2 * OVERSCAN).min(MOST_ROWS).min(total - first);
        Self { first, count }
    }

    /// How far the first row is from the top, in pixels.
    pub fn offset(self) -> f64 {
        self.first as f64 * LINE_HEIGHT
    }
}

/// Whether the view shows the end, give or take a line.
pub fn is_at_end(scroll_top: f64, height: f64, scroll_height: f64) -> bool {
    scroll_height - scroll_top - height < LINE_HEIGHT * 1.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_exist_however_many_there_are() {
        for total in [0, 1, 30, 1_000, 100_000, 200_000] {
            for share in [0.0, 0.3, 0.999, 1.0] {
                let scroll = total as f64 * LINE_HEIGHT * share;
                let window = Window::over(total, scroll, 500.0);
                assert!(window.count <= 120 && window.first + window.count <= total, "{total} {window:?}");
            }
        }
    }

    #[test]
    fn what_is_visible_is_drawn() {
        let (scroll, height) = (40_000.0, 480.0);
        let window = Window::over(100_000, scroll, height);
        assert!(window.offset() <= scroll);
        assert!((window.first + window.count) as f64 * LINE_HEIGHT >= scroll + height);
    }

    #[test]
    fn the_last_row_is_drawn_at_the_end() {
        let window = Window::over(1_000, 1_000.0 * LINE_HEIGHT, 400.0);
        assert_eq!(window.first + window.count, 1_000);
    }

    #[test]
    fn a_monstrous_view_stays_bounded() {
        assert_eq!(Window::over(1_000_000, 0.0, 1e9).count, 120);
    }

    #[test]
    fn the_end_is_felt_within_a_line() {
        assert!(is_at_end(1_000.0, 500.0, 1_520.0));
        assert!(!is_at_end(900.0, 500.0, 1_520.0));
    }
}
