//! The state of a training on disk: weights, average, moments and how far it is.
//!
//! One safetensors file, replaced as a whole: a reader sees the old state or the new, never half of one.
//! Knows no devices.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Write;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView, View};
use safetensors::{SafeTensors, serialize_to_file};
use serde::{Deserialize, Serialize};
use shared::metrics::DetectionSummary;

use crate::error::{TrainError, TrainErrorKind};
use crate::loss::LossItems;
use crate::model::yolov8::Variant;
use crate::parameters::{ParameterTable, Slot};

/// Raised when the meaning of the file changes.
const FORMAT: u32 = 1;
const STATE_KEY: &str = "state";

/// What one epoch came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 1.
    pub epoch: u32,
    /// Mean train losses: box, cls, dfl.
    pub train_losses: [f64; 3],
    /// Validation losses: box, cls, dfl.
    pub validation_losses: [f64; 3],
    /// mAP50, mAP50-95, precision, recall on the validation subset.
    pub metrics: [f64; 4],
    /// Learning rate of the weights at the end of the epoch.
    pub learning_rate: f64,
    /// Train images a second.
    pub images_per_second: f64,
    /// Wall time of the whole epoch.
    pub seconds: f64,
}

/// How far a training is, and what it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// Version of the file's meaning.
    pub format: u32,
    /// Size of the network.
    pub variant: Variant,
    /// Class names in class order.
    pub labels: Vec<String>,
    /// Side of the train images in pixels.
    pub imgsz: u32,
    /// Seed of every random choice; with epoch and image number it is the whole position of the randomness.
    pub seed: u64,
    /// Epochs done.
    pub epochs_done: u32,
    /// Steps done over all epochs.
    pub steps_done: u64,
    /// The epoch with the best fitness, from 1.
    pub best_epoch: Option<u32>,
    /// The best validation.
    pub best: Option<DetectionSummary>,
    /// The last validation.
    pub last: Option<DetectionSummary>,
    /// What every epoch came to.
    pub history: Vec<EpochRecord>,
}

impl RunState {
    /// Nothing done yet.
    pub fn new(variant: Variant, labels: &[String], imgsz: u32, seed: u64) -> Self {
        Self {
            format: FORMAT,
            variant,
            labels: labels.to_vec(),
            imgsz,
            seed,
            epochs_done: 0,
            steps_done: 0,
            best_epoch: None,
            best: None,
            last: None,
            history: Vec::new(),
        }
    }
}

pub(crate) fn as_array(items: &LossItems) -> [f64; 3] {
    [items.box_loss, items.cls_loss, items.dfl_loss]
}

/// The tensors of a slot and the prefixes of their names.
fn parts(slot: &Slot) -> [(&'static str, &Vec<f32>); 4] {
    [("value", &slot.value), ("average", &slot.average), ("first", &slot.first), ("second", &slot.second)]
}

/// Writes the state to `path`.
///
/// # Errors
/// If the disk refuses; an earlier file of that name stays whole.
pub fn save(path: &Path, state: &RunState, table: &ParameterTable) -> Result<(), TrainError> {
    let state = serde_json::to_string(state).map_err(|error| broken(path, error))?;
    let metadata = HashMap::from([(STATE_KEY.to_owned(), state)]);
    let tensors = table.slots.iter().flat_map(|slot| {
        let kept = parts(slot).into_iter().filter(|(_, values)| !values.is_empty());
        kept.map(move |(prefix, values)| {
            (format!("{prefix}/{}", slot.name), Floats { shape: &slot.shape, values })
        })
    });
    replace_with(path, |part| {
        serialize_to_file(tensors, Some(metadata), part).map_err(std::io::Error::other)?;
        File::open(part)?.sync_all()
    })
}

/// A tensor that becomes bytes only while it is written: a large model's state is not in memory twice.
struct Floats<'a> {
    shape: &'a [usize],
    values: &'a [f32],
}

impl View for Floats<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut bytes = Vec::with_capacity(self.data_len());
        for value in self.values {
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        Cow::Owned(bytes)
    }

    fn data_len(&self) -> usize {
        self.values.len() * 4
    }
}

