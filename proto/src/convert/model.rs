//! Model versions and their files.

use super::{ConvertError, id_from_wire, json_object_from_wire, optional_id_from_wire, word_from_wire};
use crate::v1;
use shared::model::{Artifact, ArtifactKind, ChoiceMode, Model, ParentModel, SubsetChoice};
use shared::status::ModelStatus;

impl From<Model> for v1::Model {
    fn from(model: Model) -> Self {
        Self {
            id: model.id.to_string(),
            project_id: model.project_id.to_string(),
            name: model.name,
            architecture_id: model.architecture_id,
            variant: model.variant,
            dataset_id: model.dataset_id.to_string(),
            labels: model.labels,
            status: model.status.name().to_owned(),
            configuration_json: serde_json::Value::Object(model.configuration).to_string(),
            created_at_ms: model.created_at_ms,
            description: model.description,
            tags: model.tags,
            train: model.train.map(Into::into),
            validation: model.validation.map(Into::into),
            parent_id: model.parent.as_ref().map(|parent| parent.id.to_string()).unwrap_or_default(),
            parent_name: model.parent.map(|parent| parent.name).unwrap_or_default(),
            initial_weights_hash: model.initial_weights_hash.unwrap_or_default(),
            deleted_at_ms: model.deleted_at_ms,
        }
    }
}

impl From<SubsetChoice> for v1::SubsetChoice {
    fn from(choice: SubsetChoice) -> Self {
        Self {
            mode: choice.mode.name().to_owned(),
            filter: choice.filter,
            annotation_filter: choice.annotation_filter.unwrap_or_default(),
            saved_filter_id: choice.saved_filter_id.map(|id| id.to_string()).unwrap_or_default(),
        }
    }
}

impl TryFrom<v1::SubsetChoice> for SubsetChoice {
    type Error = ConvertError;

    fn try_from(choice: v1::SubsetChoice) -> Result<Self, ConvertError> {
        let expected = "`tagged-items`, `dql-filter` or `folder`";
        Ok(Self {
            mode: word_from_wire("mode", &choice.mode, ChoiceMode::from_name, expected)?,
            filter: choice.filter,
            annotation_filter: Some(choice.annotation_filter).filter(|text| !text.trim().is_empty()),
            saved_filter_id: optional_id_from_wire("saved_filter_id", &choice.saved_filter_id)?,
        })
    }
}

/// Parses a choice that may be left out; errors name it.
///
/// # Errors
/// If its mode or its saved filter is unknown.
pub fn choice_from_wire(
    field: &str,
    choice: Option<v1::SubsetChoice>,
) -> Result<Option<SubsetChoice>, ConvertError> {
    choice.map(SubsetChoice::try_from).transpose().map_err(|error| error.within(field))
}

impl TryFrom<v1::Model> for Model {
    type Error = ConvertError;

    fn try_from(model: v1::Model) -> Result<Self, ConvertError> {
        Ok(Self {
            id: id_from_wire("id", &model.id)?,
            project_id: id_from_wire("project_id", &model.project_id)?,
            name: model.name,
            architecture_id: model.architecture_id,
            variant: model.variant,
            dataset_id: id_from_wire("dataset_id", &model.dataset_id)?,
            labels: model.labels,
            status: word_from_wire("status", &model.status, ModelStatus::from_name, "a model status")?,
            configuration: json_object_from_wire("configuration_json", &model.configuration_json)?,
            description: model.description,
            tags: model.tags,
            train: choice_from_wire("train", model.train)?,
            validation: choice_from_wire("validation", model.validation)?,
            parent: optional_id_from_wire("parent_id", &model.parent_id)?
                .map(|id| ParentModel { id, name: model.parent_name }),
            initial_weights_hash: Some(model.initial_weights_hash).filter(|hash| !hash.is_empty()),
            created_at_ms: model.created_at_ms,
            deleted_at_ms: model.deleted_at_ms,
        })
    }
}

