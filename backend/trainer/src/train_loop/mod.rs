//! One training from start to end: what is checked and read first, then the epochs ([`trainer`]).
//!
//! Synchronous; stops between steps when asked. Must not know who listens to its reports.

mod resume;
mod saving;
mod trainer;
mod writer;

use shared::config::DeviceKind;

use crate::data::PictureStore;
use crate::device::{DeviceChoice, OpenDevice};
use crate::error::{TrainError, TrainErrorKind};
use crate::family::{Family, Settings};
use crate::job::{LabelledImage, StopFlag, TrainJob};
use crate::memory::{self, MemoryEstimate};
use crate::parameters::ParameterError;
use crate::report::{Phase, Reporter, TrainEvent, Voice};

use trainer::Trainer;

/// Share of the free memory that pictures may take; beyond it they are read from disk each time.
const CACHE_SHARE: f64 = 0.25;
/// What pictures may take where the system does not say how much is free.
const CACHE_BYTES: u64 = 1 << 30;
/// How a training ended, when it did not fail.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome<F: Family> {
    /// Whether it was asked to stop before its end.
    pub stopped: bool,
    /// Complete epochs, those of earlier runs included.
    pub epochs_done: u32,
    /// The best fitness on the validation subset.
    pub best_fitness: Option<f64>,
    /// The epoch that reached it, from 1.
    pub best_epoch: Option<u32>,
    /// The validation of that epoch.
    pub best: Option<F::Summary>,
    /// The last validation.
    pub last: Option<F::Summary>,
}

/// Trains a model of any family.
///
/// Writes into the job's output folder: `checkpoint.safetensors` (to go on from), `best.safetensors`,
/// `last.safetensors`, `results.json`, `confusion_matrix.json`, and `checkpoint-epoch-N.safetensors` every `save_period`
/// epochs. Weights are those of the moving average.
///
/// The checkpoint is replaced after each epoch, in the background, and by the state after the last step when a stop is
/// asked for; then it is on disk before this returns. A run that goes on from it has, on the CPU, the losses, figures
/// and weights of one that was never interrupted, bit for bit. A checkpoint that cannot be written is a warning.
///
/// # Errors
/// With a kind and a next step: see [`TrainError`].
pub fn train<F: Family>(
    job: &TrainJob<F>,
    reporter: &mut dyn Reporter,
    stop: &StopFlag,
) -> Result<Outcome<F>, TrainError> {
    job.check()?;
    let settings = job.config.common();
    let mut voice = Voice::new(reporter, settings.epochs);
    voice.progress(Phase::Preparing, 0, 0, 0);
    let open = open_device(settings.device)?;
    std::fs::create_dir_all(&job.output_dir)
        .map_err(|error| TrainError::io("make the folder", &job.output_dir, error))?;
    let cache_bytes = check_memory(job, &open)?;
    let device = open.device;
    voice.say(TrainEvent::Device { name: open.description.clone() });
    voice.info(format!(
        "{} with {} classes at {} px, batch {}, on {}",
        job.variant,
        job.labels.len(),
        settings.imgsz,
        settings.batch_size,
        open.description
    ));
    let train = prepare(job, &job.train, "train", cache_bytes, stop, &mut voice)?;
    let validation = prepare(job, &job.validation, "validation", cache_bytes / 2, stop, &mut voice)?;
    let mut trainer = Trainer::new(job, voice, stop, device, train, validation)?;
    trainer.run()
}

/// Finds the device that a configuration asks for.
pub(crate) fn open_device(kind: DeviceKind) -> Result<OpenDevice, TrainError> {
    let choice = match kind {
        DeviceKind::Auto => DeviceChoice::Auto,
        DeviceKind::Cpu => DeviceChoice::Cpu,
        DeviceKind::Cuda => DeviceChoice::Cuda,
        DeviceKind::Vulkan => DeviceChoice::Vulkan,
        DeviceKind::Metal => DeviceChoice::Metal,
    };
    choice.open().map_err(|error| {
        TrainError::new(TrainErrorKind::Device, error.to_string(), "set device to auto or cpu").because(error)
    })
}

/// Refuses a batch that does not fit; returns how many bytes train pictures may take.
fn check_memory<F: Family>(job: &TrainJob<F>, open: &OpenDevice) -> Result<u64, TrainError> {
    let Some(available) = memory::available_bytes() else { return Ok(CACHE_BYTES) };
    let cache = (available as f64 * CACHE_SHARE) as u64;
    // The memory of a GPU is not known here; there the driver has the last word.
    if open.kind == DeviceChoice::Cpu {
        let settings = job.config.common();
        let side = u64::from(settings.imgsz);
        let pictures = (job.train.len() + job.validation.len()) as u64 * side * side * 3;
        let kept = if pictures <= cache { pictures } else { 0 };
        let estimate = MemoryEstimate::new(job.variant.into(), job.labels.len(), side as usize, kept);
        estimate.check(settings.batch_size, available)?;
    }
    Ok(cache)
}

fn prepare<F: Family>(
    job: &TrainJob<F>,
    images: &[LabelledImage<F::Truth>],
    name: &str,
    budget: u64,
    stop: &StopFlag,
    voice: &mut Voice<'_>,
) -> Result<PictureStore<F::Truth>, TrainError> {
    let size = (F::FIT, job.config.common().imgsz as usize);
    let prepared = PictureStore::prepare(images, size, budget, stop, |done, of| {
        voice.progress(Phase::Preparing, 0, done, of);
    });
    for message in &prepared.rejected {
        voice.warn(message);
    }
    let store = prepared.store;
    if store.is_empty() && !stop.is_stopped() {
        let what = format!("no image of the {name} subset can be read");
        let next = "look at the warnings before this one, and repair or import the images again";
        return Err(TrainError::new(TrainErrorKind::Data, what, next));
    }
    let place = if store.is_in_memory() { "in memory" } else { "read from disk for each epoch" };
    voice.info(format!("{name}: {} images, {place}", store.len()));
    Ok(store)
}

impl From<ParameterError> for TrainError {
    fn from(error: ParameterError) -> Self {
        Self::device(error)
    }
}
