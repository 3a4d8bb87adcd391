//! What a person, or too many failed starts, change about a service: settings, pause, restart.
//!
//! Must not know what running instances make of it.

use super::rows::{json, number, to_json, to_optional_json};
use super::services::by_id_or_name;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::ServiceRevision;
use crate::store::writer::Tx;
use shared::id::ServiceId;
use shared::service::{InstanceError, Service, ServiceSettings};

impl Store {
    /// Gives a service other settings: a new revision, and a new generation where its instances have to be replaced.
    /// `read_revision` is the one that the caller saw.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if somebody changed the settings since that revision.
    pub async fn update_service(
        &self,
        id: ServiceId,
        settings: ServiceSettings,
        read_revision: Option<u32>,
    ) -> Result<Service, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let present = by_id_or_name(&mut tx.connection, &id.to_string()).await?;
            if read_revision.is_some_and(|read| read != present.settings_revision) {
                return Err(StoreError::refused(
                    format!("the settings of `{}` were changed meanwhile", present.name),
                    "look at them as they are now, and change them again",
                ));
            }
            if present.settings == settings {
                return Ok(present);
            }
            let replaced = present.settings.replaces_instances(&settings);
            let settings_revision = present.settings_revision.saturating_add(1);
            let generation = present.generation.saturating_add(u32::from(replaced));
            let revision = tx.next_revision();
            // What could not start with the old settings may with the new ones.
            sqlx::query(
                "UPDATE services SET settings = ?, settings_revision = ?, generation = ?, failed_starts = 0, \
                 error = NULL, retry_at_ms = NULL, revision = ? WHERE id = ?",
            )
            .bind(to_json(&settings)?)
            .bind(settings_revision)
            .bind(generation)
            .bind(revision)
            .bind(id.to_string())
            .execute(&mut tx.connection)
            .await?;
            keep_revision(tx, id, settings_revision, &settings).await?;
            set_attempts_of_waiting(tx, id, settings.max_attempts).await?;
            by_id_or_name(&mut tx.connection, &id.to_string()).await
        })
        .await
    }

    /// Has the instances of a service replaced, and forgets its failed starts.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn restart_service(&self, id: ServiceId) -> Result<Service, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let revision = tx.next_revision();
            sqlx::query(
                "UPDATE services SET generation = generation + 1, failed_starts = 0, error = NULL, \
                 retry_at_ms = NULL, revision = ? WHERE id = ?",
            )
            .bind(revision)
            .bind(id.to_string())
            .execute(&mut tx.connection)
            .await?;
            by_id_or_name(&mut tx.connection, &id.to_string()).await
        })
        .await
    }

    /// Pauses or resumes a service. Resuming also forgets its failed starts, so that it is tried at once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn set_service_paused(&self, id: ServiceId, paused: bool) -> Result<Service, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let revision = tx.next_revision();
            let statement = if paused {
                "UPDATE services SET paused = 1, revision = ? WHERE id = ?"
            } else {
                "UPDATE services SET paused = 0, paused_by_force = 0, failed_starts = 0, error = NULL, \
                 retry_at_ms = NULL, revision = ? WHERE id = ?"
            };
            sqlx::query(statement).bind(revision).bind(id.to_string()).execute(&mut tx.connection).await?;
            by_id_or_name(&mut tx.connection, &id.to_string()).await
        })
        .await
    }

    /// Pauses a service that failed to start too often; one that is paused already stays as it is.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn pause_service_by_force(&self, id: ServiceId) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| {
            let revision = tx.next_revision();
            sqlx::query(
                "UPDATE services SET paused = 1, paused_by_force = 1, revision = ? WHERE id = ? AND paused = 0",
            )
            .bind(revision)
            .bind(id.to_string())
            .execute(&mut tx.connection)
            .await?;
            Ok(())
        })
        .await
    }

    /// Keeps a service's trouble that is no failed start, or forgets it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn set_service_error(
        &self,
        id: ServiceId,
        error: Option<InstanceError>,
    ) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| {
            let revision = tx.next_revision();
            sqlx::query("UPDATE services SET error = ?, revision = ? WHERE id = ?")
                .bind(to_optional_json(error.as_ref())?)
                .bind(revision)
                .bind(id.to_string())
                .execute(&mut tx.connection)
                .await?;
            Ok(())
        })
        .await
    }

    /// What a service's settings were, the latest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn service_revisions(&self, id: ServiceId) -> Result<Vec<ServiceRevision>, StoreError> {
        let rows = sqlx::query(
            "SELECT settings_revision, settings, created_at_ms FROM service_revisions WHERE service_id = ? \
             ORDER BY settings_revision DESC",
        )
        .bind(id.to_string())
        .fetch_all(&mut *self.reader().await?)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(ServiceRevision {
                    settings_revision: number(row, "settings_revision")?,
                    settings: json(row, "settings")?,
                    created_at_ms: super::rows::get(row, "created_at_ms")?,
                })
            })
            .collect()
    }
}

/// Keeps what settings a service has from now on.
pub(super) async fn keep_revision(
    tx: &mut Tx,
    id: ServiceId,
    settings_revision: u32,
    settings: &ServiceSettings,
) -> Result<(), StoreError> {
    let now_ms = tx.now_ms();
    sqlx::query(
        "INSERT INTO service_revisions (service_id, settings_revision, settings, created_at_ms) VALUES (?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(settings_revision)
    .bind(to_json(settings)?)
    .bind(now_ms)
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

/// Those that wait may be tried as often as the settings say now; what was granted beyond stays granted.
async fn set_attempts_of_waiting(tx: &mut Tx, id: ServiceId, max_attempts: u32) -> Result<(), StoreError> {
    let revision = tx.next_revision();
    sqlx::query(
        "UPDATE executions SET max_attempts = ?, revision = ? \
         WHERE service_id = ? AND status IN ('created', 'pending') AND attempt = 0 AND max_attempts <> ?",
    )
    .bind(max_attempts)
    .bind(revision)
    .bind(id.to_string())
    .bind(max_attempts)
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}
