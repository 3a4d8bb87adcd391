//! What a validation of a classifier saw, packed: of each picture its class and the scores of all classes, lossless, so
//! that whoever reads it comes to the same figures as the validation did.
//!
//! Must not know how scores were computed, where the bytes are kept or what is made of them. The bytes may come from
//! anybody: what does not fit together is refused, and nothing is reserved for what is not there.
//!
//! Layout, little-endian, column after column: the eight bytes `TYCLASS1`; `u32` classes, `u32` images; then of all
//! images `u32` index, `u32` width, `u32` height, `f32` loss (NaN where it is not known) and `u32` class; then of all
//! images, one after the other, `f32` scores of all classes in class order. `docs/predictions.md` says the same for
//! authors of Train functions.

use super::predictions::{PredictionsError, Reader};

/// The first bytes of every file; the last one counts versions.
const MAGIC: &[u8; 8] = b"TYCLASS1";

/// Bytes of the head, and of an image without its scores.
const HEAD_BYTES: u64 = 16;
const IMAGE_BYTES: u64 = 20;

/// What a validation of a classifier saw.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ClassPredictions {
    /// Classes of the model.
    pub class_count: usize,
    /// In the order in which they were evaluated.
    pub images: Vec<ClassifiedImage>,
}

/// One picture of a validation.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassifiedImage {
    /// Its place in the validation subset as it was frozen, counted from 0.
    pub index: u32,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The loss that the picture has alone; NaN where it is not known.
    pub loss: f32,
    /// The class that it has.
    pub class: usize,
    /// The scores of all classes, in class order: probabilities where a confidence is to mean something.
    pub scores: Vec<f32>,
}

impl ClassifiedImage {
    /// A picture; an `index` beyond 32 bits stays at the last one that fits.
    #[must_use]
    pub fn new(index: usize, [width, height]: [u32; 2], loss: f32, class: usize, scores: Vec<f32>) -> Self {
        Self { index: u32::try_from(index).unwrap_or(u32::MAX), width, height, loss, class, scores }
    }

    /// The scores as an evaluator takes them.
    #[must_use]
    pub fn scores_as_counted(&self) -> Vec<f64> {
        self.scores.iter().map(|score| f64::from(*score)).collect()
    }
}

impl ClassPredictions {
    /// The bytes to keep. A picture that has not one score for each class is filled up with NaN, or cut.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let size = 16 + self.images.len() * (20 + 4 * self.class_count);
        let mut bytes = Vec::with_capacity(size);
        bytes.extend(MAGIC);
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
        bytes.extend(number(self.class_count));
        bytes.extend(number(self.images.len()));
        let mut column = |of: &dyn Fn(&ClassifiedImage) -> [u8; 4]| {
            self.images.iter().for_each(|image| bytes.extend(of(image)));
        };
        column(&|image| image.index.to_le_bytes());
        column(&|image| image.width.to_le_bytes());
        column(&|image| image.height.to_le_bytes());
        column(&|image| image.loss.to_le_bytes());
        column(&|image| number(image.class));
        for image in &self.images {
            let scores = image.scores.iter().copied().chain(std::iter::repeat(f32::NAN));
            scores.take(self.class_count).for_each(|score| bytes.extend(score.to_le_bytes()));
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// If the bytes do not fit together. Scores may be any numbers, also NaN: who counts them decides.
    ///
    /// ```
    /// use shared::metrics::{ClassPredictions, ClassifiedImage};
    ///
    /// let image = ClassifiedImage::new(0, [640, 480], 0.5, 1, vec![0.25, 0.75]);
    /// let packed = ClassPredictions { class_count: 2, images: vec![image] };
    /// assert_eq!(ClassPredictions::from_bytes(&packed.to_bytes())?, packed);
    /// # Ok::<(), shared::metrics::PredictionsError>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PredictionsError> {
        let mut rest = Reader::after(bytes, MAGIC)?;
        let short = |expected: u64| PredictionsError::Length { expected, found: bytes.len() as u64 };
        let (classes, images) = rest.u32().zip(rest.u32()).ok_or_else(|| short(HEAD_BYTES))?;
        let each = IMAGE_BYTES + 4 * u64::from(classes);
        // At most 2^32 times 2^35: no overflow.
        let whole = u64::from(images).saturating_mul(each).saturating_add(HEAD_BYTES);
        if bytes.len() as u64 != whole {
            return Err(short(whole));
        }
        // What is as long as the bytes themselves fits into their length; without images any number of classes is claimed.
        let (class_count, image_count) = (classes as usize, images as usize);
        let [index, width, height, loss, class] = std::array::from_fn(|_| rest.words(image_count));
        if let Some(&unknown) = class.iter().find(|class| **class >= classes) {
            return Err(PredictionsError::Class { class: unknown as usize, class_count });
        }
        let images = (0..image_count).map(|image| ClassifiedImage {
            index: index[image],
            width: width[image],
            height: height[image],
            loss: f32::from_bits(loss[image]),
            class: class[image] as usize,
            scores: rest.words(class_count).into_iter().map(f32::from_bits).collect(),
        });
        Ok(Self { class_count, images: images.collect() })
    }

