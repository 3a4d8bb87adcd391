//! What starting a training would do, and the settings of the service that would run it.

use super::{ConvertError, json_from_wire, list_from_wire, required, word_from_wire};
use crate::v1;
use shared::check::{FieldProblem, SubsetCheck, TrainingCheck, TrainingWarning, WarningKind};
use shared::dataset::Subset;
use shared::service::{OnReset, ServiceSettings};
use shared::snapshot::{LabelCount, SubsetContent};

impl From<ServiceSettings> for v1::ServiceSettings {
    fn from(settings: ServiceSettings) -> Self {
        Self {
            concurrency: settings.concurrency,
            min_instances: settings.min_instances,
            max_instances: settings.max_instances,
            cool_down_secs: settings.cool_down_secs,
            execution_timeout_secs: settings.execution_timeout_secs,
            drain_secs: settings.drain_secs,
            on_reset: on_reset_word(settings.on_reset).to_owned(),
            max_attempts: settings.max_attempts,
            machine_type: settings.machine_type,
            preemptible: settings.preemptible,
            image: settings.image,
            run_as_process: Some(settings.run_as_process),
            queue_threshold: Some(settings.queue_threshold),
            gpus: settings.gpus,
            cores: Some(settings.cores),
            memory_mib: settings.memory_mib,
            max_failed_starts: Some(settings.max_failed_starts),
        }
    }
}

impl TryFrom<v1::ServiceSettings> for ServiceSettings {
    type Error = ConvertError;

    /// Parses settings and refuses the first value that cannot be meant.
    fn try_from(settings: v1::ServiceSettings) -> Result<Self, ConvertError> {
        let on_reset = word_from_wire("on_reset", &settings.on_reset, on_reset, "`fail` or `rerun`")?;
        let Self { machine_type, run_as_process, queue_threshold, cores, max_failed_starts, .. } =
            Self::default();
        let settings = Self {
            concurrency: settings.concurrency,
            min_instances: settings.min_instances,
            max_instances: settings.max_instances,
            cool_down_secs: settings.cool_down_secs,
            execution_timeout_secs: settings.execution_timeout_secs,
            drain_secs: settings.drain_secs,
            on_reset,
            max_attempts: settings.max_attempts,
            machine_type: Some(settings.machine_type).filter(|name| !name.is_empty()).unwrap_or(machine_type),
            preemptible: settings.preemptible,
            image: settings.image,
            run_as_process: settings.run_as_process.unwrap_or(run_as_process),
            queue_threshold: settings.queue_threshold.unwrap_or(queue_threshold),
            gpus: settings.gpus,
            cores: settings.cores.unwrap_or(cores),
            memory_mib: settings.memory_mib,
            max_failed_starts: settings.max_failed_starts.unwrap_or(max_failed_starts),
        };
        match settings.check() {
            Ok(()) => Ok(settings),
            Err(errors) => {
                let first = errors.into_iter().next();
                let (field, message) =
                    first.map_or_else(Default::default, |error| (error.key, error.message));
                Err(ConvertError::new(field, format!("cannot be used: {message}")))
            }
        }
    }
}

const fn on_reset_word(on_reset: OnReset) -> &'static str {
    match on_reset {
        OnReset::Fail => "fail",
        OnReset::Rerun => "rerun",
    }
}

fn on_reset(word: &str) -> Option<OnReset> {
    [OnReset::Fail, OnReset::Rerun].into_iter().find(|each| on_reset_word(*each) == word)
}

impl From<LabelCount> for v1::LabelCount {
    fn from(count: LabelCount) -> Self {
        Self { label: count.label, item_count: count.item_count, annotation_count: count.annotation_count }
    }
}

impl TryFrom<v1::LabelCount> for LabelCount {
    type Error = ConvertError;

    fn try_from(count: v1::LabelCount) -> Result<Self, ConvertError> {
        Ok(Self {
            label: count.label,
            item_count: count.item_count,
            annotation_count: count.annotation_count,
        })
    }
}

impl From<SubsetCheck> for v1::SubsetCheck {
    fn from(SubsetCheck { content, unknown_labels }: SubsetCheck) -> Self {
        Self {
            item_count: content.item_count,
            annotation_count: content.annotation_count,
            unannotated_count: content.unannotated_count,
            labels: content.labels.into_iter().map(Into::into).collect(),
            unknown_labels: unknown_labels.into_iter().map(Into::into).collect(),
        }
    }
}

fn subset_from_wire(subset: Subset, check: v1::SubsetCheck) -> Result<SubsetCheck, ConvertError> {
    let content = SubsetContent {
        subset,
        content_hash: String::new(),
        item_count: check.item_count,
        annotation_count: check.annotation_count,
        unannotated_count: check.unannotated_count,
        labels: list_from_wire("labels", check.labels)?,
    };
    Ok(SubsetCheck { content, unknown_labels: list_from_wire("unknown_labels", check.unknown_labels)? })
}

