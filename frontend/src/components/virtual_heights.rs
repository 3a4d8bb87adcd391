//! Which rows of a long list have to exist, when each has one of two heights that is known without drawing it.
//!
//! Must not know what the rows show.

use super::virtual_window::{MOST_NODES, MOST_PIXELS, Window};

/// Pixels above and below what is visible that are kept ready.
const OVERSCAN: f64 = 320.0;
/// The header is a row as well, and so is one that is kept because it has the focus.
const MOST_ROWS: usize = MOST_NODES - 2;

/// The heights of all rows, in CSS pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Heights {
    short: f64,
    tall: f64,
    /// For each place, how many rows before it are tall; one more than there are rows.
    tall_before: Vec<u32>,
}

impl Heights {
    pub fn new(short: f64, tall: f64, is_tall: impl Iterator<Item = bool>) -> Self {
        let mut tall_before = Vec::with_capacity(is_tall.size_hint().0 + 1);
        let mut before = 0;
        tall_before.push(0);
        for is_tall in is_tall {
            before += u32::from(is_tall);
            tall_before.push(before);
        }
        Self { short, tall, tall_before }
    }

    pub fn total(&self) -> usize {
        self.tall_before.len() - 1
    }

    /// Where a row begins, if everything had room.
    fn real_top(&self, row: usize) -> f64 {
        let row = row.min(self.total());
        let tall = self.tall_before.get(row).copied().unwrap_or_default();
        row as f64 * self.short + f64::from(tall) * (self.tall - self.short)
    }

    fn real_space(&self) -> f64 {
        self.real_top(self.total())
    }

    /// The height of the space that is scrolled.
    pub fn space(&self) -> f64 {
        self.real_space().min(MOST_PIXELS)
    }

    /// Pixels of the list that one scrolled pixel passes over: 1, but for the longest lists.
    fn step(&self, view: f64) -> f64 {
        let (real, space) = (self.real_space(), self.space());
        if real > space && space > view { (real - view) / (space - view) } else { 1.0 }
    }

