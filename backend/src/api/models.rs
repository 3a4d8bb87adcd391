//! Model versions and their files.
//!
//! Must not know how a model is trained.

use super::choices::choice_of_request;
use super::error::{OrProblem, Problem};
use super::page::Window;
use super::weights::check_uploaded;
use crate::store::{ModelChange, ModelQuery, NewModel, Page, Store};
use proto::convert::{
    ConvertError, id_from_wire, json_object_from_wire, label_names_from_wire, name_from_wire,
};
use proto::v1;
use proto::v1::model_service_server::ModelService;
use serde_json::{Map, Value};
use shared::architecture::{Variant, architecture, resolve_architecture};
use shared::config::{self, DetectionConfig};
use shared::dataset::{Dataset, Subset, Task};
use shared::id::ModelId;
use shared::model::Model;
use shared::status::ModelStatus;
use std::collections::BTreeSet;
use tonic::{Code, Request, Response, Status};

/// The largest draft.
const MOST_DRAFT_BYTES: usize = 64 << 10;
/// What is said of a thing, in letters.
const MOST_DESCRIPTION_LETTERS: usize = 4_000;
/// Tags of one version, and letters of one tag.
const MOST_TAGS: usize = 50;
const MOST_TAG_LETTERS: usize = 64;

pub(super) struct Models {
    pub(super) store: Store,
}

/// Where a new version starts.
#[derive(Debug, Default)]
struct Start {
    parent_id: Option<ModelId>,
    weights_hash: Option<String>,
}

impl Models {
    async fn create(&self, request: v1::CreateModelRequest) -> Result<v1::Model, Problem> {
        let name = name_from_wire("name", &request.name)?;
        let description = description_from_wire("description", &request.description)?;
        let tags = tags_from_wire("tags", &request.tags)?;
        let (architecture_id, variant) = resolve_architecture(&request.architecture)?;
        let given = json_object_from_wire("configuration_json", &request.configuration_json)?;
        let configuration = canonical(&given, &config::resolve(&given)?);
        let train = choice_of_request(Subset::Train, request.train)?;
        let validation = choice_of_request(Subset::Validation, request.validation)?;
        let dataset = self.store.dataset(&request.dataset).await?;
        let labels = labels_of(label_names_from_wire("labels", request.labels)?, &dataset)?;
        refuse_other_task(&architecture_id.0, variant.name, (&dataset.name, dataset.task))?;
        let start = self
            .start((&architecture_id.0, &variant), &labels, &request.weights_of_model, &request.weights_hash)
            .await?;
        let new = NewModel {
            name,
            description,
            tags,
            architecture_id: architecture_id.0,
            variant: variant.name.to_owned(),
            dataset_id: dataset.id,
            labels,
            configuration,
            train: train.map(|choice| choice.choice),
            validation: validation.map(|choice| choice.choice),
            parent_id: start.parent_id,
            initial_weights_hash: start.weights_hash,
        };
        Ok(self.store.create_model(new).await?.into())
    }

    /// Where a version starts that takes the weights of another one, or uploaded ones.
    async fn start(
        &self,
        (architecture_id, variant): (&str, &Variant),
        labels: &[String],
        of_model: &str,
        hash: &str,
    ) -> Result<Start, Problem> {
        match (of_model.trim(), hash.trim()) {
            ("", "") => Ok(Start::default()),
            ("", hash) => {
                let name = format!("{architecture_id}{}", variant.name);
                check_uploaded(&self.store, &name, labels.len(), hash).await?;
                Ok(Start { parent_id: None, weights_hash: Some(hash.to_owned()) })
            }
            (named, "") => {
                let parent = self.store.model(named).await?;
                if (parent.architecture_id.as_str(), parent.variant.as_str())
                    != (architecture_id, variant.name)
                {
                    let problem = format!(
                        "is of {}{}, and the new version is of {architecture_id}{}: their weights have other shapes; \
                         choose a version of the same architecture and size",
                        parent.architecture_id, parent.variant, variant.name
                    );
                    return Err(Problem::field("weights_of_model", problem));
                }
                self.start_from("weights_of_model", &parent).await
            }
            _ => Err(Problem::field(
                "weights_hash",
                "is given beside `weights_of_model`; choose one of them to start from",
            )),
        }
    }

