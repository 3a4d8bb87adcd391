//! The epochs of a training: steps, validation, what is noted of both.
//!
//! After each step all that the next one depends on is in `state` and `table`, so that a run can go on from there with the
//! same numbers. Must not know files; those are the business of [`super::saving`].

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use burn::module::Module;
use burn::tensor::Device;

use crate::checkpoint;
use crate::data::{Batch, PictureStore, epoch_order, for_each_ahead, train_batch};
use crate::error::{DIVERGED_NEXT_STEP, TrainError, TrainErrorKind};
use crate::evaluate::Validator;
use crate::family::{CommonSettings, Family, Losses, Settings, Summary, Truth, Validation};
use crate::job::{StopFlag, TrainJob};
use crate::memory;
use crate::optimizer;
use crate::parameters::{ParameterTable, Values};
use crate::report::{Phase, TrainEvent, Voice};
use crate::run_state::{DataDigests, EpochRecord, RunState, digest_of};
use crate::schedule::Plan;
use crate::weights::{self, ClassLayers, Loaded};

use super::Outcome;
use super::resume::{changed_settings, resume};
use super::saving::{Saved, carry_out};
use super::writer::Writer;

/// Labels that the log lists of each side before it only counts.
const LABELS_SHOWN: usize = 10;

/// Everything that lives as long as the training.
pub(super) struct Trainer<'a, F: Family> {
    pub(super) job: &'a TrainJob<F>,
    pub(super) settings: CommonSettings,
    pub(super) voice: Voice<'a>,
    pub(super) stop: &'a StopFlag,
    device: Device,
    train: PictureStore<F::Truth>,
    validation: PictureStore<F::Truth>,
    pub(super) model: F::Model,
    pub(super) table: ParameterTable,
    plan: Plan,
    pub(super) state: RunState<F>,
    /// The best average so far.
    pub(super) best: Option<Arc<Values>>,
    pub(super) writer: Writer<F>,
    pub(super) saved: Saved,
    workers: usize,
}

impl<'a, F: Family> Trainer<'a, F> {
    pub fn new(
        job: &'a TrainJob<F>,
        mut voice: Voice<'a>,
        stop: &'a StopFlag,
        device: Device,
        train: PictureStore<F::Truth>,
        validation: PictureStore<F::Truth>,
    ) -> Result<Self, TrainError> {
        let settings = job.config.common();
        let model = F::model(job.variant, job.labels.len(), settings.seed, &device.clone().autodiff());
        let steps = train.len().div_ceil(settings.batch_size as usize);
        let recipe = F::recipe(&job.config, job.labels.len(), steps as u64 * u64::from(settings.epochs));
        let data = DataDigests { train: digest(&train), validation: digest(&validation) };
        let fresh = RunState::new(job, recipe.rule, data);
        let is_part = stop.is_stopped();
        let Start { model, table, state, best } = start(job, fresh, model, is_part, steps, &mut voice)?;
        voice.info(format!(
            "{:?} with learning rate {} and momentum {}, {} parameters",
            recipe.rule,
            recipe.learning_rate,
            recipe.momentum,
            table.trained_count()
        ));
        let folder = job.output_dir.clone();
        let writer = Writer::start(move |save, told| carry_out(&folder, save, told))
            .map_err(|error| TrainError::io("start a thread that writes into", &job.output_dir, error))?;
        Ok(Self {
            plan: Plan::new(&settings, recipe, steps as u64),
            workers: workers(settings.workers),
            job,
            settings,
            voice,
            stop,
            device,
            train,
            validation,
            model,
            table,
            saved: Saved::at((state.epochs_done, state.steps_done)),
            state,
            best,
            writer,
        })
    }

    pub fn steps_per_epoch(&self) -> usize {
        self.train.len().div_ceil(self.settings.batch_size as usize)
    }

    pub fn run(&mut self) -> Result<Outcome<F>, TrainError> {
        let ended = self.epochs();
        if ended.is_ok() {
            self.save_unsaved();
        }
        // Also what was on its way to the disk when an error came is worth being told.
        self.await_writes();
        self.finish(ended?.as_deref())
    }

    /// All epochs that are left; the confusion of the last validation, if there was one.
    fn epochs(&mut self) -> Result<Option<Vec<Vec<u64>>>, TrainError> {
        let epochs = self.settings.epochs;
        let mut confusion = None;
        // Patience is asked first, since a resumed training may have lost it before it was interrupted.
        while self.state.epochs_done < epochs && !self.stop.is_stopped() && !self.is_patience_over() {
            let epoch = self.state.epochs_done;
            let seconds = self.state.under_way.seconds;
            let start = Instant::now();
            if !self.train_epoch(epoch)? {
                break;
            }
            let Some(validation) = self.validate(epoch + 1)? else { break };
            self.note(&validation, seconds + start.elapsed().as_secs_f64());
            self.keep_predictions(&validation.predictions);
            self.save()?;
            confusion = Some(validation.confusion);
        }
        if confusion.is_none() && self.state.epochs_done > 0 && !self.stop.is_stopped() {
            // Interrupted after its last epoch and before its reports.
            confusion = self.validate(self.state.epochs_done)?.map(|validation| validation.confusion);
        }
        Ok(confusion)
    }

