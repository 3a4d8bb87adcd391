//! Cross-entropy with label smoothing, for one class an image.
//!
//! Computed on the host, in double precision. Knows no network.

use burn::tensor::{Tensor, TensorData};

use super::LogitsError;

/// Cross-entropy against a target that is 1 - `smoothing` at the class, plus `smoothing` spread evenly over all classes.
///
/// Source: Szegedy et al. 2016, "Rethinking the Inception Architecture", section 7; as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct SmoothedCrossEntropy {
    smoothing: f64,
}

impl SmoothedCrossEntropy {
    /// With a share of smoothing in 0..1.
    pub fn new(smoothing: f64) -> Self {
        Self { smoothing }
    }

    /// The loss of one image and its derivative by the logits, [classes].
    pub fn of(&self, logits: &[f32], class: usize) -> (f64, Vec<f64>) {
        let share = self.smoothing / logits.len() as f64;
        let target = |index: usize| share + if index == class { 1.0 - self.smoothing } else { 0.0 };
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shifted = || logits.iter().map(|logit| f64::from(*logit) - f64::from(largest));
        let log_sum = shifted().map(f64::exp).sum::<f64>().ln();
        let loss = shifted().enumerate().map(|(index, value)| target(index) * (log_sum - value)).sum();
        let slopes = shifted().enumerate().map(|(index, value)| (value - log_sum).exp() - target(index));
        (loss, slopes.collect())
    }

    /// The mean loss of a batch of logits [N, classes], and a tensor whose backward pass sends its gradients into the
    /// network; that tensor's own value means nothing.
    ///
    /// # Errors
    /// If the device fails.
    pub fn learn(&self, logits: &Tensor<2>, classes: &[usize]) -> Result<(f64, Tensor<1>), LogitsError> {
        let [images, count] = logits.dims();
        let values = fetch(logits)?;
        let mut loss = 0.0;
        let mut gradients = Vec::with_capacity(values.len());
        for (row, &class) in values.chunks(count).zip(classes) {
            let (of_image, slopes) = self.of(row, class);
            loss += of_image / images as f64;
            gradients.extend(slopes.into_iter().map(|slope| (slope / images as f64) as f32));
        }
        let data = TensorData::new(gradients, [images, count]);
        let gradients = Tensor::<2>::from_data(data, &logits.device().inner());
        Ok((loss, logits.clone().mul(Tensor::from_inner(gradients)).sum()))
    }

    /// The loss of each image, and the probabilities of all classes, of logits [N, classes].
    ///
    /// # Errors
    /// If the device fails.
    pub fn judge(&self, logits: &Tensor<2>, classes: &[usize]) -> Result<Vec<(f64, Vec<f32>)>, LogitsError> {
        let values = fetch(logits)?;
        let rows = values.chunks(logits.dims()[1]).zip(classes);
        Ok(rows.map(|(row, &class)| (self.of(row, class).0, probabilities(row))).collect())
    }
}

/// Probabilities of the classes; their order is that of the logits.
pub(crate) fn probabilities(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> =
        logits.iter().map(|logit| (f64::from(*logit) - f64::from(largest)).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| (power / sum) as f32).collect()
}

/// [N, classes] on the host.
pub(crate) fn fetch(logits: &Tensor<2>) -> Result<Vec<f32>, LogitsError> {
    let data = logits.clone().try_into_data().map_err(|error| LogitsError(format!("{error:?}")))?;
    data.convert::<f32>().try_into_vec().map_err(|error| LogitsError(format!("{error:?}")))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn losses_by_hand() {
        let ln2 = std::f64::consts::LN_2;
        for (smoothing, logits, class, expected) in [
            // Four equal classes: ln 4, however smooth.
            (0.0, vec![1.0, 1.0, 1.0, 1.0], 2, 2.0 * ln2),
            (0.1, vec![1.0, 1.0, 1.0, 1.0], 2, 2.0 * ln2),
            // Probabilities 3/4 and 1/4, with logits that differ by ln 3.
            (0.0, vec![3.0_f32.ln(), 0.0], 0, (4.0_f64 / 3.0).ln()),
            (0.0, vec![3.0_f32.ln(), 0.0], 1, 4.0_f64.ln()),
            // Targets 0.9 and 0.1.
            (0.2, vec![3.0_f32.ln(), 0.0], 0, 0.9 * (4.0_f64 / 3.0).ln() + 0.1 * 4.0_f64.ln()),
            // Logits that would overflow.
            (0.0, vec![1000.0, 0.0], 1, 1000.0),
        ] {
            let (loss, _) = SmoothedCrossEntropy::new(smoothing).of(&logits, class);
            assert!((loss - expected).abs() < 1e-6, "{smoothing} {logits:?}: {loss} against {expected}");
        }
    }

    #[test]
    fn gradients_equal_finite_differences() {
        let logits = [0.3, -1.5, 2.0, 0.7];
        for (smoothing, class) in [(0.0, 0), (0.1, 1), (0.5, 3)] {
            let loss = SmoothedCrossEntropy::new(smoothing);
            let (_, slopes) = loss.of(&logits, class);
            for (index, slope) in slopes.iter().enumerate() {
                let moved = |by: f32| {
                    let mut moved = logits;
                    moved[index] += by;
                    loss.of(&moved, class).0
                };
                let difference = (moved(1e-2) - moved(-1e-2)) / 2e-2;
                assert!(
                    (difference - slope).abs() < 1e-4,
                    "{smoothing} {index}: {difference} against {slope}"
                );
            }
            assert!(slopes.iter().sum::<f64>().abs() < 1e-12);
        }
    }

    #[test]
    fn gradients_arrive_at_the_logits() {
        let device = Device::flex().autodiff();
        let logits = Tensor::<2>::from_floats([[3.0_f32.ln(), 0.0], [0.0, 0.0]], &device).require_grad();
        let (loss, output) = SmoothedCrossEntropy::new(0.0).learn(&logits, &[0, 1]).unwrap();
        assert!((loss - ((4.0_f64 / 3.0).ln() + 2.0_f64.ln()) / 2.0).abs() < 1e-6);
        let gradients = output.backward();
        let found: Vec<f32> = logits.grad(&gradients).unwrap().into_data().try_to_vec().unwrap();
        for (found, expected) in found.iter().zip([-0.125, 0.125, 0.25, -0.25]) {
            assert!((found - expected).abs() < 1e-6, "{found} against {expected}");
        }
        let sure = probabilities(&[3.0_f32.ln(), 0.0]);
        assert!((sure[0] - 0.75).abs() < 1e-6 && (sure[1] - 0.25).abs() < 1e-6);
    }
}
