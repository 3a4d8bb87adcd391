//! The figures of one run as signals that change only where something changed.
//!
//! Must not know how they arrive or how they are drawn.

use super::metrics::{Measured, MetricBook, Sample, Track};
use crate::components::logs::layout::EpochEnd;
use leptos::prelude::*;
use proto::v1::SeriesPoints;
use std::collections::HashMap;

/// The figures of one run.
#[derive(Clone, Copy)]
pub struct RunMetrics {
    /// The figures that have samples.
    pub figures: RwSignal<Vec<String>>,
    /// Where attempts after the first began.
    pub attempts: RwSignal<Vec<Measured>>,
    /// When each epoch ended.
    pub epoch_ends: RwSignal<Vec<EpochEnd>>,
    /// Some lines have more points than were fetched: there is more to see where they are zoomed.
    pub is_thinned: RwSignal<bool>,
    book: StoredValue<MetricBook>,
    tracks: StoredValue<HashMap<String, ArcRwSignal<Vec<Track>>>>,
}

impl RunMetrics {
    pub fn new() -> Self {
        Self {
            figures: RwSignal::new(Vec::new()),
            attempts: RwSignal::new(Vec::new()),
            epoch_ends: RwSignal::new(Vec::new()),
            is_thinned: RwSignal::new(false),
            book: StoredValue::new(MetricBook::default()),
            tracks: StoredValue::new(HashMap::new()),
        }
    }

    /// Forgets everything.
    pub fn clear(self) {
        self.book.set_value(MetricBook::default());
        self.tracks.set_value(HashMap::new());
        self.figures.set(Vec::new());
        self.attempts.set(Vec::new());
        self.epoch_ends.set(Vec::new());
        self.is_thinned.set(false);
    }

    /// The lines of one figure.
    pub fn tracks(self, figure: &str) -> ArcRwSignal<Vec<Track>> {
        if let Some(tracks) = self.tracks.with_value(|tracks| tracks.get(figure).cloned()) {
            return tracks;
        }
        let signal = ArcRwSignal::new(self.book.with_value(|book| book.tracks(figure)));
        self.tracks.update_value(|tracks| {
            tracks.insert(figure.to_owned(), signal.clone());
        });
        signal
    }

    /// Takes samples in. A run that is gone from the page takes none.
    pub fn take(self, samples: impl IntoIterator<Item = Sample>) {
        let Some((changed, was_thinned)) = self.book.try_update_value(|book| book.take(samples)) else {
            return;
        };
        if changed.is_empty() {
            return;
        }
        for figure in changed {
            if let Some(tracks) = self.tracks.with_value(|tracks| tracks.get(&figure).cloned()) {
                tracks.set(self.book.with_value(|book| book.tracks(&figure)));
            }
        }
        self.book.with_value(|book| {
            set_if_new(self.figures, book.figures());
            set_if_new(self.attempts, book.attempts());
            set_if_new(self.epoch_ends, book.epoch_ends());
        });
        if was_thinned {
            self.set_thinned();
        }
    }

    /// Told once: whoever fetches what is missing because of it must not be told again by what comes.
    fn set_thinned(self) {
        if self.is_thinned.try_get_untracked() == Some(false) {
            self.is_thinned.set(true);
        }
    }

    /// Takes in what was fetched of each line.
    pub fn take_series(self, series: Vec<SeriesPoints>) {
        let is_thinned = series.iter().any(|line| line.total_count > line.x.len() as u64);
        self.take(series.into_iter().flat_map(|line| {
            let SeriesPoints { figure, legend, x, y, attempts, at_ms, .. } = line;
            let values = x.into_iter().zip(y).zip(attempts.into_iter().zip(at_ms));
            values.map(move |((x, y), (attempt, at_ms))| Sample {
                figure: figure.clone(),
                legend: legend.clone(),
                measured: Measured { x, y, attempt, at_ms },
            })
        }));
        if is_thinned {
            self.set_thinned();
        }
    }

    /// From the first to the last epoch of which `is_wanted` says so, and one value beside each.
    pub fn epochs(self, is_wanted: impl Fn(&Measured) -> bool) -> Option<(f64, f64)> {
        self.book.with_value(|book| book.epochs(is_wanted))
    }
}

fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<Vec<T>>, value: Vec<T>) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}