    /// The steps of an epoch that are not done yet; whether all are done now.
    fn train_epoch(&mut self, epoch: u32) -> Result<bool, TrainError> {
        let config = &self.job.config;
        let settings = self.settings;
        let order = epoch_order(self.train.len(), settings.batch_size as usize, settings.seed, epoch);
        let mut failure = None;
        let start = Instant::now();
        let done = (self.state.under_way.steps as usize).min(order.len());
        // The store goes out of `self` while threads read it, so that the steps may change the rest.
        let store = std::mem::replace(&mut self.train, PictureStore::empty());
        let make = |index: usize| {
            train_batch::<F>(&store, &order[done + index], config, epoch).map_err(TrainError::from)
        };
        self.voice.progress(Phase::Training, epoch + 1, done, order.len());
        let ended = for_each_ahead(order.len() - done, self.workers, make, |index, batch| {
            if self.stop.is_stopped() {
                return ControlFlow::Break(());
            }
            if let Err(error) = self.step(epoch, done + index, order.len(), batch) {
                failure = Some(error);
                return ControlFlow::Break(());
            }
            self.tell_written();
            self.voice.progress(Phase::Training, epoch + 1, done + index + 1, order.len());
            ControlFlow::Continue(())
        });
        self.train = store;
        ended?;
        self.state.under_way.seconds += start.elapsed().as_secs_f64();
        failure.map_or(Ok(self.state.under_way.steps as usize >= order.len()), Err)
    }

    /// One step: forward, loss, backward, update, and what it came to into the state.
    fn step(
        &mut self,
        epoch: u32,
        index: usize,
        steps: usize,
        mut batch: Batch<F::Target>,
    ) -> Result<(), TrainError> {
        let images = batch.take_images(&self.device.clone().autodiff());
        let (losses, output) = F::learn(&mut self.model, images, &batch, &self.job.config)?;
        if !losses.is_finite() {
            return Err(self.diverged(epoch, index, &losses, "loss"));
        }
        let mut gradients = output.backward();
        self.table.take_statistics(&self.model)?;
        self.table.take_gradients(&self.model, &mut gradients)?;
        let norm = self.table.clip_gradients(self.settings.clip_norm);
        if !norm.is_finite() {
            return Err(self.diverged(epoch, index, &losses, "gradient"));
        }
        self.state.steps_done += 1;
        let step = self.plan.step(epoch, self.state.steps_done);
        optimizer::step(&mut self.table, self.plan.recipe().rule, &step);
        self.model = self.table.write(self.model.clone(), false);
        self.table.average(self.plan.average_decay(self.state.steps_done), self.start_share());
        let under_way = &mut self.state.under_way;
        under_way.steps += 1;
        under_way.losses = under_way.losses.plus(&losses, 1.0 / steps as f64);
        under_way.learning_rate = step.learning_rate;
        under_way.images += batch.len() as u64;
        let step = under_way.steps;
        let learning_rate = under_way.learning_rate;
        let losses = losses.named();
        self.voice.say(TrainEvent::Step { epoch: epoch + 1, step, losses, learning_rate });
        Ok(())
    }

    /// How much of the running statistics is still their start, before any data; weights from a file have none.
    fn start_share(&self) -> f64 {
        if self.state.from_weights {
            return 0.0;
        }
        (1.0 - F::NORM_MOMENTUM).powf(self.state.steps_done as f64)
    }

    fn diverged(&mut self, epoch: u32, index: usize, losses: &F::Losses, what: &str) -> TrainError {
        self.voice.losses("train", epoch + 1, losses);
        let what = format!("the {what} is not a number in epoch {}, step {}", epoch + 1, index + 1);
        TrainError::new(TrainErrorKind::Diverged, what, DIVERGED_NEXT_STEP)
    }

    fn validate(&mut self, epoch: u32) -> Result<Option<Validation<F>>, TrainError> {
        let model = self.table.write_average(self.model.valid());
        let validator = Validator::<F> {
            store: &self.validation,
            config: &self.job.config,
            classes: self.job.labels.len(),
            device: &self.device,
            workers: self.workers,
        };
        let voice = &mut self.voice;
        voice.progress(Phase::Validating, epoch, 0, 0);
        validator.run(&model, self.stop, |done, of| voice.progress(Phase::Validating, epoch, done, of))
    }

