//! What part of the values a chart shows, and the marks beside it.
//!
//! Must not know the width of a chart, or how it is drawn.

use super::lines::Line;
use super::projection::Projection;
use shared::series::{axis_range, log_ticks, nice_ticks};

/// Of many values, this share is left out at each end where they are clipped.
const TRIM: f64 = 0.01;

/// How the vertical axis is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Vertical {
    /// The values lie between 0 and 1, and the axis starts at 0 and never passes 1.
    pub is_share: bool,
    pub is_logarithmic: bool,
    /// A few wild values are left outside.
    pub clips: bool,
}

/// The vertical axis for the values at hand.
pub struct VerticalAxis {
    pub y: Projection,
    pub marks: Vec<(f64, String)>,
    pub hidden: usize,
}

/// The axis for what `lines` show within `domain_x`, with about `most` marks.
pub fn vertical_axis(
    lines: &[Line],
    domain_x: (f64, f64),
    vertical: Vertical,
    range: (f64, f64),
    most: usize,
) -> VerticalAxis {
    let values = || {
        let points = lines.iter().flat_map(|line| line.within(domain_x));
        points.map(|point| point.y).filter(|y| !vertical.is_logarithmic || *y > 0.0)
    };
    let Some((low, high)) = extent(values()) else {
        let y = Projection::new((0.0, 1.0), range);
        return VerticalAxis { y, marks: linear_marks(y, most), hidden: 0 };
    };
    let calm = if vertical.clips { axis_range(values(), TRIM).filter(|calm| calm.hidden > 0) } else { None };
    let hidden = calm.map_or(0, |calm| calm.hidden);
    // The range of what is calm has some room around it, which may reach beyond what there is.
    let (low, high) = calm.map_or((low, high), |calm| (calm.low.max(low), calm.high.min(high)));
    if vertical.is_logarithmic {
        let y = Projection::logarithmic((low, high), range);
        return VerticalAxis { y, marks: logarithmic_marks(y, most), hidden };
    }
    let domain = if vertical.is_share { share_of_one((low, high), most) } else { widened(low, high, most) };
    let y = Projection::new(domain, range);
    VerticalAxis { y, marks: linear_marks(y, most), hidden }
}

fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |so_far, value| {
        let (low, high) = so_far.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

fn linear_marks(y: Projection, most: usize) -> Vec<(f64, String)> {
    let ticks = nice_ticks(y.domain().0, y.domain().1, most);
    ticks.values.into_iter().map(|value| (value, format!("{value:.*}", ticks.decimals))).collect()
}

fn logarithmic_marks(y: Projection, most: usize) -> Vec<(f64, String)> {
    let (low, high) = y.domain();
    let values = log_ticks(low, high);
    if values.len() < 2 {
        return linear_marks(y, most);
    }
    let step = values.len().div_ceil(most.max(2));
    let words =
        |value: f64| if (1e-3..1e5).contains(&value) { value.to_string() } else { format!("{value:e}") };
    values.into_iter().step_by(step).map(|value| (value, words(value))).collect()
}

fn share_of_one((low, high): (f64, f64), most: usize) -> (f64, f64) {
    // A single small value must not look like a large one.
    let top = widened(0.0, high.max(0.05), most).1;
    (low.min(0.0), if high <= 1.0 { top.min(1.0) } else { top })
}

/// The range grown outwards until it ends in marks, so that lines do not touch the edge.
fn widened(low: f64, high: f64, most: usize) -> (f64, f64) {
    let mut range = (low, high);
    // A wider range may have coarser marks, whose ends lie further out again; that ends soon.
    for _ in 0..4 {
        let marks = nice_ticks(range.0, range.1, most).values;
        let [first, second, ..] = marks.as_slice() else { return range };
        let (step, last) = (second - first, marks.last().copied().unwrap_or(range.1));
        let is_outside = |end: f64, mark: f64| (end - mark).abs() > step * 1e-6;
        let below = if is_outside(range.0, *first) { first - step } else { *first };
        let above = if is_outside(range.1, last) { last + step } else { last };
        if (below, above) == range {
            break;
        }
        range = (below, above);
    }
    range
}

#[cfg(test)]
mod tests {
    use super::super::lines::Point;
    use super::super::look::Look;
    use super::*;

    fn axis(values: &[f64], vertical: Vertical) -> VerticalAxis {
        let points = (1u32..).zip(values).map(|(x, &y)| Point { x: x.into(), y }).collect();
        let line = Line { legend: "train".into(), look: Look::default(), points };
        vertical_axis(&[line], (0.0, 1e9), vertical, (200.0, 0.0), 5)
    }

    #[test]
    fn shares_start_at_nothing_and_end_at_one() {
        let shares = Vertical { is_share: true, ..Vertical::default() };
        assert_eq!(axis(&[0.2, 0.93], shares).y.domain(), (0.0, 1.0));
        let (_, high) = axis(&[0.001, 0.002], shares).y.domain();
        assert!((0.05..0.2).contains(&high), "{high}");
    }

    #[test]
    fn wild_values_are_left_outside_and_counted() {
        let mut values: Vec<f64> = (0..200).map(|step| f64::from(step % 10)).collect();
        values.push(1e6);
        let all = axis(&values, Vertical::default());
        assert!(all.y.domain().1 >= 1e6 && all.hidden == 0);
        let calm = axis(&values, Vertical { clips: true, ..Vertical::default() });
        assert!(calm.y.domain().1 <= 10.0 && calm.hidden == 1, "{:?}", calm.y);
    }

    #[test]
    fn a_logarithmic_axis_leaves_out_what_is_not_above_nothing() {
        let logarithmic = Vertical { is_logarithmic: true, ..Vertical::default() };
        let axis_of = axis(&[0.0, -3.0, 0.01, 10.0], logarithmic);
        assert_eq!(axis_of.y.domain(), (0.01, 10.0));
        let words: Vec<String> = axis_of.marks.into_iter().map(|(_, words)| words).collect();
        assert_eq!(words, ["0.01", "0.1", "1", "10"]);
        // Between two neighbouring powers there are marks all the same, and with nothing to show, too.
        assert!(axis(&[2.1, 2.9], logarithmic).marks.len() >= 2);
        assert!(axis(&[0.0], logarithmic).marks.len() >= 2);
    }

    #[test]
    fn the_range_grows_to_round_ends() {
        let (low, high) = widened(0.613, 1.82, 5);
        assert!((low - 0.5).abs() < 1e-9 && (high - 2.0).abs() < 1e-9, "{low} {high}");
        assert_eq!(widened(0.0, 1.0, 5), (0.0, 1.0));
        for (low, high) in [(3.385, 4.307), (0.0009, 0.0123), (-7.3, 48.9), (1.0, 1.0001)] {
            let (below, above) = widened(low, high, 5);
            let marks = nice_ticks(below, above, 5).values;
            let ends = [marks[0], marks[marks.len() - 1]];
            let slack = (above - below) * 1e-6;
            assert!(
                (ends[0] - below).abs() < slack && (ends[1] - above).abs() < slack,
                "{below} {above} {marks:?}"
            );
            assert!(below <= low && above >= high);
        }
        assert_eq!(widened(3.0, 3.0, 5), (3.0, 3.0));
    }
}
