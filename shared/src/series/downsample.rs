//! Fewer points that draw the same line.
//!
//! Must not know why fewer are wanted. Both ways only choose among the points given, so every
//! drawn value was measured.

use super::{Point, runs};

/// Keeps, for each of `columns` equal parts of `[from, to]`, the first, lowest, highest and last
/// point; what lies outside is left out, but for one point on each side, so that lines leave the
/// picture where they did.
///
/// A line drawn at one column a pixel is the same as with all points. Source: Jugel et al., "M4: A
/// Visualization-Oriented Time Series Data Aggregation", VLDB 2014. A column that begins or ends
/// in a gap keeps that gap; a gap narrower than a column is not seen. At most 6 points a column
/// remain, and 2 more. Of equal extremes the first stays. `points` must be ordered by x.
///
/// All points in view are given back when they are at most twice the columns, when there is no
/// column, and when `[from, to]` is empty, turned around or NaN; no points give none. A column of
/// gaps keeps its first.
///
/// ```
/// use shared::series::{Point, min_max};
///
/// let mut line: Vec<Point> = (0..1000).map(|x| Point::new(f64::from(x), 0.0)).collect();
/// line[321].y = 7.0;
/// let kept = min_max(&line, 10, 0.0, 999.0);
/// assert!(kept.len() <= 62 && kept.contains(&Point::new(321.0, 7.0)));
/// ```
#[must_use]
pub fn min_max(points: &[Point], columns: usize, from: f64, to: f64) -> Vec<Point> {
    let start = points.partition_point(|point| point.x < from).saturating_sub(1);
    let end = points.len().min(points.partition_point(|point| point.x <= to).saturating_add(1));
    let Some(shown) = points.get(start..end) else {
        return Vec::new();
    };
    let width = to - from;
    // Not written as `width <= 0`, so that NaN is caught too.
    let has_width = width.is_finite() && width > 0.0;
    if columns == 0 || !has_width || shown.len() <= columns.saturating_mul(2) {
        return shown.to_vec();
    }
    let column_of = |point: &Point| -> i64 {
        if point.x < from {
            -1
        } else if point.x > to {
            i64::MAX
        } else {
            ((point.x - from) / width * columns as f64) as i64
        }
    };
    let mut kept = Vec::with_capacity(columns.saturating_mul(6).saturating_add(2).min(shown.len()));
    let mut rest = shown;
    let mut length = 1;
    while let Some(first) = rest.first() {
        let column = column_of(first);
        length = leading(rest, length, |point| column_of(point) <= column);
        let (points, after) = rest.split_at(length);
        keep_column(points, &mut kept);
        rest = after;
    }
    kept
}

/// Keeps at most `most` points of a whole line, as [`min_max`] does with as many columns as that allows.
///
/// Where columns begin or end in gaps, they are fewer, because each then keeps more. `most` below 12 counts as 12.
/// `points` must be ordered by x, each at another finite place.
///
/// ```
/// use shared::series::{Point, at_most};
///
/// let mut line: Vec<Point> = (0..1000).map(|x| Point::new(f64::from(x), f64::from(x % 7))).collect();
/// line[321].y = 70.0;
/// let kept = at_most(&line, 100);
/// assert!((80..=100).contains(&kept.len()) && kept.contains(&line[321]));
/// ```
#[must_use]
pub fn at_most(points: &[Point], most: usize) -> Vec<Point> {
    let most = most.max(12);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    if points.len() <= most {
        return points.to_vec();
    }
    // The end of the axis is a column of its own, mostly of one point.
    let kept = min_max(points, (most - 1) / 4, first.x, last.x);
    if kept.len() <= most { kept } else { min_max(points, (most - 6) / 6, first.x, last.x) }
}

