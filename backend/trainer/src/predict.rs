//! A trained detector, from its weights file alone.
//!
//! Must not know training.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;
use shared::config::DeviceKind;
use shared::metrics::Detection;

use crate::assign::Grid;
use crate::augment::{Placement, letterbox};
use crate::card::WeightsCard;
use crate::data::{Picture, read_image};
use crate::detections::detections;
use crate::error::TrainError;
use crate::evaluate::region;
use crate::loss::Logits;
use crate::model::yolov8::YoloV8;
use crate::nms::NmsOptions;
use crate::train_loop::open_device;
use crate::weights::{ClassLayers, load_bytes};

/// A detector that is ready to look at images.
#[derive(Debug)]
pub struct Detector {
    card: WeightsCard,
    model: YoloV8,
    device: Device,
}

impl Detector {
    /// Reads a weights file that a training wrote.
    ///
    /// # Errors
    /// If the file cannot be read or used, or the device is absent.
    pub fn load(weights: &Path, device: DeviceKind) -> Result<Self, TrainError> {
        let device = open_device(device)?.device;
        let content =
            std::fs::read(weights).map_err(|error| TrainError::io("read the weights", weights, error))?;
        let card = WeightsCard::read(weights, &content)?;
        let model = YoloV8::new(card.variant, card.labels.len(), 0, &device);
        let loaded = load_bytes(model, &content, ClassLayers::Required)
            .map_err(|error| TrainError::weights(weights, error))?;
        Ok(Self { card, model: loaded.model, device })
    }

    /// What the weights file says of itself: variant, labels, image size.
    pub fn card(&self) -> &WeightsCard {
        &self.card
    }

    /// What is on an image, strongest first, in its own pixels.
    ///
    /// # Errors
    /// If the device fails.
    pub fn detect(&self, image: &RgbImage, options: &NmsOptions) -> Result<Vec<Detection>, TrainError> {
        let picture = Picture::from_image(image, self.card.imgsz);
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
