//! `trainyard trainer fit`: the trainer alone, without a server, for benchmarks and first looks.
//!
//! The folder goes through the same importer as on a server, into a store that is thrown away
//! afterwards. Must not know gRPC or the scheduler.

use super::args::{Format, Output, Setting, object_from_settings, parse_setting, parse_split};
use super::failure::Failure;
use super::print;
use crate::clock::SystemClock;
use crate::datasets::{self, ImportRequest, Split};
use crate::store::{Page, Store};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};
use shared::config::{
    FieldError, Schema, classification_schema, detection_schema, resolve, resolve_classification,
};
use shared::dataset::{Dataset, ImportReport, Item, Subset};
use shared::dql::tagged_items_query;
use shared::metric::LogLevel;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use trainer::family::{Settings, Summary};
use trainer::{
    Family, LabelledBox, LabelledImage, Network, Outcome, Phase, Reporter, ResNetFamily, StopFlag,
    TrainEvent, TrainJob, UnknownNetwork, YoloV8Family,
};

/// Items that are read at a time.
const PAGE: u32 = 1_000;

/// `trainyard trainer ...`.
#[derive(Debug, Subcommand)]
pub enum TrainerCommand {
    /// Train on a folder of labelled images, here and now.
    Fit(Fit),
}

/// `trainyard trainer fit`.
#[derive(Debug, Args)]
pub struct Fit {
    // Takes the place of the global `--data`, which names a server's folder.
    /// The folder of labelled images.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// How the folder is laid out.
    #[arg(long, value_enum)]
    pub format: Format,
    /// For example yolov8n or resnet18.
    #[arg(long)]
    pub architecture: String,
    /// Where weights, checkpoints and reports are written; made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// A setting that differs from the default, for example epochs=30; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_setting)]
    pub settings: Vec<Setting>,
    /// Percentages train/validation/test, when the folder brings no split of its own.
    #[arg(long, value_name = "80/20/0", value_parser = parse_split, default_value = "80/20/0")]
    pub split: [u32; 3],
    /// Go on from a checkpoint of an earlier run.
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// Trains, and prints what was reached.
///
/// # Errors
/// If the folder or a setting cannot be used, or the training fails.
pub async fn run(command: TrainerCommand) -> Result<(), Failure> {
    let TrainerCommand::Fit(fit) = command;
    let network: Network =
        fit.architecture.parse().map_err(|error: UnknownNetwork| Failure::usage(error.to_string()))?;
    match network {
        Network::YoloV8(variant) => {
            let config = config_from(&fit, detection_schema(), resolve)?;
            fit_family::<YoloV8Family>(&fit, variant, config, boxes_of).await
        }
        Network::ResNet(variant) => {
            let config = config_from(&fit, classification_schema(), resolve_classification)?;
            fit_family::<ResNetFamily>(&fit, variant, config, class_of).await
        }
    }
}

/// What makes a configuration of what was given.
type Resolve<C> = fn(&Map<String, Value>) -> Result<C, Vec<FieldError>>;

fn config_from<C>(fit: &Fit, schema: &Schema, resolve: Resolve<C>) -> Result<C, Failure> {
    let settings = object_from_settings(schema, &fit.settings).map_err(Failure::usage)?;
    resolve(&settings).map_err(|errors| {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        Failure::usage(texts.join("; "))
    })
}

async fn fit_family<F: Family>(
    fit: &Fit,
    variant: F::Variant,
    config: F::Config,
    truth: TruthOf<F::Truth>,
) -> Result<(), Failure> {
    let started = Instant::now();
    let scratch = tempfile::tempdir()?;
    let store = Store::open(scratch.path(), Arc::new(SystemClock::new())).await.map_err(failed)?;
    let report = import(&store, fit, config.common().seed).await?;
    let job = job_from::<F>(&store, fit, (variant, config), &report.dataset, truth).await?;
    let images = (job.train.len(), job.validation.len());
    let (outcome, epoch_times) = train(job).await?;
    store.close().await;
    print_outcome(fit, &report, images, &outcome, &epoch_times, started)
}

/// What a family makes of an item, if there is anything that it can learn; labels are in class order.
type TruthOf<T> = fn(&Item, labels: &[String]) -> Result<Option<T>, Failure>;

/// Any number of boxes.
fn boxes_of(item: &Item, labels: &[String]) -> Result<Option<Vec<LabelledBox>>, Failure> {
    let labelled = item.annotations.iter().filter_map(|annotation| {
        let class = labels.iter().position(|label| *label == annotation.label)?;
        let region = annotation.region?;
        // Pixels of an image are far below the numbers that a single float cannot tell apart.
        let [x1, y1, x2, y2] = [region.x1, region.y1, region.x2, region.y2].map(|edge| edge as f32);
        Some(LabelledBox { class, x1, y1, x2, y2 })
    });
    Ok(Some(labelled.collect()))
}

/// One class; an item without any is left out.
fn class_of(item: &Item, labels: &[String]) -> Result<Option<usize>, Failure> {
    let mut classes = item
        .annotations
        .iter()
        .filter(|annotation| annotation.region.is_none())
        .filter_map(|annotation| labels.iter().position(|label| *label == annotation.label));
    let first = classes.next();
    if classes.any(|class| Some(class) != first) {
        return Err(Failure::failed(format!(
            "{} has several classes, and a classifier learns one of each image: keep one, or leave the image out",
            item.name
        )));
    }
    Ok(first)
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::failed(error.to_string())
}

async fn import(store: &Store, fit: &Fit, seed: u64) -> Result<ImportReport, Failure> {
    let bar = bar("{spinner} reading {pos}/{len} images {wide_bar}");
    let request = ImportRequest {
        path: fit.data.clone(),
        format: Some(match fit.format {
            Format::Voc => datasets::Format::Voc,
            Format::Coco => datasets::Format::Coco,
            Format::Yolo => datasets::Format::Yolo,
            Format::Folder => datasets::Format::Folder,
        }),
        name: "data".into(),
        split: Some(Split { percentages: fit.split, seed }),
    };
    let report = datasets::import(store, request, |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    })
    .await
    .map_err(failed)?;
    bar.finish_and_clear();
    for rejection in &report.rejections {
        eprintln!("left out: {}: {}", print::plain(&rejection.file), print::plain(&rejection.reason));
    }
    Ok(report)
}

