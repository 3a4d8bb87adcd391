//! Model versions.
//!
//! Must not know what is shown.

use super::{ApiError, Transport, leaving, transport};
use proto::v1::model_service_client::ModelServiceClient;
use proto::v1::{
    CloneModelRequest, CreateModelRequest, DeleteModelRequest, GetDraftRequest, GetModelRequest,
    ListModelsRequest, RestoreModelRequest, SaveDraftRequest, UpdateModelRequest,
};
use shared::model::Model;

fn client() -> ModelServiceClient<Transport> {
    ModelServiceClient::new(transport())
}

fn parsed(model: tonic::Response<proto::v1::Model>) -> Result<Model, ApiError> {
    Model::try_from(model.into_inner()).map_err(|error| ApiError::malformed(&error))
}

/// The version with this id or name.
pub async fn get(model: String) -> Result<Model, ApiError> {
    parsed(client().get_model(GetModelRequest { model }).await?)
}

/// All versions.
pub async fn list() -> Result<Vec<Model>, ApiError> {
    let mut client = client();
    let mut models = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListModelsRequest { page_size: 100, page_token, ..Default::default() };
        let page = client.list_models(request).await?.into_inner();
        for model in page.models {
            models.push(Model::try_from(model).map_err(|error| ApiError::malformed(&error))?);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(models);
        }
    }
}

/// Makes a version; sent twice with the same key it makes one.
pub async fn create(request: CreateModelRequest) -> Result<Model, ApiError> {
    parsed(client().create_model(request).await?)
}

/// Makes a version like another one.
pub async fn copy(request: CloneModelRequest) -> Result<Model, ApiError> {
    parsed(client().clone_model(request).await?)
}

/// Changes name, description and tags.
pub async fn update(request: UpdateModelRequest) -> Result<Model, ApiError> {
    parsed(client().update_model(request).await?)
}

/// Takes it out of the lists.
pub async fn delete(model: String) -> Result<Model, ApiError> {
    parsed(client().delete_model(DeleteModelRequest { model }).await?)
}

/// Puts it back into the lists.
pub async fn restore(model_id: String) -> Result<Model, ApiError> {
    parsed(client().restore_model(RestoreModelRequest { model_id }).await?)
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
    let draft = client().get_draft(GetDraftRequest { model }).await?.into_inner();
    Ok(KeptDraft { json: draft.draft_json, at_ms: draft.updated_at_ms })
}

/// Keeps a draft, and says when. With the time of the one that it takes the place of, a later one refuses it.
pub async fn save_draft(
    model: String,
    draft_json: String,
    known_updated_at_ms: Option<i64>,
) -> Result<i64, ApiError> {
    let request = SaveDraftRequest { model, draft_json, known_updated_at_ms };
    Ok(client().save_draft(request).await?.into_inner().updated_at_ms)
}

/// Keeps a draft while the page goes away.
pub fn save_draft_leaving(model: String, draft_json: String, known_updated_at_ms: Option<i64>) {
    let request = SaveDraftRequest { model, draft_json, known_updated_at_ms };
    leaving::send("trainyard.v1.ModelService/SaveDraft", &proto::web_frame(&request));
}
