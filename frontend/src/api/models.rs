//! Model versions.
//!
//! Must not know what is shown.

use super::{ApiError, transport};
use proto::v1::model_service_client::ModelServiceClient;
use proto::v1::{CreateModelRequest, GetModelRequest, ListModelsRequest};
use shared::model::Model;

/// The version with this id or name.
pub async fn get(model: String) -> Result<Model, ApiError> {
    let answer =
        ModelServiceClient::new(transport()).get_model(GetModelRequest { model }).await?.into_inner();
    Model::try_from(answer).map_err(|error| ApiError::malformed(&error))
}

/// All versions.
pub async fn list() -> Result<Vec<Model>, ApiError> {
    let mut client = ModelServiceClient::new(transport());
    let mut models = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListModelsRequest { search: String::new(), page_size: 100, page_token };
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
    let answer = ModelServiceClient::new(transport()).create_model(request).await?.into_inner();
    Model::try_from(answer).map_err(|error| ApiError::malformed(&error))
}
