//! The runner's line to its server: one gRPC channel and one HTTP client with the same credentials.
//!
//! The server may be away for hours and come back on another port; then its `server.json` says where.
//! Must not know what is said over the line.

use proto::v1::runner_service_client::RunnerServiceClient;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tonic::body::Body;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

/// Largest answer that is read; an assignment carries all items of a training.
const MAX_MESSAGE_BYTES: usize = 512 * 1024 * 1024;

/// Why there is no line.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is none.
    #[error("`{url}` is not a server address: expected something like http://127.0.0.1:7878")]
    Address {
        /// What was given.
        url: String,
    },
    /// The token has characters that a header cannot carry.
    #[error("the token cannot be sent: it holds characters that no token has")]
    Token,
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made: {0}")]
    Http(#[from] reqwest::Error),
}

/// Adds the token to every call.
#[derive(Clone)]
pub struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// What carries calls to a server: a channel, or what takes its place.
pub type Carrier = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Status>;

/// A client that carries the runner's token.
pub type Client = RunnerServiceClient<InterceptedService<Carrier, Bearer>>;

struct Place {
    url: String,
    carrier: Carrier,
}

struct Inner {
    place: RwLock<Place>,
    token: RwLock<String>,
    server_file: Option<PathBuf>,
    http: reqwest::Client,
}

/// The line; a clone is the same line.
#[derive(Clone)]
pub struct ServerLink {
    inner: Arc<Inner>,
}

#[derive(Deserialize)]
struct ServerFile {
    url: String,
}

/// Where the server of a data folder says that it is.
fn announced_url(server_file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(server_file).ok()?;
    let ServerFile { url } = serde_json::from_str(&text).ok()?;
    Some(url.trim_end_matches('/').to_owned())
}

fn channel_to(url: &str) -> Result<Carrier, ConnectError> {
    let endpoint =
        Endpoint::from_shared(url.to_owned()).map_err(|_| ConnectError::Address { url: url.to_owned() })?;
    let channel = endpoint.connect_timeout(Duration::from_secs(3)).tcp_nodelay(true).connect_lazy();
    Ok(BoxCloneSyncService::new(channel.map_err(|error| Status::from_error(error.into()))))
}

impl ServerLink {
    /// A line that is opened with its first use.
    ///
    /// # Errors
    /// If the address is none.
    pub fn new(url: &str, server_file: Option<PathBuf>, token: String) -> Result<Self, ConnectError> {
        Self::over(channel_to(url)?, url, server_file, token)
    }

    /// A line over a carrier that there is already.
    ///
    /// # Errors
    /// If there cannot be an HTTP client.
    pub fn over(
        carrier: Carrier,
        url: &str,
        server_file: Option<PathBuf>,
        token: String,
    ) -> Result<Self, ConnectError> {
        let http = reqwest::Client::builder().no_proxy().connect_timeout(Duration::from_secs(3)).build()?;
        let place = Place { url: url.trim_end_matches('/').to_owned(), carrier };
        let inner = Inner { place: RwLock::new(place), token: RwLock::new(token), server_file, http };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Goes on with another token.
    pub fn set_token(&self, token: String) {
        *self.inner.token.write().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// A client for the next call.
    ///
    /// # Errors
    /// If the token cannot be sent.
    pub fn client(&self) -> Result<Client, ConnectError> {
        let token = self.inner.token.read().unwrap_or_else(PoisonError::into_inner);
        let mut header: MetadataValue<Ascii> =
            format!("Bearer {}", token.as_str()).parse().map_err(|_| ConnectError::Token)?;
        header.set_sensitive(true);
        let carrier = self.inner.place.read().unwrap_or_else(PoisonError::into_inner).carrier.clone();
        Ok(RunnerServiceClient::with_interceptor(carrier, Bearer(header))
            .max_decoding_message_size(MAX_MESSAGE_BYTES))
    }

    /// A plain HTTP request to a path of the server, with the same credentials.
    pub fn http(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.inner.place.read().unwrap_or_else(PoisonError::into_inner).url);
        let token = self.inner.token.read().unwrap_or_else(PoisonError::into_inner);
        self.inner.http.request(method, url).bearer_auth(token.as_str())
    }

    /// Whether the server at this address is the one of the runner's data folder, as far as can be told.
    /// Another program may have taken the port of a server that stopped.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        let Some(path) = &self.inner.server_file else { return true };
        let announced = announced_url(path);
        let place = self.inner.place.read().unwrap_or_else(PoisonError::into_inner);
        announced.is_some_and(|url| url == place.url)
    }