    /// The row that lies at this height; the last, below all.
    fn row_of(&self, real: f64) -> usize {
        let (mut low, mut high) = (0, self.total());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.real_top(middle + 1) <= real {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.min(self.total().saturating_sub(1))
    }

    /// The rows at the upper and at the lower edge of a view of this height.
    pub fn visible(&self, scroll: f64, view: f64) -> (usize, usize) {
        let top = scroll.max(0.0) * self.step(view);
        // Of the row at the lower edge, a pixel is seen.
        (self.row_of(top), self.row_of((top + view - 1.0).max(top)))
    }

    /// What is needed when the list is scrolled by `scroll` in a view of `view` pixels.
    pub fn window(&self, scroll: f64, view: f64) -> Window {
        let (scroll, view) = (scroll.max(0.0), view.max(0.0));
        let top = scroll * self.step(view);
        if self.total() == 0 {
            return Window { first: 0, count: 0, offset: 0.0 };
        }
        let first = self.row_of((top - OVERSCAN).max(0.0));
        let last = self.row_of(top + view + OVERSCAN);
        let count = (last + 1 - first).min(MOST_ROWS);
        Window { first, count, offset: self.real_top(first) - (top - scroll) }
    }

    /// Where to scroll to so that a row is seen as a whole; nowhere, if it is seen already.
    pub fn scroll_to(&self, row: usize, scroll: f64, view: f64) -> Option<f64> {
        let step = self.step(view);
        let top = scroll * step;
        let (row_top, row_bottom) = (self.real_top(row), self.real_top(row + 1));
        if row_top < top {
            Some(row_top / step)
        } else if row_bottom > top + view {
            Some(((row_bottom - view) / step).max(0.0))
        } else {
            None
        }
    }

    /// The row that is a view further down, or up, than this one.
    pub fn page_from(&self, row: usize, view: f64, is_down: bool) -> usize {
        let top = self.real_top(row);
        let to = self.row_of(if is_down { top + view } else { (top - view).max(0.0) });
        let (least, most) = (row.saturating_sub(1), (row + 1).min(self.total().saturating_sub(1)));
        if is_down { to.max(most) } else { to.min(least) }
    }

    /// How far a row begins below the upper edge of the view.
    pub fn below_edge(&self, row: usize, scroll: f64, view: f64) -> f64 {
        self.real_top(row) - scroll * self.step(view)
    }

    /// Where to scroll to so that rows which were seen stay where they are on screen: their places now, and how far each
    /// was below the upper edge. Rows that moved by themselves are outvoted by those between which they stood.
    pub fn held(&self, seen: &[(usize, f64)], view: f64) -> Option<f64> {
        let mut tops: Vec<f64> = Vec::with_capacity(seen.len());
        for (row, below) in seen {
            let top = self.real_top(*row) - below;
            // Put where it belongs: there are few, and a sort would be compiled for them.
            let place = tops.iter().position(|other| *other > top).unwrap_or(tops.len());
            tops.insert(place, top);
        }
        let middle = tops.get(tops.len() / 2)?;
        Some((middle / self.step(view)).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: f64 = 44.0;
    const TALL: f64 = 64.0;

    /// Every third row is tall.
    fn mixed(total: usize) -> Heights {
        Heights::new(SHORT, TALL, (0..total).map(|row| row % 3 == 0))
    }

    fn top_by_hand(row: usize) -> f64 {
        (0..row).map(|row| if row % 3 == 0 { TALL } else { SHORT }).sum()
    }

    #[test]
    fn rows_lie_where_the_ones_before_them_end() {
        let heights = mixed(1_000);
        for row in [0, 1, 2, 3, 500, 999, 1_000] {
            assert_eq!(heights.real_top(row), top_by_hand(row), "{row}");
        }
        for row in 0..999 {
            let top = top_by_hand(row);
            assert_eq!(heights.row_of(top), row);
            assert_eq!(heights.row_of(top + SHORT - 1.0), row);
        }
        assert_eq!(heights.row_of(1e9), 999);
        assert_eq!(heights.space(), top_by_hand(1_000));
    }

    #[test]
    fn few_rows_exist_and_those_in_view_are_among_them() {
        for total in [1, 5, 30, 1_000, 100_000, 1_000_000] {
            let heights = mixed(total);
            for share in [0.0, 0.3, 0.999, 1.0] {
                for view in [0.0, 300.0, 900.0, 2_000.0] {
                    let scroll = (heights.space() - view).max(0.0) * share;
                    let window = heights.window(scroll, view);
                    assert!(window.count <= MOST_ROWS, "{window:?}");
                    assert!(window.first + window.count <= total);
                    let (first, last) = heights.visible(scroll, view);
                    assert!(window.first <= first && last < window.first + window.count, "{window:?}");
                    assert!(window.offset <= scroll + 1e-6);
                }
            }
            let end = heights.window((heights.space() - 500.0).max(0.0), 500.0);
            assert_eq!(end.first + end.count, total);
        }
        assert_eq!(mixed(0).window(0.0, 500.0).count, 0);
        assert_eq!(mixed(1_000_000).window(0.0, 1e9).count, MOST_ROWS);
    }

    #[test]
    fn a_row_is_scrolled_into_view_no_further_than_needed() {
        let heights = Heights::new(40.0, 60.0, (0..1_000).map(|_| false));
        for (row, scroll, expected) in
            [(0, 0.0, None), (11, 0.0, None), (12, 0.0, Some(40.0)), (5, 400.0, Some(200.0))]
        {
            assert_eq!(heights.scroll_to(row, scroll, 480.0), expected, "{row}");
        }
        let long = mixed(2_000_000);
        let scroll = long.scroll_to(1_500_000, 0.0, 480.0).unwrap();
        let (first, last) = long.visible(scroll, 480.0);
        assert!((first..=last).contains(&1_500_000), "{first} {last}");
    }

    #[test]
    fn a_page_goes_on_by_what_is_seen_and_by_a_row_at_least() {
        let heights = mixed(100);
        assert_eq!(heights.page_from(0, 0.0, true), 1);
        assert_eq!(heights.page_from(0, 500.0, false), 0);
        assert_eq!(heights.page_from(99, 500.0, true), 99);
        let next = heights.page_from(10, 500.0, true);
        assert!((18..=21).contains(&next), "{next}");
        assert!(heights.page_from(next, 500.0, false).abs_diff(10) <= 1);
        assert_eq!(mixed(0).page_from(0, 500.0, true), 0);
    }

    #[test]
    fn what_is_read_stays_where_it_is() {
        let before = mixed(3_000);
        let scroll = 20_000.0;
        let (first, last) = before.visible(scroll, 500.0);
        let below = |row| before.below_edge(row, scroll, 500.0);
        // Six rows came in above, of the same kinds.
        let after = mixed(3_006);
        let seen: Vec<(usize, f64)> = (first..=last).map(|row| (row + 6, below(row))).collect();
        let held = after.held(&seen, 500.0).unwrap();
        assert_eq!(after.below_edge(first + 6, held, 500.0), below(first));
        // One of those in view went to the end.
        let mut moved = seen;
        moved[0].0 = 3_005;
        assert_eq!(after.held(&moved, 500.0), Some(held));
        assert_eq!(after.held(&[], 500.0), None);
    }
}