/// How many points at the start belong together, at least the first. Looks away from `guess` in steps
/// of doubled length: columns are mostly as long as the one before, and each look elsewhere is at
/// memory that is not at hand.
fn leading(points: &[Point], guess: usize, belongs: impl Fn(&Point) -> bool) -> usize {
    let reaches = |index: usize| points.get(index).is_some_and(&belongs);
    // All points before `low` belong, and none from `high` on.
    let (mut low, mut high, mut step) = (guess.max(1), guess.max(1), 1);
    while reaches(high) {
        (low, high) = (high + 1, high.saturating_add(step));
        step *= 2;
    }
    while low > 1 && !reaches(low - 1) {
        (low, high) = (low.saturating_sub(step).max(1), low - 1);
        step *= 2;
    }
    low + points[low..high.min(points.len())].partition_point(belongs)
}

/// First, lowest, highest and last of a column, in their order, and gaps at its ends.
fn keep_column(column: &[Point], kept: &mut Vec<Point>) {
    let first = column.iter().position(|point| !point.is_gap());
    let last = column.iter().rposition(|point| !point.is_gap());
    let (Some(first), Some(last)) = (first, last) else {
        kept.extend(column.first());
        return;
    };
    let (lowest, highest) = extremes(column, first, last);
    let wanted = [0, first, lowest.min(highest), lowest.max(highest), last, column.len() - 1];
    let mut before = None;
    for index in wanted {
        if before != Some(index) {
            kept.push(column[index]);
        }
        before = Some(index);
    }
}

/// The first lowest and the first highest value between two finite points.
fn extremes(column: &[Point], first: usize, last: usize) -> (usize, usize) {
    let (mut lowest, mut highest) = ((column[first].y, first), (column[first].y, first));
    for (offset, point) in column[first..=last].iter().enumerate() {
        // Comparing first leaves NaN out and asks of few points whether they are infinite.
        if point.y < lowest.0 && !point.is_gap() {
            lowest = (point.y, first + offset);
        }
        if point.y > highest.0 && !point.is_gap() {
            highest = (point.y, first + offset);
        }
    }
    (lowest.1, highest.1)
}

/// Keeps about `wanted` points: in each bucket the one that spans the largest triangle with the
/// point kept before it and the mean of the bucket after it.
///
/// Source: Steinarsson, "Downsampling Time Series for Visual Representation", 2013, section 4.2.
/// Each stretch between gaps is thinned by itself, keeps its ends and at most its share of
/// `wanted`, and at least its 2 ends; one gap stays between stretches. Of equal triangles the first
/// counts. No more than `wanted` points, or nothing but gaps, are given back as they are. `points`
/// must be ordered by x.
///
/// ```
/// use shared::series::{Point, largest_triangles};
///
/// let mut line: Vec<Point> = (0..100).map(|x| Point::new(f64::from(x), 0.0)).collect();
/// line[57].y = 10.0;
/// let kept = largest_triangles(&line, 10);
/// assert_eq!(kept.len(), 10);
/// assert!(kept.contains(&line[57]) && kept.first() == line.first() && kept.last() == line.last());
/// ```
#[must_use]
pub fn largest_triangles(points: &[Point], wanted: usize) -> Vec<Point> {
    let total = points.iter().filter(|point| !point.is_gap()).count();
    if points.len() <= wanted || total == 0 {
        return points.to_vec();
    }
    let mut kept: Vec<Point> = Vec::new();
    for run in runs(points) {
        if let Some(last) = kept.last() {
            // The gap stands where the stretch before it ended.
            kept.push(Point::gap(last.x));
        }
        let share = (wanted as f64 * run.len() as f64 / total as f64) as usize;
        thin_run(run, share.max(2), &mut kept);
    }
    kept
}

fn thin_run(run: &[Point], wanted: usize, kept: &mut Vec<Point>) {
    let inner = run.len().saturating_sub(2);
    if run.len() <= wanted {
        kept.extend(run);
        return;
    }
    let (Some(&first), Some(&last)) = (run.first(), run.last()) else {
        return;
    };
    let buckets = wanted - 2;
    // Bucket `b` of the points between the ends; the bucket after the last one is the end itself.
    let bucket = |b: usize| {
        if b == buckets {
            &run[run.len() - 1..]
        } else {
            &run[1 + b * inner / buckets..1 + (b + 1) * inner / buckets]
        }
    };
    kept.push(first);
    let mut before = first;
    for b in 0..buckets {
        let after = mean(bucket(b + 1));
        before = farthest(bucket(b), before, after);
        kept.push(before);
    }
    kept.push(last);
}

