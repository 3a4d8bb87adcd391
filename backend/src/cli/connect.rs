//! Finds the server that a command speaks to, signs in, and, where none runs, brings one up inside
//! this process for as long as the command takes.
//!
//! Must not know any command.

use super::args::Place;
use super::contexts::Contexts;
use super::failure::Failure;
use super::signed_in::SignedIn;
use crate::api::MAX_ANSWER_BYTES;
use crate::auth::{Token, local_token};
use crate::config::{DataFolder, ServeConfig};
use crate::serve::{self, Server};
use proto::v1::access_service_client::AccessServiceClient;
use proto::v1::architecture_service_client::ArchitectureServiceClient;
use proto::v1::compute_service_client::ComputeServiceClient;
use proto::v1::dataset_service_client::DatasetServiceClient;
use proto::v1::filter_service_client::FilterServiceClient;
use proto::v1::model_service_client::ModelServiceClient;
use proto::v1::recipe_service_client::RecipeServiceClient;
use proto::v1::secret_service_client::SecretServiceClient;
use proto::v1::training_service_client::TrainingServiceClient;
use proto::v1::watch_service_client::WatchServiceClient;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tonic::transport::Endpoint;

/// What a command does where no server runs and none was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutServer {
    /// It works on the data folder directly, through the same API.
    WorkAlone,
    /// So, and it can also run trainings.
    TrainAlone,
    /// It makes no sense alone.
    Refuse,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The way to a server.
pub struct Connection {
    channel: SignedIn,
    url: String,
    authorization: String,
    plain: reqwest::Client,
    own_server: Option<Server>,
}

macro_rules! client {
    ($(#[$doc:meta])* $name:ident, $client:ident) => {
        $(#[$doc])*
        pub fn $name(&self) -> $client<SignedIn> {
            $client::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER_BYTES)
        }
    };
}

impl Connection {
    /// Connects as the command line, the environment and the data folder say.
    ///
    /// # Errors
    /// If no server answers, or there is nothing to sign in with.
    pub async fn open(place: &Place, without_server: WithoutServer) -> Result<Self, Failure> {
        let data = DataFolder::find(place.data.as_deref(), false)
            .map_err(|error| Failure::usage(error.to_string()))?;
        if let Some(url) = &place.server {
            let url = url.trim_end_matches('/').to_owned();
            let authorization = authorization(&data, &url)?;
            return Self::connect(url, authorization, None).await;
        }
        // A data folder that is named goes before the server in use.
        let named = place.context.as_deref();
        if (place.data.is_none() || named.is_some())
            && let Some(context) = Contexts::load()?.chosen(named)?
        {
            return Self::connect(context.url.clone(), context.token.clone(), None).await;
        }
        if let Some(url) = serve::running_server(&data) {
            let authorization = authorization(&data, &url)?;
            return Self::connect(url, authorization, None).await;
        }
        let runs_trainings = match without_server {
            WithoutServer::WorkAlone => false,
            WithoutServer::TrainAlone => true,
            WithoutServer::Refuse => {
                return Err(Failure::failed(format!(
                    "no server runs on the data folder {0}; start one with `trainyard serve --data {0}`",
                    data.path().display()
                )));
            }
        };
        let config = ServeConfig {
            data,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            allow_remote: false,
            secrets_key_file: place.secrets_key_file.clone(),
        };
        let server = Server::start(config, runs_trainings)
            .await
            .map_err(|error| Failure::failed(error.to_string()))?;
        let authorization = server.owner_token().expose().to_owned();
        Self::connect(server.url().to_owned(), authorization, Some(server)).await
    }

    /// Connects to a known server with a known token.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn connect(url: String, token: String, own_server: Option<Server>) -> Result<Self, Failure> {
        if url.starts_with("https://") {
            return Err(Failure::usage(format!(
                "{url}: this version of the command line speaks http only; reach the server by an address of its own machine"
            )));
        }
        let endpoint = Endpoint::from_shared(url.clone())
            .map_err(|_| {
                Failure::usage(format!(
                    "`{url}` is not the address of a server; for example http://127.0.0.1:8080"
                ))
            })?
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true);
        let channel = endpoint.connect().await.map_err(|_| {
            Failure::failed(format!(
                "no server answers at {url}; start one with `trainyard serve`, or name another with --server"
            ))
        })?;
        let authorization = format!("Bearer {token}");
        let value = authorization.parse::<http::HeaderValue>().map_err(|_| {
            Failure::usage("the token holds characters that no token has; check TRAINYARD_TOKEN")
        })?;
        let channel = SignedIn::new(channel, value);
        Ok(Self { channel, url, authorization, plain: reqwest::Client::new(), own_server })
    }

    client!(
        /// Sign-in links.
        access, AccessServiceClient);
    client!(
        /// Architectures.
        architectures, ArchitectureServiceClient);
    client!(
        /// Training services and machines.
        compute, ComputeServiceClient);
    client!(
        /// Datasets.
        datasets, DatasetServiceClient);
    client!(
        /// Saved filters, and what a filter finds.
        filters, FilterServiceClient);
    client!(
        /// Model versions.
        models, ModelServiceClient);
    client!(
        /// Recipes.
        recipes, RecipeServiceClient);
    client!(
        /// Secrets.
        secrets, SecretServiceClient);
    client!(
        /// Trainings.
        trainings, TrainingServiceClient);
    client!(
        /// The live stream.
        watch, WatchServiceClient);

    /// A request over plain HTTP, signed in.
    pub fn http(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.plain.request(method, format!("{}{path}", self.url)).header("authorization", &self.authorization)
    }

    /// Fetches a file over plain HTTP.
    ///
    /// # Errors
    /// If the server does not answer, or not with the file.
    pub async fn fetch(&self, path: &str) -> Result<reqwest::Response, Failure> {
        let response = self
            .http(reqwest::Method::GET, path)
            .send()
            .await
            .map_err(|error| Failure::failed(format!("the server does not answer: {error}")))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body: serde_json::Value =
            response.text().await.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let message = body["message"].as_str().unwrap_or("no reason given").to_owned();
        Err(Failure::failed(format!("the server answered {status}: {message}")))
    }

    /// Whether the server lives in this process and ends with the command.
    #[must_use]
    pub const fn is_alone(&self) -> bool {
        self.own_server.is_some()
    }

    /// Ends what this command brought up.
    pub async fn close(self) {
        if let Some(server) = self.own_server {
            server.stop_with_instances().await;
        }
    }
}

/// What to sign in with: the environment's token, else the data folder's.
fn authorization(data: &DataFolder, url: &str) -> Result<String, Failure> {
    match std::env::var("TRAINYARD_TOKEN") {
        Ok(token) if !token.trim().is_empty() => Ok(token.trim().to_owned()),
        _ => local_token::read(&data.token_file()).map(|token: Token| token.expose().to_owned()).map_err(
            |error| {
                Failure::failed(format!(
                    "there is no token to sign in to {url} with ({error}); \
                 set TRAINYARD_TOKEN, or name the server's data folder with --data"
                ))
            },
        ),
    }
}
