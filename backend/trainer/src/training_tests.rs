//! Whole trainings on a few small scenes: what is reported, written, repeated and refused; and what is interrupted.

mod classification;
mod resume;

use std::path::Path;

use image::{Rgb, RgbImage};
use shared::config::{DetectionConfig, DeviceKind, Optimizer};
use shared::metric::MetricSample;
use shared::metrics::{DetectionEvaluator, Predictions};

use crate::*;

type DetectionJob = TrainJob<YoloV8Family>;

/// Bright squares (class 0) and dark, wide boxes (class 1) on a pattern.
fn scene(folder: &Path, index: u32) -> LabelledImage<Vec<LabelledBox>> {
    let mut image =
        RgbImage::from_fn(64, 48, |x, y| Rgb([100 + (x * y % 20) as u8, 110, 120 + (x % 9) as u8]));
    let (x, y) = (3 + index * 7 % 25, 2 + index * 5 % 20);
    let boxes = [(0, x, y, 16, 16, [240, 230, 60]), (1, x + 14, y + 18, 22, 8, [20, 30, 90])];
    let mut labelled = Vec::new();
    for (class, left, top, width, height, colour) in boxes {
        for dx in 0..width {
            for dy in 0..height {
                image.put_pixel((left + dx).min(63), (top + dy).min(47), Rgb(colour));
            }
        }
        let [x1, y1] = [left, top].map(|value| value as f32);
        let x2 = (left + width).min(64) as f32;
        let y2 = (top + height).min(48) as f32;
        labelled.push(LabelledBox { class, x1, y1, x2, y2 });
    }
    let name = format!("scene-{index}.png");
    let path = folder.join(&name);
    image.save(&path).unwrap();
    LabelledImage { path, name, truth: labelled }
}

fn job(folder: &Path, epochs: u32) -> DetectionJob {
    let images: Vec<LabelledImage<_>> = (0..10).map(|index| scene(folder, index)).collect();
    TrainJob {
        variant: Variant::N,
        config: DetectionConfig {
            epochs,
            batch_size: 4,
            imgsz: 64,
            warmup_epochs: 1.0,
            close_mosaic: 1,
            workers: 2,
            device: DeviceKind::Cpu,
            ..DetectionConfig::default()
        },
        labels: vec!["square".into(), "bar".into()],
        train: images[..6].to_vec(),
        validation: images[6..].to_vec(),
        output_dir: folder.join("out"),
        initial_weights: None,
        resume: None,
        starts_over: false,
    }
}

fn run<F: Family>(job: &TrainJob<F>) -> (Vec<TrainEvent>, Result<Outcome<F>, TrainError>) {
    let mut events = Vec::new();
    let result = train(job, &mut events, &StopFlag::default());
    (events, result)
}

/// Everything that must repeat: not speed and memory.
fn curve(events: &[TrainEvent]) -> Vec<MetricSample> {
    let samples = events.iter().filter_map(|event| match event {
        TrainEvent::Sample(sample) if sample.legend != "system" => Some(sample.clone()),
        _ => None,
    });
    samples.collect()
}

/// Enough for the losses to fall plainly.
const EPOCHS: u32 = 16;

#[test]
fn a_training_reports_its_curves_and_leaves_usable_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(folder.path(), EPOCHS);
    job.config.save_period = 2;
    job.train = (0..24).map(|index| scene(folder.path(), index)).collect();
    job.config.batch_size = 8;
    let (events, result) = run(&job);
    let outcome = result.unwrap();
    assert_eq!((outcome.stopped, outcome.epochs_done), (false, EPOCHS));
    assert!(outcome.best_epoch.is_some() && outcome.last.is_some());

    let samples = curve(&events);
    let figure = |figure: &str, legend: &str| -> Vec<f64> {
        let is_asked = |sample: &&MetricSample| sample.figure == figure && sample.legend == legend;
        samples.iter().filter(is_asked).map(|sample| sample.y).collect()
    };
    for (name, legend) in
        [("box_loss", "train"), ("cls_loss", "val"), ("dfl_loss", "val"), ("mAP50(B)", "metrics")]
    {
        assert_eq!(figure(name, legend).len(), EPOCHS as usize, "{name} {legend}");
    }
    // The losses rise first, from a network that finds nothing and so has no boxes to judge.
    let losses = figure("box_loss", "train");
    let highest = losses.iter().copied().fold(0.0, f64::max);
    assert!(losses[EPOCHS as usize - 1] < 0.85 * highest, "{losses:?}");
    let precision = figure("mAP50(B)", "metrics");
    assert!(precision.iter().any(|value| *value > 0.05), "{precision:?}");

    for file in [
        "best.safetensors",
        "last.safetensors",
        "checkpoint.safetensors",
        "checkpoint-epoch-2.safetensors",
        "results.json",
        "confusion_matrix.json",
    ] {
        assert!(job.output_dir.join(file).is_file(), "{file}");
    }
    let text = std::fs::read(job.output_dir.join("results.json")).unwrap();
    let results: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(results["epochs"].as_array().unwrap().len(), EPOCHS as usize);

    the_kept_predictions_have_the_figures_of_the_validation(&job, &outcome, &events);

    let detector = Detector::load(&job.output_dir.join("last.safetensors"), DeviceKind::Cpu).unwrap();
    assert_eq!(detector.card().labels, job.labels);
    let every = NmsOptions { confidence_threshold: 0.0, ..NmsOptions::VALIDATION };
    let found = detector.detect_file(&job.train[0].path, &every).unwrap();
    assert!(!found.is_empty());
    assert!(found.iter().all(|found| found.region.x2 <= 64.0 && found.region.y2 <= 48.0));
}

