//! The samples of one execution, sorted into charts and lines as they arrive.
//!
//! Must not know where samples come from or how they are drawn.

use crate::arrange::sort_by_key;
use crate::components::logs::layout::EpochEnd;
use shared::series::{Point, at_most};
use std::collections::{BTreeMap, BTreeSet};

/// More values than these of one line are thinned, so that a tab that is left open does not grow.
const MOST_VALUES: usize = 12_000;
/// What remains then: more than a chart has pixels.
const KEPT_VALUES: usize = 6_000;

/// One sample, as it arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub figure: String,
    pub legend: String,
    pub measured: Measured,
}

/// A value with where it came from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Epoch, with a fraction between two.
    pub x: f64,
    pub y: f64,
    pub attempt: u32,
    pub at_ms: i64,
}

/// The values of one line, by epoch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    pub legend: String,
    pub values: Vec<Measured>,
}

/// All samples of one execution.
#[derive(Debug, Clone, Default)]
pub struct MetricBook {
    figures: BTreeMap<String, BTreeMap<String, Vec<Measured>>>,
}

impl MetricBook {
    /// Takes samples in and answers which figures changed, and whether a line was thinned. A sample that comes twice
    /// changes nothing, and one of a later attempt replaces that of an earlier one at the same place.
    pub fn take(&mut self, samples: impl IntoIterator<Item = Sample>) -> (BTreeSet<String>, bool) {
        let (mut changed, mut was_thinned) = (BTreeSet::new(), false);
        for sample in samples {
            let lines = self.figures.entry(sample.figure.clone()).or_default();
            let line = lines.entry(sample.legend).or_default();
            if insert(line, sample.measured) {
                changed.insert(sample.figure);
            }
            if line.len() > MOST_VALUES {
                thin(line);
                was_thinned = true;
            }
        }
        (changed, was_thinned)
    }

    /// The figures that have a sample.
    pub fn figures(&self) -> Vec<String> {
        self.figures.keys().cloned().collect()
    }

    /// The lines of a figure: train before val, then by name.
    pub fn tracks(&self, figure: &str) -> Vec<Track> {
        let Some(lines) = self.figures.get(figure) else { return Vec::new() };
        let track = |(legend, values): (&String, &Vec<Measured>)| Track {
            legend: legend.clone(),
            values: values.clone(),
        };
        let mut result: Vec<Track> = lines.iter().map(track).collect();
        sort_by_key(&mut result, |track| track.legend != "train");
        result
    }

    /// From the first to the last epoch of which `is_wanted` says so, and one value beside each.
    pub fn epochs(&self, is_wanted: impl Fn(&Measured) -> bool) -> Option<(f64, f64)> {
        let lines = self.figures.values().flat_map(BTreeMap::values);
        let ends = lines.filter_map(|line| {
            let first = line.iter().position(&is_wanted)?;
            let last = line.iter().rposition(&is_wanted)?;
            let (before, after) = (first.saturating_sub(1), (last + 1).min(line.len() - 1));
            Some((line.get(before)?.x, line.get(after)?.x))
        });
        ends.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
    }

    /// When each attempt had said all of each epoch, in order.
    pub fn epoch_ends(&self) -> Vec<EpochEnd> {
        let mut ends: BTreeMap<(u32, u32), i64> = BTreeMap::new();
        for value in self.figures.values().flat_map(BTreeMap::values).flatten() {
            let is_epoch = value.x.fract() == 0.0 && (1.0..=1e9).contains(&value.x);
            if is_epoch {
                // A cast of a whole number that fits.
                let end = ends.entry((value.attempt, value.x as u32)).or_insert(value.at_ms);
                *end = value.at_ms.max(*end);
            }
        }
        ends.into_iter().map(|((attempt, epoch), at_ms)| EpochEnd { attempt, epoch, at_ms }).collect()
    }

    /// The first value of each attempt after the first, over all figures: the attempt and where it began.
    pub fn attempts(&self) -> Vec<Measured> {
        let mut first: BTreeMap<u32, Measured> = BTreeMap::new();
        for value in
            self.figures.values().flat_map(BTreeMap::values).flatten().filter(|value| value.attempt > 1)
        {
            let known = first.entry(value.attempt).or_insert(*value);
            if value.x < known.x {
                *known = *value;
            }
        }
        first.into_values().collect()
    }
}

/// Leaves out values that draw nothing of their own.
fn thin(line: &mut Vec<Measured>) {
    let points: Vec<Point> = line.iter().map(|value| Point::new(value.x, value.y)).collect();
    let mut kept = at_most(&points, KEPT_VALUES).into_iter().peekable();
    line.retain(|value| kept.next_if(|point| point.x == value.x).is_some());
}

