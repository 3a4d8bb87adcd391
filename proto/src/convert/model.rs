//! Model versions and their files.

use super::{ConvertError, id_from_wire, json_object_from_wire, word_from_wire};
use crate::v1;
use shared::model::{Artifact, ArtifactKind, Model};
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
        }
    }
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
            created_at_ms: model.created_at_ms,
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
    use shared::id::{ArtifactId, DatasetId, ExecutionId, ModelId, ProjectId, uuid_v7};

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
                created_at_ms,
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
            kind in proptest::sample::select(vec![ArtifactKind::Weights, ArtifactKind::Checkpoint, ArtifactKind::Report]),
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
