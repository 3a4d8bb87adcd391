//! What a validation saw, packed: of each picture what is there and what was predicted, lossless, so that whoever reads
//! it comes to the same figures as the validation did.
//!
//! Must not know how boxes were predicted, where the bytes are kept or what is made of them. The bytes may come from
//! anybody: what does not fit together is refused, and nothing is reserved for what is not there.
//!
//! Layout, little-endian, column after column: the eight bytes `TYBOXES1`; `u32` classes, `u32` images; then of all
//! images `u32` index, `u32` width, `u32` height, `f32` loss (NaN where it is not known), `u32` targets, `u32`
//! detections; then of all targets, image after image, `u16` class and later `f32` x1, y1, x2, y2; then of all
//! detections `u16` class, `f32` score and `f32` x1, y1, x2, y2. `docs/predictions.md` says the same for authors of Train
//! functions.

use super::{Detection, GroundTruth};
use crate::dataset::PixelBox;

/// The first bytes of every file; the last one counts versions.
const MAGIC: &[u8; 8] = b"TYBOXES1";

/// Bytes of an image, of a target and of a detection.
const IMAGE_BYTES: usize = 24;
const TARGET_BYTES: usize = 18;
const DETECTION_BYTES: usize = 22;

/// What a validation saw.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Predictions {
    /// Classes of the model.
    pub class_count: usize,
    /// In the order in which they were evaluated.
    pub images: Vec<PredictedImage>,
}

/// One picture of a validation.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictedImage {
    /// Its place in the validation subset as it was frozen, counted from 0.
    pub index: u32,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// The loss that the picture has alone; NaN where it is not known.
    pub loss: f32,
    /// What is there.
    pub targets: Vec<GroundTruth>,
    /// What was predicted, strongest first.
    pub detections: Vec<Detection>,
}

/// Bytes that are no predictions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PredictionsError {
    /// They do not begin as they must.
    #[error("this is no file of predictions, or one of another version")]
    Magic,
    /// They end too early, or go on after their end.
    #[error("the file has {found} bytes where its head asks for {expected}")]
    Length {
        /// What the counts at the beginning come to.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// A box or a picture is of a class that the model does not have.
    #[error("class {class} is unknown: the model has {class_count} classes, counted from 0")]
    Class {
        /// The class.
        class: usize,
        /// Classes of the model.
        class_count: usize,
    },
}

