//! The state of a training on disk: weights, average, moments, best weights and how far it is.
//!
//! One safetensors file, replaced as a whole: a reader sees the old state or the new, never half of one. A digest in its
//! header tells whether all of it is as it was written. Times in it are for people: nothing that is learnt depends on them.
//! Knows no devices.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use safetensors::tensor::{Dtype, TensorView, View};
use safetensors::{SafeTensors, serialize_to_file};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::{TrainError, TrainErrorKind};
use crate::family::Family;
use crate::files::replace_with;
use crate::optimizer::Rule;
use crate::parameters::{ParameterTable, Slot, Values};
use crate::run_state::{FORMAT, RunState, hex};

const STATE_KEY: &str = "state";
const DIGEST_KEY: &str = "sha256";

/// A moment of a training, in memory of its own.
#[derive(Clone, Debug)]
pub struct Snapshot<F: Family> {
    /// How far it is.
    pub state: RunState<F>,
    /// Weights, average and moments.
    pub table: ParameterTable,
    /// The best average so far, in the table's order; it is not written where it is the table's own.
    pub best: Option<Arc<Values>>,
}

/// What a checkpoint holds besides the table.
#[derive(Clone, Debug)]
pub struct Loaded<F: Family> {
    /// How far the training is.
    pub state: RunState<F>,
    /// The best average so far, in the table's order.
    pub best: Option<Arc<Values>>,
}

/// What is kept of a slot, under the prefixes of the tensors' names; what is empty is not written.
fn parts<'a>(slot: &'a Slot, best: &'a [f32]) -> [(&'static str, &'a [f32]); 5] {
    [
        ("value", &slot.value),
        ("average", &slot.average),
        ("first", &slot.first),
        ("second", &slot.second),
        ("best", best),
    ]
}

/// Every tensor that is kept: its name, shape and values.
fn tensors<'a>(
    table: &'a ParameterTable,
    best: Option<&'a Values>,
) -> impl Iterator<Item = (String, Floats<'a>)> {
    table.slots.iter().enumerate().flat_map(move |(index, slot)| {
        let best = best.and_then(|best| best.get(index)).map_or(&[][..], Vec::as_slice);
        let kept = parts(slot, best).into_iter().filter(|(_, values)| !values.is_empty());
        kept.map(move |(prefix, values)| {
            (format!("{prefix}/{}", slot.name), Floats { shape: &slot.shape, values })
        })
    })
}

/// Writes a moment to `path`.
///
/// # Errors
/// If the disk refuses; an earlier file of that name stays whole.
pub fn save<F: Family>(path: &Path, snapshot: &Snapshot<F>) -> Result<(), TrainError> {
    let Snapshot { state, table, best } = snapshot;
    let best = best.as_deref().filter(|_| !state.is_at_best());
    let state = serde_json::to_string(state).map_err(|error| broken(path, error))?;
    let digest = digest_of(&state, tensors(table, best));
    let metadata = HashMap::from([(STATE_KEY.to_owned(), state), (DIGEST_KEY.to_owned(), digest)]);
    replace_with(path, |part| {
        serialize_to_file(tensors(table, best), Some(metadata), part).map_err(std::io::Error::other)?;
        File::open(part)?.sync_all()
    })
}

/// Digest of a state and its tensors, in the table's order.
fn digest_of<'a>(state: &str, tensors: impl Iterator<Item = (String, Floats<'a>)>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(state);
    for (name, floats) in tensors {
        hasher.update(name);
        // In pieces, so that a large tensor is not in memory twice.
        for piece in floats.values.chunks(1 << 14) {
            hasher.update(bytes_of(piece));
        }
    }
    hex(&hasher.finalize())
}

fn bytes_of(values: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * 4);
    for value in values {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes
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
        Cow::Owned(bytes_of(self.values))
    }

    fn data_len(&self) -> usize {
        self.values.len() * 4
    }
}