/// Reads a state; `table` has the model's names and shapes, which must be those of the file.
///
/// # Errors
/// If the file cannot be read, is no checkpoint, or is of another model.
pub fn load(path: &Path, table: &mut ParameterTable) -> Result<RunState, TrainError> {
    let content = std::fs::read(path).map_err(|error| TrainError::io("read the checkpoint", path, error))?;
    let (_, header) = SafeTensors::read_metadata(&content).map_err(|error| broken(path, error))?;
    let text = header.metadata().as_ref().and_then(|metadata| metadata.get(STATE_KEY));
    let text = text.ok_or_else(|| mismatch(path, "it holds no training state"))?;
    let state: RunState = serde_json::from_str(text).map_err(|error| broken(path, error))?;
    if state.format != FORMAT {
        return Err(mismatch(
            path,
            &format!("its format is {} and this program reads {FORMAT}", state.format),
        ));
    }
    let file = SafeTensors::deserialize(&content).map_err(|error| broken(path, error))?;
    let tensors: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    for slot in &mut table.slots {
        let read = |prefix: &str| -> Option<Vec<f32>> {
            let view = tensors.get(&format!("{prefix}/{}", slot.name))?;
            (view.shape() == slot.shape && view.dtype() == Dtype::F32).then(|| floats(view.data()))
        };
        let (value, average) = (read("value"), read("average"));
        let (first, second) = (read("first"), read("second"));
        let (Some(value), Some(average)) = (value, average) else {
            return Err(mismatch(path, &format!("{} is missing or has another shape", slot.name)));
        };
        slot.value = value;
        slot.average = average;
        slot.first = first.unwrap_or_default();
        slot.second = second.unwrap_or_default();
    }
    Ok(state)
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn broken(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> TrainError {
    mismatch(path, &error.to_string()).because(error)
}

fn mismatch(path: &Path, why: &str) -> TrainError {
    let what = format!("{} is not a checkpoint of this training: {why}", path.display());
    TrainError::new(TrainErrorKind::Weights, what, "choose another checkpoint, or train from the start")
}

/// Writes a file in one move: complete and on disk, or not at all.
///
/// # Errors
/// If the disk refuses.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> Result<(), TrainError> {
    replace_with(path, |part| {
        let mut file = File::create(part)?;
        file.write_all(content)?;
        file.sync_all()
    })
}

/// `write` makes the file under another name and flushes it to the disk; then it takes the place of `path`.
fn replace_with(path: &Path, write: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<(), TrainError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    let part = Path::new(&name);
    let moved = write(part).and_then(|()| std::fs::rename(part, path));
    if let Err(error) = moved {
        // What is left of the failed attempt only takes space; the error above is what matters.
        let _ = std::fs::remove_file(part);
        return Err(TrainError::io("write", path, error));
    }
    sync_folder(path)
}

/// A rename is only durable once its folder is.
fn sync_folder(path: &Path) -> Result<(), TrainError> {
    let Some(folder) = path.parent().filter(|folder| cfg!(unix) && !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| TrainError::io("write", folder, error))
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use crate::model::yolov8::YoloV8;

    use super::*;

    fn table(seed: u64) -> ParameterTable {
        ParameterTable::new(&YoloV8::new(Variant::N, 2, seed, &Device::flex())).unwrap()
    }

    fn same(a: &ParameterTable, b: &ParameterTable) -> bool {
        a.slots.iter().zip(&b.slots).all(|(a, b)| parts(a) == parts(b))
    }

    #[test]
    fn a_state_survives_the_disk_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        let mut before = table(1);
        for slot in before.slots.iter_mut().filter(|slot| slot.is_trained()) {
            slot.first = slot.value.iter().map(|value| value * 0.5).collect();
            slot.second = vec![1e-30; slot.value.len()];
        }
        let mut state = RunState::new(Variant::N, &["a".into(), "b".into()], 64, 7);
        state.epochs_done = 3;
        save(&path, &state, &before).unwrap();
        let mut after = table(2);
        assert!(!same(&before, &after));
        assert_eq!(load(&path, &mut after).unwrap(), state);
        assert!(same(&before, &after));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        let absent = load(&path, &mut table(0)).unwrap_err();
        assert_eq!(absent.kind(), TrainErrorKind::Io);
        std::fs::write(&path, b"no").unwrap();
        assert_eq!(load(&path, &mut table(0)).unwrap_err().kind(), TrainErrorKind::Weights);
        let state = RunState::new(Variant::N, &[], 64, 7);
        save(&path, &state, &table(0)).unwrap();
        let mut other = ParameterTable::new(&YoloV8::new(Variant::N, 5, 0, &Device::flex())).unwrap();
        let error = load(&path, &mut other).unwrap_err();
        assert!(error.to_string().contains("model.22.cv3"), "{error}");
    }

    #[test]
    fn a_refused_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        replace_file(&path, b"old").unwrap();
        // A folder in the way of the temporary name makes the write fail.
        std::fs::create_dir(folder.path().join("a.json.part")).unwrap();
        assert_eq!(replace_file(&path, b"new").unwrap_err().kind(), TrainErrorKind::Io);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
    }
}
