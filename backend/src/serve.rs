//! Wires the server together, starts it, and stops it in good order.
//!
//! Must not know what any part does inside.

mod folder;

pub use folder::running_server;

use crate::api::{self, Api};
use crate::auth::{AuthError, Authenticator, Token, local_token};
use crate::clock::SystemClock;
use crate::config::{ConfigError, DataFolder, ServeConfig};
use crate::crash_point::{CrashPoint, pass};
use crate::executor::process::{ProcessConfig, ProcessExecutor};
use crate::executor::{Executor, discover};
use crate::scheduler::{Explanations, LeaseTimes, Scheduler, SharedLeases};
use crate::secrets::Secrets;
use crate::store::{Store, StoreError};
use crate::web;
use axum::Router;
use axum::middleware::from_fn;
use folder::{announce, data_folder_error, lock};
use shared::permission::Permissions;
use shared::service::InstanceState;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long open requests may take to finish once the server stops.
const GRACE: Duration = Duration::from_secs(8);
/// How long instances of a server that lives in a command may take to end with it.
const INSTANCE_PATIENCE: Duration = Duration::from_secs(12);
/// A stored file that no record speaks of is kept this long: its report may still be on its way.
const UNRECORDED_LIFE: Duration = Duration::from_hours(24);

const UPLOADS_SWEPT_EVERY: Duration = Duration::from_hours(1);

