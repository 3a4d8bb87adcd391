//! Puts the services together: gRPC, gRPC-web, reflection and health, behind the layers.
//!
//! Must not know how connections are accepted.

use super::access::Access;
use super::architectures::Architectures;
use super::compute::Compute;
use super::datasets::Datasets;
use super::filters::Filters;
use super::idempotency;
use super::layers::{self, Admission};
use super::models::Models;
use super::recipes::Recipes;
use super::runner::MAX_ASSIGNMENT_BYTES;
use super::secrets::SecretApi;
use super::trainings::Trainings;
use super::watch::Watch;
use crate::auth::Authenticator;
use crate::executor::Executor;
use crate::scheduler::Explanations;
use crate::secrets::Secrets;
use crate::store::Store;
use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use proto::v1::access_service_server::AccessServiceServer;
use proto::v1::architecture_service_server::ArchitectureServiceServer;
use proto::v1::compute_service_server::ComputeServiceServer;
use proto::v1::dataset_service_server::DatasetServiceServer;
use proto::v1::filter_service_server::FilterServiceServer;
use proto::v1::model_service_server::ModelServiceServer;
use proto::v1::recipe_service_server::RecipeServiceServer;
use proto::v1::runner_service_server::RunnerServiceServer;
use proto::v1::secret_service_server::SecretServiceServer;
use proto::v1::training_service_server::TrainingServiceServer;
use proto::v1::watch_service_server::WatchServiceServer;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_web::GrpcWebLayer;

/// The largest message that is taken.
pub const MAX_REQUEST_BYTES: usize = 4 << 20;
/// The largest message that is given.
pub const MAX_ANSWER_BYTES: usize = 16 << 20;

/// What the services work with.
#[derive(Debug, Clone)]
pub struct Api {
    /// Everything durable.
    pub store: Store,
    /// Finds out who calls.
    pub authenticator: Authenticator,
    /// The service for runners.
    pub runners: super::runner::Runners,
    /// What waiting executions wait for.
    pub explanations: Explanations,
    /// What has the instances' output; `None` where no trainings are run.
    pub executor: Option<Arc<dyn Executor>>,
    /// The organization's secrets.
    pub secrets: Secrets,
    /// Cancelled when nothing new is to be begun.
    pub draining: CancellationToken,
    /// Where this server is reached.
    pub url: String,
    /// Cancelled when the server stops.
    pub stop: CancellationToken,
}

macro_rules! limited {
    ($server:expr) => {
        $server.max_decoding_message_size(MAX_REQUEST_BYTES).max_encoding_message_size(MAX_ANSWER_BYTES)
    };
}

/// All gRPC methods, without a fallback for what is not one.
///
/// # Errors
/// If the compiled descriptors cannot be served by reflection, which a test rules out.
pub fn router(api: Api) -> Result<Router, tonic_reflection::server::Error> {
    let Api { store, authenticator, runners, explanations, executor, secrets, draining, url, stop } = api;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
    };
    let (_health_reporter, health) = tonic_health::server::health_reporter();
    let mut routes = Routes::new(health);
    let access = Access { authenticator: authenticator.clone(), url };
    let watch = Watch::new(store.clone(), authenticator.clone(), explanations.clone(), stop);
    let keys = store.clone();
    routes = routes
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(limited!(AccessServiceServer::new(access)))
        .add_service(limited!(ArchitectureServiceServer::new(Architectures { store: store.clone() })))
        .add_service(limited!(ComputeServiceServer::new(Compute { store: store.clone(), executor })))
        .add_service(limited!(DatasetServiceServer::new(Datasets { store: store.clone() })))
        .add_service(limited!(FilterServiceServer::new(Filters { store: store.clone() })))
        .add_service(limited!(ModelServiceServer::new(Models { store: store.clone() })))
        .add_service(limited!(RecipeServiceServer::new(Recipes { store: store.clone() })))
        .add_service(limited!(SecretServiceServer::new(SecretApi { secrets })))
        .add_service(limited!(TrainingServiceServer::new(Trainings { store, explanations, draining })))
        .add_service(limited!(WatchServiceServer::new(watch)))
        // An assignment names every item of a training, so runners get longer answers.
        .add_service(
            limited!(RunnerServiceServer::new(runners)).max_encoding_message_size(MAX_ASSIGNMENT_BYTES),
        );
    Ok(routes
        .prepare()
        .into_axum_router()
        .reset_fallback()
        .layer(from_fn_with_state(keys, idempotency::once))
        .layer(from_fn_with_state(authenticator, layers::authenticate_grpc))
        .layer(from_fn_with_state(Admission::default(), layers::admit))
        .layer(GrpcWebLayer::new())
        .layer(from_fn(layers::add_request_id)))
}