    /// What a failed call means: a stranger's refusal is no answer.
    #[must_use]
    pub fn trouble(&self, status: &Status) -> Trouble {
        match trouble_from(status) {
            Trouble::NotOurs | Trouble::Refused if !self.is_ours() => Trouble::Unreachable,
            trouble => trouble,
        }
    }

    /// After a call found no server: looks whether it is somewhere else by now.
    pub fn look_again(&self) {
        let Some(path) = &self.inner.server_file else { return };
        let Some(url) = announced_url(path) else { return };
        let mut place = self.inner.place.write().unwrap_or_else(PoisonError::into_inner);
        if place.url != url
            && let Ok(carrier) = channel_to(&url)
        {
            tracing::info!(from = place.url, to = url, "the server has moved");
            *place = Place { url, carrier };
        }
    }
}

/// What a failed call means for a runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody answers, or the answer was that it does not go now: try again.
    Unreachable,
    /// The attempt or the instance is no longer this runner's.
    NotOurs,
    /// What was sent is wrong; sending it again does not help.
    Refused,
}

/// Sorts a failed call.
#[must_use]
fn trouble_from(status: &Status) -> Trouble {
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied | Code::NotFound | Code::Aborted => Trouble::NotOurs,
        Code::FailedPrecondition
        | Code::InvalidArgument
        | Code::OutOfRange
        | Code::Unimplemented
        | Code::AlreadyExists => Trouble::Refused,
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::ResourceExhausted
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => Trouble::Unreachable,
    }
}

/// The pause before the next try: short at first, then up to two seconds.
#[must_use]
pub fn pause_before_try(failed_tries: u32) -> Duration {
    Duration::from_millis((100_u64 << failed_tries.min(5)).min(2_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_strangers_refusal_is_no_answer() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("server.json");
        let refusal = Status::unauthenticated("the token is not known");
        let link = ServerLink::new("http://127.0.0.1:1/", Some(file.clone()), "tyr_x".into()).unwrap();
        assert_eq!(link.trouble(&refusal), Trouble::Unreachable, "its own server has stopped");
        std::fs::write(&file, r#"{"url": "http://127.0.0.1:2", "pid": 1}"#).unwrap();
        assert_eq!(link.trouble(&refusal), Trouble::Unreachable, "its own server is elsewhere");
        std::fs::write(&file, r#"{"url": "http://127.0.0.1:1", "pid": 1}"#).unwrap();
        assert_eq!(link.trouble(&refusal), Trouble::NotOurs);
        assert_eq!(link.trouble(&Status::unavailable("")), Trouble::Unreachable);
    }

    #[tokio::test]
    async fn it_follows_a_server_that_moved() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("server.json");
        let link = ServerLink::new("http://127.0.0.1:1/", Some(file.clone()), "tyr_x".into()).unwrap();
        let url_of = |link: &ServerLink| {
            link.http(reqwest::Method::GET, "/v1/blobs/0").build().unwrap().url().to_string()
        };
        for broken in ["", "{", "{\"url\": 3}", "{\"url\": \"not a url\"}"] {
            std::fs::write(&file, broken).unwrap();
            link.look_again();
            assert_eq!(url_of(&link), "http://127.0.0.1:1/v1/blobs/0", "{broken}");
        }
        std::fs::write(&file, "{\"url\": \"http://127.0.0.1:2\", \"pid\": 7}").unwrap();
        link.look_again();
        assert_eq!(url_of(&link), "http://127.0.0.1:2/v1/blobs/0");
    }

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<u128> =
            [0, 1, 4, 5, 99].into_iter().map(|tries| pause_before_try(tries).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 1_600, 2_000, 2_000]);
    }
}
