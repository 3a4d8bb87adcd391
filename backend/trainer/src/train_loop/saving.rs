//! What a training leaves on disk, and when.
//!
//! During the training files are written in the background ([`super::writer`]): what cannot be written is told, and the
//! training goes on. At the end they are waited for, and weights that cannot be written are an error. Must not know losses.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::module::Module;
use shared::metrics::{ConfusionMatrix, DetectionSummary};

use crate::card::WeightsCard;
use crate::checkpoint::{self, Snapshot};
use crate::error::TrainError;
use crate::files::replace_file;
use crate::parameters::{Values, write_each};
use crate::report::{ArtifactKind, CheckpointKind, Phase, TrainEvent};
use crate::results;
use crate::weights;

use super::Outcome;
use super::trainer::Trainer;
use super::writer::{BestWeights, Save, Written};

/// File names within the output folder.
const LAST_CHECKPOINT: &str = "checkpoint.safetensors";
const BEST_WEIGHTS: &str = "best.safetensors";
const LAST_WEIGHTS: &str = "last.safetensors";

/// Which moments are on disk.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// Epochs and steps done at the newest checkpoint that was handed over, or resumed from; none if it failed.
    checkpoint: Option<(u32, u64)>,
    /// The epoch of the best weights in the output folder.
    best_epoch: Option<u32>,
}

impl Saved {
    /// At the beginning: a state that was read needs no writing, and a fresh one has nothing worth it.
    pub fn at(moment: (u32, u64)) -> Self {
        Self { checkpoint: Some(moment), best_epoch: None }
    }
}

impl Trainer<'_> {
    fn moment(&self) -> (u32, u64) {
        (self.state.epochs_done, self.state.steps_done)
    }

    /// After an epoch: best weights where they are, and a state to go on from.
    pub fn save(&mut self) -> Result<(), TrainError> {
        let epoch = self.state.epochs_done;
        self.voice.progress(Phase::Saving, epoch, 0, 0);
        let mut best = None;
        if let Some(summary) = self.state.best.as_ref().filter(|_| self.state.is_at_best()) {
            let fitness = summary.fitness();
            let values = self.table.averages();
            best = Some(BestWeights { content: self.weights_of(&values)?, epoch, fitness });
            self.best = Some(Arc::new(values));
        }
        let period = self.job.config.save_period;
        self.hand_over(best, period > 0 && epoch.is_multiple_of(period));
        Ok(())
    }

    /// On a stop: the state of this moment, if it is not the one of the newest checkpoint.
    pub fn save_unsaved(&mut self) {
        self.tell_written();
        if !self.stop.is_stopped() || self.saved.checkpoint == Some(self.moment()) {
            return;
        }
        let place = self.state.place(self.steps_per_epoch());
        self.voice.info(format!("stopping before {place}; a checkpoint of this moment is written"));
        self.hand_over(None, false);
    }

    fn hand_over(&mut self, best: Option<BestWeights>, is_kept: bool) {
        let snapshot =
            Snapshot { state: self.state.clone(), table: self.table.snapshot(), best: self.best.clone() };
        let fitness = self.state.last.as_ref().map(DetectionSummary::fitness);
        self.saved.checkpoint = Some(self.moment());
        self.writer.write(Save { snapshot, fitness, is_kept, best });
    }

    /// Tells what was written since the last call.
    pub fn tell_written(&mut self) {
        for written in self.writer.take_written() {
            self.tell(written);
        }
    }

    /// Waits until all is on disk, and tells it.
    pub fn await_writes(&mut self) {
        for written in self.writer.wait_for_all() {
            self.tell(written);
        }
    }

    fn tell(&mut self, written: Written) {
        let Written { path, epoch, kind, fitness, result } = written;
        match result {
            Ok(()) => {
                if kind == CheckpointKind::Best {
                    self.saved.best_epoch = Some(epoch);
                }
                self.voice.say(TrainEvent::Checkpoint { path, epoch, kind, fitness });
            }
            Err(error) => {
                if kind == CheckpointKind::Last {
                    self.saved.checkpoint = None;
                }
                let what = if kind == CheckpointKind::Best { "best weights" } else { "state" };
                self.voice.warn(format!("the {what} after epoch {epoch} could not be kept: {error}"));
            }
        }
    }

    fn weights_of(&self, values: &Values) -> Result<Vec<u8>, TrainError> {
        let card = WeightsCard {
            variant: self.job.variant,
            labels: self.job.labels.clone(),
            imgsz: self.job.config.imgsz as usize,
        };
        let model = write_each(self.model.valid(), values.iter().map(Some));
        weights::to_bytes(&model, card.metadata()).map_err(TrainError::device)
    }

    fn write_weights(&self, name: &str, values: &Values) -> Result<PathBuf, TrainError> {
        let path = self.job.output_dir.join(name);
        replace_file(&path, &self.weights_of(values)?)?;
        Ok(path)
    }

    /// At the end: best and last weights, and reports.
    pub fn finish(&mut self, confusion: Option<&ConfusionMatrix>) -> Result<Outcome, TrainError> {
        if self.state.epochs_done > 0 {
            let folder = &self.job.output_dir;
            let mut artifacts = Vec::new();
            if let Some(best) = &self.best {
                // A training that went on from a checkpoint may have its best weights from there.
                if self.saved.best_epoch != self.state.best_epoch {
                    self.write_weights(BEST_WEIGHTS, best)?;
                }
                artifacts.push((folder.join(BEST_WEIGHTS), ArtifactKind::Weights));
            }
            let last = self.write_weights(LAST_WEIGHTS, &self.table.averages())?;
            artifacts.push((last, ArtifactKind::Weights));
            let results = results::write_results(folder, &self.state, &self.job.config)?;
            artifacts.push((results, ArtifactKind::Report));
            if let Some(confusion) = confusion {
                let path = results::write_confusion(folder, &self.job.labels, confusion)?;
                artifacts.push((path, ArtifactKind::Report));
            }
            for (path, kind) in artifacts {
                let name =
                    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                self.voice.say(TrainEvent::Artifact { path, name, kind });
            }
        }
        Ok(Outcome {
            // A stop that comes after the last epoch has nothing left to stop.
            stopped: self.stop.is_stopped() && self.state.epochs_done < self.job.config.epochs,
            epochs_done: self.state.epochs_done,
            best_fitness: self.state.best.as_ref().map(DetectionSummary::fitness),
            best_epoch: self.state.best_epoch,
            best: self.state.best.clone(),
            last: self.state.last.clone(),
        })
    }
}

/// Writes the files of a save, the checkpoint that is replaced each time last: whoever takes the newest one takes this.
pub(super) fn carry_out(folder: &Path, save: Save, told: &mut dyn FnMut(Written)) {
    let Save { snapshot, fitness, is_kept, best } = save;
    if let Some(BestWeights { content, epoch, fitness }) = best {
        let path = folder.join(BEST_WEIGHTS);
        let result = replace_file(&path, &content);
        told(Written { path, epoch, kind: CheckpointKind::Best, fitness: Some(fitness), result });
    }
    let epoch = snapshot.state.epochs_done;
    let mut write = |name: &str, kind| {
        let path = folder.join(name);
        let result = checkpoint::save(&path, &snapshot);
        told(Written { path, epoch, kind, fitness, result });
    };
    if is_kept {
        write(&format!("checkpoint-epoch-{epoch}.safetensors"), CheckpointKind::Periodic);
    }
    write(LAST_CHECKPOINT, CheckpointKind::Last);
}
