//! The part of the horizontal axis that is shown: zoomed and moved within what there is.
//!
//! Must not know what the axis counts.

/// One press of a key or turn of a wheel.
pub const ZOOM_STEP: f64 = 1.5;
/// What a move by the keyboard moves, of the width that is shown.
const MOVE_STEP: f64 = 0.25;
/// The narrowest part, of all that there is.
const NARROWEST: f64 = 1e-6;

type Range = (f64, f64);

/// The part `factor` times narrower around a place; `None` where all is seen then.
pub fn zoomed(shown: Range, all: Range, factor: f64, around: f64) -> Option<Range> {
    let around = around.clamp(shown.0, shown.1);
    within((around - (around - shown.0) / factor, around + (shown.1 - around) / factor), all)
}

/// The part moved by so many steps, to the left for negative ones.
pub fn moved(shown: Range, all: Range, steps: f64) -> Option<Range> {
    let by = (shown.1 - shown.0) * MOVE_STEP * steps;
    let by = by.clamp((all.0 - shown.0).min(0.0), (all.1 - shown.1).max(0.0));
    within((shown.0 + by, shown.1 + by), all)
}

/// A part that was chosen, cut to what there is; `None` where that is all, or nothing.
pub fn within(chosen: Range, all: Range) -> Option<Range> {
    let (low, high) = (chosen.0.min(chosen.1).max(all.0), chosen.0.max(chosen.1).min(all.1));
    let width = all.1 - all.0;
    let is_all = low <= all.0 && high >= all.1;
    // Not written as `high - low < least`, so that NaN is caught too.
    let has_width = high - low >= width * NARROWEST && width > 0.0;
    (has_width && !is_all).then_some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Range = (0.0, 100.0);

    #[test]
    fn a_zoom_keeps_its_place_and_ends_with_all() {
        assert_eq!(zoomed(ALL, ALL, 2.0, 50.0), Some((25.0, 75.0)));
        assert_eq!(zoomed(ALL, ALL, 2.0, 0.0), Some((0.0, 50.0)));
        assert_eq!(zoomed((25.0, 75.0), ALL, 0.5, 50.0), None);
        assert_eq!(zoomed((0.0, 50.0), ALL, 0.8, 10.0), Some((0.0, 60.0)));
        assert_eq!(zoomed((50.0, 50.00001), ALL, 2.0, 50.0), None);
    }

    #[test]
    fn a_move_stops_at_the_ends() {
        assert_eq!(moved((20.0, 40.0), ALL, 1.0), Some((25.0, 45.0)));
        assert_eq!(moved((2.0, 22.0), ALL, -1.0), Some((0.0, 20.0)));
        assert_eq!(moved(ALL, ALL, 1.0), None);
    }

    #[test]
    fn what_was_chosen_backwards_or_beyond_is_put_right() {
        assert_eq!(within((60.0, 20.0), ALL), Some((20.0, 60.0)));
        assert_eq!(within((-5.0, 20.0), ALL), Some((0.0, 20.0)));
        for nothing in [(-5.0, 200.0), (3.0, 3.0), (300.0, 400.0), (f64::NAN, 5.0)] {
            assert_eq!(within(nothing, ALL), None, "{nothing:?}");
        }
    }
}