impl From<Artifact> for v1::Artifact {
    fn from(artifact: Artifact) -> Self {
        Self {
            id: artifact.id.to_string(),
            model_id: artifact.model_id.to_string(),
            execution_id: artifact.execution_id.to_string(),
            name: artifact.name,
            kind: artifact.kind.name().to_owned(),
            content_hash: artifact.content_hash,
            size_bytes: artifact.size_bytes,
            epoch: artifact.epoch,
            created_at_ms: artifact.created_at_ms,
        }
    }
}

impl TryFrom<v1::Artifact> for Artifact {
    type Error = ConvertError;

    fn try_from(artifact: v1::Artifact) -> Result<Self, ConvertError> {
        Ok(Self {
            id: id_from_wire("id", &artifact.id)?,
            model_id: id_from_wire("model_id", &artifact.model_id)?,
            execution_id: id_from_wire("execution_id", &artifact.execution_id)?,
            name: artifact.name,
            kind: word_from_wire(
                "kind",
                &artifact.kind,
                ArtifactKind::from_name,
                "`weights`, `checkpoint` or `report`",
            )?,
            content_hash: artifact.content_hash,
            size_bytes: artifact.size_bytes,
            epoch: artifact.epoch,
            created_at_ms: artifact.created_at_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shared::id::{ArtifactId, DatasetId, ExecutionId, FilterId, ModelId, ProjectId, uuid_v7};

    fn model() -> impl Strategy<Value = Model> {
        (
            any::<[u8; 10]>(),
            ".{1,40}",
            proptest::sample::select(ModelStatus::ALL.to_vec()),
            any::<(u32, i64)>(),
        )
            .prop_map(|(random, name, status, (epochs, created_at_ms))| Model {
                id: ModelId::from_uuid(uuid_v7(1, &random)),
                project_id: ProjectId::from_uuid(uuid_v7(2, &random)),
                dataset_id: DatasetId::from_uuid(uuid_v7(3, &random)),
                architecture_id: "yolov8".into(),
                variant: "n".into(),
                labels: vec![name.clone(), "cell".into()],
                name,
                status,
                configuration: serde_json::Map::from_iter([("epochs".to_owned(), epochs.into())]),
                description: "for the microscope".into(),
                tags: vec!["night".into()],
                train: None,
                validation: Some(SubsetChoice {
                    mode: ChoiceMode::Folder,
                    filter: "{\"filter\": {}}".into(),
                    annotation_filter: Some("{}".into()),
                    saved_filter_id: Some(FilterId::from_uuid(uuid_v7(4, &random))),
                }),
                parent: Some(ParentModel {
                    id: ModelId::from_uuid(uuid_v7(5, &random)),
                    name: "first".into(),
                }),
                initial_weights_hash: Some("ab".repeat(32)),
                created_at_ms,
                deleted_at_ms: Some(created_at_ms),
            })
    }

    proptest! {
        #[test]
        fn models_come_back_as_they_went(model in model()) {
            prop_assert_eq!(Model::try_from(v1::Model::from(model.clone())), Ok(model));
        }

        #[test]
        fn artifacts_come_back_as_they_went(
            random in any::<[u8; 10]>(),
            kind in proptest::sample::select(ArtifactKind::ALL.to_vec()),
            epoch in any::<Option<u32>>(),
            size_bytes in any::<u64>(),
        ) {
            let artifact = Artifact {
                id: ArtifactId::from_uuid(uuid_v7(1, &random)),
                model_id: ModelId::from_uuid(uuid_v7(2, &random)),
                execution_id: ExecutionId::from_uuid(uuid_v7(3, &random)),
                name: "best.safetensors".into(),
                kind,
                content_hash: "cd".repeat(32),
                size_bytes,
                epoch,
                created_at_ms: 7,
            };
            prop_assert_eq!(Artifact::try_from(v1::Artifact::from(artifact.clone())), Ok(artifact));
        }
    }

    #[test]
    fn an_unknown_status_is_named() {
        let id = uuid_v7(1, &[0; 10]).to_string();
        let model = v1::Model {
            id: id.clone(),
            project_id: id.clone(),
            dataset_id: id,
            status: "sleeping".into(),
            ..Default::default()
        };
        let error = Model::try_from(model).unwrap_err();
        assert_eq!(error.to_string(), "`status` is `sleeping`; expected a model status");
    }
}
