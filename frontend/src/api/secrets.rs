//! Secrets: values go out, and never come in.
//!
//! Must not know what is shown.

use super::{ApiError, Transport, transport};
use proto::v1::secret_service_client::SecretServiceClient;
use proto::v1::{CreateSecretRequest, DeleteSecretRequest, ListSecretsRequest, ReplaceSecretRequest, Secret};

fn client() -> SecretServiceClient<Transport> {
    SecretServiceClient::new(transport())
}

/// All secrets, by name.
pub async fn list() -> Result<Vec<Secret>, ApiError> {
    Ok(client().list_secrets(ListSecretsRequest {}).await?.into_inner().secrets)
}

/// Makes one; sent twice with the same key it makes one.
pub async fn create(request: CreateSecretRequest) -> Result<Secret, ApiError> {
    Ok(client().create_secret(request).await?.into_inner())
}

/// Gives it another value.
pub async fn replace(id: String, value: String) -> Result<Secret, ApiError> {
    Ok(client().replace_secret(ReplaceSecretRequest { id, value }).await?.into_inner())
}

/// Takes it away.
pub async fn delete(id: String) -> Result<(), ApiError> {
    client().delete_secret(DeleteSecretRequest { id }).await?;
    Ok(())
}