async fn job_from<F: Family>(
    store: &Store,
    fit: &Fit,
    (variant, config): (F::Variant, F::Config),
    dataset: &Dataset,
    truth: TruthOf<F::Truth>,
) -> Result<TrainJob<F>, Failure> {
    let labels: Vec<String> = dataset.labels.iter().map(|label| label.name.clone()).collect();
    Ok(TrainJob {
        variant,
        config,
        train: images_of(store, dataset, Subset::Train, &labels, truth).await?,
        validation: images_of(store, dataset, Subset::Validation, &labels, truth).await?,
        labels,
        output_dir: fit.out.clone(),
        initial_weights: None,
        resume: fit.resume.clone(),
        starts_over: false,
    })
}

async fn images_of<T>(
    store: &Store,
    dataset: &Dataset,
    subset: Subset,
    labels: &[String],
    truth: TruthOf<T>,
) -> Result<Vec<LabelledImage<T>>, Failure> {
    let query = tagged_items_query(subset);
    let mut images = Vec::new();
    let mut offset = 0;
    loop {
        let found =
            store.find_items(dataset.id, &query, Page { offset, limit: PAGE }).await.map_err(failed)?;
        offset += found.rows.len() as u64;
        for item in found.rows {
            match truth(&item, labels)? {
                Some(truth) => images.push(LabelledImage {
                    path: path_of(store, &item)?,
                    name: format!("{}/{}", item.dir.trim_end_matches('/'), item.name),
                    truth,
                }),
                None => eprintln!("left out: {}: it has no class", print::plain(&item.name)),
            }
        }
        if !found.has_more {
            return Ok(images);
        }
    }
}

fn path_of(store: &Store, item: &Item) -> Result<PathBuf, Failure> {
    store.blobs().local_path(&item.content_hash).ok_or_else(|| {
        Failure::failed(format!("the file of {} is gone from the temporary folder", item.name))
    })
}

