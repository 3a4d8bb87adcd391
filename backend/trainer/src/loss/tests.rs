//! The whole loss: finite differences, the reference network, and batches at the edges.

use std::io::Write as _;
use std::path::PathBuf;

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;

use crate::model::yolov8::{Variant, YoloV8};
use crate::parameters::ParameterTable;
use crate::weights::{ClassLayers, load};

use crate::family::Losses;

use super::*;

const GAINS: Gains = Gains { box_gain: 7.5, cls_gain: 0.5, dfl_gain: 1.5 };

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

fn floats(file: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let view = file.tensor(name).unwrap();
    view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn reference_targets(file: &SafeTensors<'_>, size: f32) -> Vec<Vec<Target>> {
    let images = floats(file, "targets_batch_index");
    let classes = floats(file, "targets_class");
    let boxes = floats(file, "targets_xywh_normalized");
    let mut targets = vec![Vec::new(); 2];
    for (index, b) in boxes.as_chunks::<4>().0.iter().enumerate() {
        let [x, y, w, h] = b.map(|value| value * size);
        let corners = [x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0];
        targets[images[index] as usize].push(Target { class: classes[index] as usize, corners });
    }
    targets
}

#[test]
fn losses_and_gradient_norms_agree_with_the_reference() {
    let Some(folder) = reference() else { return };
    let device = Device::flex().autodiff();
    let model = YoloV8::new(Variant::N, 3, 0, &device);
    let mut model = load(model, &folder.join("weights.safetensors"), ClassLayers::Required).unwrap().model;
    let bytes = std::fs::read(folder.join("tensors.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();

    let input = Tensor::<4>::from_data(TensorData::new(floats(&file, "input"), [2, 3, 160, 160]), &device);
    let output = model.forward_train(input);
    let loss = DetectionLoss::new(GAINS, 160, 160);
    let logits = Logits::fetch(&output).unwrap();
    let targets = reference_targets(&file, 160.0);
    let (items, gradients) = loss.items_and_gradients(&logits, &targets);
    let (again, each) = loss.items_and_each(&logits, &targets);
    assert_eq!(items, again);
    assert_eq!(each.len(), logits.images);

    let wanted = &expected["loss_items"];
    for (ours, name) in
        [(items.box_loss, "box_loss"), (items.cls_loss, "cls_loss"), (items.dfl_loss, "dfl_loss")]
    {
        let theirs = wanted[name].as_f64().unwrap();
        assert!((ours - theirs).abs() <= 1e-4 * theirs, "{name}: {ours} against {theirs}");
    }
    let total = expected["loss_total_times_batch"].as_f64().unwrap();
    assert!((items.total() * 2.0 - total).abs() <= 1e-4 * total);

    let mut table = ParameterTable::new(&model).unwrap();
    table.take_gradients(&model, &mut gradients.attach(&output).backward()).unwrap();
    let norms = expected["gradient_l2_norm"].as_object().unwrap();
    let mut compared = 0;
    for (name, norm) in table.gradient_norms() {
        let theirs = norms[&name].as_f64().unwrap();
        assert!((norm - theirs).abs() <= 1e-3 * theirs.max(1e-6), "{name}: {norm} against {theirs}");
        compared += 1;
    }
    assert_eq!(compared, norms.len());
}

/// Two images, three classes; logits that differ everywhere.
fn example() -> (DetectionLoss, Logits, Vec<Vec<Target>>) {
    let loss = DetectionLoss::new(GAINS, 64, 64);
    let anchors = loss.grid.count();
    let wave = |count: usize, step: usize| -> Vec<f32> {
        (0..count).map(|i| ((i * step) % 101) as f32 / 50.0 - 1.0).collect()
    };
    let boxes = wave(2 * 64 * anchors, 37);
    let classes = wave(2 * 3 * anchors, 53);
    let logits = Logits { boxes, classes, images: 2, anchors, class_count: 3 };
    let first = vec![
        Target { class: 1, corners: [3.0, 5.0, 41.0, 50.0] },
        Target { class: 2, corners: [20.0, 20.0, 60.0, 62.0] },
    ];
    (loss, logits, vec![first, vec![Target { class: 0, corners: [30.0, 2.0, 62.0, 30.0] }]])
}

/// The losses with the assignment held, which is how their gradients are defined.
fn held_total(loss: &DetectionLoss, logits: &Logits, targets: &[Vec<Target>], held: &[Vec<Assigned>]) -> f64 {
    let mut ignored = (vec![0.0; logits.box_row()], vec![0.0; logits.class_row()]);
    let sums: Vec<LossItems> = (0..logits.images)
        .map(|image| {
            let scene = Scene { logits, image, targets: &targets[image], assigned: &held[image], scale: 0.0 };
            loss.sums(&scene, &mut ignored.0, &mut ignored.1)
        })
        .collect();
    loss.finish(&sums, 1.0 / score_sum(held)).total() * logits.images as f64
}

#[test]
fn gradients_equal_finite_differences() {
    let (loss, logits, targets) = example();
    let held = loss.assign(&logits, &targets);
    assert!(held.iter().all(|image| !image.is_empty()));
    let (_, gradients) = loss.items_and_gradients(&logits, &targets);
    let step = 1e-2_f32;
    // Relative to the slope itself, or to a hundredth of the steepest where it is flatter than that.
    let steepest = gradients.boxes.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let smallest = f64::from(steepest) / 100.0;
    let check = |name: &str, at: usize, exact: f32, shift: &dyn Fn(f32) -> Logits| {
        let total = |by: f32| held_total(&loss, &shift(by), &targets, &held);
        // Fourth order, so that a step large enough for single precision is still exact enough.
        let slope = (8.0 * (total(step) - total(-step)) - (total(2.0 * step) - total(-2.0 * step)))
            / (12.0 * f64::from(step));
        let error = (slope - f64::from(exact)).abs() / slope.abs().max(smallest);
        assert!(error < 1e-3, "{name} {at}: {slope} against {exact}");
    };
    for at in (0..logits.classes.len()).step_by(17) {
        check("class", at, gradients.classes[at], &|by| {
            let mut moved = logits.clone();
            moved.classes[at] += by;
            moved
        });
    }
    let mut checked = 0;
    for at in (0..logits.boxes.len()).filter(|&at| gradients.boxes[at] != 0.0).step_by(7) {
        // The aspect weight of complete IoU counts as a constant, which finite differences do not know:
        // its own test covers it, so cells where it matters are told apart by their overlap slope here.
        let anchor = at % logits.anchors;
        if aspect_matters(&loss, &logits, &targets, &held, at / (64 * logits.anchors), anchor) {
            continue;
        }
        checked += 1;
        check("box", at, gradients.boxes[at], &|by| {
            let mut moved = logits.clone();
            moved.boxes[at] += by;
            moved
        });
    }
    assert!(checked > 20, "{checked}");
}

fn aspect_matters(
    loss: &DetectionLoss,
    logits: &Logits,
    targets: &[Vec<Target>],
    held: &[Vec<Assigned>],
    image: usize,
    anchor: usize,
) -> bool {
    let answer = held[image].iter().find(|answer| answer.anchor == anchor).unwrap();
    let [x1, y1, x2, y2] = loss.corners(&sides(logits, image, anchor), anchor);
    let [a1, b1, a2, b2] = targets[image][answer.target].corners.map(f64::from);
    let angle = ((x2 - x1) / (y2 - y1)).atan() - ((a2 - a1) / (b2 - b1)).atan();
    angle.abs() > 0.03
}

#[test]
fn images_without_objects_only_teach_silence() {
    let (loss, logits, _) = example();
    let (items, gradients) = loss.items_and_gradients(&logits, &[vec![], vec![]]);
    assert_eq!((items.box_loss, items.dfl_loss), (0.0, 0.0));
    assert!(items.cls_loss > 0.0);
    assert!(gradients.boxes.iter().all(|value| *value == 0.0));
    assert!(gradients.classes.iter().all(|value| *value > 0.0));
}

#[test]
fn broken_logits_give_a_broken_loss_and_no_panic() {
    let (loss, mut logits, targets) = example();
    logits.classes.fill(f32::NAN);
    logits.boxes.fill(f32::NAN);
    assert!(!loss.items_and_each(&logits, &targets).0.is_finite());
}
