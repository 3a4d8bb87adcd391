//! Which validations' predictions are kept.
//!
//! Must not know what is in the files.

use crate::arrange::sort_by_key;
use shared::id::ExecutionId;
use shared::model::{Artifact, ArtifactKind};
use std::cmp::Reverse;

/// The predictions of one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Where the file is.
    pub content_hash: String,
    pub artifact_id: String,
    /// Counted from 1; none where the Train function did not say.
    pub epoch: Option<u32>,
    pub is_best: bool,
}

impl Kept {
    /// As it stands in a list to choose from.
    pub fn label(&self) -> String {
        let epoch = self.epoch.map_or_else(|| "Unknown epoch".to_owned(), |epoch| format!("Epoch {epoch}"));
        if self.is_best { format!("{epoch}, best") } else { epoch }
    }
}

/// Those of an execution, the newest epoch first, each epoch once.
pub fn kept_of(artifacts: &[Artifact], execution: ExecutionId) -> Vec<Kept> {
    let mut kept: Vec<Kept> = Vec::new();
    let of_execution = artifacts
        .iter()
        .filter(|artifact| artifact.kind == ArtifactKind::Predictions && artifact.execution_id == execution);
    for artifact in of_execution {
        let is_best = artifact.name.contains("best");
        match kept.iter_mut().find(|known| known.epoch == artifact.epoch) {
            Some(known) => known.is_best |= is_best,
            None => kept.push(Kept {
                content_hash: artifact.content_hash.clone(),
                artifact_id: artifact.id.to_string(),
                epoch: artifact.epoch,
                is_best,
            }),
        }
    }
    sort_by_key(&mut kept, |kept| Reverse(kept.epoch));
    kept
}

/// Those of the epoch that is asked for, or else of the best one, or else of the newest.
pub fn chosen(kept: &[Kept], epoch: Option<u32>) -> Option<&Kept> {
    let asked = kept.iter().find(|kept| epoch.is_some() && kept.epoch == epoch);
    asked.or_else(|| kept.iter().find(|kept| kept.is_best)).or_else(|| kept.first())
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::{ArtifactId, ModelId, uuid_v7};

    fn artifact(name: &str, kind: ArtifactKind, epoch: Option<u32>) -> Artifact {
        Artifact {
            id: ArtifactId::from_uuid(uuid_v7(1, &[0; 10])),
            model_id: ModelId::from_uuid(uuid_v7(1, &[1; 10])),
            execution_id: ExecutionId::from_uuid(uuid_v7(1, &[2; 10])),
            name: name.into(),
            kind,
            content_hash: name.into(),
            size_bytes: 1,
            epoch,
            created_at_ms: 0,
        }
    }

    #[test]
    fn each_epoch_is_offered_once_and_the_best_one_is_chosen() {
        use ArtifactKind::{Predictions, Weights};
        let artifacts = [
            artifact("best.safetensors", Weights, Some(2)),
            artifact("predictions-best.bin", Predictions, Some(2)),
            artifact("predictions-epoch-1.bin", Predictions, Some(1)),
            artifact("predictions-epoch-2.bin", Predictions, Some(2)),
            artifact("predictions-last.bin", Predictions, Some(3)),
        ];
        let kept = kept_of(&artifacts, artifacts[0].execution_id);
        let labels: Vec<String> = kept.iter().map(Kept::label).collect();
        assert_eq!(labels, ["Epoch 3", "Epoch 2, best", "Epoch 1"]);
        let epoch = |asked| chosen(&kept, asked).and_then(|kept| kept.epoch);
        assert_eq!([epoch(None), epoch(Some(1)), epoch(Some(9))], [Some(2), Some(1), Some(2)]);
        assert_eq!(chosen(&[], None), None);
        let other = ExecutionId::from_uuid(uuid_v7(1, &[3; 10]));
        assert!(kept_of(&artifacts, other).is_empty());
    }
}