impl From<TrainingCheck> for v1::TrainingCheck {
    fn from(check: TrainingCheck) -> Self {
        let configuration = check.configuration;
        Self {
            problems: check
                .problems
                .into_iter()
                .map(|problem| v1::FieldProblem { field: problem.field, message: problem.message })
                .collect(),
            warnings: check
                .warnings
                .into_iter()
                .map(|warning| v1::TrainingWarning {
                    kind: warning.kind.name().to_owned(),
                    message: warning.message,
                    filter: warning.filter.unwrap_or_default(),
                })
                .collect(),
            train: check.train.map(Into::into),
            validation: check.validation.map(Into::into),
            configuration_json: if configuration.is_null() {
                String::new()
            } else {
                configuration.to_string()
            },
            labels: check.labels,
            memory_bytes: check.memory_bytes,
            machine_memory_bytes: check.machine_memory_bytes,
            duration_secs: check.duration_secs,
            service_settings: Some(check.service_settings.into()),
            service_exists: check.service_exists,
            machine_types: check.machine_types.into_iter().map(Into::into).collect(),
            processor_cores: check.processor_cores,
        }
    }
}

impl TryFrom<v1::TrainingCheck> for TrainingCheck {
    type Error = ConvertError;

    fn try_from(check: v1::TrainingCheck) -> Result<Self, ConvertError> {
        let checked = |field: &str, subset, wire: Option<v1::SubsetCheck>| {
            wire.map(|wire| subset_from_wire(subset, wire)).transpose().map_err(|error| error.within(field))
        };
        Ok(Self {
            problems: check
                .problems
                .into_iter()
                .map(|problem| FieldProblem { field: problem.field, message: problem.message })
                .collect(),
            warnings: list_from_wire("warnings", check.warnings)?,
            train: checked("train", Subset::Train, check.train)?,
            validation: checked("validation", Subset::Validation, check.validation)?,
            configuration: json_from_wire("configuration_json", &check.configuration_json)?,
            labels: check.labels,
            memory_bytes: check.memory_bytes,
            machine_memory_bytes: check.machine_memory_bytes,
            duration_secs: check.duration_secs,
            service_settings: required("service_settings", check.service_settings)?
                .try_into()
                .map_err(|error: ConvertError| error.within("service_settings"))?,
            service_exists: check.service_exists,
            machine_types: check.machine_types.into_iter().map(Into::into).collect(),
            processor_cores: check.processor_cores,
        })
    }
}

impl TryFrom<v1::TrainingWarning> for TrainingWarning {
    type Error = ConvertError;

    fn try_from(warning: v1::TrainingWarning) -> Result<Self, ConvertError> {
        Ok(Self {
            kind: word_from_wire("kind", &warning.kind, WarningKind::from_name, "a kind of warning")?,
            message: warning.message,
            filter: Some(warning.filter).filter(|filter| !filter.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::machine::MachineType;

    fn subset_check(subset: Subset) -> SubsetCheck {
        let content = SubsetContent {
            subset,
            content_hash: String::new(),
            item_count: 3,
            annotation_count: 5,
            unannotated_count: 1,
            labels: vec![LabelCount { label: "cat".into(), item_count: 2, annotation_count: 5 }],
        };
        let unknown = LabelCount { label: "cow".into(), item_count: 1, annotation_count: 4 };
        SubsetCheck { content, unknown_labels: vec![unknown] }
    }

    #[test]
    fn checks_come_back_as_they_went() {
        for (configuration, duration_secs) in
            [(serde_json::json!({ "epochs": 3 }), Some(7)), (().into(), None)]
        {
            let check = TrainingCheck {
                problems: vec![FieldProblem { field: "train".into(), message: "is empty".into() }],
                warnings: WarningKind::ALL
                    .map(|kind| TrainingWarning {
                        kind,
                        message: "2 items".into(),
                        filter: Some("{}".into()),
                    })
                    .to_vec(),
                train: Some(subset_check(Subset::Train)),
                validation: duration_secs.map(|_| subset_check(Subset::Validation)),
                configuration,
                labels: vec!["cat".into()],
                memory_bytes: 1,
                machine_memory_bytes: 2,
                duration_secs,
                service_settings: ServiceSettings { on_reset: OnReset::Fail, ..ServiceSettings::default() },
                service_exists: true,
                machine_types: vec![MachineType {
                    cores: 2,
                    memory_bytes: 3,
                    free_memory_bytes: 1,
                    is_preemptible: false,
                    runs_images: true,
                    ..MachineType::named("local")
                }],
                processor_cores: duration_secs.map(|_| 8),
            };
            assert_eq!(TrainingCheck::try_from(v1::TrainingCheck::from(check.clone())), Ok(check));
        }
    }

    #[test]
    fn settings_that_cannot_be_meant_name_their_field() {
        let good = v1::ServiceSettings::from(ServiceSettings::default());
        assert_eq!(ServiceSettings::try_from(good.clone()), Ok(ServiceSettings::default()));
        let older = v1::ServiceSettings { machine_type: String::new(), run_as_process: None, ..good.clone() };
        assert_eq!(ServiceSettings::try_from(older), Ok(ServiceSettings::default()));
        let cases = [
            (v1::ServiceSettings { image: "a b".into(), ..good.clone() }, "image"),
            (v1::ServiceSettings { on_reset: "again".into(), ..good.clone() }, "on_reset"),
            (v1::ServiceSettings { concurrency: 0, ..good.clone() }, "concurrency"),
            (v1::ServiceSettings { min_instances: 2, ..good }, "min_instances"),
        ];
        for (settings, field) in cases {
            assert_eq!(ServiceSettings::try_from(settings).unwrap_err().field(), field);
        }
    }
}
