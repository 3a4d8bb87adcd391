//! The organization's secrets: values go in, are sealed before they are stored, and come out for the
//! Train functions of trainings alone.
//!
//! Must not know SQL, gRPC, or how a Train function is started.

mod error;
mod key_file;
pub mod redact;
mod seal;
mod value;

pub use error::SecretError;
pub use value::SecretValue;

use crate::store::{NewSecret, SecretRecord, Store, StoreError};
use key_file::{KeyFile, Keyring};
use shared::id::SecretId;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::RwLock;

/// The secrets of one data folder. A clone speaks of the same ones.
#[derive(Clone)]
pub struct Secrets {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    key_file: KeyFile,
    /// Read from the file when it is first needed. Whoever seals holds it until the sealed value is stored,
    /// so that a rotation, which takes it alone, misses none.
    keys: RwLock<Option<Keyring>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").finish_non_exhaustive()
    }
}

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The name of the key that everything is sealed with now.
    pub key_id: String,
    /// Values that were sealed anew.
    pub resealed_count: u64,
}

impl Secrets {
    /// Secrets in this store, sealed with the key in this file, which is made when it is first needed.
    #[must_use]
    pub fn new(store: Store, key_file: Option<PathBuf>) -> Self {
        let key_file = KeyFile::new(key_file, store.data_dir().to_owned(), store.project_id());
        Self { inner: Arc::new(Inner { store, key_file, keys: RwLock::new(None) }) }
    }

    /// Makes a secret.
    ///
    /// # Errors
    /// If the name is taken or the key cannot be used.
    pub async fn create(
        &self,
        name: String,
        description: String,
        value: SecretValue,
        created_by: &str,
    ) -> Result<SecretRecord, SecretError> {
        self.load_or_make_key().await?;
        let keys = self.inner.keys.read().await;
        let key = keys.as_ref().ok_or(SecretError::KeyGone)?.current();
        let id: SecretId = self.inner.store.new_id();
        let new = NewSecret {
            sealed: key.seal(id, &name, &value)?,
            fingerprint: key.fingerprint(id, &value),
            description,
            created_by: created_by.to_owned(),
        };
        drop(value);
        Ok(self.inner.store.create_secret(new).await?)
    }

    /// Gives a secret another value.
    ///
    /// # Errors
    /// If there is none with this id, or the key cannot be used.
    pub async fn replace(&self, id: SecretId, value: SecretValue) -> Result<SecretRecord, SecretError> {
        let present = self.inner.store.secret(id).await?;
        shared::secret::check_value(&present.name, value.expose()).map_err(SecretError::Value)?;
        self.load_or_make_key().await?;
        let keys = self.inner.keys.read().await;
        let key = keys.as_ref().ok_or(SecretError::KeyGone)?.current();
        let sealed = key.seal(id, &present.name, &value)?;
        let fingerprint = key.fingerprint(id, &value);
        drop(value);
        Ok(self.inner.store.replace_secret(sealed, fingerprint).await?)
    }

