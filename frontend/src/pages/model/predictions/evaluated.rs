//! An evaluation as signals that follow the sliders.
//!
//! Must not know what is drawn of it.

use super::address::{Cell, PredictionsAddress, on_step};
use super::drawn::{Drawn, in_words};
use super::evaluation::Evaluation;
use super::order::Order;
use crate::components::dynamic::memo;
use crate::state::settled::settled;
use leptos::prelude::*;
use shared::metrics::{IouReport, Snapshot};
use std::time::Duration;

/// A slider that has not moved for so long has stopped.
const RESTS_AFTER: Duration = Duration::from_millis(100);

/// Where the sliders stand. They move without the URL, which follows once they rest.
#[derive(Clone, Copy)]
pub struct Sliders {
    /// `None` for the suggested one.
    pub confidence: RwSignal<Option<f64>>,
    pub iou: RwSignal<f64>,
}

impl Sliders {
    pub fn at(address: &PredictionsAddress) -> Self {
        Self { confidence: RwSignal::new(address.confidence), iou: RwSignal::new(address.iou) }
    }

    /// As the URL says, wherever it came from.
    pub fn follow(self, address: &PredictionsAddress) {
        if self.confidence.get_untracked() != address.confidence {
            self.confidence.set(address.confidence);
        }
        if self.iou.get_untracked() != address.iou {
            self.iou.set(address.iou);
        }
    }
}

/// The figures of one evaluation at the sliders.
#[derive(Clone, Copy)]
pub struct Evaluated {
    data: StoredValue<Evaluation>,
    pub report: Memo<IouReport>,
}

impl Evaluated {
    pub fn new(evaluation: Evaluation, iou: RwSignal<f64>) -> Self {
        let data = StoredValue::new(evaluation);
        let report = memo(move |_| {
            let iou = iou.get();
            data.update_value(|data| {
                if data.evaluator.iou_threshold() != iou {
                    data.evaluator.set_iou_threshold(iou);
                }
            });
            data.with_value(|data| data.evaluator.report())
        });
        Self { data, report }
    }

    /// Reads what depends on both thresholds: the report sets the one of the boxes.
    fn with<T>(self, read: impl FnOnce(&Evaluation) -> T) -> T {
        self.report.with(|_| self.data.with_value(read))
    }

    pub fn snapshot(self, confidence: f64) -> Snapshot {
        self.with(|data| data.evaluator.at(confidence))
    }

    pub fn places(self, confidence: f64, cell: Option<Cell>, order: Order) -> Vec<usize> {
        self.with(|data| data.places(confidence, cell, order))
    }

    /// The boxes of a picture, and what became of them in words.
    pub fn drawn(self, place: usize, confidence: f64) -> (Drawn, String) {
        self.with(|data| {
            let picture = data.picture(place, confidence);
            picture.map_or_else(Default::default, |(image, outcomes)| {
                (Drawn::of(image, &outcomes), in_words(&outcomes))
            })
        })
    }

    /// Reads what does not depend on the sliders.
    pub fn read<T>(self, read: impl FnOnce(&Evaluation) -> T) -> T {
        self.data.with_value(read)
    }

    /// Reads what became of the boxes.
    pub fn read_at_sliders<T>(self, read: impl FnOnce(&Evaluation) -> T) -> T {
        self.with(read)
    }
}

/// What stands beside, and what it is called.
#[derive(Clone)]
pub struct Other {
    pub name: String,
    pub evaluated: Evaluated,
}

/// What all parts of the tab follow.
#[derive(Clone, Copy)]
pub struct Shown {
    pub main: Evaluated,
    pub name: StoredValue<String>,
    pub other: StoredValue<Option<Other>>,
    pub labels: StoredValue<Vec<String>>,
    pub sliders: Sliders,
    pub confidence: Memo<f64>,
    /// The same once the slider has stopped, for what nobody sees while it moves.
    rests_at: Signal<f64>,
    pub snapshot: Memo<Snapshot>,
}

impl Shown {
    pub fn new(
        main: Evaluated,
        name: String,
        other: Option<Other>,
        labels: Vec<String>,
        sliders: Sliders,
    ) -> Self {
        let confidence = memo(move |_| sliders.confidence.get().unwrap_or_else(|| suggestion(main)));
        let snapshot = memo(move |_| main.snapshot(confidence.get()));
        Self {
            main,
            name: StoredValue::new(name),
            other: StoredValue::new(other),
            labels: StoredValue::new(labels),
            sliders,
            confidence,
            rests_at: settled(move || confidence.get(), RESTS_AFTER),
            snapshot,
        }
    }

    /// The confidence that a picture follows: that of the moving slider where it can be seen.
    pub fn confidence_of(self, is_near: bool) -> f64 {
        if is_near { self.confidence.get() } else { self.rests_at.get() }
    }

    /// The confidence at which the mean F1, smoothed, is highest.
    pub fn suggested(self) -> f64 {
        suggestion(self.main)
    }

    pub fn other(self) -> Option<Other> {
        self.other.get_value()
    }
}

fn suggestion(main: Evaluated) -> f64 {
    on_step(main.report.with(|report| report.best_confidence))
}
