//! What a training learns from, frozen when it started.

use super::{
    ConvertError, id_from_wire, json_from_wire, list_from_wire, subset_filter_from_wire, subset_to_wire,
    word_from_wire,
};
use crate::v1;
use shared::model::ChoiceMode;
use shared::snapshot::{FrozenService, SubsetContent, SubsetSnapshot, TrainingSnapshot};

impl From<SubsetSnapshot> for v1::SubsetSnapshot {
    fn from(snapshot: SubsetSnapshot) -> Self {
        let content = snapshot.content;
        Self {
            subset: subset_to_wire(Some(snapshot.subset)).into(),
            mode: snapshot.mode.name().to_owned(),
            filter: snapshot.filter,
            canonical_filter: snapshot.canonical_filter,
            annotation_filter: snapshot.annotation_filter,
            canonical_annotation_filter: snapshot.canonical_annotation_filter,
            content_hash: content.content_hash,
            item_count: content.item_count,
            annotation_count: content.annotation_count,
            unannotated_count: content.unannotated_count,
            labels: content.labels.into_iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<v1::SubsetSnapshot> for SubsetSnapshot {
    type Error = ConvertError;

    fn try_from(wire: v1::SubsetSnapshot) -> Result<Self, ConvertError> {
        let subset = subset_filter_from_wire("subset", wire.subset)?
            .ok_or_else(|| ConvertError::new("subset", "is not set"))?;
        let expected = "`tagged-items`, `dql-filter` or `folder`";
        Ok(Self {
            subset,
            mode: word_from_wire("mode", &wire.mode, ChoiceMode::from_name, expected)?,
            filter: wire.filter,
            canonical_filter: wire.canonical_filter,
            annotation_filter: wire.annotation_filter,
            canonical_annotation_filter: wire.canonical_annotation_filter,
            content: SubsetContent {
                subset,
                content_hash: wire.content_hash,
                item_count: wire.item_count,
                annotation_count: wire.annotation_count,
                unannotated_count: wire.unannotated_count,
                labels: list_from_wire("labels", wire.labels)?,
            },
        })
    }
}

impl From<TrainingSnapshot> for v1::TrainingSnapshot {
    fn from(snapshot: TrainingSnapshot) -> Self {
        Self {
            training_id: snapshot.training_id.to_string(),
            dataset_id: snapshot.dataset_id.to_string(),
            dataset_name: snapshot.dataset_name,
            content_hash: snapshot.content_hash,
            subsets: snapshot.subsets.into_iter().map(Into::into).collect(),
            labels: snapshot.labels,
            configuration_json: snapshot.configuration.to_string(),
            seed: snapshot.seed,
            versions_json: serde_json::to_string(&snapshot.versions).unwrap_or_default(),
            initial_weights_hash: snapshot.initial_weights_hash.unwrap_or_default(),
            created_at_ms: snapshot.created_at_ms,
            settings_revision: snapshot.service.as_ref().map_or(0, |frozen| frozen.settings_revision.into()),
            service_settings: snapshot.service.map(|frozen| frozen.settings.into()),
            secrets: snapshot.secrets,
            leaked_count: snapshot.leaked_count,
            leaked: snapshot.leaked.into_iter().map(Into::into).collect(),
            device: snapshot.device.unwrap_or_default(),
        }
    }
}

impl TryFrom<v1::TrainingSnapshot> for TrainingSnapshot {
    type Error = ConvertError;

    fn try_from(wire: v1::TrainingSnapshot) -> Result<Self, ConvertError> {
        Ok(Self {
            training_id: id_from_wire("training_id", &wire.training_id)?,
            dataset_id: id_from_wire("dataset_id", &wire.dataset_id)?,
            dataset_name: wire.dataset_name,
            content_hash: wire.content_hash,
            subsets: list_from_wire("subsets", wire.subsets)?,
            labels: wire.labels,
            configuration: json_from_wire("configuration_json", &wire.configuration_json)?,
            seed: wire.seed,
            versions: serde_json::from_str(&wire.versions_json).map_err(|error| {
                ConvertError::new("versions_json", format!("is no list of versions: {error}"))
            })?,
            initial_weights_hash: Some(wire.initial_weights_hash).filter(|hash| !hash.is_empty()),
            created_at_ms: wire.created_at_ms,
            service: wire
                .service_settings
                .map(|settings| frozen_service(settings, wire.settings_revision))
                .transpose()?,
            secrets: wire.secrets,
            leaked_count: wire.leaked_count,
            leaked: list_from_wire("leaked", wire.leaked)?,
            device: Some(wire.device).filter(|device| !device.is_empty()),
        })
    }
}

fn frozen_service(settings: v1::ServiceSettings, revision: i64) -> Result<FrozenService, ConvertError> {
    Ok(FrozenService {
        settings: settings.try_into().map_err(|error: ConvertError| error.within("service_settings"))?,
        settings_revision: u32::try_from(revision)
            .map_err(|_| ConvertError::new("settings_revision", "is out of range"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::dataset::{Item, Subset};
    use shared::id::{DatasetId, ItemId, TrainingId, uuid_v7};
    use shared::service::ServiceSettings;
    use shared::snapshot::LabelCount;

    #[test]
    fn snapshots_come_back_as_they_went() {
        let content = SubsetContent {
            subset: Subset::Validation,
            content_hash: "ab".repeat(32),
            item_count: 4,
            annotation_count: 5,
            unannotated_count: 6,
            labels: vec![LabelCount { label: "cat".into(), item_count: 1, annotation_count: 2 }],
        };
        let leaked = Item {
            id: ItemId::from_uuid(uuid_v7(3, &[3; 10])),
            dataset_id: DatasetId::from_uuid(uuid_v7(2, &[2; 10])),
            dir: "/".into(),
            name: "a.png".into(),
            content_hash: "ab".repeat(32),
            mimetype: "image/png".into(),
            size_bytes: 1,
            width: 4,
            height: 3,
            subset: Some(Subset::Validation),
            annotations: Vec::new(),
            created_at_ms: 9,
        };
        let snapshot = TrainingSnapshot {
            training_id: TrainingId::from_uuid(uuid_v7(1, &[1; 10])),
            dataset_id: DatasetId::from_uuid(uuid_v7(2, &[2; 10])),
            dataset_name: "cells".into(),
            content_hash: "cd".repeat(32),
            subsets: vec![SubsetSnapshot {
                subset: Subset::Validation,
                mode: ChoiceMode::Folder,
                filter: "{ }".into(),
                canonical_filter: "{}".into(),
                annotation_filter: "{  }".into(),
                canonical_annotation_filter: "{}".into(),
                content,
            }],
            labels: vec!["cat".into(), "dog".into()],
            configuration: serde_json::json!({ "epochs": 3 }),
            seed: 7,
            versions: [("trainyard".to_owned(), "0.1.0".to_owned())].into(),
            initial_weights_hash: Some("ef".repeat(32)),
            created_at_ms: 9,
            service: Some(FrozenService { settings: ServiceSettings::default(), settings_revision: 3 }),
            secrets: vec!["TOKEN".into()],
            leaked_count: 2,
            leaked: vec![leaked],
            device: Some("cpu (2 threads)".into()),
        };
        let earlier = TrainingSnapshot {
            service: None,
            leaked_count: 0,
            leaked: Vec::new(),
            device: None,
            ..snapshot.clone()
        };
        for snapshot in [snapshot, earlier] {
            assert_eq!(
                TrainingSnapshot::try_from(v1::TrainingSnapshot::from(snapshot.clone())),
                Ok(snapshot)
            );
        }
    }
}
