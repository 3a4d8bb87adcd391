//! Model versions and their files.
//!
//! Must not know how a model is trained.

use super::error::{OrProblem, Problem};
use super::page::Window;
use crate::store::{NewModel, Page, Store};
use proto::convert::{json_object_from_wire, name_from_wire};
use proto::v1;
use proto::v1::model_service_server::ModelService;
use serde_json::{Map, Value};
use shared::architecture::resolve_architecture;
use shared::config::{self, DetectionConfig};
use shared::dataset::Task;
use tonic::{Code, Request, Response, Status};

pub(super) struct Models {
    pub(super) store: Store,
}

impl Models {
    async fn create(&self, request: v1::CreateModelRequest) -> Result<v1::Model, Problem> {
        let name = name_from_wire("name", &request.name)?;
        let (architecture_id, variant) = resolve_architecture(&request.architecture)?;
        let given = json_object_from_wire("configuration_json", &request.configuration_json)?;
        let configuration = canonical(&given, &config::resolve(&given)?);
        let dataset = self.store.dataset(&request.dataset).await?;
        if dataset.task != Task::Detection {
            let message = format!(
                "`{}` learns boxes, but the dataset `{}` has none: it labels whole images",
                request.architecture, dataset.name
            );
            return Err(Problem::new(Code::FailedPrecondition, "TASK_MISMATCH", message)
                .next("choose a dataset with boxes, imported as voc, coco or yolo"));
        }
        if dataset.labels.is_empty() {
            let message = format!("the dataset `{}` has no labels", dataset.name);
            return Err(Problem::new(Code::FailedPrecondition, "NO_LABELS", message)
                .next("import labelled images into it first"));
        }
        let new = NewModel {
            name,
            architecture_id: architecture_id.0,
            variant: variant.name.to_owned(),
            dataset_id: dataset.id,
            labels: dataset.labels.into_iter().map(|label| label.name).collect(),
            configuration,
        };
        Ok(self.store.create_model(new, idempotency_key(&request.idempotency_key)?).await?.into())
    }
}

#[tonic::async_trait]
impl ModelService for Models {
    async fn create_model(
        &self,
        request: Request<v1::CreateModelRequest>,
    ) -> Result<Response<v1::Model>, Status> {
        self.create(request.into_inner()).await.map(Response::new).or_problem()
    }

    async fn get_model(&self, request: Request<v1::GetModelRequest>) -> Result<Response<v1::Model>, Status> {
        let model = self.store.model(&request.get_ref().model).await.or_problem()?;
        Ok(Response::new(model.into()))
    }

    async fn list_models(
        &self,
        request: Request<v1::ListModelsRequest>,
    ) -> Result<Response<v1::ListModelsResponse>, Status> {
        let request = request.get_ref();
        let window = Window::from_request(request.page_size, &request.page_token).or_problem()?;
        let page = Page { offset: window.offset, limit: window.limit };
        let (models, total) = self.store.models(&request.search, page).await.or_problem()?;
        Ok(Response::new(v1::ListModelsResponse {
            next_page_token: window.next_token(models.len(), total),
            models: models.into_iter().map(Into::into).collect(),
        }))
    }

    async fn list_artifacts(
        &self,
        request: Request<v1::ListArtifactsRequest>,
    ) -> Result<Response<v1::ListArtifactsResponse>, Status> {
        let model = self.store.model(&request.get_ref().model).await.or_problem()?;
        let artifacts = self.store.artifacts(model.id).await.or_problem()?;
        Ok(Response::new(v1::ListArtifactsResponse {
            artifacts: artifacts.into_iter().map(Into::into).collect(),
        }))
    }
}

/// What a person gave, in the form in which it was understood.
fn canonical(given: &Map<String, Value>, resolved: &DetectionConfig) -> Map<String, Value> {
    let values = serde_json::to_value(resolved).unwrap_or_default();
    given.keys().filter_map(|key| Some((key.clone(), values.get(key)?.clone()))).collect()
}

/// The key under which a call has one effect; none if the caller gave none.
pub(super) fn idempotency_key(key: &str) -> Result<Option<&str>, Problem> {
    match key {
        "" => Ok(None),
        key if key.len() <= 128 && key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(key)),
        _ => Err(Problem::field(
            "idempotency_key",
            "must be up to 128 visible ASCII characters, for example a UUID",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_given_is_kept_and_in_one_form() {
        let given = serde_json::json!({"epochs": 1.0, "optimizer": "SGD"});
        let given = given.as_object().unwrap();
        let kept = canonical(given, &config::resolve(given).unwrap());
        assert_eq!(Value::Object(kept), serde_json::json!({"epochs": 1, "optimizer": "sgd"}));
    }

    #[test]
    fn idempotency_keys_are_short_and_plain() {
        assert_eq!(idempotency_key("").unwrap(), None);
        assert_eq!(idempotency_key("a-1").unwrap(), Some("a-1"));
        for key in ["a b", "é", &"x".repeat(129), "a\n"] {
            assert!(idempotency_key(key).is_err(), "{key}");
        }
    }
}