/// Reads a state; `table` has the model's names and shapes, which must be those of the file.
///
/// # Errors
/// If the file cannot be read, is no checkpoint, is damaged, or is of another model. The table is as it was then.
pub fn load<F: Family>(path: &Path, table: &mut ParameterTable) -> Result<Loaded<F>, TrainError> {
    let content = std::fs::read(path).map_err(|error| TrainError::io("read the checkpoint", path, error))?;
    let (_, header) = SafeTensors::read_metadata(&content).map_err(|error| broken(path, error))?;
    let metadata = header.metadata().as_ref();
    let text = metadata.and_then(|metadata| metadata.get(STATE_KEY));
    let text = text.ok_or_else(|| mismatch(path, "it holds no training state"))?;
    let state: RunState<F> = state_from(path, text)?;
    let file = SafeTensors::deserialize(&content).map_err(|error| broken(path, error))?;
    let tensors = Tensors { path, tensors: file.tensors().into_iter().collect() };
    let mut read = ParameterTable { slots: Vec::with_capacity(table.slots.len()) };
    let mut best = Vec::new();
    for slot in &table.slots {
        let (slot, best_values) = tensors.slot(slot, &state)?;
        read.slots.push(slot);
        best.extend(best_values);
    }
    let best = (!best.is_empty()).then_some(best);
    let digest = digest_of(text, self::tensors(&read, best.as_ref()));
    if metadata.and_then(|metadata| metadata.get(DIGEST_KEY)) != Some(&digest) {
        return Err(mismatch(path, "it is damaged: its content does not have the digest of its header"));
    }
    *table = read;
    let best = if state.is_at_best() { Some(table.averages()) } else { best };
    Ok(Loaded { state, best: best.map(Arc::new) })
}

fn state_from<F: Family>(path: &Path, text: &str) -> Result<RunState<F>, TrainError> {
    #[derive(Deserialize)]
    struct Version {
        format: u32,
    }
    let version: Version = serde_json::from_str(text).map_err(|error| broken(path, error))?;
    if version.format != FORMAT {
        let why = format!("its format is {} and this program reads {FORMAT}", version.format);
        return Err(mismatch(path, &why));
    }
    serde_json::from_str(text).map_err(|error| broken(path, error))
}

/// The tensors of a file.
struct Tensors<'a> {
    path: &'a Path,
    tensors: BTreeMap<String, TensorView<'a>>,
}

