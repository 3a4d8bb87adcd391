//! Stored files, over plain HTTP.
//!
//! Must not know what is in them.

use super::ApiError;
use super::uploads::{refusal, unreachable};
use crate::routes::artifact_download;
use crate::state::kept;
use gloo_net::http::RequestBuilder;

/// The content of a stored file of a model.
pub async fn artifact(artifact_id: &str) -> Result<Vec<u8>, ApiError> {
    kept::unless_recalling().await;
    let response =
        RequestBuilder::new(&artifact_download(artifact_id)).send().await.map_err(|_| unreachable())?;
    if !response.ok() {
        return Err(refusal(&response).await);
    }
    response.binary().await.map_err(|_| unreachable())
}
