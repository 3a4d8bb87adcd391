//! SecretService: values go in and never come out.
//!
//! Must not know how values are sealed. Requests that carry a value are never logged, and no answer or
//! error quotes one.

use super::caller;
use super::error::{OrProblem, Problem};
use crate::auth::authenticator::OWNER;
use crate::secrets::{SecretError, SecretValue, Secrets};
use crate::store::SecretRecord;
use proto::convert::id_from_wire;
use proto::v1;
use proto::v1::secret_service_server::SecretService;
use shared::secret::{check_description, check_name};
use tonic::{Code, Request, Response, Status};

pub(super) struct SecretApi {
    pub(super) secrets: Secrets,
}

#[tonic::async_trait]
impl SecretService for SecretApi {
    async fn create_secret(
        &self,
        request: Request<v1::CreateSecretRequest>,
    ) -> Result<Response<v1::Secret>, Status> {
        let v1::CreateSecretRequest { name, description, value, idempotency_key: _ } = request.into_inner();
        // Taken first, so that it is overwritten whatever is wrong with the rest.
        let value = SecretValue::parse(&name, value);
        check_name(&name).map_err(|problem| Problem::field("name", problem)).or_problem()?;
        let value = value.map_err(|problem| Problem::field("value", problem)).or_problem()?;
        check_description(&description)
            .map_err(|problem| Problem::field("description", problem))
            .or_problem()?;
        let made = self.secrets.create(name, description, value, OWNER).await.or_problem()?;
        Ok(Response::new(made.into()))
    }

    async fn list_secrets(
        &self,
        _request: Request<v1::ListSecretsRequest>,
    ) -> Result<Response<v1::ListSecretsResponse>, Status> {
        let secrets = self.secrets.list().await.or_problem()?.into_iter().map(Into::into).collect();
        Ok(Response::new(v1::ListSecretsResponse { secrets }))
    }

    async fn replace_secret(
        &self,
        request: Request<v1::ReplaceSecretRequest>,
    ) -> Result<Response<v1::Secret>, Status> {
        let v1::ReplaceSecretRequest { id, value } = request.into_inner();
        let value = SecretValue::handed_over(value);
        let id = id_from_wire("id", &id).or_problem()?;
        let replaced = self.secrets.replace(id, value).await.or_problem()?;
        Ok(Response::new(replaced.into()))
    }

    async fn delete_secret(
        &self,
        request: Request<v1::DeleteSecretRequest>,
    ) -> Result<Response<v1::DeleteSecretResponse>, Status> {
        let id = id_from_wire("id", &request.get_ref().id).or_problem()?;
        self.secrets.delete(id).await.or_problem()?;
        Ok(Response::new(v1::DeleteSecretResponse {}))
    }

    async fn rotate_key(
        &self,
        request: Request<v1::RotateKeyRequest>,
    ) -> Result<Response<v1::RotateKeyResponse>, Status> {
        let who = caller(&request);
        let rotation = self.secrets.rotate().await.or_problem()?;
        tracing::info!(?who, key_id = rotation.key_id, "the key that seals secrets was changed");
        Ok(Response::new(v1::RotateKeyResponse {
            key_id: rotation.key_id,
            resealed_count: rotation.resealed_count,
        }))
    }
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        let message = error.to_string();
        match error {
            SecretError::Store(error) => error.into(),
            SecretError::Value(problem) => Self::field("value", problem),
            SecretError::NoKeyPlace
            | SecretError::KeyInDataFolder(_)
            | SecretError::KeyFile { .. }
            | SecretError::KeyIsOpen { .. }
            | SecretError::NotAKeyFile { .. }
            | SecretError::KeyOfAnother(_)
            | SecretError::KeyMissing(_)
            | SecretError::KeyDoesNotOpen { .. } => {
                Self::new(Code::FailedPrecondition, "SECRETS_KEY_UNUSABLE", message)
            }
            SecretError::Tampered { .. } => Self::new(Code::DataLoss, "SECRET_DAMAGED", message),
            SecretError::KeyGone => Self::new(Code::Aborted, "SECRETS_KEY_CHANGING", message),
            SecretError::Seal(_) => Self::new(Code::Internal, "SEALING_FAILED", message),
        }
    }
}

impl From<SecretRecord> for v1::Secret {
    fn from(record: SecretRecord) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name,
            description: record.description,
            fingerprint: record.fingerprint,
            created_by: record.created_by,
            created_at_ms: record.created_at_ms,
            updated_at_ms: record.updated_at_ms,
            used_by: record
                .used_by
                .into_iter()
                .map(|used| v1::SecretUse {
                    training_id: used.training_id.to_string(),
                    model_name: used.model_name,
                    is_live: used.is_live,
                })
                .collect(),
        }
    }
}
