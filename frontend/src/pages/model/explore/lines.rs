//! The lines of a chart from the figures of runs, on the axis that is chosen.
//!
//! Must not know where figures come from or how lines are drawn.

use crate::arrange::sort_by;
use crate::components::chart::axis::{RunScale, XAxis};
use crate::components::chart::lines::{Line, Point};
use crate::components::chart::look::Look;
use crate::components::chart::marks::{Mark, MarkKind};
use crate::state::metrics::{Measured, Track};

/// One of the runs that are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct RunLines {
    /// The name of its version.
    pub name: String,
    pub hue: usize,
    pub scale: RunScale,
    pub tracks: Vec<Track>,
}

/// The lines of all runs. Of one alone, each line has its own hue; of several, each run has.
pub fn lines_of(runs: &[RunLines], axis: XAxis) -> Vec<Line> {
    let mut lines = Vec::new();
    for run in runs {
        for (place, track) in run.tracks.iter().enumerate() {
            let (legend, look) = if runs.len() == 1 {
                (track.legend.clone(), Look::of_place(place))
            } else if run.tracks.len() == 1 {
                (run.name.clone(), Look::of_run(run.hue, 0))
            } else {
                (format!("{} {}", run.name, track.legend), Look::of_run(run.hue, place))
            };
            lines.push(Line { legend, look, points: points_of(track, axis, run.scale) });
        }
    }
    lines
}

fn points_of(track: &Track, axis: XAxis, scale: RunScale) -> Vec<Point> {
    let point = |value: &Measured| Some(Point { x: axis.place(value.x, value.at_ms, scale)?, y: value.y });
    let mut points: Vec<Point> = track.values.iter().filter_map(point).collect();
    // By time, what an earlier attempt said of later epochs comes first.
    if !points.is_sorted_by(|one, other| one.x <= other.x) {
        sort_by(&mut points, |one, other| one.x.total_cmp(&other.x));
    }
    points.dedup_by(|next, kept| {
        let is_same = next.x == kept.x;
        if is_same {
            kept.y = next.y;
        }
        is_same
    });
    points
}

/// Where attempts of the run began, and where its files were kept: an epoch, a time and a name each.
pub fn marks_of(
    attempts: &[Measured],
    files: &[(f64, i64, String)],
    axis: XAxis,
    scale: RunScale,
) -> Vec<Mark> {
    let attempt = |value: &Measured| {
        let x = axis.place(value.x, value.at_ms, scale)?;
        Some(Mark { x, kind: MarkKind::Attempt, words: format!("Attempt {}", value.attempt) })
    };
    let file = |(epoch, at_ms, name): &(f64, i64, String)| {
        let x = axis.place(*epoch, *at_ms, scale)?;
        Some(Mark { x, kind: MarkKind::Checkpoint, words: name.clone() })
    };
    attempts.iter().filter_map(attempt).chain(files.iter().filter_map(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, hue: usize, legends: &[&str], values: &[(f64, f64, i64)]) -> RunLines {
        let values: Vec<Measured> =
            values.iter().map(|&(x, y, at_ms)| Measured { x, y, attempt: 1, at_ms }).collect();
        let track = |legend: &&str| Track { legend: (*legend).to_owned(), values: values.clone() };
        let scale = RunScale { started_at_ms: 1_000, steps_per_epoch: Some(10.0) };
        RunLines { name: name.into(), hue, scale, tracks: legends.iter().map(track).collect() }
    }

    fn places(lines: &[Line]) -> Vec<(f64, f64)> {
        lines[0].points.iter().map(|point| (point.x, point.y)).collect()
    }

    #[test]
    fn a_run_alone_is_told_apart_by_its_lines_and_several_by_their_hues() {
        let values = [(1.0, 5.0, 2_000)];
        let one = lines_of(&[run("a", 4, &["train", "val"], &values)], XAxis::Epoch);
        let hues: Vec<usize> = one.iter().map(|line| line.look.hue).collect();
        assert_eq!((one[0].legend.as_str(), hues), ("train", vec![0, 1]));
        let runs = [run("a", 4, &["train", "val"], &values), run("b", 5, &["val"], &values)];
        let several = lines_of(&runs, XAxis::Epoch);
        let told: Vec<(&str, usize, usize)> =
            several.iter().map(|line| (line.legend.as_str(), line.look.hue, line.look.dash)).collect();
        assert_eq!(told, [("a train", 4, 0), ("a val", 4, 1), ("b", 5, 0)]);
    }

    #[test]
    fn values_stand_where_the_axis_has_them() {
        // The third epoch was reported by an attempt before the one that reported the second.
        let runs = [run("a", 0, &["val"], &[(1.0, 5.0, 2_000), (2.0, 4.0, 9_000), (3.0, 3.0, 4_000)])];
        assert_eq!(places(&lines_of(&runs, XAxis::Step)), [(10.0, 5.0), (20.0, 4.0), (30.0, 3.0)]);
        assert_eq!(
            places(&lines_of(&runs, XAxis::Elapsed)),
            [(1_000.0, 5.0), (3_000.0, 3.0), (8_000.0, 4.0)]
        );
        let unknown = RunLines { scale: RunScale::default(), ..runs[0].clone() };
        assert!(lines_of(&[unknown], XAxis::Step)[0].points.is_empty());
    }

    #[test]
    fn what_was_said_at_one_moment_has_one_place() {
        let runs = [run("a", 0, &["val"], &[(1.0, 5.0, 2_000), (2.0, 4.0, 2_000)])];
        assert_eq!(places(&lines_of(&runs, XAxis::Clock)), [(2_000.0, 4.0)]);
    }

    #[test]
    fn marks_stand_on_the_same_axis() {
        let attempts = [Measured { x: 3.0, y: 0.0, attempt: 2, at_ms: 5_000 }];
        let files = [(4.0, 6_000, "best.bin".to_owned())];
        let marks = marks_of(
            &attempts,
            &files,
            XAxis::Elapsed,
            RunScale { started_at_ms: 1_000, ..RunScale::default() },
        );
        let told: Vec<(f64, &str)> = marks.iter().map(|mark| (mark.x, mark.words.as_str())).collect();
        assert_eq!(told, [(4_000.0, "Attempt 2"), (5_000.0, "best.bin")]);
    }
}
