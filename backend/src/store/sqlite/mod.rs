//! The tables in SQLite: opening, migrations, and one file of queries a subject.
//!
//! Must not know files, gRPC or processes.

mod access;
mod architectures;
mod browse;
mod changes;
mod choices;
mod datasets;
mod drafts;
mod executions;
mod filters;
mod frozen;
mod idempotency;
mod interrupt;
mod machine_types;
mod models;
mod past_runs;
mod previews;
mod queries;
mod recipes;
mod reports;
mod rows;
mod runners;
mod scheduling;
mod secrets;
mod series;
mod service_changes;
mod service_errors;
mod services;
mod snapshots;
mod starting;
mod sweep;
mod trainings;
mod waiting;
mod watch;

pub use changes::ChosenItems;
pub use idempotency::Begun;
pub(super) use idempotency::{Known, journal, known};
pub(super) use previews::Previews;
pub(super) use queries::Indices;
pub(super) use scheduling::Queue;

use super::error::StoreError;
use super::ids;
use super::writer::Writer;
use crate::clock::Clock;
use shared::architecture::Catalog;
use shared::id::ProjectId;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations");

/// Connections that only read. Each costs memory and a thread, and readers are short.
const READERS: u32 = 4;

/// What opening gives to the facade.
pub(super) struct Opened {
    pub(super) readers: SqlitePool,
    pub(super) writer: Writer,
    pub(super) project_id: ProjectId,
    pub(super) catalog: Catalog,
}

pub(super) async fn open(data_dir: &Path, clock: Arc<dyn Clock>) -> Result<Opened, StoreError> {
    // FULL flushes the write-ahead log at each commit: what was acknowledged survives a power cut.
    let options = SqliteConnectOptions::new()
        .filename(data_dir.join("trainyard.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging();
    let mut connection = options.connect().await?;
    MIGRATIONS.run(&mut connection).await.map_err(|error| migration_error(data_dir, error))?;
    series::take_over(&mut connection).await?;
    let revision: i64 = sqlx::query_scalar("SELECT value FROM counters WHERE name = 'revision'")
        .fetch_one(&mut connection)
        .await?;
    let project_id = default_project(&mut connection, clock.now_ms()).await?;
    changes::prepare(&mut connection).await?;
    let catalog = architectures::catalog(&mut connection).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(0)
        .idle_timeout(Duration::from_secs(60))
        .test_before_acquire(false)
        .connect_lazy_with(options.create_if_missing(false).read_only(true));
    let writer = Writer::start(connection, clock, revision)
        .map_err(|error| StoreError::io("starting the writer of", data_dir, error))?;
    Ok(Opened { readers, writer, project_id, catalog })
}

fn migration_error(data_dir: &Path, error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(migration) | MigrateError::VersionTooNew(migration, _) => {
            StoreError::NewerVersion { path: data_dir.to_owned(), migration }
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        other => StoreError::corrupt("database", other),
    }
}

/// The project that everything belongs to until there are several.
async fn default_project(connection: &mut SqliteConnection, now_ms: i64) -> Result<ProjectId, StoreError> {
    let known: Option<String> =
        sqlx::query_scalar("SELECT id FROM projects ORDER BY created_at_ms, id LIMIT 1")
            .fetch_optional(&mut *connection)
            .await?;
    if let Some(text) = known {
        return text.parse().map_err(|error| StoreError::corrupt("projects.id", error));
    }
    let id: ProjectId = ids::mint(now_ms);
    sqlx::query("INSERT INTO projects (id, name, created_at_ms) VALUES (?, 'default', ?)")
        .bind(id.to_string())
        .bind(now_ms)
        .execute(connection)
        .await?;
    Ok(id)
}