impl Predictions {
    /// The bytes to keep. Coordinates and scores are held in 32 bits: those of the trainer's validation are such
    /// numbers, and come back as they were. Classes from 65,536 on cannot be told apart.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let targets = || self.images.iter().flat_map(|image| &image.targets);
        let detections = || self.images.iter().flat_map(|image| &image.detections);
        let size = 16
            + self.images.len() * IMAGE_BYTES
            + targets().count() * TARGET_BYTES
            + detections().count() * DETECTION_BYTES;
        let mut bytes = Vec::with_capacity(size);
        bytes.extend(MAGIC);
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes();
        bytes.extend(count(self.class_count));
        bytes.extend(count(self.images.len()));
        let mut column = |of: &dyn Fn(&PredictedImage) -> [u8; 4]| {
            self.images.iter().for_each(|image| bytes.extend(of(image)));
        };
        column(&|image| image.index.to_le_bytes());
        column(&|image| image.width.to_le_bytes());
        column(&|image| image.height.to_le_bytes());
        column(&|image| image.loss.to_le_bytes());
        column(&|image| count(image.targets.len()));
        column(&|image| count(image.detections.len()));
        let class = |class: usize| u16::try_from(class).unwrap_or(u16::MAX).to_le_bytes();
        let number = |value: f64| (value as f32).to_le_bytes();
        let corners = |region: &PixelBox| [region.x1, region.y1, region.x2, region.y2];
        targets().for_each(|target| bytes.extend(class(target.class)));
        targets().flat_map(|target| corners(&target.region)).for_each(|value| bytes.extend(number(value)));
        detections().for_each(|found| bytes.extend(class(found.class)));
        detections().for_each(|found| bytes.extend(number(found.score)));
        detections().flat_map(|found| corners(&found.region)).for_each(|value| bytes.extend(number(value)));
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// If the bytes do not fit together. Coordinates and scores may be any numbers, also NaN: who counts them decides.
    ///
    /// ```
    /// use shared::metrics::Predictions;
    ///
    /// let empty = Predictions { class_count: 3, images: Vec::new() };
    /// assert_eq!(Predictions::from_bytes(&empty.to_bytes())?, empty);
    /// # Ok::<(), shared::metrics::PredictionsError>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PredictionsError> {
        let mut rest = Reader::after(bytes, MAGIC)?;
        let short = |expected: u64| PredictionsError::Length { expected, found: bytes.len() as u64 };
        let (class_count, image_count) = rest.u32().zip(rest.u32()).ok_or_else(|| short(16))?;
        let head = 16 + u64::from(image_count) * IMAGE_BYTES as u64;
        if (bytes.len() as u64) < head {
            return Err(short(head));
        }
        let (class_count, image_count) = (class_count as usize, image_count as usize);
        let [index, width, height, loss, targets, detections] =
            std::array::from_fn(|_| rest.words(image_count));
        let total = |counts: &[u32]| counts.iter().map(|count| u64::from(*count)).sum::<u64>();
        let (target_count, detection_count) = (total(&targets), total(&detections));
        let whole = target_count
            .saturating_mul(TARGET_BYTES as u64)
            .saturating_add(detection_count.saturating_mul(DETECTION_BYTES as u64))
            .saturating_add(head);
        if bytes.len() as u64 != whole {
            return Err(short(whole));
        }
        // What is as long as the bytes themselves fits into their length.
        let (target_count, detection_count) = (target_count as usize, detection_count as usize);
        let mut of_targets = Boxes::read(&mut rest, class_count, target_count, |_| Vec::new())?;
        let mut of_detections =
            Boxes::read(&mut rest, class_count, detection_count, |rest| rest.words(detection_count))?;
        let images = (0..image_count).map(|image| PredictedImage {
            index: index[image],
            width: width[image],
            height: height[image],
            loss: f32::from_bits(loss[image]),
            targets: of_targets
                .take(targets[image])
                .map(|(class, _, region)| GroundTruth { class, region })
                .collect(),
            detections: of_detections
                .take(detections[image])
                .map(|(class, score, region)| Detection { class, score, region })
                .collect(),
        });
        Ok(Self { class_count, images: images.collect() })
    }
}

/// Bytes that are taken from the front; what is not there is read as nothing.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// What follows the first bytes of a file.
    pub(super) fn after(bytes: &'a [u8], magic: &[u8; 8]) -> Result<Self, PredictionsError> {
        bytes.strip_prefix(magic).map(Self).ok_or(PredictionsError::Magic)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (word, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*word))
    }

    pub(super) fn words(&mut self, count: usize) -> Vec<u32> {
        (0..count).map_while(|_| self.u32()).collect()
    }

    fn classes(&mut self, count: usize) -> Vec<u16> {
        let take = |_| {
            let (word, rest) = self.0.split_first_chunk()?;
            self.0 = rest;
            Some(u16::from_le_bytes(*word))
        };
        (0..count).map_while(take).collect()
    }
}

/// The columns of boxes, and how many of them are given out.
struct Boxes {
    classes: Vec<u16>,
    /// Empty where boxes have none.
    scores: Vec<u32>,
    corners: Vec<u32>,
    given: usize,
}

