//! Where everything of a chart stands, for a size and the values at hand.
//!
//! Must not know how it is drawn.

use super::lines::{Line, Point, extent_y};
use super::projection::Projection;
use shared::series::{min_max, nice_ticks, whole_ticks};

const LEFT: f64 = 46.0;
/// Room for the labels at the ends of the lines, and without them for half a mark.
const RIGHT: f64 = 44.0;
const RIGHT_OF_ONE: f64 = 14.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;
/// Labels nearer than this would run into each other.
const LABEL_GAP: f64 = 12.0;

/// The geometry of one chart, in CSS pixels from its upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub width: f64,
    pub height: f64,
    right: f64,
    pub x: Projection,
    pub y: Projection,
    pub x_marks: Vec<f64>,
    pub y_marks: Vec<f64>,
    pub y_decimals: usize,
}

impl Frame {
    /// With `share` the values lie between 0 and 1, and the axis starts at 0 and never passes 1.
    pub fn of(lines: &[Line], domain_x: (f64, f64), size: (f64, f64), share: bool) -> Self {
        let (width, height) = (size.0.max(LEFT + RIGHT + 20.0), size.1.max(TOP + BOTTOM + 20.0));
        let most_y = ((height - TOP - BOTTOM) / 36.0).clamp(2.0, 8.0) as usize;
        let right = width - if lines.len() == 1 { RIGHT_OF_ONE } else { RIGHT };
        let most_x = ((right - LEFT) / 56.0).clamp(2.0, 12.0) as usize;
        let domain_y = domain_of(lines, share, most_y);
        let x = Projection::new(domain_x, (LEFT, right));
        let y = Projection::new(domain_y, (height - BOTTOM, TOP));
        let y_marks = nice_ticks(y.domain().0, y.domain().1, most_y);
        Self {
            width,
            height,
            right,
            x,
            y,
            // Only a chart of one epoch has a domain that begins before the first.
            x_marks: whole_ticks(x.domain().0.max(domain_x.0), x.domain().1, most_x).values,
            y_decimals: y_marks.decimals,
            y_marks: y_marks.values,
        }
    }

    pub fn left(&self) -> f64 {
        LEFT
    }

    pub fn right(&self) -> f64 {
        self.right
    }

    pub fn top(&self) -> f64 {
        TOP
    }

    pub fn bottom(&self) -> f64 {
        self.height - BOTTOM
    }

    pub fn place(&self, point: Point) -> (f64, f64) {
        (self.x.to_pixel(point.x), self.y.to_pixel(point.y))
    }

    /// Heights of the labels at the ends of the lines, apart enough to be read.
    pub fn end_labels(&self, lines: &[Line]) -> Vec<(usize, f64)> {
        let mut labels: Vec<(usize, f64)> = lines
            .iter()
            .enumerate()
            .filter_map(|(index, line)| Some((index, self.y.to_pixel(line.last_finite()?.y))))
            .collect();
        labels.sort_by(|left, right| left.1.total_cmp(&right.1));
        spread(&mut labels, self.top(), self.bottom());
        labels
    }
}

fn domain_of(lines: &[Line], share: bool, most: usize) -> (f64, f64) {
    match (extent_y(lines), share) {
        (None, _) => (0.0, 1.0),
        (Some((low, high)), true) => {
            // A single small value must not look like a large one.
            let top = widened(0.0, high.max(0.05), most).1;
            (low.min(0.0), if high <= 1.0 { top.min(1.0) } else { top })
        }
        (Some((low, high)), false) => widened(low, high, most),
    }
}

/// Pushes labels down, then what went past the lower edge up again.
fn spread(labels: &mut [(usize, f64)], top: f64, bottom: f64) {
    let mut least = top;
    for label in labels.iter_mut() {
        label.1 = label.1.max(least);
        least = label.1 + LABEL_GAP;
    }
    let mut most = bottom;
    for label in labels.iter_mut().rev() {
        label.1 = label.1.min(most);
        most = label.1 - LABEL_GAP;
    }
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

/// What can be seen of a line: the smallest and largest value of each pixel column.
pub fn thinned(part: &[Point], x: Projection) -> Vec<Point> {
    let (from, to) = x.domain();
    // A chart is some thousand pixels wide at most.
    let columns = (x.to_pixel(to) - x.to_pixel(from)).abs() as usize;
    min_max(part, columns, from, to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f64]) -> Line {
        let points = (1u32..).zip(values).map(|(x, &y)| Point { x: x.into(), y }).collect();
        Line { legend: "train".into(), points }
    }

    #[test]
    fn every_point_lies_inside_the_frame() {
        let lines = [line(&[1.82, 0.9, f64::NAN, 0.61]), line(&[2.4])];
        let frame = Frame::of(&lines, (1.0, 4.0), (400.0, 220.0), false);
        for point in lines.iter().flat_map(|line| &line.points).filter(|point| point.y.is_finite()) {
            let (x, y) = frame.place(*point);
            assert!((frame.left()..=frame.right()).contains(&x), "{x}");
            assert!((frame.top()..=frame.bottom()).contains(&y), "{y}");
        }
        assert!(frame.y_marks.len() >= 2 && frame.x_marks == [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn shares_start_at_nothing_and_end_at_one() {
        let frame = Frame::of(&[line(&[0.2, 0.93])], (1.0, 2.0), (400.0, 220.0), true);
        assert_eq!(frame.y.domain(), (0.0, 1.0));
        let small = Frame::of(&[line(&[0.001, 0.002])], (1.0, 2.0), (400.0, 220.0), true);
        assert!(small.y.domain().1 >= 0.05 && small.y.domain().1 < 0.2);
    }

    #[test]
    fn a_chart_without_values_or_room_has_a_frame_all_the_same() {
        let frame = Frame::of(&[line(&[f64::NAN])], (1.0, 1.0), (0.0, 0.0), false);
        assert!(frame.right() > frame.left() && frame.bottom() > frame.top());
        assert!(frame.x.to_pixel(1.0).is_finite());
    }

    #[test]
    fn labels_keep_apart_and_inside() {
        let lines = [line(&[1.0, 0.50]), line(&[1.0, 0.501]), line(&[1.0, 0.502])];
        let frame = Frame::of(&lines, (1.0, 2.0), (400.0, 220.0), false);
        let labels = frame.end_labels(&lines);
        assert_eq!(labels.len(), 3);
        for pair in labels.windows(2) {
            assert!(pair[1].1 - pair[0].1 >= LABEL_GAP - 1e-9, "{labels:?}");
        }
        assert!(labels.iter().all(|label| (frame.top()..=frame.bottom()).contains(&label.1)));
    }

    #[test]
    fn thinning_keeps_the_extremes() {
        let mut points: Vec<Point> =
            (0..100_000).map(|x| Point { x: f64::from(x), y: f64::from(x % 7) }).collect();
        points[54_321].y = 99.0;
        points[12_345].y = -99.0;
        let projection = Projection::new((0.0, 99_999.0), (0.0, 600.0));
        let thin = thinned(&points, projection);
        assert!(thin.len() <= 6 * 600 + 2, "{}", thin.len());
        assert!(thin.iter().any(|point| point.y == 99.0) && thin.iter().any(|point| point.y == -99.0));
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