    /// Whether bytes claim to be such a file, and not one of boxes.
    #[must_use]
    pub fn is_claimed_by(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn image() -> impl Strategy<Value = ClassifiedImage> {
        let scores = prop::collection::vec(0.0f32..1.0, 3);
        (any::<u32>(), 1u32..9000, 1u32..9000, 0.0f32..40.0, 0usize..3, scores).prop_map(
            |(index, width, height, loss, class, scores)| {
                ClassifiedImage::new(index as usize, [width, height], loss, class, scores)
            },
        )
    }

    fn predictions() -> impl Strategy<Value = ClassPredictions> {
        prop::collection::vec(image(), 0..6).prop_map(|images| ClassPredictions { class_count: 3, images })
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(packed in predictions()) {
            prop_assert_eq!(ClassPredictions::from_bytes(&packed.to_bytes()), Ok(packed));
        }

        #[test]
        fn what_was_cut_or_went_on_is_refused(packed in predictions(), end in 0usize..200, more in 1usize..9) {
            let mut bytes = packed.to_bytes();
            let end = end.min(bytes.len() - 1);
            prop_assert!(ClassPredictions::from_bytes(&bytes[..end]).is_err());
            bytes.resize(bytes.len() + more, 0);
            prop_assert!(ClassPredictions::from_bytes(&bytes).is_err());
        }

        #[test]
        fn hostile_bytes_are_refused_without_harm(
            packed in predictions(), place in 8usize..200, value in any::<u8>(),
        ) {
            let mut bytes = packed.to_bytes();
            let place = place.min(bytes.len() - 1);
            bytes[place] = value;
            let _ = ClassPredictions::from_bytes(&bytes);
        }
    }

    #[test]
    fn what_does_not_fit_together_is_named_and_reserves_nothing() {
        let mut bytes = ClassPredictions { class_count: 1, images: Vec::new() }.to_bytes();
        bytes[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
        let expected = 16 + u64::from(u32::MAX) * 24;
        assert_eq!(
            ClassPredictions::from_bytes(&bytes),
            Err(PredictionsError::Length { expected, found: 16 })
        );
        assert_eq!(ClassPredictions::from_bytes(b"TYBOXES1"), Err(PredictionsError::Magic));
        let image = ClassifiedImage::new(0, [1, 1], f32::NAN, 2, vec![0.5; 2]);
        let bytes = ClassPredictions { class_count: 2, images: vec![image] }.to_bytes();
        assert_eq!(
            ClassPredictions::from_bytes(&bytes),
            Err(PredictionsError::Class { class: 2, class_count: 2 })
        );
        assert!(ClassPredictions::is_claimed_by(&bytes) && !ClassPredictions::is_claimed_by(b"TYBOXES1"));
    }
}
