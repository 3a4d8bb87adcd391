//! Things to time in a JavaScript engine, over the same inputs as the native measurements.
//!
//! Must not know the clock: JavaScript holds it.

#[path = "../../../shared/benches/workload/boxes.rs"]
mod boxes;
#[path = "../../../shared/benches/workload/items.rs"]
mod items;
#[path = "../../../shared/benches/workload/points.rs"]
mod points;

use shared::dql::{Documents, Matcher, Normal, parse};
use shared::metrics::InteractiveEvaluator;
use shared::series::{Point, min_max};
use wasm_bindgen::prelude::wasm_bindgen;

/// A hundred thousand boxes under the two sliders.
#[derive(Debug)]
#[wasm_bindgen]
pub struct Sliders(InteractiveEvaluator);

#[wasm_bindgen]
impl Sliders {
    /// Of 80 classes, 100 boxes an image.
    #[must_use]
    pub fn of_images(images: usize) -> Self {
        let mut evaluator = InteractiveEvaluator::new(80);
        for (targets, detections) in boxes::images(images, 100, 80, 1) {
            // The workload's classes and scores are all known; one refused would only be missed.
            let _ = evaluator.add_image(&targets, &detections);
        }
        Self(evaluator)
    }

    /// Moves the confidence slider; gives the number of right boxes.
    #[must_use]
    pub fn move_confidence(&self, confidence: f64) -> f64 {
        self.0.at(confidence).totals.true_positives as f64
    }

    /// Moves the IoU slider, with counts and curves; gives the average precision.
    pub fn move_iou(&mut self, iou_threshold: f64, confidence: f64) -> f64 {
        self.0.set_iou_threshold(iou_threshold);
        self.move_confidence(confidence) + self.0.report().mean_average_precision
    }
}

/// A long line.
#[derive(Debug)]
#[wasm_bindgen]
pub struct Line(Vec<Point>);

#[wasm_bindgen]
impl Line {
    /// Of so many points.
    #[must_use]
    pub fn of_points(points: usize) -> Self {
        Self(points::line(points, 1))
    }

    /// Thins it to so many columns; gives the number of points that are left.
    #[must_use]
    pub fn thin(&self, columns: usize) -> usize {
        min_max(&self.0, columns, 0.0, self.0.len() as f64).len()
    }
}

/// Items in memory and the filters that are measured.
#[derive(Debug)]
#[wasm_bindgen]
pub struct Items {
    documents: Documents,
    matchers: Vec<Matcher>,
}

#[wasm_bindgen]
impl Items {
    /// So many items.
    #[must_use]
    pub fn of_count(count: usize) -> Self {
        let mut documents = Documents::new();
        for json in items::items(count, 1) {
            // What the generator writes is JSON; a document that is refused would only be missed.
            let _ = documents.push_json(&json);
        }
        let compiled = items::FILTERS.iter().filter_map(|(_, text)| parse(text).ok());
        let matchers = compiled.filter_map(|parsed| Matcher::new(&Normal::of(&parsed.query.filter)).ok());
        Self { documents, matchers: matchers.collect() }
    }

    /// What the filter of this number is called; empty beyond the last one.
    #[must_use]
    pub fn name(filter: usize) -> String {
        items::FILTERS.get(filter).map_or_else(String::new, |(name, _)| (*name).to_owned())
    }

    /// How many items a filter finds.
    #[must_use]
    pub fn find(&self, filter: usize) -> usize {
        self.matchers.get(filter).map_or(0, |matcher| matcher.matching(&self.documents).len())
    }
}