    /// Takes an epoch into the state and reports it.
    fn note(&mut self, validation: &Validation<F>, seconds: f64) {
        self.state.epochs_done += 1;
        let steps = std::mem::take(&mut self.state.under_way);
        let images_per_second = steps.images as f64 / steps.seconds.max(1e-9);
        let epoch = self.state.epochs_done;
        let summary = &validation.summary;
        let record = EpochRecord {
            epoch,
            train_losses: values(&steps.losses),
            validation_losses: values(&validation.losses),
            metrics: summary.recorded(),
            learning_rate: steps.learning_rate,
            images_per_second,
            seconds,
        };
        let x = f64::from(epoch);
        self.voice.losses("train", epoch, &steps.losses);
        self.voice.losses("val", epoch, &validation.losses);
        for (figure, value) in summary.figures() {
            self.voice.sample(figure, "metrics", x, value);
        }
        self.voice.sample("images_per_second", "system", x, images_per_second);
        self.voice.sample("learning_rate", "system", x, steps.learning_rate);
        if let Some(bytes) = memory::resident_bytes() {
            self.voice.sample("memory", "system", x, bytes as f64 / f64::from(1 << 20));
        }
        self.voice.info(format!(
            "epoch {epoch}/{}: {}, {}, {images_per_second:.1} images/s, {seconds:.1} s",
            self.settings.epochs,
            in_words(&steps.losses),
            summary.in_words(),
        ));
        self.state.last = Some(summary.clone());
        if self.state.best.as_ref().is_none_or(|best| summary.fitness() > best.fitness()) {
            self.state.best = Some(summary.clone());
            self.state.best_epoch = Some(epoch);
        }
        self.state.history.push(record);
    }

    fn is_patience_over(&mut self) -> bool {
        let patience = self.settings.patience;
        let best = self.state.best_epoch.unwrap_or(0);
        let is_over = patience > 0
            && self.state.epochs_done - best >= patience
            && self.state.epochs_done < self.settings.epochs;
        if is_over {
            self.voice.info(format!("no better fitness for {patience} epochs: training ends early"));
        }
        is_over
    }
}

fn values(losses: &impl Losses) -> Vec<f64> {
    losses.named().into_iter().map(|(_, value)| value).collect()
}

/// For example `box 1.200 cls 0.500`.
fn in_words(losses: &impl Losses) -> String {
    let named = losses.named().into_iter();
    let words: Vec<String> =
        named.map(|(name, value)| format!("{} {value:.3}", name.trim_end_matches("_loss"))).collect();
    words.join(" ")
}

/// Threads that prepare batches: as asked, or one a core, at most eight.
fn workers(asked: u32) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if asked == 0 { cores.min(8) } else { asked as usize }
}

/// What of the weights is not that of their file, and why, for the log.
fn made_anew<M>(loaded: &Loaded<M>, labels: &[String]) -> String {
    let listed = |labels: &[String]| {
        let shown: Vec<&str> = labels.iter().take(LABELS_SHOWN).map(String::as_str).collect();
        let rest = labels.len().saturating_sub(LABELS_SHOWN);
        if rest == 0 { shown.join(", ") } else { format!("{} and {rest} more", shown.join(", ")) }
    };
    let why = match &loaded.other_labels {
        _ if loaded.kept.is_empty() => return String::new(),
        Some(learnt) => format!("they learnt the labels {}, and not {}", listed(learnt), listed(labels)),
        None => "they are of another number of classes".to_owned(),
    };
    format!("; {} layers made anew, because {why}: {}", loaded.kept.len(), loaded.kept.join(", "))
}

fn digest<T: Truth>(store: &PictureStore<T>) -> String {
    digest_of((0..store.len()).map(|index| store.image(index)))
}

/// What the first step begins with.
struct Start<F: Family> {
    model: F::Model,
    table: ParameterTable,
    state: RunState<F>,
    best: Option<Arc<Values>>,
}

/// A checkpoint's state, or else the first weights, and a word about it. `fresh` is the state at the beginning.
fn start<F: Family>(
    job: &TrainJob<F>,
    fresh: RunState<F>,
    mut model: F::Model,
    is_part: bool,
    steps: usize,
    voice: &mut Voice<'_>,
) -> Result<Start<F>, TrainError> {
    if let Some(path) = &job.resume {
        let mut table = ParameterTable::new(&model)?;
        match resume(path, &fresh, is_part, &mut table) {
            Ok(checkpoint::Loaded { mut state, best }) => {
                let changed = changed_settings(&state.config, &job.config);
                if !changed.is_empty() {
                    let text = "settings are others than in the checkpoint, and so will be the figures";
                    voice.warn(format!("{text}: {}", changed.join(", ")));
                }
                state.config = job.config.clone();
                // With a part of the data nothing is gone on with, and the steps of an epoch are not known.
                if !is_part {
                    let (place, done) = (state.place(steps), state.steps_done);
                    voice.info(format!("going on from a checkpoint at {place}; {done} steps are done"));
                }
                return Ok(Start { model: table.write(model, true), table, state, best });
            }
            Err(error) if job.starts_over => {
                voice.warn(format!("training starts from the beginning, without its checkpoint: {error}"));
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(path) = &job.initial_weights {
        let loaded = weights::load(model, path, ClassLayers::OfLabels(&job.labels))
            .map_err(|error| TrainError::weights(path, error))?;
        voice.info(format!("weights of {} taken{}", path.display(), made_anew(&loaded, &job.labels)));
        model = loaded.model;
    }
    let table = ParameterTable::new(&model)?;
    Ok(Start { model, table, state: fresh, best: None })
}