    async fn start_from(&self, field: &str, parent: &Model) -> Result<Start, Problem> {
        match self.store.weights_of(parent).await? {
            Some(hash) => Ok(Start { parent_id: Some(parent.id), weights_hash: Some(hash) }),
            None => Err(Problem::field(
                field,
                format!(
                    "asks for the weights of `{}`, which has none; train it first, or start without",
                    parent.name
                ),
            )),
        }
    }

    async fn clone_version(&self, request: v1::CloneModelRequest) -> Result<Model, Problem> {
        let name = name_from_wire("name", &request.name)?;
        let source = self.store.model(&request.model).await?;
        let dataset = if request.dataset.is_empty() {
            self.store.dataset(&source.dataset_id.to_string()).await?
        } else {
            self.store.dataset(&request.dataset).await?
        };
        refuse_other_task(&source.architecture_id, &source.variant, (&dataset.name, dataset.task))?;
        let given = label_names_from_wire("labels", request.labels)?;
        let start = match (request.with_weights, request.same_start) {
            (true, true) => {
                return Err(Problem::field(
                    "same_start",
                    "is given beside `with_weights`; choose one of them",
                ));
            }
            (true, false) => self.start_from("with_weights", &source).await?,
            (false, true) => {
                Start { parent_id: Some(source.id), weights_hash: source.initial_weights_hash.clone() }
            }
            (false, false) => Start { parent_id: Some(source.id), weights_hash: None },
        };
        let new = NewModel {
            name,
            description: source.description,
            tags: source.tags,
            architecture_id: source.architecture_id,
            variant: source.variant,
            dataset_id: dataset.id,
            labels: if given.is_empty() { source.labels } else { given },
            configuration: source.configuration,
            train: source.train,
            validation: source.validation,
            parent_id: start.parent_id,
            initial_weights_hash: start.weights_hash,
        };
        Ok(self.store.create_model(new).await?)
    }

    async fn update(&self, request: v1::UpdateModelRequest) -> Result<Model, Problem> {
        let change = ModelChange {
            name: request.name.map(|name| name_from_wire("name", &name)).transpose()?,
            description: request
                .description
                .map(|text| description_from_wire("description", &text))
                .transpose()?,
            tags: if request.set_tags { Some(tags_from_wire("tags", &request.tags)?) } else { None },
        };
        Ok(self.store.update_model(request.model, change).await?)
    }

    async fn list(&self, request: v1::ListModelsRequest) -> Result<v1::ListModelsResponse, Problem> {
        let window = Window::from_request(request.page_size, &request.page_token)?;
        let dataset_id = match request.dataset.as_str() {
            "" => None,
            named => Some(self.store.dataset_id(named).await?),
        };
        let query = ModelQuery {
            search: request.search,
            statuses: statuses_from_wire(&request.statuses)?,
            architecture_ids: request.architecture_ids,
            dataset_id,
            tags: request.tags,
            include_deleted: request.include_deleted,
        };
        let page = Page { offset: window.offset, limit: window.limit };
        let (models, total_count) = self.store.models(&query, page).await?;
        Ok(v1::ListModelsResponse {
            next_page_token: window.next_token(models.len(), total_count),
            total_count,
            models: models.into_iter().map(Into::into).collect(),
        })
    }

    async fn draft(&self, named: &str) -> Result<v1::TrainingDraft, Problem> {
        let id = self.store.model(named).await?.id;
        Ok(draft_to_wire(id, self.store.draft(id).await?))
    }

    async fn keep_draft(&self, request: v1::SaveDraftRequest) -> Result<v1::TrainingDraft, Problem> {
        let text = draft_from_wire(request.draft_json)?;
        let id = self.store.model(&request.model).await?.id;
        Ok(draft_to_wire(id, self.store.save_draft(id, text, request.known_updated_at_ms).await?))
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
        self.list(request.into_inner()).await.map(Response::new).or_problem()
    }