impl Boxes {
    fn read(
        rest: &mut Reader<'_>,
        class_count: usize,
        count: usize,
        scores: impl FnOnce(&mut Reader<'_>) -> Vec<u32>,
    ) -> Result<Self, PredictionsError> {
        let classes = rest.classes(count);
        if let Some(class) =
            classes.iter().map(|class| usize::from(*class)).find(|class| *class >= class_count)
        {
            return Err(PredictionsError::Class { class, class_count });
        }
        let scores = scores(rest);
        Ok(Self { classes, scores, corners: rest.words(count * 4), given: 0 })
    }

    /// Class, score and corners of the next boxes.
    fn take(&mut self, count: u32) -> impl Iterator<Item = (usize, f64, PixelBox)> {
        let start = self.given;
        self.given += count as usize;
        let number = |bits: u32| f64::from(f32::from_bits(bits));
        (start..self.given).map(move |place| {
            let [x1, y1, x2, y2] = std::array::from_fn(|side| number(self.corners[place * 4 + side]));
            let score = self.scores.get(place).map_or(f64::NAN, |bits| number(*bits));
            (usize::from(self.classes[place]), score, PixelBox { x1, y1, x2, y2 })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn region() -> impl Strategy<Value = PixelBox> {
        prop::array::uniform4(-10.0f32..5000.0).prop_map(|corners| {
            let [x1, y1, x2, y2] = corners.map(f64::from);
            PixelBox { x1, y1, x2, y2 }
        })
    }

    fn image() -> impl Strategy<Value = PredictedImage> {
        let targets = prop::collection::vec((0usize..3, region()), 0..4);
        let detections = prop::collection::vec((0usize..3, 0.0f32..1.0, region()), 0..6);
        (any::<u32>(), 1u32..9000, 1u32..9000, 0.0f32..40.0, targets, detections).prop_map(
            |(index, width, height, loss, targets, detections)| PredictedImage {
                index,
                width,
                height,
                loss,
                targets: targets.into_iter().map(|(class, region)| GroundTruth { class, region }).collect(),
                detections: detections
                    .into_iter()
                    .map(|(class, score, region)| Detection { class, score: f64::from(score), region })
                    .collect(),
            },
        )
    }

    fn predictions() -> impl Strategy<Value = Predictions> {
        prop::collection::vec(image(), 0..6).prop_map(|images| Predictions { class_count: 3, images })
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back(packed in predictions()) {
            prop_assert_eq!(Predictions::from_bytes(&packed.to_bytes()), Ok(packed));
        }

        #[test]
        fn what_was_cut_or_went_on_is_refused(packed in predictions(), end in 0usize..400, more in 1usize..9) {
            let mut bytes = packed.to_bytes();
            let end = end.min(bytes.len() - 1);
            prop_assert!(Predictions::from_bytes(&bytes[..end]).is_err());
            bytes.resize(bytes.len() + more, 0);
            prop_assert!(Predictions::from_bytes(&bytes).is_err());
        }

        #[test]
        fn hostile_bytes_are_refused_without_harm(
            packed in predictions(), place in 8usize..200, value in any::<u8>(),
        ) {
            let mut bytes = packed.to_bytes();
            let place = place.min(bytes.len() - 1);
            bytes[place] = value;
            let _ = Predictions::from_bytes(&bytes);
        }
    }

    #[test]
    fn counts_beyond_the_bytes_reserve_nothing() {
        let mut bytes = Predictions { class_count: 1, images: Vec::new() }.to_bytes();
        bytes[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
        let expected = 16 + u64::from(u32::MAX) * 24;
        assert_eq!(Predictions::from_bytes(&bytes), Err(PredictionsError::Length { expected, found: 16 }));
        assert_eq!(Predictions::from_bytes(b"PNG"), Err(PredictionsError::Magic));
    }

    #[test]
    fn a_class_beyond_those_of_the_model_is_refused() {
        let region = PixelBox { x1: 0.0, y1: 0.0, x2: 1.0, y2: 1.0 };
        let image = PredictedImage {
            index: 0,
            width: 1,
            height: 1,
            loss: f32::NAN,
            targets: vec![GroundTruth { class: 2, region }],
            detections: Vec::new(),
        };
        let bytes = Predictions { class_count: 2, images: vec![image] }.to_bytes();
        assert_eq!(
            Predictions::from_bytes(&bytes),
            Err(PredictionsError::Class { class: 2, class_count: 2 })
        );
    }
}