/// Inserts by place; answers whether anything is different now.
fn insert(line: &mut Vec<Measured>, new: Measured) -> bool {
    let index = line.partition_point(|old| old.x < new.x);
    match line.get_mut(index) {
        Some(old) if old.x == new.x => {
            let is_same = old.attempt == new.attempt && old.y.to_bits() == new.y.to_bits();
            let is_older = new.attempt < old.attempt;
            if is_same || is_older {
                return false;
            }
            *old = new;
        }
        _ => line.insert(index, new),
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(figure: &str, legend: &str, x: f64, y: f64, attempt: u32) -> Sample {
        let measured = Measured { x, y, attempt, at_ms: 0 };
        Sample { figure: figure.into(), legend: legend.into(), measured }
    }

    fn places(track: &Track) -> Vec<(f64, f64)> {
        track.values.iter().map(|value| (value.x, value.y)).collect()
    }

    #[test]
    fn samples_are_sorted_whatever_order_they_come_in() {
        let mut book = MetricBook::default();
        let changed = book.take([
            sample("box_loss", "val", 1.0, 2.0, 1),
            sample("box_loss", "train", 2.0, 1.5, 1),
            sample("box_loss", "train", 1.0, 1.8, 1),
        ]);
        assert_eq!(changed.0.len(), 1);
        let tracks = book.tracks("box_loss");
        assert_eq!(tracks[0].legend, "train");
        assert_eq!(places(&tracks[0]), [(1.0, 1.8), (2.0, 1.5)]);
        assert_eq!(tracks[1].legend, "val");
    }

    #[test]
    fn a_sample_that_comes_twice_changes_nothing() {
        let mut book = MetricBook::default();
        let nan = sample("loss", "train", 1.0, f64::NAN, 1);
        assert!(!book.take([nan.clone()]).0.is_empty());
        assert!(book.take([nan]).0.is_empty());
        assert_eq!(book.tracks("loss")[0].values.len(), 1);
    }

    #[test]
    fn the_later_attempt_wins() {
        let mut book = MetricBook::default();
        book.take([sample("loss", "train", 1.0, 5.0, 1), sample("loss", "train", 1.0, 4.0, 2)]);
        assert!(book.take([sample("loss", "train", 1.0, 9.0, 1)]).0.is_empty());
        assert_eq!(places(&book.tracks("loss")[0]), [(1.0, 4.0)]);
        assert_eq!(book.figures(), ["loss"]);
        assert!(book.tracks("other").is_empty());
    }

    #[test]
    fn a_line_that_never_ends_keeps_its_shape_and_not_its_length() {
        let mut book = MetricBook::default();
        let mut was_thinned = false;
        for step in 0..50_000u32 {
            let y = if step == 7_777 { 99.0 } else { f64::from(step % 5) };
            was_thinned |= book.take([sample("loss", "train", f64::from(step), y, 1)]).1;
        }
        let values = &book.tracks("loss")[0].values;
        assert!(was_thinned && values.len() <= MOST_VALUES, "{}", values.len());
        assert!(values.iter().any(|value| value.y == 99.0));
        assert_eq!(values.last().map(|value| value.x), Some(49_999.0));
        assert!(values.is_sorted_by(|one, other| one.x < other.x));
    }

    #[test]
    fn epochs_of_a_part_reach_one_value_further() {
        let mut book = MetricBook::default();
        book.take((1..=9).map(|x| sample("loss", "train", f64::from(x), 0.0, 1)));
        let within = |low: f64, high: f64| book.epochs(|value| (low..=high).contains(&value.x));
        assert_eq!(within(3.0, 5.0), Some((2.0, 6.0)));
        assert_eq!(within(0.0, 99.0), Some((1.0, 9.0)));
        assert_eq!(within(3.2, 3.8), None);
    }

    #[test]
    fn attempts_begin_at_their_first_value() {
        let mut book = MetricBook::default();
        book.take([
            sample("loss", "train", 1.0, 5.0, 1),
            sample("loss", "train", 4.0, 4.0, 2),
            sample("loss", "val", 3.0, 4.0, 2),
            sample("speed", "train", 6.0, 4.0, 3),
        ]);
        let began: Vec<(u32, f64)> = book.attempts().iter().map(|value| (value.attempt, value.x)).collect();
        assert_eq!(began, [(2, 3.0), (3, 6.0)]);
        let ends: Vec<(u32, u32)> = book.epoch_ends().iter().map(|end| (end.attempt, end.epoch)).collect();
        assert_eq!(ends, [(1, 1), (2, 3), (2, 4), (3, 6)]);
    }
}