/// A running server.
pub struct Server {
    url: String,
    owner: Token,
    store: Store,
    secrets: Secrets,
    authenticator: Authenticator,
    executor: Option<ProcessExecutor>,
    announced: Option<PathBuf>,
    draining: CancellationToken,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    _lock: File,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The settings cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder cannot be used.
    #[error(
        "the data folder {path} cannot be used: {source}; choose another with --data, or mend its permissions"
    )]
    DataFolder {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another server has it.
    #[error(
        "the data folder {path} is in use by another server{who}; stop that one, or choose another folder with --data"
    )]
    FolderInUse {
        /// Which folder.
        path: PathBuf,
        /// The other server, if it said where it is.
        who: String,
    },
    /// The port is taken.
    #[error("port {} of {address} is taken; choose another with --listen, for example --listen {}:0, or stop the other server", address.port(), address.ip())]
    PortTaken {
        /// Where it should listen.
        address: SocketAddr,
    },
    /// It cannot listen there.
    #[error("cannot listen on {address}: {source}; choose another address with --listen")]
    Listen {
        /// Where it should listen.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The local token cannot be used.
    #[error(transparent)]
    LocalToken(#[from] local_token::LocalTokenError),
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Tokens cannot be made or kept.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The program cannot find itself, to start runners.
    #[error("the program cannot find its own file ({0}); start it by its full path")]
    OwnProgram(std::io::Error),
    /// The compiled descriptors are broken.
    #[error("the API cannot describe itself: {0}; build the program anew")]
    Reflection(String),
}

impl Server {
    /// Starts a server. With `runs_trainings` it also schedules, and says in its data folder where it
    /// is; without, it only answers, for one command.
    ///
    /// # Errors
    /// Why it cannot start. Nothing is left running then.
    pub async fn start(config: ServeConfig, runs_trainings: bool) -> Result<Self, ServeError> {
        let started = Instant::now();
        config.check()?;
        let data = &config.data;
        let lock = lock(data)?;
        let listener = listen(config.listen).await?;
        let url = url_of(
            listener.local_addr().map_err(|source| ServeError::Listen { address: config.listen, source })?,
        );
        let store = Store::open(data.path(), Arc::new(SystemClock::new())).await?;
        store.discover_machine_type(discover()).await?;
        let owner = local_token::read_or_create(&data.token_file())?;
        let secrets = Secrets::new(store.clone(), config.secrets_key_file.clone());
        if let Err(error) = secrets.check().await {
            tracing::error!(%error, "trainings that use secrets will fail");
        }
        let mut server = Self {
            url,
            secrets,
            authenticator: Authenticator::new(store.clone(), owner.hash()),
            owner,
            store,
            executor: None,
            announced: None,
            draining: CancellationToken::new(),
            stop: CancellationToken::new(),
            tasks: Vec::new(),
            _lock: lock,
        };
        if let Err(error) = server.run(listener, data, runs_trainings) {
            server.stop().await;
            return Err(error);
        }
        let milliseconds = started.elapsed().as_millis();
        tracing::info!(url = server.url, data = %data.path().display(), "server ready in {milliseconds} ms");
        Ok(server)
    }

    /// Starts the tasks.
    fn run(
        &mut self,
        listener: TcpListener,
        data: &DataFolder,
        runs_trainings: bool,
    ) -> Result<(), ServeError> {
        let leases = SharedLeases::new(LeaseTimes::default());
        let explanations = Explanations::default();
        if runs_trainings {
            self.executor = Some(ProcessExecutor::new(process_config(data, &self.url)?));
        }
        let router = self.router(&leases, &explanations)?;
        self.tasks.push(tokio::spawn(web::listener::serve(listener, router, self.stop.clone(), GRACE)));
        let Some(executor) = self.executor.clone() else { return Ok(()) };
        let executor = Arc::new(executor);
        let draining = self.draining.clone();
        let scheduler = Scheduler::new(self.store.clone(), executor, leases, explanations, draining);
        self.tasks.push(tokio::spawn(scheduler.run(self.stop.clone())));
        pass(CrashPoint::ServerBeforeAnnounced);
        announce(data, &self.url).map_err(|source| data_folder_error(data, source))?;
        self.announced = Some(data.server_file());
        tokio::spawn(sweep(self.store.clone()));
        self.tasks.push(tokio::spawn(sweep_uploads(self.store.clone(), self.stop.clone())));
        Ok(())
    }

    fn router(&self, leases: &SharedLeases, explanations: &Explanations) -> Result<Router, ServeError> {
        let executor = self.executor.clone().map(|executor| Arc::new(executor) as Arc<dyn Executor>);
        let api = Api {
            store: self.store.clone(),
            authenticator: self.authenticator.clone(),
            runners: api::runner::Runners::new(
                self.store.clone(),
                leases.clone(),
                self.secrets.clone(),
                self.stop.clone(),
            ),
            explanations: explanations.clone(),
            executor,
            secrets: self.secrets.clone(),
            url: self.url.clone(),
            draining: self.draining.clone(),
            stop: self.stop.clone(),
        };
        let grpc = api::router(api).map_err(|error| ServeError::Reflection(error.to_string()))?;
        Ok(grpc
            .merge(web::files::router(self.store.clone(), self.authenticator.clone()))
            .merge(web::uploads::router(self.store.clone(), self.authenticator.clone()))
            .fallback(web::ui::serve)
            .layer(from_fn(web::headers::add_security_headers)))
    }

    /// Where it is reached, for example `http://127.0.0.1:8080`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What opens it to its owner.
    #[must_use]
    pub const fn owner_token(&self) -> &Token {
        &self.owner
    }

    /// What tests put things into.
    #[cfg(test)]
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// A link that signs a browser in, once.
    ///
    /// # Errors
    /// If its token cannot be kept.
    pub async fn sign_in_link(&self) -> Result<String, ServeError> {
        let (token, _) = self.authenticator.create_link(&Permissions::all()).await?;
        Ok(api::sign_in_url(&self.url, token.expose()))
    }

    /// Takes no new trainings, and has those that run write a checkpoint within their drain time; runners are heard
    /// until they have ended. Those that do not stop are made to.
    pub async fn drain(&self) {
        self.draining.cancel();
        let mut revisions = self.store.revisions();
        loop {
            revisions.mark_unchanged();
            match self.store.scheduling_snapshot().await {
                Ok(snapshot) if snapshot.instances.is_empty() => return,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "whether instances have ended cannot be seen; they are left to themselves");
                    return;
                }
            }
            if revisions.changed().await.is_err() {
                return;
            }
        }
    }

    /// Makes every instance end at once, with all that it started.
    pub async fn kill_instances(&self) {
        let Some(executor) = &self.executor else { return };
        let Ok(snapshot) = self.store.scheduling_snapshot().await else { return };
        for instance in snapshot.instances {
            if let Some(handle) = &instance.handle {
                executor.kill(instance.id, handle).await;
            }
        }
    }

    /// Takes no more requests, finishes those that are open, and closes the store. Runners go on.
    pub async fn stop(mut self) {
        if let Some(path) = self.announced.take() {
            // Left behind, it would only be found stale.
            let _ = std::fs::remove_file(path);
        }
        self.stop.cancel();
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
        self.store.close().await;
    }

    /// Ends the instances too, for a server that nobody will start again soon, then stops.
    pub async fn stop_with_instances(self) {
        if let Some(executor) = &self.executor
            && tokio::time::timeout(INSTANCE_PATIENCE, end_instances(&self.store, executor)).await.is_err()
        {
            tracing::warn!("an instance did not end in time; the next server on this data folder finds it");
        }
        self.stop().await;
    }
}

