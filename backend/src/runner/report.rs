//! From an attempt's mouth to the server: everything is spooled first, then delivered in batches,
//! files before the entries that name them.
//!
//! Training never waits for it. Must not know what the entries mean.

use super::connect::{ServerLink, Trouble, pause_before_try};
use super::spool::{Body, Entry, Spool};
use super::wire::entry_to_wire;
use crate::clock::{Clock, SystemClock};
use proto::v1;
use shared::metric::LogLevel;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Entries of one report.
const BATCH_ENTRIES: usize = 1_000;

/// Size of one report as JSON, about.
const BATCH_BYTES: usize = 1024 * 1024;

/// What came within this time of the first entry travels with it.
const GATHER: Duration = Duration::from_millis(100);

/// How long the server may take for one report.
const REPORT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long one file may take.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(600);

struct Inner {
    spool: Mutex<Spool>,
    more: Notify,
    closed: AtomicBool,
    closing: Notify,
}

/// Where an attempt says things; a clone is the same place.
#[derive(Clone)]
pub struct Voice {
    inner: Arc<Inner>,
    clock: SystemClock,
}

impl Voice {
    /// Starts an empty spool in this folder; without one, memory must do.
    #[must_use]
    pub fn create(dir: &Path) -> Self {
        let spool = Spool::create(dir).unwrap_or_else(|error| {
            tracing::error!(%error, "reports are kept in memory alone");
            Spool::in_memory(dir)
        });
        Self::with(spool)
    }

    /// Keeps in memory what is said, for attempts that have next to nothing to say.
    #[must_use]
    pub fn in_memory(dir: &Path) -> Self {
        Self::with(Spool::in_memory(dir))
    }

    fn with(spool: Spool) -> Self {
        let inner = Inner {
            spool: Mutex::new(spool),
            more: Notify::new(),
            closed: AtomicBool::new(false),
            closing: Notify::new(),
        };
        Self { inner: Arc::new(inner), clock: SystemClock::new() }
    }

    fn spool(&self) -> MutexGuard<'_, Spool> {
        self.inner.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something, to be delivered later.
    pub fn say(&self, body: Body) {
        if let Err(error) = self.spool().append(self.clock.now_ms(), body) {
            tracing::error!(%error, "a report is lost");
        }
        self.inner.more.notify_one();
    }

    /// Says a log line of the runner's own.
    pub fn log(&self, level: LogLevel, text: impl Into<String>) {
        self.say(Body::Log { level, text: text.into() });
    }

    /// Nothing is said any more.
    pub fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
        self.inner.more.notify_one();
        self.inner.closing.notify_one();
    }

    fn is_closed(&self) -> bool {
        self.inner.closed.load(Ordering::Acquire)
    }
}

/// How a delivery came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Everything is stored.
    Complete,
    /// The attempt is no longer this runner's.
    NotOurs,
    /// The server does not take what is said.
    Refused(String),
}

/// Delivers what an attempt says.
pub struct Courier {
    /// Where it is said.
    pub voice: Voice,
    /// The line.
    pub link: ServerLink,
    /// Which attempt.
    pub attempt: v1::HeldAttempt,
    /// Files that wait to be uploaded, named by their hash.
    pub outbox: PathBuf,
}

enum Upload {
    Done,
    Trouble(Trouble),
    /// The file cannot be kept: the entry is replaced by a log line.
    Impossible(String),
}