    /// The values of these secrets, for the Train function of one training.
    ///
    /// # Errors
    /// If one is missing or cannot be opened.
    pub async fn open(&self, names: &[String]) -> Result<Vec<(String, SecretValue)>, SecretError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let sealed = self.inner.store.sealed_secrets(names).await?;
        self.load_key().await?;
        let keys = self.inner.keys.read().await;
        let keys = keys.as_ref().ok_or_else(|| self.inner.key_file.missing())?;
        sealed
            .into_iter()
            .map(|sealed| {
                let value = keys.open(&sealed, self.inner.key_file.shown())?;
                Ok((sealed.name, value))
            })
            .collect()
    }

    /// Seals everything with a new key, in one transaction. The old key is thrown away after that, so a
    /// crash on the way leaves every value readable; the next rotation or start tidies up.
    ///
    /// # Errors
    /// If a value cannot be opened, or the key file cannot be written. Nothing is sealed anew then.
    pub async fn rotate(&self) -> Result<Rotation, SecretError> {
        self.load_or_make_key().await?;
        let mut keys = self.inner.keys.write().await;
        let old = keys.take().ok_or(SecretError::KeyGone)?;
        let both = old.clone_keys().with_new_key()?;
        // Before anything is sealed with it, the new key is on the disk for good.
        self.inner.key_file.write(&both)?;
        let resealing = both.clone_keys();
        let shown = self.inner.key_file.shown().to_owned();
        let resealed = self
            .inner
            .store
            .reseal_secrets(both.current().id().to_owned(), move |sealed| {
                let value = resealing.open(&sealed, &shown).map_err(SecretError::into_store_error)?;
                let key = resealing.current();
                let fingerprint = key.fingerprint(sealed.id, &value);
                let anew =
                    key.seal(sealed.id, &sealed.name, &value).map_err(SecretError::into_store_error)?;
                Ok((anew, fingerprint))
            })
            .await;
        match resealed {
            // This call was worked on before, up to here: nothing is sealed with the new key.
            Ok((key_id, resealed_count)) if key_id != both.current().id() => {
                self.inner.key_file.write(&old)?;
                *keys = Some(old);
                Ok(Rotation { key_id, resealed_count })
            }
            Ok((key_id, resealed_count)) => {
                let only = both.only_current();
                self.inner.key_file.write(&only)?;
                *keys = Some(only);
                Ok(Rotation { key_id, resealed_count })
            }
            Err(error) => {
                // Read again when next needed: the file holds all keys that may be in use.
                *keys = None;
                Err(error.into())
            }
        }
    }

    /// Looks, at the start of a server, whether the stored secrets can be opened, and says so if not.
    /// The server starts in any case: what needs no secret goes on, and a secret whose key is lost can
    /// still be deleted.
    ///
    /// # Errors
    /// Why they cannot be opened.
    pub async fn check(&self) -> Result<(), SecretError> {
        let used = self.inner.store.secret_key_ids().await?;
        if !self.inner.key_file.exists() {
            return if used.is_empty() { Ok(()) } else { Err(self.inner.key_file.missing()) };
        }
        self.load_key().await?;
        let mut keys = self.inner.keys.write().await;
        let Some(ring) = keys.take() else { return Ok(()) };
        let missing = used.iter().find(|id| !ring.has(id)).cloned();
        // What a rotation left behind that did not come to its end.
        if missing.is_none() && ring.has_unused(&used) {
            let needed = ring.only_needed(&used);
            self.inner.key_file.write(&needed)?;
            *keys = Some(needed);
        } else {
            *keys = Some(ring);
        }
        match missing {
            Some(key_id) => Err(self.inner.key_file.does_not_open(&key_id)),
            None => Ok(()),
        }
    }

    async fn load_key(&self) -> Result<(), SecretError> {
        let mut keys = self.inner.keys.write().await;
        if keys.is_none() && self.inner.key_file.exists() {
            *keys = Some(self.inner.key_file.read()?);
        }
        Ok(())
    }

    /// A new key is made only while nothing is sealed with another one.
    async fn load_or_make_key(&self) -> Result<(), SecretError> {
        self.load_key().await?;
        let mut keys = self.inner.keys.write().await;
        if keys.is_some() {
            return Ok(());
        }
        if !self.inner.store.secret_key_ids().await?.is_empty() {
            return Err(self.inner.key_file.missing());
        }
        *keys = Some(self.inner.key_file.make()?);
        Ok(())
    }

    /// All secrets, by name, with what uses them; no values.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn list(&self) -> Result<Vec<SecretRecord>, StoreError> {
        self.inner.store.secrets().await
    }

    /// Deletes a secret.
    ///
    /// # Errors
    /// If a training that is not over uses it.
    pub async fn delete(&self, id: SecretId) -> Result<(), StoreError> {
        self.inner.store.delete_secret(id).await
    }
}

#[cfg(test)]
mod tests;