/// Asks all instances to end and waits until they have.
async fn end_instances(store: &Store, executor: &ProcessExecutor) {
    use crate::executor::Observation;
    let Ok(snapshot) = store.scheduling_snapshot().await else { return };
    let mut ends = executor.changes();
    let instances: Vec<_> =
        snapshot.instances.into_iter().filter_map(|instance| Some((instance.id, instance.handle?))).collect();
    for (id, handle) in &instances {
        // A runner that waits for work hears of this at once.
        if let Err(error) = store.set_instance_state(*id, InstanceState::Stopping, None).await {
            tracing::warn!(%error, instance_id = %id, "an instance cannot be told to stop by the store");
        }
        executor.stop(*id, handle).await;
    }
    for (id, handle) in &instances {
        loop {
            ends.mark_unchanged();
            if executor.observe(*id, handle).await != Observation::Running {
                break;
            }
            let _ = tokio::time::timeout(Duration::from_millis(200), ends.changed()).await;
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::PortTaken { address },
        _ => ServeError::Listen { address, source },
    })
}

/// How the server is reached from this machine.
fn url_of(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    format!("http://{address}")
}

fn process_config(data: &DataFolder, url: &str) -> Result<ProcessConfig, ServeError> {
    Ok(ProcessConfig {
        program: std::env::current_exe().map_err(ServeError::OwnProgram)?,
        instances_dir: data.path().join("instances"),
        server_url: url.to_owned(),
        server_file: data.server_file(),
        blobs_dir: Some(data.path().join("blobs")),
        train_function: None,
    })
}

async fn sweep(store: Store) {
    match store.sweep_blobs(UNRECORDED_LIFE).await {
        Ok(0) | Err(StoreError::Closed) => {}
        Ok(deleted) => tracing::info!(deleted, "stored files that no record speaks of were deleted"),
        Err(error) => {
            tracing::warn!(%error, "left-over files could not be deleted; the next start tries again")
        }
    }
}

/// Throws uploads away that nobody came back for.
async fn sweep_uploads(store: Store, stop: CancellationToken) {
    let mut hours = tokio::time::interval(UPLOADS_SWEPT_EVERY);
    loop {
        tokio::select! {
            _ = hours.tick() => {}
            () = stop.cancelled() => return,
        }
        let uploads = store.uploads().clone();
        match tokio::task::spawn_blocking(move || uploads.sweep()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(deleted)) => tracing::info!(deleted, "uploads that were never imported were deleted"),
            Ok(Err(error)) => {
                tracing::warn!(%error, "old uploads could not be deleted; the next hour tries again")
            }
            Err(error) => tracing::warn!(%error, "the search for old uploads ended early"),
        }
    }
}

#[cfg(test)]
#[path = "serve_tests.rs"]
mod tests;