impl Courier {
    /// Delivers until everything is stored and nothing more is said, or until it makes no sense.
    pub async fn deliver(self) -> Delivery {
        let mut failed_tries = 0;
        loop {
            let batch = match self.voice.spool().batch(BATCH_ENTRIES, BATCH_BYTES) {
                Ok(batch) => batch,
                Err(error) => return Delivery::Refused(error.to_string()),
            };
            if batch.is_empty() {
                if self.voice.is_closed() {
                    return Delivery::Complete;
                }
                self.voice.inner.more.notified().await;
                if !self.voice.is_closed() {
                    tokio::select! {
                        biased;
                        () = self.voice.inner.closing.notified() => {}
                        () = tokio::time::sleep(GATHER) => {}
                    }
                }
                continue;
            }
            match self.send(batch).await {
                Ok(acknowledged) => {
                    failed_tries = 0;
                    if let Err(error) = self.voice.spool().acknowledge(acknowledged) {
                        return Delivery::Refused(error.to_string());
                    }
                }
                Err((Trouble::NotOurs, _)) => return Delivery::NotOurs,
                Err((Trouble::Refused, detail)) => return Delivery::Refused(detail),
                Err((Trouble::Unreachable, detail)) => {
                    if failed_tries == 0 {
                        tracing::warn!(
                            detail,
                            "the server does not take reports: they are kept until it does"
                        );
                    }
                    self.link.look_again();
                    tokio::time::sleep(pause_before_try(failed_tries)).await;
                    failed_tries = failed_tries.saturating_add(1);
                }
            }
        }
    }

    async fn send(&self, batch: Vec<Entry>) -> Result<u64, (Trouble, String)> {
        let mut entries = Vec::with_capacity(batch.len());
        let mut uploaded = Vec::new();
        for mut entry in batch {
            if let Body::Artifact { name, content_hash, .. } = &entry.body {
                let file = self.outbox.join(content_hash);
                match self.upload(content_hash, &file).await {
                    Upload::Done => uploaded.push(file),
                    Upload::Trouble(trouble) => return Err((trouble, format!("upload of {name}"))),
                    Upload::Impossible(why) => {
                        let text = format!("the file {name} is not kept: {why}");
                        entry.body = Body::Log { level: LogLevel::Error, text };
                    }
                }
            }
            entries.push(entry_to_wire(entry, self.attempt.attempt));
        }
        let mut client = self.link.client().map_err(|error| (Trouble::Refused, error.to_string()))?;
        let request = v1::ReportRequest { attempt: Some(self.attempt.clone()), entries };
        let answer = tokio::time::timeout(REPORT_TIMEOUT, client.report(request))
            .await
            .map_err(|_| (Trouble::Unreachable, "no answer".to_owned()))?
            .map_err(|status| (self.link.trouble(&status), status.message().to_owned()))?;
        for file in uploaded {
            // Another entry may name the same content; then it is gone already.
            let _ = std::fs::remove_file(file);
        }
        Ok(answer.into_inner().acknowledged_sequence)
    }

    async fn upload(&self, hash: &str, file: &Path) -> Upload {
        let opened = match tokio::fs::File::open(file).await {
            Ok(opened) => opened,
            // The same content was named twice in one batch, or was uploaded for an earlier entry.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Upload::Done,
            Err(error) => return Upload::Impossible(error.to_string()),
        };
        let size_bytes = match opened.metadata().await {
            Ok(metadata) => metadata.len(),
            Err(error) => return Upload::Impossible(error.to_string()),
        };
        let body =
            reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::with_capacity(opened, 256 * 1024));
        let answer = self
            .link
            .http(reqwest::Method::PUT, &format!("/v1/uploads/{hash}"))
            .header("content-length", size_bytes)
            .timeout(UPLOAD_TIMEOUT)
            .body(body)
            .send()
            .await;
        match answer {
            Ok(answer) if answer.status().is_success() => Upload::Done,
            Ok(answer) => match answer.status().as_u16() {
                401 | 403 if self.link.is_ours() => Upload::Trouble(Trouble::NotOurs),
                401 | 403 => Upload::Trouble(Trouble::Unreachable),
                408 | 425 | 429 | 500..=599 => Upload::Trouble(Trouble::Unreachable),
                code => Upload::Impossible(format!("the server answered {code}")),
            },
            Err(_) => Upload::Trouble(Trouble::Unreachable),
        }
    }
}
