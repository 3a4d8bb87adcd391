//! Makes the version, then starts its training. Pressed twice or tried again, it does both once.
//!
//! Must not know how the form looks.

use crate::api::{self, ApiError};
use proto::v1::CreateModelRequest;
use shared::model::Model;
use shared::training::Training;

/// What is asked for.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// A version that exists.
    Existing {
        model: String,
    },
    New {
        name: String,
        architecture: String,
        dataset: String,
    },
}

/// How far it came.
pub enum Outcome {
    Started(Box<Training>),
    /// The version is there, its training is not.
    OnlyMade {
        model: Box<Model>,
        error: ApiError,
    },
    Nothing(ApiError),
}

pub async fn submit(wanted: Wanted, configuration_json: String, key: String) -> Outcome {
    let made = match wanted {
        Wanted::Existing { model } => {
            return match api::trainings::start(model, configuration_json, key).await {
                Ok(training) => Outcome::Started(Box::new(training)),
                Err(error) => Outcome::Nothing(error),
            };
        }
        Wanted::New { name, architecture, dataset } => {
            let idempotency_key = format!("{key}-model");
            let configuration_json = configuration_json.clone();
            api::models::create(CreateModelRequest {
                name,
                architecture,
                dataset,
                configuration_json,
                idempotency_key,
            })
            .await
        }
    };
    let model = match made {
        Ok(model) => model,
        Err(error) => return Outcome::Nothing(error),
    };
    match api::trainings::start(model.id.to_string(), configuration_json, key).await {
        Ok(training) => Outcome::Started(Box::new(training)),
        Err(error) => Outcome::OnlyMade { model: Box::new(model), error },
    }
}
