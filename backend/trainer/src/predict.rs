//! A trained model, from its weights file alone.
//!
//! Must not know training.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;
use shared::config::DeviceKind;
use shared::metrics::Detection;

use crate::assign::Grid;
use crate::augment::{Placement, letterbox, middle_square};
use crate::card::WeightsCard;
use crate::data::{Fit, Picture, read_image};
use crate::detections::{detections, region};
use crate::error::{TrainError, TrainErrorKind};
use crate::loss::{Logits, fetch_logits, probabilities};
use crate::model::Network;
use crate::model::resnet::{self, ResNet};
use crate::model::yolov8::{self, YoloV8};
use crate::nms::NmsOptions;
use crate::train_loop::open_device;
use crate::weights::{ClassLayers, load_bytes};

/// What a weights file becomes.
#[derive(Debug)]
pub enum Predictor {
    /// It finds boxes.
    Detector(Box<Detector>),
    /// It tells classes.
    Classifier(Box<Classifier>),
}

impl Predictor {
    /// Reads a weights file that a training wrote, of whatever family it says it is.
    ///
    /// # Errors
    /// If the file cannot be read or used, or the device is absent.
    pub fn load(weights: &Path, device: DeviceKind) -> Result<Self, TrainError> {
        let device = open_device(device)?.device;
        let content =
            std::fs::read(weights).map_err(|error| TrainError::io("read the weights", weights, error))?;
        let card = WeightsCard::read(weights, &content)?;
        Ok(match card.network {
            Network::YoloV8(variant) => {
                Self::Detector(Box::new(Detector::new(card, variant, weights, &content, device)?))
            }
            Network::ResNet(variant) => {
                Self::Classifier(Box::new(Classifier::new(card, variant, weights, &content, device)?))
            }
        })
    }
}

/// Another kind of model than was asked for.
fn other_kind(weights: &Path, wanted: &str) -> TrainError {
    let what = format!("{} holds no {wanted}", weights.display());
    TrainError::new(TrainErrorKind::Weights, what, format!("choose the weights of a {wanted}"))
}

/// A detector that is ready to look at images.
#[derive(Debug)]
pub struct Detector {
    card: WeightsCard,
    model: YoloV8,
    device: Device,
}

impl Detector {
    /// Reads a weights file that a training of a detector wrote.
    ///
    /// # Errors
    /// As [`Predictor::load`], and if it is of another family.
    pub fn load(weights: &Path, device: DeviceKind) -> Result<Self, TrainError> {
        match Predictor::load(weights, device)? {
            Predictor::Detector(detector) => Ok(*detector),
            Predictor::Classifier(_) => Err(other_kind(weights, "detector")),
        }
    }

    fn new(
        card: WeightsCard,
        variant: yolov8::Variant,
        path: &Path,
        content: &[u8],
        device: Device,
    ) -> Result<Self, TrainError> {
        let model = YoloV8::new(variant, card.labels.len(), 0, &device);
        let loaded = load_bytes(model, content, ClassLayers::Required)
            .map_err(|error| TrainError::weights(path, error))?;
        Ok(Self { card, model: loaded.model, device })
    }

    /// What the weights file says of itself: network, labels, image size.
    pub fn card(&self) -> &WeightsCard {
        &self.card
    }

    /// What is on an image, strongest first, in its own pixels.
    ///
    /// # Errors
    /// If the device fails.
    pub fn detect(&self, image: &RgbImage, options: &NmsOptions) -> Result<Vec<Detection>, TrainError> {
        let picture = Picture::from_image(image, Fit::Longer, self.card.imgsz);
        let frame = [picture.canvas.width, picture.canvas.height].map(|length| length.next_multiple_of(32));
        let [width, height] = frame;
        let (canvas, corner) = letterbox(&picture.canvas, width, height);
        let mut pixels = vec![0.0; 3 * width * height];
        canvas.write_planes(&mut pixels);
        let input = Tensor::from_data(TensorData::new(pixels, [1, 3, height, width]), &self.device);
        let logits = Logits::fetch(&self.model.forward(input)).map_err(TrainError::device)?;
        let placement = Placement { scale: picture.scale(), offset: corner.map(|value| value as f32) };
        let found = detections(&logits, 0, &Grid::new(height, width), options);
        Ok(found
            .iter()
            .map(|found| Detection {
                class: found.class,
                score: f64::from(found.score),
                region: region(placement.undo(found.corners), picture.original),
            })
            .collect())
    }

    /// The same for an image file.
    ///
    /// # Errors
    /// If the file is no image, or the device fails.
    pub fn detect_file(&self, path: &Path, options: &NmsOptions) -> Result<Vec<Detection>, TrainError> {
        self.detect(&read_image(path)?, options)
    }
}

/// A classifier that is ready to look at images.
#[derive(Debug)]
pub struct Classifier {
    card: WeightsCard,
    model: ResNet,
    device: Device,
}

impl Classifier {
    /// Reads a weights file that a training of a classifier wrote.
    ///
    /// # Errors
    /// As [`Predictor::load`], and if it is of another family.
    pub fn load(weights: &Path, device: DeviceKind) -> Result<Self, TrainError> {
        match Predictor::load(weights, device)? {
            Predictor::Classifier(classifier) => Ok(*classifier),
            Predictor::Detector(_) => Err(other_kind(weights, "classifier")),
        }
    }

    fn new(
        card: WeightsCard,
        variant: resnet::Variant,
        path: &Path,
        content: &[u8],
        device: Device,
    ) -> Result<Self, TrainError> {
        let model = ResNet::new(variant, card.labels.len(), 0, &device);
        let loaded = load_bytes(model, content, ClassLayers::Required)
            .map_err(|error| TrainError::weights(path, error))?;
        Ok(Self { card, model: loaded.model, device })
    }

    /// What the weights file says of itself: network, labels, image size.
    pub fn card(&self) -> &WeightsCard {
        &self.card
    }

    /// Probabilities of all classes, in class order, of the middle square of an image, as in a validation.
    ///
    /// # Errors
    /// If the device fails.
    pub fn classify(&self, image: &RgbImage) -> Result<Vec<f32>, TrainError> {
        let side = self.card.imgsz;
        let canvas = middle_square(&Picture::from_image(image, Fit::Shorter, side).canvas, side);
        let mut pixels = vec![0.0; 3 * side * side];
        canvas.write_planes(&mut pixels);
        let input = Tensor::from_data(TensorData::new(pixels, [1, 3, side, side]), &self.device);
        let logits = fetch_logits(&self.model.forward(input)).map_err(TrainError::device)?;
        Ok(probabilities(&logits))
    }

    /// The same for an image file.
    ///
    /// # Errors
    /// If the file is no image, or the device fails.
    pub fn classify_file(&self, path: &Path) -> Result<Vec<f32>, TrainError> {
        self.classify(&read_image(path)?)
    }
}
