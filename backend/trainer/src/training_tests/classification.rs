//! A classifier on a few made-up pictures: it learns, says so in its own figures, and goes on bit for bit.

use shared::config::ClassificationConfig;
use shared::metrics::{ClassPredictions, InteractiveClassification};

use super::resume::check_interrupted;
use super::*;
use crate::model::resnet;

/// A bright stripe across (class 0) or down (class 1), at some place.
fn picture(folder: &Path, index: u32) -> LabelledImage<usize> {
    let class = index as usize % 2;
    let place = 6 + index * 7 % 18;
    let image = RgbImage::from_fn(40, 36, |x, y| {
        let along = if class == 0 { y } else { x };
        if along.abs_diff(place) < 4 { Rgb([230, 220, 90]) } else { Rgb([60, 70, (x * y % 50) as u8]) }
    });
    let name = format!("stripe-{index}.png");
    let path = folder.join(&name);
    image.save(&path).unwrap();
    LabelledImage { path, name, truth: class }
}

fn job(folder: &Path, epochs: u32) -> TrainJob<ResNetFamily> {
    TrainJob {
        variant: resnet::Variant::R18,
        config: ClassificationConfig {
            epochs,
            batch_size: 4,
            imgsz: 32,
            lr0: 0.02,
            workers: 2,
            device: DeviceKind::Cpu,
            ..ClassificationConfig::default()
        },
        labels: vec!["across".into(), "down".into()],
        train: (0..12).map(|index| picture(folder, index)).collect(),
        validation: (12..20).map(|index| picture(folder, index)).collect(),
        output_dir: folder.join("out"),
        initial_weights: None,
        resume: None,
        starts_over: false,
    }
}

/// Enough to tell the stripes apart.
const ENOUGH: u32 = 8;

#[test]
fn a_classifier_learns_and_leaves_usable_files() {
    let folder = tempfile::tempdir().unwrap();
    let job = job(folder.path(), ENOUGH);
    let (events, result) = run(&job);
    let outcome = result.unwrap();
    let best = outcome.best.as_ref().unwrap();
    assert!(best.top1 >= 0.875, "{best:?}");
    assert_eq!((best.top5, outcome.best_fitness), (1.0, Some(best.top1)));
    let samples = curve(&events);
    for (name, legend) in
        [("loss", "train"), ("loss", "val"), ("accuracy_top1", "metrics"), ("accuracy_top5", "metrics")]
    {
        let count = samples.iter().filter(|sample| sample.figure == name && sample.legend == legend).count();
        assert_eq!(count, ENOUGH as usize, "{name} {legend}");
    }

    let bytes = std::fs::read(job.output_dir.join("predictions-best.bin")).unwrap();
    let predictions = ClassPredictions::from_bytes(&bytes).unwrap();
    let counted = InteractiveClassification::new(&predictions).unwrap().at(0.0);
    // To the last bit: whoever reads the file and counts comes to what the charts show.
    assert_eq!(&counted.summary(), best);
    for image in &predictions.images {
        assert_eq!(image.class, job.validation[image.index as usize].truth);
        assert_eq!((image.width, image.height), (40, 36));
        assert!((image.scores.iter().sum::<f32>() - 1.0).abs() < 1e-5 && image.loss.is_finite());
    }
    let text = std::fs::read(job.output_dir.join("confusion_matrix.json")).unwrap();
    let confusion: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let last = ClassPredictions::from_bytes(
        &std::fs::read(job.output_dir.join(format!("predictions-epoch-{ENOUGH}.bin"))).unwrap(),
    );
    let last = InteractiveClassification::new(&last.unwrap()).unwrap().at(0.0);
    for (actual, predicted) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        assert_eq!(confusion["matrix"][actual][predicted], last.count(actual, predicted));
    }

    let best = job.output_dir.join("best.safetensors");
    let classifier = Classifier::load(&best, DeviceKind::Cpu).unwrap();
    assert_eq!((&classifier.card().labels, classifier.card().network.name()), (&job.labels, "resnet18"));
    // A picture alone is seen as in the validation.
    let first = predictions.images.iter().find(|image| image.index == 0).unwrap();
    let alone = classifier.classify_file(&job.validation[0].path).unwrap();
    for (alone, seen) in alone.iter().zip(&first.scores) {
        assert!((alone - seen).abs() < 1e-4, "{alone} against {seen}");
    }
    let error = Detector::load(&best, DeviceKind::Cpu).unwrap_err();
    assert!(error.to_string().contains("holds no detector"), "{error}");
}

#[test]
fn a_classifier_that_is_stopped_anywhere_goes_on_bit_for_bit() {
    use Phase::{Training, Validating};
    let folder = tempfile::tempdir().unwrap();
    check_interrupted(
        &job(folder.path(), 4),
        folder.path(),
        // One case: a ResNet is large, and what a loop does at other places is the same for all families.
        &[(
            &[(1, Training, 1), (2, Validating, 1), (4, Training, 2)],
            "epoch 4 of 4, step 3 of 3; 11 steps are done",
        )],
    );
}

#[test]
fn weights_of_other_classes_are_taken_but_for_the_last_layer() {
    let folder = tempfile::tempdir().unwrap();
    let first = job(folder.path(), 1);
    run(&first).1.unwrap();
    let mut second = job(folder.path(), 1);
    second.initial_weights = Some(first.output_dir.join("last.safetensors"));
    second.labels.push("neither".into());
    second.output_dir = folder.path().join("again");
    let (events, result) = run(&second);
    result.unwrap();
    let text = events.iter().find_map(|event| match event {
        TrainEvent::Log { text, .. } if text.starts_with("weights of") => Some(text),
        _ => None,
    });
    let text = text.unwrap();
    assert!(text.contains("2 layers made anew") && text.ends_with("fc.bias, fc.weight"), "{text}");
}

#[test]
fn a_class_beyond_the_labels_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(folder.path(), 1);
    job.validation[1].truth = 2;
    let error = run(&job).1.unwrap_err();
    assert_eq!(error.kind(), TrainErrorKind::Data);
    assert!(error.to_string().contains("stripe-13.png has the class 2, but there are 2 labels"), "{error}");
}
