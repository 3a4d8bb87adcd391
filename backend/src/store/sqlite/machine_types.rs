//! Machine types: found at the first start, edited by an operator from then on.
//!
//! Must not know how a machine is looked at.

use super::rows::{json, to_json};
use super::services::all_services;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::writer::Tx;
use shared::machine::MachineType;
use sqlx::SqliteConnection;

impl Store {
    /// All machine types, by name.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn machine_types(&self) -> Result<Vec<MachineType>, StoreError> {
        all(&mut *self.reader().await?).await
    }

    /// Keeps a machine type that was found, unless there is one of its name: what an operator made of it stays.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn discover_machine_type(&self, machine: MachineType) -> Result<(), StoreError> {
        self.write(async move |tx: &mut Tx| {
            let known: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM machine_types WHERE name = ?")
                .bind(&machine.name)
                .fetch_one(&mut tx.connection)
                .await?;
            if known == 0 { save(tx, &machine).await } else { Ok(()) }
        })
        .await
    }

    /// Makes a machine type, or changes the one of this name.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn save_machine_type(&self, machine: MachineType) -> Result<MachineType, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            save(tx, &machine).await?;
            Ok(machine)
        })
        .await
    }

    /// Deletes a machine type.
    ///
    /// # Errors
    /// [`StoreError::Refused`] while a service runs on it; [`StoreError::NotFound`].
    pub async fn delete_machine_type(&self, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write_once(async move |tx: &mut Tx| {
            let services = all_services(&mut tx.connection).await?;
            if let Some(user) = services.iter().find(|service| service.settings.machine_type == name) {
                return Err(StoreError::refused(
                    format!("the machine type `{name}` is used by the service `{}`", user.name),
                    "choose another machine type for the service first",
                ));
            }
            let deleted = sqlx::query("DELETE FROM machine_types WHERE name = ?")
                .bind(&name)
                .execute(&mut tx.connection)
                .await?;
            if deleted.rows_affected() == 0 {
                return Err(StoreError::not_found("machine type", &name));
            }
            tx.next_revision();
            Ok(())
        })
        .await
    }
}

/// What is free at the moment is not kept.
async fn save(tx: &mut Tx, machine: &MachineType) -> Result<(), StoreError> {
    let machine = MachineType { free_memory_bytes: 0, ..machine.clone() };
    let now_ms = tx.now_ms();
    tx.next_revision();
    sqlx::query(
        "INSERT INTO machine_types (name, machine, updated_at_ms) VALUES (?, ?, ?) \
         ON CONFLICT (name) DO UPDATE SET machine = excluded.machine, updated_at_ms = excluded.updated_at_ms",
    )
    .bind(&machine.name)
    .bind(to_json(&machine)?)
    .bind(now_ms)
    .execute(&mut tx.connection)
    .await?;
    Ok(())
}

pub(super) async fn all(connection: &mut SqliteConnection) -> Result<Vec<MachineType>, StoreError> {
    let rows = sqlx::query("SELECT machine FROM machine_types ORDER BY name").fetch_all(connection).await?;
    rows.iter().map(|row| json(row, "machine")).collect()
}