/// The first point that spans the largest triangle; `before` when no area is a number.
fn farthest(points: &[Point], before: Point, after: Point) -> Point {
    let (across, down) = (before.x - after.x, after.y - before.y);
    let mut largest = f64::NEG_INFINITY;
    let mut found = None;
    for (index, point) in points.iter().enumerate() {
        // Twice the area.
        let area = (across * (point.y - before.y) - (before.x - point.x) * down).abs();
        if area > largest {
            (largest, found) = (area, Some(index));
        }
    }
    found.map_or(before, |index| points[index])
}

/// Mean of x and of y. Four sums run side by side, because each addition waits for the one before.
fn mean(points: &[Point]) -> Point {
    let mut sums = [(0.0, 0.0); 4];
    let (groups, rest) = points.as_chunks::<4>();
    for group in groups {
        for (sum, point) in sums.iter_mut().zip(group) {
            *sum = (sum.0 + point.x, sum.1 + point.y);
        }
    }
    for (sum, point) in sums.iter_mut().zip(rest) {
        *sum = (sum.0 + point.x, sum.1 + point.y);
    }
    let [a, b, c, d] = sums;
    let count = points.len() as f64;
    Point::new((a.0 + b.0 + (c.0 + d.0)) / count, (a.1 + b.1 + (c.1 + d.1)) / count)
}

#[cfg(test)]
mod tests {
    use super::super::strategies::line;
    use super::*;
    use proptest::prelude::*;

    fn wave(count: usize) -> Vec<Point> {
        (0..count).map(|x| Point::new(x as f64, ((x * 37) % 101) as f64)).collect()
    }

    fn same(a: &Point, b: &Point) -> bool {
        a.x == b.x && (a.y == b.y || a.is_gap() && b.is_gap())
    }

    /// Each of `kept` stands in `points`, in the same order.
    fn is_selection(kept: &[Point], points: &[Point]) -> bool {
        let mut rest = points.iter();
        kept.iter().all(|kept| rest.any(|point| same(kept, point)))
    }

    #[test]
    fn extremes_of_each_column_stay() {
        let mut points = wave(1000);
        points[501].y = 900.0;
        points[502].y = -900.0;
        let kept = min_max(&points, 10, 0.0, 999.0);
        assert!(kept.len() <= 62, "{}", kept.len());
        assert!(kept.contains(&points[501]) && kept.contains(&points[502]));
        assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
    }

    #[test]
    fn a_narrow_view_keeps_one_point_on_each_side() {
        let kept = min_max(&wave(100), 10, 40.5, 43.5);
        let xs: Vec<f64> = kept.iter().map(|point| point.x).collect();
        assert_eq!(xs, [40.0, 41.0, 42.0, 43.0, 44.0]);
        assert!(min_max(&[], 10, 0.0, 1.0).is_empty());
        assert_eq!(min_max(&wave(3), 0, 0.0, 5.0).len(), 3);
        assert!(min_max(&wave(3), 4, f64::NAN, f64::NAN).len() <= 3);
    }

    #[test]
    fn a_gap_of_a_whole_column_stays_a_gap() {
        let mut points = wave(1000);
        for point in &mut points[300..500] {
            point.y = f64::NAN;
        }
        let kept = min_max(&points, 10, 0.0, 999.0);
        assert_eq!(runs(&kept).count(), 2);
        assert_eq!(runs(&largest_triangles(&points, 50)).count(), 2);
    }

    #[test]
    fn the_spike_is_the_largest_triangle() {
        let mut points: Vec<Point> = (0..100).map(|x| Point::new(f64::from(x), 0.0)).collect();
        points[57].y = 10.0;
        let kept = largest_triangles(&points, 10);
        assert_eq!(kept.len(), 10);
        assert!(kept.contains(&points[57]));
    }

