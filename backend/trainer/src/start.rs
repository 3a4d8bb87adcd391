//! Whether a file of weights can be the start of a training, told before anything is trained.
//!
//! Knows names and shapes of weights; must not know where files are stored.

use std::path::Path;

use burn::tensor::Device;

use crate::card::WeightsCard;
use crate::model::yolov8::{Variant, YoloV8};
use crate::weights::{ClassLayers, WeightsError, check_bytes};

/// Refuses what a training of this variant could not start from. Layers that depend on the classes may be of any shape,
/// because a training makes them anew where they do not fit.
///
/// # Errors
/// What is wrong with the file, in words.
pub fn check_start_weights(variant: Variant, classes: usize, content: &[u8]) -> Result<(), WeightsError> {
    // Files of the wider ecosystem have no card; theirs is known by its shapes.
    if let Ok(card) = WeightsCard::read(Path::new("weights"), content)
        && card.variant != variant
    {
        return Err(WeightsError::OtherVariant {
            found: card.variant.name().to_owned(),
            wanted: variant.name().to_owned(),
        });
    }
    let model = YoloV8::new(variant, classes, 0, &Device::flex());
    check_bytes(&model, content, ClassLayers::KeepOnMismatch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::to_bytes;

    #[test]
    fn weights_of_the_same_variant_fit_whatever_their_classes_and_others_are_named() {
        let device = Device::flex();
        let card = WeightsCard { variant: Variant::N, labels: vec!["a".into(), "b".into()], imgsz: 64 };
        let model = YoloV8::new(Variant::N, 2, 1, &device);
        let content = to_bytes(&model, card.metadata()).unwrap();
        check_start_weights(Variant::N, 2, &content).unwrap();
        check_start_weights(Variant::N, 5, &content).unwrap();
        let error = check_start_weights(Variant::S, 2, &content).unwrap_err();
        assert!(error.to_string().contains("of yolov8n, and the version is of yolov8s"), "{error}");
        let bare = to_bytes(&model, std::collections::HashMap::new()).unwrap();
        check_start_weights(Variant::N, 2, &bare).unwrap();
        let error = check_start_weights(Variant::S, 2, &bare).unwrap_err();
        assert!(error.to_string().contains("of another shape"), "{error}");
        let error = check_start_weights(Variant::N, 2, b"no weights").unwrap_err();
        assert!(error.to_string().contains("not a safetensors file"), "{error}");
        let error = check_start_weights(Variant::N, 2, &bare[..bare.len() - 1]).unwrap_err();
        assert!(error.to_string().contains("not a safetensors file"), "{error}");
    }
}