/// Trains on a thread of its own; Ctrl-C ends it after the step it is in.
async fn train<F: Family>(job: TrainJob<F>) -> Result<(Outcome<F>, Vec<f64>), Failure> {
    let stop = StopFlag::default();
    let asked = stop.clone();
    let mut training = tokio::task::spawn_blocking(move || {
        let mut watcher = Watcher::new();
        let outcome = trainer::train(&job, &mut watcher, &asked);
        watcher.bar.finish_and_clear();
        (outcome, watcher.epoch_secs)
    });
    loop {
        tokio::select! {
            ended = &mut training => {
                let (outcome, epoch_secs) = ended.map_err(|error| failed(format!("the trainer broke off: {error}")))?;
                return Ok((outcome.map_err(failed)?, epoch_secs));
            }
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                stop.stop();
            }
        }
    }
}

fn bar(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

/// Shows on standard error how the training goes.
struct Watcher {
    bar: ProgressBar,
    epoch_started: Instant,
    epoch_secs: Vec<f64>,
}

impl Watcher {
    fn new() -> Self {
        Self {
            bar: bar("{msg} {wide_bar} {pos}/{len} {eta}"),
            epoch_started: Instant::now(),
            epoch_secs: Vec::new(),
        }
    }

    fn line(&self, text: &str) {
        if self.bar.is_hidden() {
            eprintln!("{text}");
        } else {
            self.bar.println(text);
        }
    }
}

impl Reporter for Watcher {
    fn report(&mut self, event: TrainEvent) {
        match event {
            TrainEvent::Log { level: LogLevel::Debug, .. }
            | TrainEvent::Device { .. }
            | TrainEvent::Artifact { .. } => {}
            TrainEvent::Log { text, .. } => self.line(&print::plain(&text)),
            TrainEvent::Progress { epoch, epochs, step, steps, phase } => {
                if epoch == 1 && step == 0 && phase == Phase::Training {
                    self.epoch_started = Instant::now();
                }
                // Files are written once an epoch is complete.
                if phase == Phase::Saving {
                    self.epoch_secs.push(self.epoch_started.elapsed().as_secs_f64());
                    self.epoch_started = Instant::now();
                }
                self.bar.set_length(steps.into());
                self.bar.set_position(step.into());
                self.bar.set_message(format!("epoch {epoch}/{epochs} {phase:?}"));
            }
            // The trainer logs the figures of each epoch as a line.
            TrainEvent::Step { .. } | TrainEvent::Sample(_) | TrainEvent::Checkpoint { .. } => {}
        }
    }
}

fn print_outcome<F: Family>(
    fit: &Fit,
    report: &ImportReport,
    (train_images, validation_images): (usize, usize),
    outcome: &Outcome<F>,
    epoch_secs: &[f64],
    started: Instant,
) -> Result<(), Failure> {
    let seconds = started.elapsed().as_secs_f64();
    if fit.output.json {
        return print::json(&serde_json::json!({
            "architecture": fit.architecture,
            "labels": report.dataset.labels.iter().map(|label| &label.name).collect::<Vec<_>>(),
            "train_images": train_images,
            "validation_images": validation_images,
            "rejections": report.rejections.len(),
            "stopped": outcome.stopped,
            "epochs_done": outcome.epochs_done,
            "best_epoch": outcome.best_epoch,
            "best": outcome.best,
            "last": outcome.last,
            "seconds": seconds,
            "epoch_seconds": epoch_secs,
            "out": fit.out,
        }));
    }
    let how = if outcome.stopped { "stopped" } else { "done" };
    print::line(&format!("{how} after {} epochs and {seconds:.0} s", outcome.epochs_done))?;
    if let (Some(best), Some(epoch)) = (&outcome.best, outcome.best_epoch) {
        let figures = best.figures();
        let figures: Vec<String> = figures.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
        print::line(&format!("best: epoch {epoch}, {}", figures.join(", ")))?;
    }
    print::line(&format!("weights: {}", fit.out.join("best.safetensors").display()))
}