    /// The points that must remain, column by column and without any haste.
    fn plain_min_max(points: &[Point], columns: usize, to: f64) -> Vec<Point> {
        let column_of = |point: &Point| (point.x / to * columns as f64) as i64;
        let mut kept = Vec::new();
        for column in points.chunk_by(|a, b| column_of(a) == column_of(b)) {
            let finite: Vec<usize> = (0..column.len()).filter(|&index| !column[index].is_gap()).collect();
            let first_where = |is_better: fn(f64, f64) -> bool| {
                finite.iter().copied().reduce(|best, index| {
                    if is_better(column[index].y, column[best].y) { index } else { best }
                })
            };
            let mut wanted = vec![0];
            if let (Some(&first), Some(&last)) = (finite.first(), finite.last()) {
                wanted.extend([first, last, column.len() - 1]);
                wanted.extend(first_where(|a, b| a < b).into_iter().chain(first_where(|a, b| a > b)));
            }
            wanted.sort_unstable();
            wanted.dedup();
            kept.extend(wanted.into_iter().map(|index| column[index]));
        }
        kept
    }

    proptest! {
        #[test]
        fn min_max_keeps_what_a_plain_search_keeps(points in line(300), columns in 1usize..140) {
            let to = points.last().map_or(1.0, |point| point.x);
            let kept = min_max(&points, columns, 0.0, to);
            let is_thinned = to > 0.0 && points.len() > columns * 2;
            let wanted = if is_thinned { plain_min_max(&points, columns, to) } else { points };
            prop_assert_eq!(kept.len(), wanted.len());
            prop_assert!(kept.iter().zip(&wanted).all(|(a, b)| same(a, b)));
        }

        #[test]
        fn min_max_selects_keeps_extremes_and_bounds_the_count(points in line(400), columns in 1usize..40) {
            let to = points.last().map_or(1.0, |point| point.x);
            let kept = min_max(&points, columns, 0.0, to);
            prop_assert!(is_selection(&kept, &points));
            prop_assert!(kept.len() <= columns.saturating_mul(6) + 6);
            let highest = |points: &[Point]| points.iter().filter(|p| !p.is_gap()).map(|p| p.y).reduce(f64::max);
            let lowest = |points: &[Point]| points.iter().filter(|p| !p.is_gap()).map(|p| p.y).reduce(f64::min);
            prop_assert_eq!(highest(&kept), highest(&points));
            prop_assert_eq!(lowest(&kept), lowest(&points));
        }

        #[test]
        fn at_most_keeps_extremes_within_its_bound(points in line(600), most in 0usize..90) {
            let mut points = points;
            points.dedup_by(|a, b| a.x == b.x);
            let kept = at_most(&points, most);
            prop_assert!(is_selection(&kept, &points));
            prop_assert!(kept.len() <= most.max(12), "{} of {}", kept.len(), points.len());
            let highest = |points: &[Point]| points.iter().filter(|p| !p.is_gap()).map(|p| p.y).reduce(f64::max);
            let lowest = |points: &[Point]| points.iter().filter(|p| !p.is_gap()).map(|p| p.y).reduce(f64::min);
            prop_assert_eq!(highest(&kept), highest(&points));
            prop_assert_eq!(lowest(&kept), lowest(&points));
        }

        #[test]
        fn largest_triangles_selects_values_and_keeps_the_ends_of_runs(points in line(400), wanted in 2usize..80) {
            let kept = largest_triangles(&points, wanted);
            let finite: Vec<Point> = kept.iter().copied().filter(|point| !point.is_gap()).collect();
            prop_assert!(is_selection(&finite, &points));
            let ends = |points: &[Point]| -> Vec<(Point, Point)> {
                runs(points).map(|run| (run[0], run[run.len() - 1])).collect()
            };
            prop_assert_eq!(ends(&kept), ends(&points));
            prop_assert!(finite.len() <= wanted.max(2 * runs(&points).count()) + 2 * runs(&points).count());
            prop_assert!(kept.windows(2).all(|pair| pair[0].x <= pair[1].x));
        }
    }
}
