//! Sealed values and what uses them.
//!
//! Must not know SQL, gRPC or files.

use serde::{Deserialize, Serialize};
use shared::id::{SecretId, TrainingId};

/// A sealed value, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// Whose value it is; part of what it is bound to.
    pub id: SecretId,
    /// The secret's name; part of what it is bound to.
    pub name: String,
    /// The key that it was sealed with.
    pub key_id: String,
    /// Nonce and ciphertext, in base64.
    pub sealed: String,
}

/// A secret to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSecret {
    /// Id, name and sealed value.
    pub sealed: SealedSecret,
    /// Tells values of the secret apart.
    pub fingerprint: String,
    /// In a person's words.
    pub description: String,
    /// Who made it.
    pub created_by: String,
}

/// A secret without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRecord {
    /// Its id.
    pub id: SecretId,
    /// The environment variable that the Train function finds it in.
    pub name: String,
    /// In a person's words.
    pub description: String,
    /// Tells values of the secret apart.
    pub fingerprint: String,
    /// Who made it.
    pub created_by: String,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// When the value was last given; UTC milliseconds since 1970.
    pub updated_at_ms: i64,
    /// Trainings that got it, newest first.
    pub used_by: Vec<SecretUse>,
}

/// A training that got a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretUse {
    /// The training.
    pub training_id: TrainingId,
    /// The model version that it trains.
    pub model_name: String,
    /// It is not over yet.
    pub is_live: bool,
}
