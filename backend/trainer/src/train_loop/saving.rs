//! What a training leaves on disk, and when.
//!
//! Must not know steps or losses.

use std::path::PathBuf;

use burn::module::Module;
use shared::metrics::{ConfusionMatrix, DetectionSummary};

use crate::card::WeightsCard;
use crate::checkpoint;
use crate::error::TrainError;
use crate::report::{ArtifactKind, CheckpointKind, Phase, TrainEvent};
use crate::results;
use crate::weights;

use super::Outcome;
use super::trainer::Trainer;

/// File names within the output folder.
const LAST_CHECKPOINT: &str = "checkpoint.safetensors";
const BEST_WEIGHTS: &str = "best.safetensors";
const LAST_WEIGHTS: &str = "last.safetensors";

impl Trainer<'_> {
    /// After an epoch: best weights where they are, and a state to go on from.
    pub fn save(&mut self, fitness: f64) -> Result<(), TrainError> {
        let epoch = self.state.epochs_done;
        self.voice.progress(Phase::Saving, epoch, 0, 0);
        if self.state.best_epoch == Some(epoch) {
            let path = self.save_weights(BEST_WEIGHTS)?;
            self.say_checkpoint(path, CheckpointKind::Best, fitness);
        }
        let path = self.job.output_dir.join(LAST_CHECKPOINT);
        checkpoint::save(&path, &self.state, &self.table)?;
        self.say_checkpoint(path, CheckpointKind::Last, fitness);
        let period = self.job.config.save_period;
        if period > 0 && epoch.is_multiple_of(period) {
            let path = self.job.output_dir.join(format!("checkpoint-epoch-{epoch}.safetensors"));
            checkpoint::save(&path, &self.state, &self.table)?;
            self.say_checkpoint(path, CheckpointKind::Periodic, fitness);
        }
        Ok(())
    }

    fn say_checkpoint(&mut self, path: PathBuf, kind: CheckpointKind, fitness: f64) {
        let epoch = self.state.epochs_done;
        self.voice.say(TrainEvent::Checkpoint { path, epoch, kind, fitness: Some(fitness) });
    }

    fn save_weights(&self, name: &str) -> Result<PathBuf, TrainError> {
        let card = WeightsCard {
            variant: self.job.variant,
            labels: self.job.labels.clone(),
            imgsz: self.job.config.imgsz as usize,
        };
        let path = self.job.output_dir.join(name);
        let model = self.table.write_average(self.model.valid());
        let content = weights::to_bytes(&model, card.metadata()).map_err(TrainError::device)?;
        checkpoint::replace_file(&path, &content)?;
        Ok(path)
    }

    /// At the end: last weights and reports.
    pub fn finish(&mut self, confusion: Option<&ConfusionMatrix>) -> Result<Outcome, TrainError> {
        if self.state.epochs_done > 0 {
            let folder = &self.job.output_dir;
            let mut artifacts = vec![(self.save_weights(LAST_WEIGHTS)?, ArtifactKind::Weights)];
            let best = folder.join(BEST_WEIGHTS);
            if best.is_file() {
                artifacts.insert(0, (best, ArtifactKind::Weights));
            }
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
