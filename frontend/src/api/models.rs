//! Model versions.
//!
//! Must not know what is shown.

use super::{ApiError, call::calls, leaving};
use proto::v1::{
    CloneModelRequest, CreateModelRequest, DeleteModelRequest, GetDraftRequest, GetModelRequest,
    ListArtifactsRequest, ListModelsRequest, RestoreModelRequest, SaveDraftRequest, UpdateModelRequest,
};
use shared::model::{Artifact, Model};

calls! {
    get_model(GetModelRequest) -> Model = "ModelService/GetModel";
    list_models(ListModelsRequest) -> ListModelsResponse = "ModelService/ListModels";
    create_model(CreateModelRequest) -> Model = "ModelService/CreateModel";
    clone_model(CloneModelRequest) -> Model = "ModelService/CloneModel";
    update_model(UpdateModelRequest) -> Model = "ModelService/UpdateModel";
    delete_model(DeleteModelRequest) -> Model = "ModelService/DeleteModel";
    restore_model(RestoreModelRequest) -> Model = "ModelService/RestoreModel";
    get_draft(GetDraftRequest) -> TrainingDraft = "ModelService/GetDraft";
    list_artifacts(ListArtifactsRequest) -> ListArtifactsResponse = "ModelService/ListArtifacts";
    save_draft(SaveDraftRequest) -> TrainingDraft = "ModelService/SaveDraft";
}

fn parsed(model: proto::v1::Model) -> Result<Model, ApiError> {
    Model::try_from(model).map_err(|error| ApiError::malformed(&error))
}

/// The version with this id or name.
pub async fn get(model: String) -> Result<Model, ApiError> {
    parsed(rpc::get_model(GetModelRequest { model }).await?)
}

/// All versions.
pub async fn list() -> Result<Vec<Model>, ApiError> {
    let mut models = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListModelsRequest { page_size: 100, page_token, ..Default::default() };
        let page = rpc::list_models(request).await?;
        for model in page.models {
            models.push(Model::try_from(model).map_err(|error| ApiError::malformed(&error))?);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(models);
        }
    }
}

/// The stored files of all its trainings.
pub async fn artifacts(model: String) -> Result<Vec<Artifact>, ApiError> {
    let mut artifacts = Vec::new();
    for artifact in rpc::list_artifacts(ListArtifactsRequest { model }).await?.artifacts {
        artifacts.push(Artifact::try_from(artifact).map_err(|error| ApiError::malformed(&error))?);
    }
    Ok(artifacts)
}

/// Makes a version; sent twice with the same key it makes one.
pub async fn create(request: CreateModelRequest) -> Result<Model, ApiError> {
    parsed(rpc::create_model(request).await?)
}

/// Makes a version like another one.
pub async fn copy(request: CloneModelRequest) -> Result<Model, ApiError> {
    parsed(rpc::clone_model(request).await?)
}

/// Changes name, description and tags.
pub async fn update(request: UpdateModelRequest) -> Result<Model, ApiError> {
    parsed(rpc::update_model(request).await?)
}

/// Takes it out of the lists.
pub async fn delete(model: String) -> Result<Model, ApiError> {
    parsed(rpc::delete_model(DeleteModelRequest { model }).await?)
}

/// Puts it back into the lists.
pub async fn restore(model_id: String) -> Result<Model, ApiError> {
    parsed(rpc::restore_model(RestoreModelRequest { model_id }).await?)
}

/// What was filled in for its next training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDraft {
    /// Empty for nothing.
    pub json: String,
    /// When it was kept; 0 for nothing.
    pub at_ms: i64,
}

/// The draft that is kept.
pub async fn draft(model: String) -> Result<KeptDraft, ApiError> {
    let draft = rpc::get_draft(GetDraftRequest { model }).await?;
    Ok(KeptDraft { json: draft.draft_json, at_ms: draft.updated_at_ms })
}

/// Keeps a draft, and says when. With the time of the one that it takes the place of, a later one refuses it.
pub async fn save_draft(
    model: String,
    draft_json: String,
    known_updated_at_ms: Option<i64>,
) -> Result<i64, ApiError> {
    let request = SaveDraftRequest { model, draft_json, known_updated_at_ms };
    Ok(rpc::save_draft(request).await?.updated_at_ms)
}

/// Keeps a draft while the page goes away.
pub fn save_draft_leaving(model: String, draft_json: String, known_updated_at_ms: Option<i64>) {
    let request = SaveDraftRequest { model, draft_json, known_updated_at_ms };
    leaving::send("trainyard.v1.ModelService/SaveDraft", &proto::web_frame(&request));
}
