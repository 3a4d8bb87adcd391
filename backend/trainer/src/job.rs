//! What a training is asked to do, and how it is told to stop.
//!
//! Plain data: knows no tensors.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{TrainError, TrainErrorKind};
use crate::family::{Family, Settings, Truth};

/// One training.
#[derive(Clone, Debug)]
pub struct TrainJob<F: Family> {
    /// Size of the network.
    pub variant: F::Variant,
    /// Everything else that the run depends on; validated by `shared`.
    pub config: F::Config,
    /// Class names in class order.
    pub labels: Vec<String>,
    /// Images to learn from.
    pub train: Vec<LabelledImage<F::Truth>>,
    /// Images to be measured on.
    pub validation: Vec<LabelledImage<F::Truth>>,
    /// Checkpoints, weights and reports are written here; made if absent.
    pub output_dir: PathBuf,
    /// Weights to start from (safetensors); random ones where there are none.
    pub initial_weights: Option<PathBuf>,
    /// A checkpoint of an earlier run of the same job, to go on from; it comes before `initial_weights`.
    pub resume: Option<PathBuf>,
    /// Whether a checkpoint that cannot be used is passed over with a warning, and the training starts from its
    /// beginning; else that is an error.
    pub starts_over: bool,
}

/// An image file and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledImage<T> {
    /// The file.
    pub path: PathBuf,
    /// The name by which people know it, for messages.
    pub name: String,
    /// What is known of it.
    pub truth: T,
}

/// A labelled box in pixels of the original image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelledBox {
    /// Index into the labels.
    pub class: usize,
    /// Left edge.
    pub x1: f32,
    /// Top edge.
    pub y1: f32,
    /// Right edge.
    pub x2: f32,
    /// Bottom edge.
    pub y2: f32,
}

impl LabelledBox {
    /// x1, y1, x2, y2.
    pub fn corners(&self) -> [f32; 4] {
        [self.x1, self.y1, self.x2, self.y2]
    }
}

/// Asks a running training to stop; clones ask the same training.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// Asks for the stop. The training ends after the step it is in.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl<F: Family> TrainJob<F> {
    /// Refuses what cannot be trained, before anything is read.
    ///
    /// # Errors
    /// The first thing found wrong.
    pub fn check(&self) -> Result<(), TrainError> {
        let config = self.config.common();
        let wrong =
            |what: String, next: &str| Err(TrainError::new(TrainErrorKind::Configuration, what, next));
        if config.epochs == 0 {
            return wrong("epochs is 0".into(), "set epochs to 1 or more");
        }
        if config.batch_size == 0 {
            return wrong("batch_size is 0".into(), "set batch_size to 1 or more");
        }
        if config.imgsz == 0 || !config.imgsz.is_multiple_of(32) {
            let what = format!("imgsz is {}, which is not a multiple of 32", config.imgsz);
            return wrong(what, "set imgsz to a multiple of 32, such as 320 or 640");
        }
        let lacking = |what: &str, next: &str| Err(TrainError::new(TrainErrorKind::Data, what, next));
        if self.labels.is_empty() {
            return lacking("there are no labels", "choose at least one label to learn");
        }
        if self.train.is_empty() {
            return lacking("the train subset has no images", "check the filter of the train subset");
        }
        if self.validation.is_empty() {
            return lacking(
                "the validation subset has no images",
                "check the filter of the validation subset",
            );
        }
        if !self.train.iter().any(|image| image.truth.teaches()) {
            return Err(F::Truth::nothing_to_learn());
        }
        let mut images = self.train.iter().chain(&self.validation);
        images.try_for_each(|image| image.truth.check(&image.name, self.labels.len()))
    }
}

/// A small job whose files do not exist.
#[cfg(test)]
pub(crate) fn test_job() -> TrainJob<crate::YoloV8Family> {
    let labelled = LabelledBox { class: 0, x1: 1.0, y1: 1.0, x2: 9.0, y2: 9.0 };
    let image = LabelledImage { path: "a.png".into(), name: "a.png".into(), truth: vec![labelled] };
    TrainJob {
        variant: crate::model::yolov8::Variant::N,
        config: shared::config::DetectionConfig::default(),
        labels: vec!["cell".into()],
        train: vec![image.clone()],
        validation: vec![image],
        output_dir: "out".into(),
        initial_weights: None,
        resume: None,
        starts_over: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_trained_is_refused_with_a_next_step() {
        type Change = fn(&mut TrainJob<crate::YoloV8Family>);
        let table: [(Change, TrainErrorKind, &str); 8] = [
            (|job| job.config.epochs = 0, TrainErrorKind::Configuration, "epochs"),
            (|job| job.config.batch_size = 0, TrainErrorKind::Configuration, "batch_size"),
            (|job| job.config.imgsz = 100, TrainErrorKind::Configuration, "multiple of 32"),
            (|job| job.labels.clear(), TrainErrorKind::Data, "labels"),
            (|job| job.train.clear(), TrainErrorKind::Data, "train subset"),
            (|job| job.validation.clear(), TrainErrorKind::Data, "validation subset"),
            (|job| job.train[0].truth.clear(), TrainErrorKind::Data, "no train image has a box"),
            (|job| job.validation[0].truth[0].class = 1, TrainErrorKind::Data, "a.png"),
        ];
        assert!(test_job().check().is_ok());
        for (change, kind, text) in table {
            let mut changed = test_job();
            change(&mut changed);
            let error = changed.check().unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(text) && !error.next_step().is_empty(), "{error}");
        }
    }

    #[test]
    fn clones_of_a_flag_stop_together() {
        let flag = StopFlag::default();
        let other = flag.clone();
        assert!(!other.is_stopped());
        flag.stop();
        assert!(other.is_stopped());
    }
}
