//! What a training leaves on disk, and when.
//!
//! During the training files are written in the background ([`super::writer`]): what cannot be written is told, and the
//! training goes on. At the end they are waited for, and weights that cannot be written are an error. Must not know losses.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use burn::module::Module;

use crate::card::WeightsCard;
use crate::checkpoint::{self, Snapshot};
use crate::error::TrainError;
use crate::family::{Family, Summary};
use crate::files::replace_file;
use crate::parameters::{Values, write_each};
use crate::report::{ArtifactKind, CheckpointKind, Phase, TrainEvent};
use crate::results;
use crate::weights;

use super::Outcome;
use super::trainer::Trainer;
use super::writer::{BestWeights, Save, Written};

/// Epochs whose predictions are kept at most, beside those of the best and of the newest one.
const KEPT_PREDICTIONS: u32 = 20;

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

impl<F: Family> Trainer<'_, F> {
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
        let period = self.settings.save_period;
        self.hand_over(best, period > 0 && epoch.is_multiple_of(period));
        Ok(())
    }

    /// What the validation of this epoch saw, under the names that stand for it: the best epoch, an epoch that is kept, or
    /// else just the newest one.
    pub fn keep_predictions(&mut self, predictions: &[u8]) {
        let epoch = self.state.epochs_done;
        for name in predictions_names(epoch, self.settings.epochs, self.state.is_at_best()) {
            let path = self.job.output_dir.join(&name);
            match replace_file(&path, predictions) {
                Ok(()) => {
                    let kind = ArtifactKind::Predictions;
                    self.voice.say(TrainEvent::Artifact { path, name, kind, epoch: Some(epoch) });
                }
                Err(error) => {
                    self.voice.warn(format!("the predictions of epoch {epoch} could not be kept: {error}"));
                }
            }
        }
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
        let fitness = self.state.last.as_ref().map(F::Summary::fitness);
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
            network: self.job.variant.into(),
            labels: self.job.labels.clone(),
            imgsz: self.settings.imgsz as usize,
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
    pub fn finish(&mut self, confusion: Option<&[Vec<u64>]>) -> Result<Outcome<F>, TrainError> {
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
                self.voice.say(TrainEvent::Artifact { path, name, kind, epoch: None });
            }
        }
        Ok(Outcome {
            // A stop that comes after the last epoch has nothing left to stop.
            stopped: self.stop.is_stopped() && self.state.epochs_done < self.settings.epochs,
            epochs_done: self.state.epochs_done,
            best_fitness: self.state.best.as_ref().map(F::Summary::fitness),
            best_epoch: self.state.best_epoch,
            best: self.state.best.clone(),
            last: self.state.last.clone(),
        })
    }
}

/// Names of the files that hold the predictions of an epoch, from 1, of so many.
fn predictions_names(epoch: u32, epochs: u32, is_best: bool) -> Vec<String> {
    let step = epochs.div_ceil(KEPT_PREDICTIONS).max(1);
    let is_kept = epoch.is_multiple_of(step) || epoch == epochs;
    let own = if is_kept { format!("predictions-epoch-{epoch}.bin") } else { "predictions-last.bin".into() };
    std::iter::once(own).chain(is_best.then(|| "predictions-best.bin".into())).collect()
}

/// Writes the files of a save, the checkpoint that is replaced each time last: whoever takes the newest one takes this.
pub(super) fn carry_out<F: Family>(folder: &Path, save: Save<F>, told: &mut dyn FnMut(Written)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_predictions_are_kept_of_many_epochs() {
        let cases: &[(u32, u32, bool, &[&str])] = &[
            (1, 3, true, &["predictions-epoch-1.bin", "predictions-best.bin"]),
            (2, 3, false, &["predictions-epoch-2.bin"]),
            (1, 300, true, &["predictions-last.bin", "predictions-best.bin"]),
            (14, 300, false, &["predictions-last.bin"]),
            (15, 300, false, &["predictions-epoch-15.bin"]),
            (299, 299, false, &["predictions-epoch-299.bin"]),
        ];
        for (epoch, epochs, is_best, names) in cases {
            assert_eq!(predictions_names(*epoch, *epochs, *is_best), *names, "{epoch} of {epochs}");
        }
        for epochs in 1..1_000 {
            let kept =
                (1..=epochs).filter(|epoch| predictions_names(*epoch, epochs, false)[0].contains("epoch"));
            assert!(kept.count() <= KEPT_PREDICTIONS as usize + 1);
        }
    }
}
