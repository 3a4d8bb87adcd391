//! The published names, the reference network, and files that do not fit.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;

use crate::card::WeightsCard;
use crate::decode::{center_size_from_corners, decode};
use crate::model::yolov8::{Variant, YoloV8};

use super::*;

/// The folder of reference numbers beside the project, or None (said aloud) where it is absent.
fn reference() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference/yolov8");
    if folder.is_dir() {
        return Some(folder);
    }
    // Not `println!`: the test harness would swallow what a passing test prints.
    let _ = writeln!(std::io::stderr(), "skipped: no reference numbers at {}", folder.display());
    None
}

fn small(classes: usize, seed: u64) -> YoloV8 {
    YoloV8::new(Variant::N, classes, seed, &Device::flex())
}

#[test]
fn decoded_evaluation_agrees_with_the_reference() {
    let Some(folder) = reference() else { return };
    let model = load(small(3, 0), &folder.join("weights.safetensors"), ClassLayers::Required).unwrap().model;
    let bytes = std::fs::read(folder.join("tensors.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let read = |name: &str| -> Vec<f32> {
        let view = file.tensor(name).unwrap();
        view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    let input = Tensor::<4>::from_data(TensorData::new(read("input"), [2, 3, 160, 160]), &Device::flex());
    let decoded = decode(model.forward(input), &model.anchors(160, 160));
    let boxes = center_size_from_corners(decoded.boxes);
    let both = Tensor::cat(vec![boxes, decoded.scores], 2).swap_dims(1, 2);
    let ours: Vec<f32> = both.into_data().try_to_vec().unwrap();
    let theirs = read("decoded_eval");
    assert_eq!(ours.len(), theirs.len());
    for (index, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        let allowed = 1e-4 * theirs.abs().max(1e-2);
        assert!((ours - theirs).abs() <= allowed, "at {index}: {ours} against {theirs}");
    }
}

#[test]
fn a_saved_model_has_the_reference_names_and_shapes() {
    let Some(folder) = reference() else { return };
    let bytes = std::fs::read(folder.join("weights.safetensors")).unwrap();
    let theirs = SafeTensors::deserialize(&bytes).unwrap();
    let ours = to_bytes(&small(3, 0), HashMap::new()).unwrap();
    let ours = SafeTensors::deserialize(&ours).unwrap();
    let shapes = |file: &SafeTensors<'_>| -> BTreeMap<String, Vec<usize>> {
        file.tensors().into_iter().map(|(name, view)| (name, view.shape().to_vec())).collect()
    };
    assert_eq!(shapes(&ours), shapes(&theirs));
}

#[test]
fn weights_round_trip_through_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let model = small(2, 1);
    save(&model, &path, HashMap::from([("nc".to_owned(), "2".to_owned())])).unwrap();
    let loaded = load(small(2, 9), &path, ClassLayers::Required).unwrap();
    assert!(loaded.kept.is_empty());
    let [before, after] = [&model, &loaded.model].map(|model| to_bytes(model, HashMap::new()).unwrap());
    assert_eq!(before, after);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn metadata_is_readable_and_the_bytes_repeat() {
    let pairs = || [("nc", "2"), ("arch", "yolov8n"), ("b", "\"1\""), ("a", "0")];
    let write = || {
        let pairs: HashMap<_, _> = pairs().map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        to_bytes(&small(2, 1), pairs).unwrap()
    };
    let bytes = write();
    assert!((0..4).all(|_| write() == bytes));
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = metadata.metadata().clone().unwrap();
    assert!(pairs().iter().all(|(key, value)| metadata[*key] == *value) && metadata.len() == 4);
    load_bytes(small(2, 3), &bytes, ClassLayers::Required).unwrap();
}

#[test]
fn another_number_of_classes_is_refused_unless_asked_for() {
    let bytes = to_bytes(&small(2, 1), HashMap::new()).unwrap();
    let Err(WeightsError::Mismatch(mismatch)) = load_bytes(small(5, 2), &bytes, ClassLayers::Required) else {
        panic!("a mismatch was expected");
    };
    assert_eq!(mismatch.misshaped.len(), 6);
    assert!(mismatch.missing.is_empty() && mismatch.unexpected.is_empty());
    let loaded = load_bytes(small(5, 2), &bytes, ClassLayers::KeepOnMismatch).unwrap();
    assert_eq!(loaded.kept.len(), 6);
    assert!(loaded.kept.iter().all(|name| name.starts_with("model.22.cv3.")));
}

#[test]
fn outputs_of_other_labels_are_made_anew_even_where_their_shapes_fit() {
    let labels = |names: &[&str]| -> Vec<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    let source = small(2, 1);
    let card = WeightsCard { network: Variant::N.into(), labels: labels(&["cat", "dog"]), imgsz: 64 };
    let described = to_bytes(&source, card.metadata()).unwrap();
    let bare = to_bytes(&source, HashMap::new()).unwrap();
    let values = |model: &YoloV8| {
        let mut values = BTreeMap::new();
        visit_named(model, |tensor| {
            values.insert(tensor.name.clone(), (tensor.fetch)().unwrap());
        });
        values
    };
    let (of_file, own) = (values(&source), values(&small(2, 9)));
    for (content, wanted, is_anew) in [
        (&described, &["cat", "dog"][..], false),
        (&described, &["dog", "cat"], true),
        (&described, &["cat", "cow"], true),
        (&bare, &["dog", "cat"], false),
    ] {
        let wanted = labels(wanted);
        let loaded = load_bytes(small(2, 9), content, ClassLayers::OfLabels(&wanted)).unwrap();
        assert_eq!(loaded.kept.len(), if is_anew { 6 } else { 0 }, "{wanted:?}");
        assert_eq!(loaded.other_labels, is_anew.then(|| card.labels.clone()), "{wanted:?}");
        for (name, found) in values(&loaded.model) {
            let is_own = is_anew && name.starts_with("model.22.cv3.") && name.split('.').nth(4) == Some("2");
            assert_eq!(loaded.kept.contains(&name), is_own, "{name}");
            assert_eq!(found, if is_own { &own } else { &of_file }[&name], "{name}");
        }
    }
    let more = labels(&["dog", "cat", "cow"]);
    let loaded = load_bytes(small(3, 9), &described, ClassLayers::OfLabels(&more)).unwrap();
    assert_eq!((loaded.kept.len(), loaded.other_labels), (6, Some(card.labels)));
}

#[test]
fn another_variant_and_broken_bytes_are_refused() {
    let bytes = to_bytes(&small(2, 1), HashMap::new()).unwrap();
    let larger = YoloV8::new(Variant::M, 2, 0, &Device::flex());
    let error = load_bytes(larger, &bytes, ClassLayers::KeepOnMismatch).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    assert!(matches!(
        load_bytes(small(2, 0), &bytes[..99], ClassLayers::Required),
        Err(WeightsError::Format(_))
    ));
    let absent = load(small(2, 0), &PathBuf::from("/nonexistent/w.safetensors"), ClassLayers::Required);
    assert!(matches!(absent, Err(WeightsError::Read { .. })));
}