/// To the last bit: whoever reads the file and counts comes to what the charts show.
fn the_kept_predictions_have_the_figures_of_the_validation(
    job: &DetectionJob,
    outcome: &Outcome<YoloV8Family>,
    events: &[TrainEvent],
) {
    for (file, summary) in
        [("predictions-best.bin", &outcome.best), (&format!("predictions-epoch-{EPOCHS}.bin"), &outcome.last)]
    {
        let bytes = std::fs::read(job.output_dir.join(file)).unwrap();
        let predictions = Predictions::from_bytes(&bytes).unwrap();
        let mut evaluator = DetectionEvaluator::new(predictions.class_count);
        for image in &predictions.images {
            evaluator.add_image(&image.targets, &image.detections).unwrap();
            let labelled = &job.validation[image.index as usize];
            assert_eq!(image.targets.len(), labelled.truth.len());
            assert_eq!((image.width, image.height), (64, 48));
            assert!(image.loss.is_finite());
        }
        assert_eq!(predictions.images.len(), job.validation.len());
        assert_eq!(Some(evaluator.summary()), *summary, "{file}");
    }
    let kept: Vec<u32> = events
        .iter()
        .filter_map(|event| match event {
            TrainEvent::Artifact { kind: ArtifactKind::Predictions, epoch, name, .. } => {
                epoch.filter(|_| name.contains("epoch"))
            }
            _ => None,
        })
        .collect();
    assert_eq!(kept, (1..=EPOCHS).collect::<Vec<_>>());
}

#[test]
fn the_same_seed_gives_the_same_curve() {
    let folder = tempfile::tempdir().unwrap();
    let whole = job(folder.path(), 2);
    let expected = curve(&run(&whole).0);
    let config = DetectionConfig { workers: 1, ..whole.config };
    let again = TrainJob { config, output_dir: folder.path().join("again"), ..whole };
    assert_eq!(curve(&run(&again).0), expected);
}

#[test]
fn a_checkpoint_of_another_job_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = job(folder.path(), 1);
    run(&first).1.unwrap();
    let resume = Some(first.output_dir.join("checkpoint.safetensors"));
    let other =
        TrainJob { labels: vec!["bar".into(), "square".into()], resume: resume.clone(), ..first.clone() };
    let error = run(&other).1.unwrap_err();
    assert_eq!(error.kind(), TrainErrorKind::Configuration);
    assert!(error.to_string().contains("labels"), "{error}");
    // A job that is already done only reports its files again.
    // A stop changes nothing about that.
    let stop = StopFlag::default();
    stop.stop();
    let mut events = Vec::new();
    let done = train(&TrainJob { resume, ..first }, &mut events, &stop).unwrap();
    assert_eq!((done.epochs_done, done.stopped), (1, false));
}

#[test]
fn a_diverging_run_ends_with_its_place_and_its_broken_figure() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(folder.path(), 2);
    job.config.optimizer = Optimizer::Sgd;
    job.config.lr0 = 1e30;
    job.config.warmup_epochs = 0.0;
    let (events, result) = run(&job);
    let error = result.unwrap_err();
    assert_eq!(error.kind(), TrainErrorKind::Diverged);
    assert!(error.to_string().contains("epoch 1, step 2"), "{error}");
    assert!(error.next_step().contains("learning rate"), "{error}");
    assert!(curve(&events).iter().any(|sample| sample.legend == "train" && !sample.y.is_finite()));
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let huge = {
        let mut job = job(folder.path(), 1);
        job.config.batch_size = 60_000;
        job.config.imgsz = 1280;
        job
    };
    let error = run(&huge).1.unwrap_err();
    assert_eq!(error.kind(), TrainErrorKind::Memory);
    assert!(error.to_string().contains("batch too large for memory"), "{error}");

    let mut broken = job(folder.path(), 1);
    for image in &mut broken.validation {
        image.path = folder.path().join("absent.png");
    }
    let (events, result) = run(&broken);
    let error = result.unwrap_err();
    assert_eq!(error.kind(), TrainErrorKind::Data);
    assert!(error.to_string().contains("validation"), "{error}");
    let warnings = events.iter().filter(|event| {
        matches!(event, TrainEvent::Log { level: shared::metric::LogLevel::Warning, text } if text.contains("scene-"))
    });
    assert_eq!(warnings.count(), 4);

    let mut blocked = job(folder.path(), 1);
    std::fs::write(folder.path().join("file"), b"").unwrap();
    blocked.output_dir = folder.path().join("file/out");
    assert_eq!(run(&blocked).1.unwrap_err().kind(), TrainErrorKind::Io);
}

#[test]
fn a_training_on_other_labels_says_which_layers_it_makes_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(folder.path(), 1);
    let (_, first) = run(&job);
    first.unwrap();
    job.initial_weights = Some(job.output_dir.join("best.safetensors"));
    job.output_dir = folder.path().join("again");
    let told = |job: &DetectionJob| {
        // What is told of the start does not need the steps.
        let stop = StopFlag::default();
        stop.stop();
        let mut events = Vec::new();
        let _ = train(job, &mut events, &stop);
        events.into_iter().find_map(|event| match event {
            TrainEvent::Log { text, .. } if text.starts_with("weights of") => Some(text),
            _ => None,
        })
    };
    assert!(told(&job).unwrap().ends_with("best.safetensors taken"), "{:?}", told(&job));
    job.labels.reverse();
    let text = told(&job).unwrap();
    for part in
        ["6 layers made anew", "learnt the labels square, bar, and not bar, square", "model.22.cv3.0.2.bias"]
    {
        assert!(text.contains(part), "{text}");
    }
}