impl Tensors<'_> {
    /// A slot of the model with what the file has for it, and the best average of it where that is kept.
    fn slot<F: Family>(
        &self,
        of: &Slot,
        state: &RunState<F>,
    ) -> Result<(Slot, Option<Vec<f32>>), TrainError> {
        let lacking = |what: &str| {
            mismatch(self.path, &format!("{what} of {} is missing or has another shape", of.name))
        };
        let needed = |prefix: &str, is_needed: bool, what: &str| match self.values(prefix, of) {
            None if is_needed => Err(lacking(what)),
            values => Ok(values.filter(|_| is_needed)),
        };
        let has_moments = of.is_trained() && state.steps_done > 0;
        let has_second = has_moments && state.rule == Rule::AdamW;
        let has_best = state.best_epoch.is_some() && !state.is_at_best();
        let slot = Slot {
            name: of.name.clone(),
            kind: of.kind,
            shape: of.shape.clone(),
            value: needed("value", true, "the value")?.unwrap_or_default(),
            average: needed("average", true, "the average")?.unwrap_or_default(),
            first: needed("first", has_moments, "the first moment")?.unwrap_or_default(),
            second: needed("second", has_second, "the second moment")?.unwrap_or_default(),
            gradient: Vec::new(),
        };
        Ok((slot, needed("best", has_best, "the best value")?))
    }

    fn values(&self, prefix: &str, of: &Slot) -> Option<Vec<f32>> {
        let view = self.tensors.get(&format!("{prefix}/{}", of.name))?;
        (view.shape() == of.shape && view.dtype() == Dtype::F32).then(|| floats(view.data()))
    }
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

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use crate::YoloV8Family;
    use crate::job::test_job;
    use crate::model::yolov8::{Variant, YoloV8};
    use crate::run_state::{DataDigests, EpochUnderWay};

    use super::*;

    fn table(seed: u64, classes: usize) -> ParameterTable {
        ParameterTable::new(&YoloV8::new(Variant::N, classes, seed, &Device::flex())).unwrap()
    }

    fn state() -> RunState<YoloV8Family> {
        RunState::new(&test_job(), Rule::AdamW, DataDigests::default())
    }

    /// A moment in the fourth epoch, with all that a state can have.
    fn moment() -> Snapshot<YoloV8Family> {
        let mut table = table(1, 2);
        for slot in table.slots.iter_mut().filter(|slot| slot.is_trained()) {
            slot.first = slot.value.iter().map(|value| value * 0.5).collect();
            slot.second = vec![1e-30; slot.value.len()];
        }
        let best =
            table.slots.iter().map(|slot| slot.value.iter().map(|value| value - 0.125).collect()).collect();
        let mut state = state();
        state.epochs_done = 3;
        state.steps_done = 17;
        state.best_epoch = Some(2);
        // Numbers that a careless reader would change in their last bit.
        state.under_way =
            EpochUnderWay { steps: 2, learning_rate: 0.1 + 0.2, seconds: 1.0 / 3.0, ..Default::default() };
        state.under_way.losses.box_loss = 1.234_567_890_123_456_7;
        Snapshot { state, table, best: Some(Arc::new(best)) }
    }

    fn same(a: &ParameterTable, b: &ParameterTable) -> bool {
        a.slots.iter().zip(&b.slots).all(|(a, b)| parts(a, &[]) == parts(b, &[]))
    }

    #[test]
    fn a_state_survives_the_disk_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        let before = moment();
        save(&path, &before).unwrap();
        let mut after = table(2, 2);
        assert!(!same(&before.table, &after));
        let loaded = load::<YoloV8Family>(&path, &mut after).unwrap();
        assert_eq!((&loaded.state, &loaded.best), (&before.state, &before.best));
        assert!(same(&before.table, &after));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        // At the end of the best epoch the best weights are those of that moment.
        let mut at_best = before.clone();
        at_best.state.best_epoch = Some(3);
        at_best.state.under_way = EpochUnderWay::default();
        let larger = std::fs::metadata(&path).unwrap().len();
        save(&path, &at_best).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() < larger);
        let loaded = load::<YoloV8Family>(&path, &mut after).unwrap();
        assert_eq!(loaded.best.as_deref(), Some(&before.table.averages()));
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        let absent = load::<YoloV8Family>(&path, &mut table(0, 2)).unwrap_err();
        assert_eq!(absent.kind(), TrainErrorKind::Io);
        std::fs::write(&path, b"no").unwrap();
        assert_eq!(
            load::<YoloV8Family>(&path, &mut table(0, 2)).unwrap_err().kind(),
            TrainErrorKind::Weights
        );
        let snapshot = Snapshot { state: state(), table: table(0, 2), best: None };
        save(&path, &snapshot).unwrap();
        let error = load::<YoloV8Family>(&path, &mut table(0, 5)).unwrap_err();
        assert!(error.to_string().contains("model.22.cv3"), "{error}");
        let other = RunState { format: 1, ..state() };
        save(&path, &Snapshot { state: other, ..snapshot }).unwrap();
        let error = load::<YoloV8Family>(&path, &mut table(0, 2)).unwrap_err();
        assert!(error.to_string().contains("its format is 1"), "{error}");
    }

    #[test]
    fn a_damaged_file_is_refused_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        let whole = moment();
        save(&path, &whole).unwrap();
        let content = std::fs::read(&path).unwrap();
        let flipped = |place: usize| {
            let mut bytes = content.clone();
            bytes[place] ^= 1;
            bytes
        };
        let steps = b"\\\"steps_done\\\":17";
        let place = content.windows(steps.len()).position(|window| window == steps).unwrap();
        for (bytes, why) in [
            (content[..content.len() / 2].to_vec(), ""),
            (content[..content.len() - 1].to_vec(), ""),
            (flipped(content.len() - 1), "it is damaged"),
            (flipped(content.len() / 2), "it is damaged"),
            // Seventeen steps become sixteen.
            (flipped(place + steps.len() - 1), "it is damaged"),
            (Vec::new(), ""),
        ] {
            std::fs::write(&path, &bytes).unwrap();
            let mut table = table(2, 2);
            let before = table.clone();
            let error = load::<YoloV8Family>(&path, &mut table).unwrap_err();
            assert_eq!(error.kind(), TrainErrorKind::Weights);
            assert!(error.to_string().contains(why), "{error}");
            assert!(same(&before, &table));
        }
        let mut lacking = whole;
        lacking.table.slots[0].second.clear();
        save(&path, &lacking).unwrap();
        let error = load::<YoloV8Family>(&path, &mut table(2, 2)).unwrap_err();
        assert!(error.to_string().contains("the second moment of model.0.conv.weight"), "{error}");
    }
}
