//! How good a model is on a subset: the batches of a validation, one after the other.
//!
//! Must not know training; what is counted of a batch is the family's business, and the figures are computed by `shared`.

use std::ops::ControlFlow;

use burn::tensor::Device;

use crate::data::{PictureStore, for_each_ahead};
use crate::error::TrainError;
use crate::family::{Family, Settings, Validation};
use crate::job::StopFlag;

/// What a validation needs besides the model.
#[derive(Clone, Copy, Debug)]
pub struct Validator<'a, F: Family> {
    /// The images.
    pub store: &'a PictureStore<F::Truth>,
    /// All settings.
    pub config: &'a F::Config,
    /// Number of classes.
    pub classes: usize,
    /// Where the model is.
    pub device: &'a Device,
    /// Threads that prepare batches.
    pub workers: usize,
}

impl<F: Family> Validator<'_, F> {
    /// Measures `model`, which must be in evaluation mode; None if it was stopped before the end.
    /// `progress` hears how many of how many batches are done.
    ///
    /// # Errors
    /// If an image can no longer be read, the device fails, or what the model says is no number.
    pub fn run(
        &self,
        model: &F::Model,
        stop: &StopFlag,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Option<Validation<F>>, TrainError> {
        let order = F::validation_order(self.store, self.config.common().batch_size as usize);
        let mut sums = F::evaluation(self.config, self.classes);
        let mut failure = None;
        let make = |index: usize| {
            F::validation_batch(self.store, &order[index], self.config).map_err(TrainError::from)
        };
        for_each_ahead(order.len(), self.workers, make, |index, mut batch| {
            if stop.is_stopped() {
                return ControlFlow::Break(());
            }
            let images = batch.take_images(self.device);
            if let Err(error) = F::evaluate(&mut sums, model, images, &batch, self.store, self.config) {
                failure = Some(error);
                return ControlFlow::Break(());
            }
            progress(index + 1, order.len());
            ControlFlow::Continue(())
        })?;
        match failure {
            Some(error) => Err(error),
            None => Ok((!stop.is_stopped()).then(|| F::conclude(sums))),
        }
    }
}

impl From<crate::data::PictureError> for TrainError {
    fn from(error: crate::data::PictureError) -> Self {
        let next = "repair or remove the image and train again";
        Self::new(crate::error::TrainErrorKind::Data, error.to_string(), next).because(error)
    }
}