    async fn update_model(
        &self,
        request: Request<v1::UpdateModelRequest>,
    ) -> Result<Response<v1::Model>, Status> {
        let model = self.update(request.into_inner()).await.or_problem()?;
        Ok(Response::new(model.into()))
    }

    async fn clone_model(
        &self,
        request: Request<v1::CloneModelRequest>,
    ) -> Result<Response<v1::Model>, Status> {
        let model = self.clone_version(request.into_inner()).await.or_problem()?;
        Ok(Response::new(model.into()))
    }

    async fn delete_model(
        &self,
        request: Request<v1::DeleteModelRequest>,
    ) -> Result<Response<v1::Model>, Status> {
        let model = self.store.delete_model(&request.get_ref().model).await.or_problem()?;
        Ok(Response::new(model.into()))
    }

    async fn restore_model(
        &self,
        request: Request<v1::RestoreModelRequest>,
    ) -> Result<Response<v1::Model>, Status> {
        let id = id_from_wire("model_id", &request.get_ref().model_id).or_problem()?;
        let model = self.store.restore_model(id).await.or_problem()?;
        Ok(Response::new(model.into()))
    }

    async fn get_draft(
        &self,
        request: Request<v1::GetDraftRequest>,
    ) -> Result<Response<v1::TrainingDraft>, Status> {
        self.draft(&request.get_ref().model).await.map(Response::new).or_problem()
    }

    async fn save_draft(
        &self,
        request: Request<v1::SaveDraftRequest>,
    ) -> Result<Response<v1::TrainingDraft>, Status> {
        self.keep_draft(request.into_inner()).await.map(Response::new).or_problem()
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

/// A dataset must show what an architecture learns.
///
/// # Errors
/// What the two are about.
pub(super) fn refuse_other_task(
    architecture_id: &str,
    variant: &str,
    (dataset, task): (&str, Task),
) -> Result<(), Problem> {
    if architecture(architecture_id).is_none_or(|family| family.task == task) {
        return Ok(());
    }
    let message = format!(
        "`{architecture_id}{variant}` learns boxes, but the dataset `{dataset}` has none: it labels whole images"
    );
    let next_step = "choose a dataset with boxes, imported as voc, coco or yolo";
    let mut problem =
        Problem::new(Code::FailedPrecondition, "TASK_MISMATCH", message.clone()).next(next_step);
    problem.violations.push(("dataset".to_owned(), format!("{message}; {next_step}")));
    Err(problem)
}

/// The labels that were given, or else those of the dataset.
fn labels_of(given: Vec<String>, dataset: &Dataset) -> Result<Vec<String>, Problem> {
    if !given.is_empty() {
        return Ok(given);
    }
    if dataset.labels.is_empty() {
        let message = format!("the dataset `{}` has no labels", dataset.name);
        return Err(Problem::new(Code::FailedPrecondition, "NO_LABELS", message)
            .next("import labelled images into it first, or name the labels"));
    }
    Ok(dataset.labels.iter().map(|label| label.name.clone()).collect())
}

/// What is said of a thing: trimmed, and of a length that can be shown.
///
/// # Errors
/// If it is too long or holds control characters that are no line breaks.
pub(super) fn description_from_wire(field: &str, text: &str) -> Result<String, ConvertError> {
    let text = text.trim();
    if text.chars().count() > MOST_DESCRIPTION_LETTERS {
        let problem = format!("is longer than {MOST_DESCRIPTION_LETTERS} characters; shorten it");
        return Err(ConvertError::new(field, problem));
    }
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')) {
        return Err(ConvertError::new(field, "holds control characters; take them out"));
    }
    Ok(text.to_owned())
}

/// Tags, each once, in the order given.
fn tags_from_wire(field: &str, tags: &[String]) -> Result<Vec<String>, ConvertError> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for (index, tag) in tags.iter().enumerate() {
        let tag = tag.trim();
        let is_good = !tag.is_empty()
            && tag.chars().count() <= MOST_TAG_LETTERS
            && !tag.chars().any(|letter| letter.is_control() || letter == ',');
        if !is_good {
            let problem = format!("must be 1 to {MOST_TAG_LETTERS} letters without commas");
            return Err(ConvertError::new(format!("{field}[{index}]"), problem));
        }
        if seen.insert(tag) {
            kept.push(tag.to_owned());
        }
    }
    if kept.len() > MOST_TAGS {
        return Err(ConvertError::new(field, format!("are more than {MOST_TAGS}; leave some out")));
    }
    Ok(kept)
}

