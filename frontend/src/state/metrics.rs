//! The samples of one execution, sorted into charts and lines as they arrive.
//!
//! Must not know where samples come from or how they are drawn.

use crate::components::chart::lines::{Line, Point};
use std::collections::{BTreeMap, BTreeSet};

/// One sample, as it arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub figure: String,
    pub legend: String,
    pub x: f64,
    pub y: f64,
    pub attempt: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Stored {
    point: Point,
    attempt: u32,
}

/// All samples of one execution.
#[derive(Debug, Clone, Default)]
pub struct MetricBook {
    figures: BTreeMap<String, BTreeMap<String, Vec<Stored>>>,
}

impl MetricBook {
    /// Takes samples in and answers which figures changed. A sample that comes twice changes
    /// nothing, and one of a later attempt replaces that of an earlier one at the same place.
    pub fn take(&mut self, samples: impl IntoIterator<Item = Sample>) -> BTreeSet<String> {
        let mut changed = BTreeSet::new();
        for sample in samples {
            let lines = self.figures.entry(sample.figure.clone()).or_default();
            let line = lines.entry(sample.legend).or_default();
            let new = Stored { point: Point { x: sample.x, y: sample.y }, attempt: sample.attempt };
            if insert(line, new) {
                changed.insert(sample.figure);
            }
        }
        changed
    }

    /// The figures that have a sample.
    pub fn figures(&self) -> Vec<String> {
        self.figures.keys().cloned().collect()
    }

    /// The lines of a figure: train before val, then by name.
    pub fn lines(&self, figure: &str) -> Vec<Line> {
        let Some(lines) = self.figures.get(figure) else { return Vec::new() };
        let mut result: Vec<Line> = lines
            .iter()
            .map(|(legend, stored)| Line {
                legend: legend.clone(),
                points: stored.iter().map(|stored| stored.point).collect(),
            })
            .collect();
        result.sort_by_key(|line| line.legend != "train");
        result
    }
}

/// Inserts by place; answers whether anything is different now.
fn insert(line: &mut Vec<Stored>, new: Stored) -> bool {
    let index = line.partition_point(|old| old.point.x < new.point.x);
    match line.get_mut(index) {
        Some(old) if old.point.x == new.point.x => {
            let is_same = old.attempt == new.attempt && old.point.y.to_bits() == new.point.y.to_bits();
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
        Sample { figure: figure.into(), legend: legend.into(), x, y, attempt }
    }

    #[test]
    fn samples_are_sorted_whatever_order_they_come_in() {
        let mut book = MetricBook::default();
        let changed = book.take([
            sample("box_loss", "val", 1.0, 2.0, 1),
            sample("box_loss", "train", 2.0, 1.5, 1),
            sample("box_loss", "train", 1.0, 1.8, 1),
        ]);
        assert_eq!(changed.len(), 1);
        let lines = book.lines("box_loss");
        assert_eq!(lines[0].legend, "train");
        assert_eq!(lines[0].points, [Point { x: 1.0, y: 1.8 }, Point { x: 2.0, y: 1.5 }]);
        assert_eq!(lines[1].legend, "val");
    }

    #[test]
    fn a_sample_that_comes_twice_changes_nothing() {
        let mut book = MetricBook::default();
        let nan = sample("loss", "train", 1.0, f64::NAN, 1);
        assert!(!book.take([nan.clone()]).is_empty());
        assert!(book.take([nan]).is_empty());
        assert_eq!(book.lines("loss")[0].points.len(), 1);
    }

    #[test]
    fn the_later_attempt_wins() {
        let mut book = MetricBook::default();
        book.take([sample("loss", "train", 1.0, 5.0, 1), sample("loss", "train", 1.0, 4.0, 2)]);
        assert!(book.take([sample("loss", "train", 1.0, 9.0, 1)]).is_empty());
        assert_eq!(book.lines("loss")[0].points[0].y, 4.0);
        assert_eq!(book.figures(), ["loss"]);
        assert!(book.lines("other").is_empty());
    }
}
