//! Secrets on a real store and a real key file: sealed, opened, rotated, tampered with, and with the wrong key.

use super::*;
use crate::clock::ManualClock;
use crate::store::{Begun, SealedSecret};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

struct Bench {
    folder: TempDir,
    store: Store,
    secrets: Secrets,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store =
            Store::open(&folder.path().join("data"), Arc::new(ManualClock::new(1_000))).await.unwrap();
        let secrets = Secrets::new(store.clone(), Some(folder.path().join("config/secrets.key")));
        Self { folder, store, secrets }
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("config/secrets.key")
    }

    /// As after a restart: nothing is in memory.
    fn again(&self) -> Secrets {
        Secrets::new(self.store.clone(), Some(self.key_file()))
    }

    async fn create(&self, name: &str, value: &str) -> SecretRecord {
        self.secrets.create(name.into(), String::new(), self::value(value), "owner").await.unwrap()
    }

    /// Every value, as a Train function would get it.
    async fn values(&self, secrets: &Secrets, names: &[&str]) -> Result<Vec<String>, SecretError> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let opened = secrets.open(&names).await?;
        Ok(opened.iter().map(|(_, value)| value.expose().to_owned()).collect())
    }
}

fn value(text: &str) -> SecretValue {
    SecretValue::handed_over(text.to_owned())
}

fn error_of<T>(result: Result<T, SecretError>) -> SecretError {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error,
    }
}

fn keys_in(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap().lines().filter(|line| line.starts_with("key ")).count()
}

