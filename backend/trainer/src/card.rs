//! What a weights file says of itself, so that the file alone is enough to predict with.
//!
//! Stored as texts in the safetensors header. Knows no tensors.

use std::collections::HashMap;
use std::path::Path;

use safetensors::SafeTensors;

use crate::error::{TrainError, TrainErrorKind};
use crate::model::Network;

/// Raised when the meaning of the header changes.
const FORMAT: &str = "1";

/// The facts that turn weights into something that predicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightsCard {
    /// Family and size of the network.
    pub network: Network,
    /// Class names in class order.
    pub labels: Vec<String>,
    /// Side in pixels of the images it was trained on.
    pub imgsz: usize,
}

impl WeightsCard {
    /// The header's texts.
    pub fn metadata(&self) -> HashMap<String, String> {
        let labels = serde_json::Value::from(self.labels.clone()).to_string();
        HashMap::from(
            [
                ("format", FORMAT.to_owned()),
                ("architecture", self.network.family().to_owned()),
                ("variant", self.network.name().to_owned()),
                ("labels", labels),
                ("imgsz", self.imgsz.to_string()),
                ("stride", "32".to_owned()),
            ]
            .map(|(key, value)| (key.to_owned(), value)),
        )
    }

    /// Reads the header of a weights file.
    ///
    /// # Errors
    /// If the bytes are no safetensors file, or its header lacks a fact.
    pub fn read(path: &Path, content: &[u8]) -> Result<Self, TrainError> {
        let wrong = |why: &str| {
            let what = format!("{} cannot be used to predict: {why}", path.display());
            TrainError::new(
                TrainErrorKind::Weights,
                what,
                "use best.safetensors or last.safetensors of a training",
            )
        };
        let (_, header) = SafeTensors::read_metadata(content)
            .map_err(|error| wrong("it is not a safetensors file").because(error))?;
        let metadata = header.metadata().as_ref().ok_or_else(|| wrong("its header has no facts"))?;
        let fact = |key: &str| {
            metadata.get(key).map(String::as_str).ok_or_else(|| wrong(&format!("its header lacks `{key}`")))
        };
        let network =
            fact("variant")?.parse().map_err(|error| wrong("its variant is unknown").because(error))?;
        let labels = serde_json::from_str(fact("labels")?)
            .map_err(|error| wrong("its labels are no list").because(error))?;
        let imgsz = fact("imgsz")?.parse().map_err(|error| wrong("its imgsz is no number").because(error))?;
        Ok(Self { network, labels, imgsz })
    }
}

/// The labels that a file of weights says it learnt, in class order. Files of the wider ecosystem say none.
pub(crate) fn labels_of(content: &[u8]) -> Option<Vec<String>> {
    let (_, header) = SafeTensors::read_metadata(content).ok()?;
    serde_json::from_str(header.metadata().as_ref()?.get("labels")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_survive_the_header_and_gaps_are_named() {
        for network in ["yolov8s", "resnet18"].map(|name| name.parse().unwrap()) {
            check(&WeightsCard { network, labels: vec!["a \"b\"".into(), "ü".into()], imgsz: 96 });
        }
    }

    fn check(card: &WeightsCard) {
        let tensors: Vec<(String, safetensors::tensor::TensorView<'_>)> = Vec::new();
        let file = |metadata| safetensors::serialize(tensors.clone(), Some(metadata)).unwrap();
        let path = Path::new("w.safetensors");
        assert_eq!(WeightsCard::read(path, &file(card.metadata())).unwrap(), *card);
        assert_eq!(labels_of(&file(card.metadata())), Some(card.labels.clone()));
        let mut lacking = card.metadata();
        lacking.remove("labels");
        let error = WeightsCard::read(path, &file(lacking.clone())).unwrap_err();
        assert!(error.to_string().contains("labels"), "{error}");
        assert_eq!((labels_of(&file(lacking)), labels_of(b"?")), (None, None));
        assert!(WeightsCard::read(path, b"?").is_err());
    }
}
