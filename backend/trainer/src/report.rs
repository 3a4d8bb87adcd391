//! What a training says while it runs.
//!
//! Must not know how reports travel or are drawn.

use std::path::PathBuf;

use shared::metric::{LogLevel, MetricSample};
pub use shared::model::ArtifactKind;
pub use shared::training::Phase;

use crate::family::Losses;

/// Receives what a training says, in order.
pub trait Reporter {
    /// One event. Must return soon: training waits for it.
    fn report(&mut self, event: TrainEvent);
}

/// Collects events, for tests and small tools.
impl Reporter for Vec<TrainEvent> {
    fn report(&mut self, event: TrainEvent) {
        self.push(event);
    }
}

/// Why a checkpoint was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointKind {
    /// The newest state, to go on from: after an epoch, or within one when a stop was asked for. Replaced by the next,
    /// and told after all else that was written with it.
    Last,
    /// Weights of the best fitness so far.
    Best,
    /// Asked for by `save_period`; kept.
    Periodic,
}

/// Something that a training says.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainEvent {
    /// A line for people.
    Log {
        /// How grave it is.
        level: LogLevel,
        /// The text, one line.
        text: String,
    },
    /// What it computes on: figures may differ from one kind to another.
    Device {
        /// For example `cpu (16 threads)`.
        name: String,
    },
    /// How far it is.
    Progress {
        /// The epoch it works on, from 1; 0 before the first.
        epoch: u32,
        /// Epochs in all.
        epochs: u32,
        /// Steps done in this phase of the epoch.
        step: u32,
        /// Steps of this phase.
        steps: u32,
        /// What it does.
        phase: Phase,
    },
    /// What one step came to.
    Step {
        /// The epoch it belongs to, from 1.
        epoch: u32,
        /// Its place in the epoch, from 1.
        step: u32,
        /// The losses of its batch by name, before the weights moved.
        losses: Vec<(&'static str, f64)>,
        /// Learning rate of the weights.
        learning_rate: f64,
    },
    /// A point of a chart.
    ///
    /// Figures by epoch: `box_loss`, `cls_loss`, `dfl_loss` of a detector, `loss` of a classifier (legends `train`,
    /// `val`); `precision(B)`, `recall(B)`, `mAP50(B)`, `mAP50-95(B)`, or `accuracy_top1`, `accuracy_top5` (legend
    /// `metrics`); `images_per_second`, `learning_rate`, `memory` in MiB (legend `system`).
    Sample(MetricSample),
    /// A checkpoint is complete on disk.
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The last complete epoch in it, from 1; 0 within the first.
        epoch: u32,
        /// Why.
        kind: CheckpointKind,
        /// mAP50-95 or top-1 accuracy of its weights.
        fitness: Option<f64>,
    },
    /// A file worth keeping with the model is complete on disk.
    Artifact {
        /// The file.
        path: PathBuf,
        /// Its name for people.
        name: String,
        /// What it is.
        kind: ArtifactKind,
        /// The epoch after which it was written, from 1, if it belongs to one.
        epoch: Option<u32>,
    },
}

/// Says things with fewer words.
pub(crate) struct Voice<'a> {
    reporter: &'a mut dyn Reporter,
    epochs: u32,
}

impl<'a> Voice<'a> {
    pub fn new(reporter: &'a mut dyn Reporter, epochs: u32) -> Self {
        Self { reporter, epochs }
    }

    pub fn say(&mut self, event: TrainEvent) {
        self.reporter.report(event);
    }

    pub fn log(&mut self, level: LogLevel, text: impl Into<String>) {
        self.say(TrainEvent::Log { level, text: text.into() });
    }

    pub fn info(&mut self, text: impl Into<String>) {
        self.log(LogLevel::Info, text);
    }

    pub fn warn(&mut self, text: impl Into<String>) {
        self.log(LogLevel::Warning, text);
    }

    pub fn progress(&mut self, phase: Phase, epoch: u32, step: usize, steps: usize) {
        let count = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let (step, steps) = (count(step), count(steps));
        self.say(TrainEvent::Progress { epoch, epochs: self.epochs, step, steps, phase });
    }

    pub fn sample(&mut self, figure: &str, legend: &str, x: f64, y: f64) {
        self.say(TrainEvent::Sample(MetricSample { figure: figure.into(), legend: legend.into(), x, y }));
    }

    pub fn losses(&mut self, legend: &str, epoch: u32, losses: &impl Losses) {
        for (name, value) in losses.named() {
            self.sample(name, legend, f64::from(epoch), value);
        }
    }
}
