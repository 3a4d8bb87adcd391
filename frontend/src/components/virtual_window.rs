//! Which rows of a long list have to exist for what is scrolled into view.
//!
//! Must not know what the rows show.

/// However large the view claims to be, no more elements than this exist.
pub const MOST_NODES: usize = 120;
/// Rows kept ready above and below what is visible, if there is room for them: no more of them than this, and no more
/// pixels. They are what is seen first when one scrolls on, and each is drawn whether it is seen or not.
const OVERSCAN: usize = 12;
const OVERSCAN_PIXELS: f64 = 480.0;
/// Browsers draw nothing below this many pixels or a few more; longer lists are scrolled in larger steps.
pub const MOST_PIXELS: f64 = 16_000_000.0;

/// A list of rows of one height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rows {
    pub total: usize,
    /// Of one row with the gap after it, in CSS pixels.
    pub height: f64,
    /// Elements side by side in one row.
    pub per_row: usize,
}

/// The rows to draw: from `first`, `count` of them, `offset` pixels from the top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    pub first: usize,
    pub count: usize,
    pub offset: f64,
}

impl Rows {
    fn real_space(self) -> f64 {
        self.total as f64 * self.height
    }

    /// The height of the space that is scrolled.
    pub fn space(self) -> f64 {
        self.real_space().min(MOST_PIXELS)
    }

    /// Pixels of the list that one scrolled pixel passes over: 1, but for the longest lists.
    fn step(self, view_height: f64) -> f64 {
        let (real, space) = (self.real_space(), self.space());
        if real > space && space > view_height { (real - view_height) / (space - view_height) } else { 1.0 }
    }

    /// Rows that a view of this height shows at once, and those kept ready on either side.
    fn reach(self, view_height: f64) -> (usize, usize) {
        // Casts of non-negative numbers far below 2^53.
        let visible = (view_height / self.height).ceil() as usize + 1;
        let ready = ((OVERSCAN_PIXELS / self.height).ceil() as usize).min(OVERSCAN);
        (visible, (self.most().saturating_sub(visible) / 2).min(ready))
    }

    fn most(self) -> usize {
        (MOST_NODES / self.per_row.max(1)).max(1)
    }

    /// The most rows that exist at once, wherever one scrolls to in a view of this height.
    pub fn slots(self, view_height: f64) -> usize {
        let (visible, overscan) = self.reach(view_height.max(0.0));
        (visible + 2 * overscan).min(self.most())
    }

    /// What is needed when the list is scrolled by `scroll_top` in a view of `view_height` pixels.
    pub fn window(self, scroll_top: f64, view_height: f64) -> Window {
        let (scroll_top, view_height) = (scroll_top.max(0.0), view_height.max(0.0));
        let top = scroll_top * self.step(view_height);
        // A cast of a non-negative number far below 2^53.
        let above = (top / self.height) as usize;
        let (visible, overscan) = self.reach(view_height);
        let first = above.min(self.total.saturating_sub(visible)).saturating_sub(overscan);
        let count = self.slots(view_height).min(self.total - first);
        let offset = first as f64 * self.height - (top - scroll_top);
        Window { first, count, offset }
    }

    /// Where to scroll to so that a row is seen as a whole; nowhere, if it is seen already.
    pub fn scroll_to(self, row: usize, scroll_top: f64, view_height: f64) -> Option<f64> {
        let step = self.step(view_height);
        let top = scroll_top * step;
        let (row_top, row_bottom) = (row as f64 * self.height, (row + 1) as f64 * self.height);
        if row_top < top {
            Some(row_top / step)
        } else if row_bottom > top + view_height {
            Some(((row_bottom - view_height) / step).max(0.0))
        } else {
            None
        }
    }
}

impl Window {
    /// The row that the slot with this number shows, of `slots`. A row keeps its slot for as long as it exists, so that
    /// scrolling by one row changes one slot.
    pub fn row_in(self, slot: usize, slots: usize) -> Option<usize> {
        let slots = slots.max(1);
        let behind = (slot + slots - self.first % slots) % slots;
        (behind < self.count).then_some(self.first + behind)
    }

    /// Where a row lies in the space that is scrolled.
    pub fn top_of(self, row: usize, height: f64) -> f64 {
        self.offset + row.saturating_sub(self.first) as f64 * height
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(total: usize, height: f64, per_row: usize) -> Rows {
        Rows { total, height, per_row }
    }

    #[test]
    fn few_elements_exist_however_many_rows_there_are() {
        for per_row in [1, 2, 5, 12] {
            for total in [0, 1, 30, 1_000, 100_000, 10_000_000] {
                let rows = rows(total, 44.0, per_row);
                for share in [0.0, 0.3, 0.999, 1.0] {
                    let window = rows.window(rows.space() * share, 500.0);
                    assert!(window.count * per_row <= MOST_NODES, "{rows:?} {window:?}");
                    assert!(window.first + window.count <= total, "{rows:?} {window:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_visible_is_drawn_where_it_is_seen() {
        for total in [100_000, 5_000_000] {
            let rows = rows(total, 40.0, 1);
            for share in [0.0, 0.25, 0.5, 1.0] {
                let (view, scroll) = (480.0, (rows.space() - 480.0) * share);
                let window = rows.window(scroll, view);
                assert!(window.offset <= scroll + 1e-6, "{window:?}");
                assert!(
                    window.offset + window.count as f64 * 40.0 >= scroll + view - 1e-6,
                    "{window:?} {scroll}"
                );
            }
            let end = rows.window(rows.space() - 480.0, 480.0);
            assert_eq!(end.first + end.count, total);
        }
    }

    #[test]
    fn a_row_is_scrolled_into_view_no_further_than_needed() {
        let rows = rows(1_000, 40.0, 1);
        for (row, scroll, expected) in [
            (0, 0.0, None),
            (11, 0.0, None),
            (12, 0.0, Some(40.0)),
            (5, 400.0, Some(200.0)),
            (10, 400.0, None),
        ] {
            assert_eq!(rows.scroll_to(row, scroll, 480.0), expected, "{row}");
        }
        let long = Rows { total: 5_000_000, ..rows };
        let scroll = long.scroll_to(4_000_000, 0.0, 480.0).unwrap();
        let window = long.window(scroll, 480.0);
        assert!((window.first..window.first + window.count).contains(&4_000_000), "{window:?}");
    }

    #[test]
    fn rows_keep_their_slots_and_their_places() {
        let rows = rows(16_667, 180.0, 6);
        let slots = rows.slots(700.0);
        assert!((6..=20).contains(&slots), "{slots}");
        let mut before: Vec<Option<usize>> = Vec::new();
        for step in 0..200 {
            let window = rows.window(f64::from(step) * 180.0, 700.0);
            let shown: Vec<_> = (0..slots).map(|slot| window.row_in(slot, slots)).collect();
            let mut sorted: Vec<_> = shown.iter().flatten().copied().collect();
            sorted.sort_unstable();
            assert_eq!(sorted, (window.first..window.first + window.count).collect::<Vec<_>>());
            let changed = before.iter().zip(&shown).filter(|(before, now)| before != now).count();
            assert!(changed <= 1, "{changed} slots changed");
            before = shown;
            assert_eq!(window.top_of(window.first + 2, 180.0), (window.first + 2) as f64 * 180.0);
        }
    }

    #[test]
    fn a_monstrous_view_stays_bounded() {
        assert_eq!(rows(1_000_000, 20.0, 1).window(0.0, 1e9).count, MOST_NODES);
        assert_eq!(rows(1_000_000, 20.0, 500).window(0.0, 500.0).count, 1);
    }
}
