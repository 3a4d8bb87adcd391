//! Where everything of a chart stands, for a size and the values at hand.
//!
//! Must not know how it is drawn.

use super::axis::XAxis;
use super::lines::{Line, Point};
use super::projection::Projection;
use super::vertical::{Vertical, VerticalAxis, vertical_axis};
use crate::arrange::sort_by;
use shared::series::min_max;

const LEFT: f64 = 46.0;
/// Room for the labels at the ends of the lines, and without them for half a mark.
const RIGHT: f64 = 44.0;
const RIGHT_OF_ONE: f64 = 14.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;
/// Labels nearer than this would run into each other.
const LABEL_GAP: f64 = 12.0;
/// With more lines than these, labels at their ends would make a muddle: the legend has them.
const MOST_LABELS: usize = 5;

/// The horizontal axis of a chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Horizontal {
    pub axis: XAxis,
    pub domain: (f64, f64),
    /// What the wall clock is ahead of UTC.
    pub ahead_ms: f64,
}

/// The geometry of one chart, in CSS pixels from its upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub width: f64,
    pub height: f64,
    right: f64,
    pub x: Projection,
    pub y: Projection,
    pub x_marks: Vec<(f64, String)>,
    pub y_marks: Vec<(f64, String)>,
    /// Values that lie outside, as a few wild ones would flatten the rest.
    pub hidden: usize,
}

impl Frame {
    pub fn of(lines: &[Line], horizontal: Horizontal, size: (f64, f64), vertical: Vertical) -> Self {
        let (width, height) = (size.0.max(LEFT + RIGHT + 20.0), size.1.max(TOP + BOTTOM + 20.0));
        let right = width - if has_labels(lines) { RIGHT } else { RIGHT_OF_ONE };
        let x = Projection::new(horizontal.domain, (LEFT, right));
        let most_x = ((right - LEFT) / 64.0).clamp(2.0, 12.0) as usize;
        let most_y = ((height - TOP - BOTTOM) / 36.0).clamp(2.0, 8.0) as usize;
        let range_y = (height - BOTTOM, TOP);
        let VerticalAxis { y, marks, hidden } =
            vertical_axis(lines, horizontal.domain, vertical, range_y, most_y);
        // Only a chart of one place has a domain that begins before the first.
        let shown = (x.domain().0.max(horizontal.domain.0), x.domain().1);
        let x_marks = horizontal.axis.marks(shown, most_x, horizontal.ahead_ms);
        Self { width, height, right, x, y, x_marks, y_marks: marks, hidden }
    }

    /// Both axes from 0 to 1.
    pub fn of_shares(size: (f64, f64)) -> Self {
        let (width, height) = (size.0.max(LEFT + RIGHT + 20.0), size.1.max(TOP + BOTTOM + 20.0));
        let right = width - RIGHT_OF_ONE;
        let marks = || [0.0, 0.2, 0.4, 0.6, 0.8, 1.0].map(|mark: f64| (mark, mark.to_string())).to_vec();
        Self {
            width,
            height,
            right,
            x: Projection::new((0.0, 1.0), (LEFT, right)),
            y: Projection::new((0.0, 1.0), (height - BOTTOM, TOP)),
            x_marks: marks(),
            y_marks: marks(),
            hidden: 0,
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

    /// Whether a point stands within the edges.
    pub fn holds(&self, point: Point) -> bool {
        let (x, y) = self.place(point);
        // What lies on the edge may be a rounding error beyond it.
        let within = |value: f64, low: f64, high: f64| (low - 0.5..=high + 0.5).contains(&value);
        self.y.has_place(point.y)
            && within(x, self.left(), self.right())
            && within(y, self.top(), self.bottom())
    }

    /// Heights of the labels at the ends of the lines, apart enough to be read; none where the legend has them.
    pub fn end_labels(&self, lines: &[Line]) -> Vec<(usize, f64)> {
        if !has_labels(lines) {
            return Vec::new();
        }
        let mut labels: Vec<(usize, f64)> = lines
            .iter()
            .enumerate()
            .filter_map(|(index, line)| Some((index, self.place(self.last_within(line)?).1)))
            .collect();
        sort_by(&mut labels, |left, right| left.1.total_cmp(&right.1));
        spread(&mut labels, self.top(), self.bottom());
        labels
    }

    /// The last point of a line that is seen.
    pub fn last_within(&self, line: &Line) -> Option<Point> {
        line.points.iter().rev().find(|point| self.holds(**point)).copied()
    }
}

fn has_labels(lines: &[Line]) -> bool {
    (2..=MOST_LABELS).contains(&lines.len()) && lines.iter().all(|line| line.legend.len() <= 8)
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

/// What can be seen of a line: the smallest and largest value of each pixel column.
pub fn thinned(part: &[Point], x: Projection) -> Vec<Point> {
    let (from, to) = x.domain();
    // A chart is some thousand pixels wide at most.
    let columns = (x.to_pixel(to) - x.to_pixel(from)).abs() as usize;
    min_max(part, columns, from, to)
}

#[cfg(test)]
mod tests {
    use super::super::look::Look;
    use super::*;

    fn line(values: &[f64]) -> Line {
        let points = (1u32..).zip(values).map(|(x, &y)| Point { x: x.into(), y }).collect();
        Line { legend: "train".into(), look: Look::default(), points }
    }

    fn frame(lines: &[Line], domain: (f64, f64), size: (f64, f64)) -> Frame {
        let horizontal = Horizontal { axis: XAxis::Epoch, domain, ahead_ms: 0.0 };
        Frame::of(lines, horizontal, size, Vertical::default())
    }

    #[test]
    fn every_point_lies_inside_the_frame() {
        let lines = [line(&[1.82, 0.9, f64::NAN, 0.61]), line(&[2.4])];
        let frame = frame(&lines, (1.0, 4.0), (400.0, 220.0));
        for point in lines.iter().flat_map(|line| &line.points) {
            assert_eq!(frame.holds(*point), point.y.is_finite(), "{point:?}");
        }
        let marks: Vec<&str> = frame.x_marks.iter().map(|(_, words)| words.as_str()).collect();
        assert!(frame.y_marks.len() >= 2 && marks == ["1", "2", "3", "4"]);
    }

    #[test]
    fn a_chart_without_values_or_room_has_a_frame_all_the_same() {
        let frame = frame(&[line(&[f64::NAN])], (1.0, 1.0), (0.0, 0.0));
        assert!(frame.right() > frame.left() && frame.bottom() > frame.top());
        assert!(frame.x.to_pixel(1.0).is_finite());
    }

    #[test]
    fn labels_keep_apart_and_inside() {
        let lines = [line(&[1.0, 0.50]), line(&[1.0, 0.501]), line(&[1.0, 0.502])];
        let frame = frame(&lines, (1.0, 2.0), (400.0, 220.0));
        let labels = frame.end_labels(&lines);
        assert_eq!(labels.len(), 3);
        for pair in labels.windows(2) {
            assert!(pair[1].1 - pair[0].1 >= LABEL_GAP - 1e-9, "{labels:?}");
        }
        assert!(labels.iter().all(|label| (frame.top()..=frame.bottom()).contains(&label.1)));
        let many: Vec<Line> = (0..6).map(|_| line(&[1.0, 2.0])).collect();
        assert!(frame.end_labels(&many).is_empty());
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
}
