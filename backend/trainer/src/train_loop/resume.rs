//! Whether a checkpoint belongs to a job, and what a training begins with.
//!
//! Must not know steps or devices.

use std::path::Path;

use crate::checkpoint::{self, Loaded};
use crate::error::{TrainError, TrainErrorKind};
use crate::family::{Family, Settings};
use crate::parameters::ParameterTable;
use crate::run_state::RunState;

/// Settings that change no number.
const WITHOUT_EFFECT: [&str; 2] = ["workers", "save_period"];

/// Reads a checkpoint into the table if it belongs to the job of `fresh`, which is the state at that job's beginning.
///
/// Where only `is_part` of the data was looked at, because a stop was asked for meanwhile, the data is not compared.
///
/// # Errors
/// If it cannot be read, or is of another job. The table is as it was then.
pub(super) fn resume<F: Family>(
    path: &Path,
    fresh: &RunState<F>,
    is_part: bool,
    table: &mut ParameterTable,
) -> Result<Loaded<F>, TrainError> {
    let mut read = table.clone();
    let loaded: Loaded<F> = checkpoint::load(path, &mut read)?;
    let state = &loaded.state;
    let (then, now) = (state.config.common(), fresh.config.common());
    let differs = [
        (state.variant != fresh.variant, "variant"),
        (state.labels != fresh.labels, "labels"),
        (then.imgsz != now.imgsz, "imgsz"),
        (then.seed != now.seed, "seed"),
        (then.batch_size != now.batch_size, "batch_size"),
        (!is_part && state.rule != fresh.rule, "optimizer"),
        (!is_part && state.data.train != fresh.data.train, "train subset"),
        (!is_part && state.data.validation != fresh.data.validation, "validation subset"),
    ];
    if let Some((_, what)) = differs.into_iter().find(|(differs, _)| *differs) {
        return Err(TrainError::new(
            TrainErrorKind::Configuration,
            format!("cannot go on from {}: its {what} differs from the job's", path.display()),
            "resume with the same model, data, labels, image and batch size, optimizer and seed, or train from the start",
        ));
    }
    *table = read;
    Ok(loaded)
}

/// Settings that are others than in the checkpoint and change what comes after it.
pub(super) fn changed_settings(then: &impl Settings, now: &impl Settings) -> Vec<String> {
    let (Ok(serde_json::Value::Object(then)), Ok(serde_json::Value::Object(now))) =
        (serde_json::to_value(then), serde_json::to_value(now))
    else {
        return Vec::new();
    };
    let counts = |key: &str| !WITHOUT_EFFECT.contains(&key);
    let changed = now.iter().filter(|(key, value)| counts(key) && then.get(*key) != Some(*value));
    changed.map(|(key, _)| key.clone()).collect()
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use shared::config::DetectionConfig;

    use crate::YoloV8Family;
    use crate::checkpoint::Snapshot;
    use crate::job::test_job;
    use crate::model::yolov8::{Variant, YoloV8};
    use crate::optimizer::Rule;
    use crate::run_state::DataDigests;

    use super::*;

    fn fresh() -> RunState<YoloV8Family> {
        let data = DataDigests { train: "t".into(), validation: "v".into() };
        RunState::new(&test_job(), Rule::AdamW, data)
    }

    #[test]
    fn a_checkpoint_of_another_job_is_refused_by_name_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoint.safetensors");
        let table = |seed| ParameterTable::new(&YoloV8::new(Variant::N, 1, seed, &Device::flex())).unwrap();
        checkpoint::save(&path, &Snapshot { state: fresh(), table: table(1), best: None }).unwrap();
        type Change = fn(&mut RunState<YoloV8Family>);
        let cases: [(Change, &str); 8] = [
            (|job| job.variant = Variant::S, "variant"),
            (|job| job.labels = vec!["other".into()], "labels"),
            (|job| job.config.imgsz = 320, "imgsz"),
            (|job| job.config.seed = 5, "seed"),
            (|job| job.config.batch_size = 3, "batch_size"),
            (|job| job.rule = Rule::Sgd, "optimizer"),
            (|job| job.data.train = "other".into(), "train subset"),
            (|job| job.data.validation = "other".into(), "validation subset"),
        ];
        for (change, what) in cases {
            let mut job = fresh();
            change(&mut job);
            let mut other = table(2);
            let error = resume(&path, &job, false, &mut other).unwrap_err();
            assert_eq!(error.kind(), TrainErrorKind::Configuration);
            assert!(error.to_string().contains(&format!("its {what} differs")), "{error}");
            assert_eq!(other.averages(), table(2).averages());
        }
        // Of data that was only looked at in part nothing can be said.
        let mut part = fresh();
        part.data = DataDigests::default();
        let mut other = table(2);
        resume(&path, &part, true, &mut other).unwrap();
        assert_eq!(other.averages(), table(1).averages());
    }

    #[test]
    fn settings_that_change_numbers_are_told() {
        let then = DetectionConfig::default();
        let now = DetectionConfig { epochs: 7, lr0: 0.5, workers: 9, save_period: 3, ..then };
        assert_eq!(changed_settings(&then, &now), ["epochs", "lr0"]);
        assert!(changed_settings(&then, &then).is_empty());
    }
}
