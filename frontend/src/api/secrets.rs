//! Secrets: values go out, and never come in.
//!
//! Must not know what is shown.

use super::{ApiError, call::calls};
use proto::v1::{CreateSecretRequest, DeleteSecretRequest, ListSecretsRequest, ReplaceSecretRequest, Secret};

calls! {
    list_secrets(ListSecretsRequest) -> ListSecretsResponse = "SecretService/ListSecrets";
    create_secret(CreateSecretRequest) -> Secret = "SecretService/CreateSecret";
    replace_secret(ReplaceSecretRequest) -> Secret = "SecretService/ReplaceSecret";
    delete_secret(DeleteSecretRequest) -> DeleteSecretResponse = "SecretService/DeleteSecret";
}

/// All secrets, by name.
pub async fn list() -> Result<Vec<Secret>, ApiError> {
    Ok(rpc::list_secrets(ListSecretsRequest {}).await?.secrets)
}

/// Makes one; sent twice with the same key it makes one.
pub async fn create(request: CreateSecretRequest) -> Result<Secret, ApiError> {
    rpc::create_secret(request).await
}

/// Gives it another value.
pub async fn replace(id: String, value: String) -> Result<Secret, ApiError> {
    rpc::replace_secret(ReplaceSecretRequest { id, value }).await
}

/// Takes it away.
pub async fn delete(id: String) -> Result<(), ApiError> {
    rpc::delete_secret(DeleteSecretRequest { id }).await?;
    Ok(())
}
