//! Whether a file of weights can be the start of a training, and how much of it is used, told before anything is trained.
//!
//! Knows names and shapes of weights; must not know where files are stored.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use burn::tensor::Device;
use serde_json::{Map, Value};

use crate::card::WeightsCard;
use crate::model::resnet::ResNet;
use crate::model::yolov8::YoloV8;
use crate::model::{Network, is_class_output};
use crate::weights::{ClassLayers, WeightsError, check_bytes};

/// Refuses what a training of this network could not start from. Layers that depend on the classes may be of any shape,
/// because a training makes them anew where they do not fit.
///
/// # Errors
/// What is wrong with the file, in words.
pub fn check_start_weights(network: Network, classes: usize, content: &[u8]) -> Result<(), WeightsError> {
    // Files of the wider ecosystem have no card; theirs is known by its shapes.
    if let Ok(card) = WeightsCard::read(Path::new("weights"), content)
        && card.network != network
    {
        return Err(WeightsError::OtherVariant {
            found: card.network.name().to_owned(),
            wanted: network.name().to_owned(),
        });
    }
    let device = Device::flex();
    let layers = ClassLayers::KeepOnMismatch;
    match network {
        Network::YoloV8(variant) => check_bytes(&YoloV8::new(variant, classes, 0, &device), content, layers),
        Network::ResNet(variant) => check_bytes(&ResNet::new(variant, classes, 0, &device), content, layers),
    }
}

/// The longest header that the format allows.
const MOST_HEADER_BYTES: u64 = 100_000_000;

/// What a file of weights learnt in place of the labels that are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherHead {
    /// These, in class order.
    Labels(Vec<String>),
    /// So many classes, of which no names are known.
    Classes(u64),
}

/// What a file learnt, if that is something else than `labels`, so that a training makes its outputs anew. It is the rule
/// of [`ClassLayers::OfLabels`](crate::weights::ClassLayers::OfLabels), from the header alone.
///
/// # Errors
/// If the file cannot be read or has no header.
pub fn other_head(path: &Path, labels: &[String]) -> io::Result<Option<OtherHead>> {
    let header = read_header(path)?;
    let text = header.get("__metadata__").and_then(|facts| facts.get("labels")).and_then(Value::as_str);
    let learnt: Option<Vec<String>> = text.and_then(|text| serde_json::from_str(text).ok());
    if let Some(learnt) = learnt {
        return Ok((learnt != labels).then_some(OtherHead::Labels(learnt)));
    }
    let outputs = header.iter().find(|(name, _)| is_class_output(name));
    let classes = outputs.and_then(|(_, tensor)| tensor.get("shape")?.get(0)?.as_u64());
    Ok(classes.filter(|classes| *classes != labels.len() as u64).map(OtherHead::Classes))
}

/// The header of a safetensors file: eight bytes of length, then JSON.
fn read_header(path: &Path) -> io::Result<Map<String, Value>> {
    let mut file = File::open(path)?;
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > MOST_HEADER_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the header is longer than its format allows",
        ));
    }
    let mut header = Vec::new();
    file.take(length).read_to_end(&mut header)?;
    if header.len() as u64 != length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the header is shorter than it says"));
    }
    Ok(serde_json::from_slice(&header)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{resnet, yolov8::Variant};
    use crate::weights::to_bytes;

    #[test]
    fn a_head_is_other_where_loading_would_make_it_anew() {
        let labels =
            |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        let card = WeightsCard { network: Variant::N.into(), labels: labels(&["a", "b"]), imgsz: 64 };
        let model = YoloV8::new(Variant::N, 2, 1, &Device::flex());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let named = || Some(OtherHead::Labels(labels(&["a", "b"])));
        for (metadata, wanted, expected) in [
            (card.metadata(), &["a", "b"][..], None),
            (card.metadata(), &["b", "a"], named()),
            (card.metadata(), &["a"], named()),
            (std::collections::HashMap::new(), &["b", "a"], None),
            (std::collections::HashMap::new(), &["a"], Some(OtherHead::Classes(2))),
        ] {
            std::fs::write(&path, to_bytes(&model, metadata).unwrap()).unwrap();
            assert_eq!(other_head(&path, &labels(wanted)).unwrap(), expected, "{wanted:?}");
        }
        for content in [&b"no"[..], b"\xff\xff\xff\xff\xff\xff\xff\xff{}", b"\x09\0\0\0\0\0\0\0{}"] {
            std::fs::write(&path, content).unwrap();
            assert!(other_head(&path, &[]).is_err(), "{content:?}");
        }
    }

    #[test]
    fn weights_of_the_same_variant_fit_whatever_their_classes_and_others_are_named() {
        let device = Device::flex();
        let card =
            WeightsCard { network: Variant::N.into(), labels: vec!["a".into(), "b".into()], imgsz: 64 };
        let model = YoloV8::new(Variant::N, 2, 1, &device);
        let content = to_bytes(&model, card.metadata()).unwrap();
        check_start_weights(Variant::N.into(), 2, &content).unwrap();
        check_start_weights(Variant::N.into(), 5, &content).unwrap();
        let error = check_start_weights(Variant::S.into(), 2, &content).unwrap_err();
        assert!(error.to_string().contains("of yolov8n, and the version is of yolov8s"), "{error}");
        let bare = to_bytes(&model, std::collections::HashMap::new()).unwrap();
        check_start_weights(Variant::N.into(), 2, &bare).unwrap();
        let error = check_start_weights(Variant::S.into(), 2, &bare).unwrap_err();
        assert!(error.to_string().contains("of another shape"), "{error}");
        let error = check_start_weights(Variant::N.into(), 2, b"no weights").unwrap_err();
        assert!(error.to_string().contains("not a safetensors file"), "{error}");
        let error = check_start_weights(Variant::N.into(), 2, &bare[..bare.len() - 1]).unwrap_err();
        assert!(error.to_string().contains("not a safetensors file"), "{error}");
        let small: Network = resnet::Variant::R18.into();
        let error = check_start_weights(small, 2, &content).unwrap_err();
        assert!(error.to_string().contains("of yolov8n, and the version is of resnet18"), "{error}");
        let classifier = ResNet::new(resnet::Variant::R18, 7, 1, &device);
        let bare = to_bytes(&classifier, std::collections::HashMap::new()).unwrap();
        check_start_weights(small, 2, &bare).unwrap();
        assert!(check_start_weights(resnet::Variant::R34.into(), 2, &bare).is_err());
    }
}