#[tokio::test]
async fn a_value_comes_back_after_a_restart_and_lies_nowhere_in_clear() {
    let bench = Bench::new().await;
    let made = bench.create("TOKEN", "canary-5ecret").await;
    assert_eq!(
        (made.name.as_str(), made.created_by.as_str(), made.fingerprint.len()),
        ("TOKEN", "owner", 12)
    );
    let opened = bench.values(&bench.again(), &["TOKEN"]).await.unwrap();
    assert_eq!(opened, ["canary-5ecret"]);
    bench.store.close().await;
    for name in ["trainyard.db", "trainyard.db-wal"] {
        let bytes = std::fs::read(bench.folder.path().join("data").join(name)).unwrap_or_default();
        assert!(!bytes.windows(13).any(|part| part == b"canary-5ecret"), "{name}");
    }
    let mode = std::fs::metadata(bench.key_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let others: Vec<_> = std::fs::read_dir(bench.folder.path().join("config")).unwrap().collect();
    assert_eq!(others.len(), 1, "{others:?}");
}

#[tokio::test]
async fn a_call_that_is_worked_on_again_makes_one_secret_and_one_rotation() {
    let bench = Bench::new().await;
    let begin = async |key: &str| match bench.store.begin_call("owner", key, &[]).await.unwrap() {
        Begun::Work(call) => call,
        Begun::Answered(reply) => panic!("nothing was answered: {reply:?}"),
    };
    let create = || bench.create("TOKEN", "one value");
    let first = begin("k").await.run(create()).await;
    assert_eq!(begin("k").await.run(create()).await, first);
    let taken = bench.secrets.create("TOKEN".into(), String::new(), value("one value"), "owner").await;
    assert!(matches!(error_of(taken), SecretError::Store(StoreError::AlreadyExists { .. })));
    let rotation = begin("r").await.run(bench.secrets.rotate()).await.unwrap();
    let file = std::fs::read(bench.key_file()).unwrap();
    assert_eq!(begin("r").await.run(bench.secrets.rotate()).await.unwrap(), rotation);
    assert_eq!(std::fs::read(bench.key_file()).unwrap(), file, "nothing is sealed with another key");
    let opened = bench.again().open(&["TOKEN".to_owned()]).await.unwrap();
    assert_eq!(opened[0].1.expose(), "one value");
}

#[tokio::test]
async fn replacing_changes_value_and_fingerprint_and_deleting_ends_it() {
    let bench = Bench::new().await;
    let made = bench.create("TOKEN", "one value").await;
    let replaced = bench.secrets.replace(made.id, value("another value")).await.unwrap();
    assert_ne!(replaced.fingerprint, made.fingerprint);
    assert_eq!(bench.values(&bench.again(), &["TOKEN"]).await.unwrap(), ["another value"]);
    assert!(matches!(error_of(bench.secrets.replace(made.id, value("abc")).await), SecretError::Value(_)));
    bench.secrets.delete(made.id).await.unwrap();
    assert!(matches!(
        error_of(bench.values(&bench.again(), &["TOKEN"]).await),
        SecretError::Store(StoreError::NotFound { .. })
    ));
    assert!(bench.secrets.replace(made.id, value("another value")).await.is_err());
}

#[tokio::test]
async fn rotation_seals_everything_anew_and_forgets_the_old_key() {
    let bench = Bench::new().await;
    let names: Vec<String> = (0..1_000).map(|number| format!("S{number:04}")).collect();
    for name in &names {
        bench.create(name, &format!("value of {name}")).await;
    }
    let old_file = std::fs::read(bench.key_file()).unwrap();
    let rotation = bench.secrets.rotate().await.unwrap();
    assert_eq!(rotation.resealed_count, 1_000);
    assert_eq!(bench.store.secret_key_ids().await.unwrap(), [rotation.key_id]);
    assert_eq!(keys_in(&bench.key_file()), 1);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for secrets in [bench.secrets.clone(), bench.again()] {
        let values = bench.values(&secrets, &names).await.unwrap();
        assert!(names.iter().zip(&values).all(|(name, value)| *value == format!("value of {name}")));
    }
    std::fs::write(bench.key_file(), old_file).unwrap();
    assert!(matches!(
        error_of(bench.values(&bench.again(), &["S0000"]).await),
        SecretError::KeyDoesNotOpen { .. }
    ));
}

#[tokio::test]
async fn a_crash_within_a_rotation_leaves_every_value_readable_and_the_next_start_tidies_up() {
    let bench = Bench::new().await;
    bench.create("TOKEN", "one value").await;
    // Between the key file and the transaction: both keys are in the file, nothing is sealed with the new one.
    let ring = bench.again().inner.key_file.read().unwrap().with_new_key().unwrap();
    bench.secrets.inner.key_file.write(&ring).unwrap();
    let after_crash = bench.again();
    after_crash.check().await.unwrap();
    assert_eq!(keys_in(&bench.key_file()), 2, "the old key is still needed");
    assert_eq!(bench.values(&after_crash, &["TOKEN"]).await.unwrap(), ["one value"]);
    // Between the transaction and the key file: the old key is no longer needed.
    after_crash.rotate().await.unwrap();
    let ring = bench.again().inner.key_file.read().unwrap();
    let spare = bench.again().inner.key_file.read().unwrap().with_new_key().unwrap();
    let with_unused = Keyring::of(ring.current().copy(), vec![spare.current().copy()]);
    bench.secrets.inner.key_file.write(&with_unused).unwrap();
    let after_crash = bench.again();
    after_crash.check().await.unwrap();
    assert_eq!(keys_in(&bench.key_file()), 1);
    assert_eq!(bench.values(&after_crash, &["TOKEN"]).await.unwrap(), ["one value"]);
}

#[tokio::test]
async fn a_rotation_that_meets_a_damaged_value_changes_nothing() {
    let bench = Bench::new().await;
    let first = bench.create("A", "one value").await;
    let second = bench.create("B", "another value").await;
    let sealed = bench.store.sealed_secrets(&["A".into(), "B".into()]).await.unwrap();
    // The two values are swapped, as somebody with the database alone could.
    let swapped = SealedSecret { sealed: sealed[1].sealed.clone(), ..sealed[0].clone() };
    bench.store.replace_secret(swapped, first.fingerprint).await.unwrap();
    assert!(matches!(error_of(bench.values(&bench.secrets, &["A"]).await), SecretError::Tampered { .. }));
    let refused = error_of(bench.secrets.rotate().await).to_string();
    assert!(refused.contains("`A`") && !refused.contains("one value"), "{refused}");
    assert_eq!(bench.values(&bench.again(), &["B"]).await.unwrap(), ["another value"]);
    let listed = bench.secrets.list().await.unwrap();
    assert_eq!(listed[1].fingerprint, second.fingerprint);
    bench.secrets.delete(first.id).await.unwrap();
    bench.secrets.rotate().await.unwrap();
    assert_eq!(bench.values(&bench.again(), &["B"]).await.unwrap(), ["another value"]);
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_told_and_another_is_never_made_beside_it() {
    let bench = Bench::new().await;
    let made = bench.create("TOKEN", "one value").await;
    let right = std::fs::read(bench.key_file()).unwrap();
    let refused = async |what: &str| {
        let secrets = bench.again();
        let at_start = error_of(secrets.check().await).to_string();
        let opened = error_of(secrets.open(&["TOKEN".into()]).await).to_string();
        let created = secrets.create("OTHER".into(), String::new(), value("a value"), "owner").await;
        (at_start, opened, created.map(|_| what.to_owned()))
    };
    std::fs::set_permissions(bench.key_file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let (at_start, opened, created) = refused("open to others").await;
    assert!(at_start.contains("chmod 600") && opened == at_start && created.is_err(), "{at_start}");
    std::fs::set_permissions(bench.key_file(), std::fs::Permissions::from_mode(0o600)).unwrap();

    std::fs::write(bench.key_file(), "nonsense").unwrap();
    let (at_start, _, created) = refused("not a key file").await;
    assert!(at_start.contains("not a key file") && created.is_err(), "{at_start}");

    let elsewhere = Bench::new().await;
    elsewhere.create("TOKEN", "one value").await;
    std::fs::copy(elsewhere.key_file(), bench.key_file()).unwrap();
    let (at_start, _, created) = refused("another server's").await;
    assert!(at_start.contains("belongs to another data folder") && created.is_err(), "{at_start}");

    std::fs::remove_file(bench.key_file()).unwrap();
    let (at_start, opened, created) = refused("gone").await;
    assert!(at_start.contains("is gone") && opened == at_start && created.is_err(), "{at_start}");
    assert!(!bench.key_file().exists());

    std::fs::write(bench.key_file(), right).unwrap();
    std::fs::set_permissions(bench.key_file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(bench.values(&bench.again(), &["TOKEN"]).await.unwrap(), ["one value"]);

    // Who has lost the key can begin anew.
    std::fs::remove_file(bench.key_file()).unwrap();
    let secrets = bench.again();
    secrets.delete(made.id).await.unwrap();
    secrets.create("TOKEN".into(), String::new(), value("a value"), "owner").await.unwrap();
}

#[tokio::test]
async fn the_key_never_lies_beside_what_it_seals() {
    let bench = Bench::new().await;
    let inside = bench.folder.path().join("data").join("secrets.key");
    let secrets = Secrets::new(bench.store.clone(), Some(inside.clone()));
    let refused = secrets.create("TOKEN".into(), String::new(), value("one value"), "owner").await;
    assert!(matches!(error_of(refused), SecretError::KeyInDataFolder(_)));
    assert!(!inside.exists());
}

#[tokio::test]
async fn what_is_made_while_the_key_is_changed_can_be_opened() {
    let bench = Bench::new().await;
    bench.create("FIRST", "one value").await;
    let made = (0..20).map(|number| {
        let secrets = bench.secrets.clone();
        async move {
            secrets
                .create(format!("S{number}"), String::new(), value("another value"), "owner")
                .await
                .unwrap();
        }
    });
    let rotated = async {
        for _ in 0..5 {
            bench.secrets.rotate().await.unwrap();
        }
    };
    futures::join!(futures::future::join_all(made), rotated);
    let names: Vec<String> =
        bench.secrets.list().await.unwrap().into_iter().map(|record| record.name).collect();
    assert_eq!(bench.again().open(&names).await.unwrap().len(), 21);
}
