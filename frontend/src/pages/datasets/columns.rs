//! The geometry of the grid, and where keys lead in it.
//!
//! Must not know the browser.

/// A tile is at least this wide, in CSS pixels.
const LEAST_WIDTH: f64 = 148.0;
/// More tiles side by side are larger instead, so that all that is seen stays within few elements.
const MOST_COLUMNS: usize = 10;
/// Between tiles, and around the grid; `datasets.css` sets the same.
const GAP: f64 = 8.0;
/// Below the image of a tile.
const CAPTION_HEIGHT: f64 = 52.0;
/// Height of an image by its width.
const SHAPE: f64 = 0.75;

/// How a grid of some width is laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Layout {
    pub columns: usize,
    /// Of one row with the gap after it.
    pub row_height: f64,
}

impl Layout {
    /// As many tiles side by side as there is room for.
    pub fn of(width: f64) -> Self {
        let inner = (width - GAP).max(0.0);
        // A cast of a small non-negative number.
        let columns = ((inner / (LEAST_WIDTH + GAP)) as usize).clamp(1, MOST_COLUMNS);
        let tile = (inner / columns as f64 - GAP).max(1.0);
        Self { columns, row_height: (tile * SHAPE + CAPTION_HEIGHT + GAP).round() }
    }
}

/// Where a key leads from an item, in rows of `columns` of which `page` are seen.
pub fn step(key: &str, from: usize, columns: usize, page: usize, total: usize) -> Option<usize> {
    let last = total.checked_sub(1)?;
    let to = match key {
        "ArrowRight" | "j" => from + 1,
        "ArrowLeft" | "k" => from.saturating_sub(1),
        // Below the last full row lies the end.
        "ArrowDown" => from + columns,
        "ArrowUp" => from.checked_sub(columns).unwrap_or(from),
        "PageDown" => from + columns * page.max(1),
        "PageUp" => {
            let rows = (from / columns.max(1)).min(page.max(1));
            from - rows * columns
        }
        "Home" => 0,
        "End" => last,
        _ => return None,
    };
    Some(to.min(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_fill_the_width() {
        for (width, columns) in [(0.0, 1), (150.0, 1), (328.0, 2), (900.0, 5), (2_560.0, 10)] {
            let layout = Layout::of(width);
            assert_eq!(layout.columns, columns, "{width}");
            assert!(layout.row_height > CAPTION_HEIGHT, "{width}");
        }
    }

    #[test]
    fn keys_lead_through_the_grid_and_never_out_of_it() {
        for (key, from, to) in [
            ("ArrowRight", 3, Some(4)),
            ("j", 9, Some(9)),
            ("ArrowLeft", 0, Some(0)),
            ("ArrowDown", 1, Some(5)),
            ("ArrowDown", 8, Some(9)),
            ("ArrowUp", 5, Some(1)),
            ("ArrowUp", 2, Some(2)),
            ("PageDown", 0, Some(8)),
            ("PageUp", 9, Some(1)),
            ("PageUp", 2, Some(2)),
            ("Home", 7, Some(0)),
            ("End", 0, Some(9)),
            ("x", 0, None),
        ] {
            assert_eq!(step(key, from, 4, 2, 10), to, "{key} from {from}");
        }
        assert_eq!(step("j", 0, 4, 2, 0), None);
    }
}