fn statuses_from_wire(names: &[String]) -> Result<Vec<ModelStatus>, Problem> {
    let status = |(index, name): (usize, &String)| {
        ModelStatus::from_name(name).ok_or_else(|| {
            let known: Vec<&str> = ModelStatus::ALL.iter().map(|status| status.name()).collect();
            let problem = format!("is unknown; expected one of {}", known.join(", "));
            Problem::field(format!("statuses[{index}]"), problem)
        })
    };
    names.iter().enumerate().map(status).collect()
}

/// A draft as it is kept; none for the empty text.
fn draft_from_wire(text: String) -> Result<Option<String>, Problem> {
    if text.len() > MOST_DRAFT_BYTES {
        let problem = format!("is larger than {} KiB; shorten its filters", MOST_DRAFT_BYTES >> 10);
        return Err(Problem::field("draft_json", problem));
    }
    if text.trim().is_empty() {
        return Ok(None);
    }
    json_object_from_wire("draft_json", &text)?;
    Ok(Some(text))
}

fn draft_to_wire(id: ModelId, draft: Option<crate::store::Draft>) -> v1::TrainingDraft {
    let (draft_json, updated_at_ms) =
        draft.map_or_else(Default::default, |draft| (draft.text, draft.updated_at_ms));
    v1::TrainingDraft { model_id: id.to_string(), draft_json, updated_at_ms }
}

/// What a person gave, in the form in which it was understood.
pub(super) fn canonical(given: &Map<String, Value>, resolved: &DetectionConfig) -> Map<String, Value> {
    let values = serde_json::to_value(resolved).unwrap_or_default();
    given.keys().filter_map(|key| Some((key.clone(), values.get(key)?.clone()))).collect()
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
    fn tags_and_descriptions_stay_short_and_plain() {
        let tags = |list: &[&str]| {
            let list: Vec<String> = list.iter().map(|tag| (*tag).to_owned()).collect();
            tags_from_wire("tags", &list)
        };
        assert_eq!(tags(&[" night ", "day", "night"]).unwrap(), ["night", "day"]);
        for list in [&[""][..], &["a,b"], &["a\nb"], &["ok", &"x".repeat(65)]] {
            assert!(tags(list).is_err(), "{list:?}");
        }
        assert_eq!(tags(&["ok", ""]).unwrap_err().field(), "tags[1]");
        let many: Vec<String> = (0..=MOST_TAGS).map(|number| number.to_string()).collect();
        assert!(tags_from_wire("tags", &many).is_err());
        assert_eq!(description_from_wire("d", " a\nb ").unwrap(), "a\nb");
        assert!(description_from_wire("d", "a\u{7}").is_err());
        assert!(description_from_wire("d", &"x".repeat(MOST_DESCRIPTION_LETTERS + 1)).is_err());
    }

    #[test]
    fn drafts_are_small_objects() {
        assert_eq!(draft_from_wire(" ".into()).unwrap(), None);
        assert_eq!(draft_from_wire("{\"a\": 1}".into()).unwrap().as_deref(), Some("{\"a\": 1}"));
        let large = format!("{{\"a\": \"{}\"}}", "x".repeat(MOST_DRAFT_BYTES));
        for text in ["[]".to_owned(), "{".to_owned(), large] {
            assert_eq!(draft_from_wire(text).unwrap_err().violations[0].0, "draft_json");
        }
    }
}
