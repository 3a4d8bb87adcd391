//! What survives a restart, and what happens when many write at once.

use super::*;
use shared::permission::{Permission, Permissions};
use shared::status::{ModelStatus, Status};

#[tokio::test]
async fn everything_survives_a_restart() {
    let mut bench = Bench::new().await;
    let (training, assignment, instance) = bench.running(ServiceSettings::default()).await;
    bench.store.report(batch(&assignment, vec![sample(1, 1.0), log(2, "line")])).await.unwrap();
    let before = everything(&bench.store, training.execution_id).await;
    let (dataset, model) = (bench.store.dataset("set").await.unwrap(), bench.store.model("m").await.unwrap());
    let snapshot = bench.store.scheduling_snapshot().await.unwrap();
    let revision = *bench.store.revisions().borrow();
    let project = bench.store.project_id();
    bench.reopen().await;
    assert_eq!(everything(&bench.store, training.execution_id).await, before);
    assert_eq!(bench.store.dataset(&dataset.id.to_string()).await.unwrap(), dataset);
    assert_eq!(bench.store.model(&model.id.to_string()).await.unwrap(), model);
    assert_eq!(bench.store.scheduling_snapshot().await.unwrap(), snapshot);
    assert_eq!(*bench.store.revisions().borrow(), revision);
    assert_eq!(bench.store.project_id(), project);
    assert_eq!(bench.store.instance_by_session("session-a").await.unwrap(), Some(instance));
    // The same attempt goes on where it was.
    assert_eq!(bench.store.report(batch(&assignment, vec![sample(3, 1.0)])).await.unwrap(), 3);
}

#[tokio::test]
async fn what_cannot_be_trained_is_refused_with_the_next_step_and_leaves_nothing() {
    let bench = Bench::new().await;
    let mut only_train = import("only-train");
    only_train.items.truncate(2);
    let mut no_boxes = import("no-boxes");
    for item in &mut no_boxes.items {
        item.annotations.clear();
    }
    for (import, wanted) in [
        (only_train, "the validation subset of dataset `only-train` has no items"),
        (no_boxes, "no item in the train subset of dataset `no-boxes` has a box"),
    ] {
        let dataset = bench.store.import_dataset(import).await.unwrap().dataset;
        let model = bench.store.create_model(new_model(&dataset.name, dataset.id)).await.unwrap();
        let error =
            bench.store.start_training(new_training(&model, ServiceSettings::default())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RefusedField);
        assert!(error.to_string().contains(wanted), "{error}");
        assert_eq!(bench.store.model(&dataset.name).await.unwrap().status, ModelStatus::Created);
    }
    assert!(bench.store.services().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_training_learns_from_the_data_as_it_was_when_it_started() {
    let bench = Bench::new().await;
    let first = bench.training("m1", ServiceSettings::default()).await;
    let mut more = import("set");
    more.items.truncate(1);
    more.items[0].name = "zzz.jpg".into();
    let outcome = bench.store.import_dataset(more).await.unwrap();
    assert_eq!((outcome.items_added, outcome.dataset.item_count), (1, 4));
    let second = bench.training("m2", ServiceSettings::default()).await;
    let names = async |id, subset| -> Vec<String> {
        bench.store.subset_items(id, subset).await.unwrap().into_iter().map(|item| item.name).collect()
    };
    assert_eq!(names(first.execution_id, Subset::Train).await, ["a.jpg", "bb.jpg"]);
    assert_eq!(names(second.execution_id, Subset::Train).await, ["a.jpg", "bb.jpg", "zzz.jpg"]);
    assert_eq!(names(second.execution_id, Subset::Validation).await, ["ccc.jpg"]);
    let item = bench.store.subset_items(first.execution_id, Subset::Train).await.unwrap().remove(0);
    let region = item.annotations[0].region.unwrap();
    assert_eq!((region.x1, region.y1, region.x2, region.y2), (1.0, 2.0, 3.5, 4.25));
}

#[tokio::test]
async fn many_writers_share_commits_and_none_is_lost() {
    let bench = Bench::new().await;
    let dataset = bench.dataset("set").await;
    let names: Vec<String> = (0..200).map(|index| format!("m{index:03}")).collect();
    // Every fourth name is taken twice: its second request must fail alone.
    let requests = names.iter().chain(names.iter().step_by(4));
    let calls = requests.map(|name| {
        let store = bench.store.clone();
        let new = new_model(name, dataset.id);
        tokio::spawn(async move { store.create_model(new).await })
    });
    let answers = futures::future::join_all(calls).await;
    let refused = answers
        .into_iter()
        .filter_map(|answer| answer.unwrap().err())
        .inspect(|error| assert_eq!(error.kind(), ErrorKind::AlreadyExists))
        .count();
    assert_eq!(refused, 50);
    let (models, total) =
        bench.store.models(&ModelQuery::default(), Page { offset: 0, limit: 500 }).await.unwrap();
    assert_eq!((models.len(), total), (200, 200));
    assert_eq!(
        bench.store.models(&searched("M00"), Page::default()).await.unwrap().1,
        10,
        "search ignores case"
    );
    assert_eq!(
        bench.store.models(&searched("%"), Page::default()).await.unwrap().1,
        0,
        "a percent sign is no wildcard"
    );
    let start = models[0].id.to_string();
    assert_eq!(bench.store.models(&searched(&start[..36]), Page::default()).await.unwrap().0, models[..1]);
}

#[tokio::test]
async fn trainings_are_found_filtered_removed_and_restored() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let first = bench.training("cats", ServiceSettings::default()).await;
    let second = bench.training("dogs", ServiceSettings::default()).await;
    let ids = async |query: TrainingQuery| -> Vec<_> {
        let (found, total) = store.trainings(query).await.unwrap();
        assert_eq!(found.len() as u64, total);
        found.into_iter().map(|each| each.id).collect()
    };
    let all = TrainingQuery { limit: 10, ..Default::default() };
    assert_eq!(ids(all.clone()).await, [second.id, first.id], "newest first");
    for search in ["CAT", &first.model_id.to_string()[..36], &first.execution_id.to_string()] {
        assert_eq!(ids(TrainingQuery { search: search.into(), ..all.clone() }).await, [first.id], "{search}");
    }
    let removing = store.remove_training(first.id).await.unwrap_err();
    assert!(removing.to_string().contains("Abort the training before removing it"), "{removing}");
    store.request_abort(first.id).await.unwrap();
    let terminated = TrainingQuery { statuses: vec![Status::Terminated], ..all.clone() };
    assert_eq!(ids(terminated.clone()).await, [first.id]);
    let either = TrainingQuery { statuses: vec![Status::Created, Status::Terminated], ..all.clone() };
    assert_eq!(ids(either.clone()).await, [second.id, first.id], "newest first");
    let removed = store.remove_training(first.id).await.unwrap();
    assert!(removed.removed_at_ms.is_some());
    assert_eq!(ids(all.clone()).await, [second.id]);
    assert_eq!(ids(TrainingQuery { include_removed: true, ..all.clone() }).await.len(), 2);
    assert_eq!(ids(terminated.clone()).await, []);
    assert_eq!(ids(either).await, [second.id]);
    assert_eq!(ids(TrainingQuery { include_removed: true, ..terminated }).await, [first.id]);
    assert_eq!(store.training_counts().await.unwrap(), [1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(store.training("cats").await.unwrap().id, first.id, "the record stays");
    store.restore_training(first.id).await.unwrap();
    assert_eq!(ids(all).await.len(), 2);
    let retried = store
        .start_training(new_training(&store.model("cats").await.unwrap(), ServiceSettings::default()))
        .await
        .unwrap();
    assert_eq!(
        store.training("cats").await.unwrap().id,
        retried.id,
        "a model's name finds its latest training"
    );
    assert_eq!(store.training_counts().await.unwrap(), [2, 0, 0, 0, 0, 0, 1, 0]);
}

#[tokio::test]
async fn sign_in_links_work_once_and_sessions_end() {
    let bench = Bench::new().await;
    let store = &bench.store;
    let soon = 1_700_000_010_000;
    let fewer = Permissions::all().without([Permission::AddSecrets]);
    store.create_sign_in_link("link", "owner", &fewer, soon).await.unwrap();
    let user = store.redeem_sign_in_link("link", "session", soon).await.unwrap();
    assert_eq!(user.as_deref(), Some("owner"));
    assert_eq!(store.redeem_sign_in_link("link", "other", soon).await.unwrap(), None);
    assert_eq!(store.session("session").await.unwrap(), Some(fewer));
    store.create_sign_in_link("late", "owner", &Permissions::all(), soon).await.unwrap();
    bench.clock.advance(std::time::Duration::from_secs(10));
    assert_eq!(store.session("session").await.unwrap(), None, "a session ends by itself");
    assert_eq!(store.redeem_sign_in_link("late", "other", soon + 1).await.unwrap(), None, "so does a link");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let bench = Bench::new().await;
    bench
        .store
        .write(async |tx: &mut Tx| {
            sqlx::query(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (9999, 'from the future', 1, x'00', 0)",
            )
            .execute(&mut tx.connection)
            .await?;
            Ok(())
        })
        .await
        .unwrap();
    bench.store.close().await;
    let error = Store::open(bench.folder.path(), bench.clock.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NewerVersion);
    assert!(error.to_string().contains("newer version of trainyard (its migration 9999"), "{error}");
}

#[tokio::test]
async fn what_is_no_database_is_said_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let content = b"these are my holiday notes, and they are long enough to be read as a page".repeat(100);
    std::fs::write(folder.path().join("trainyard.db"), &content).unwrap();
    let clock = Arc::new(ManualClock::new(0));
    let error = Store::open(folder.path(), clock).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    assert_eq!(std::fs::read(folder.path().join("trainyard.db")).unwrap(), content);
}

#[tokio::test]
async fn a_full_database_refuses_writes_and_goes_on_reading() {
    let bench = Bench::new().await;
    let dataset = bench.dataset("set").await;
    let fill = |pages: i64| {
        bench.store.write(async move |tx: &mut Tx| {
            // SQLite answers SQLITE_FULL at this limit as it does on a full disk.
            let set = sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}")));
            set.execute(&mut tx.connection).await?;
            Ok(())
        })
    };
    fill(1).await.unwrap();
    let mut large = new_model("large", dataset.id);
    large.labels = vec!["x".repeat(1 << 20)];
    let error = bench.store.create_model(large.clone()).await.unwrap_err();
    assert!(matches!(&error, StoreError::DiskFull { path } if path == bench.folder.path()), "{error}");
    assert_eq!(bench.store.dataset("set").await.unwrap(), dataset);
    assert_eq!(bench.store.model("large").await.unwrap_err().kind(), ErrorKind::NotFound);
    fill(1_000_000).await.unwrap();
    bench.store.create_model(large).await.unwrap();
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let bench = Bench::new().await;
    bench.store.close().await;
    assert_eq!(bench.store.import_dataset(import("x")).await.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(bench.store.services().await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn the_sweep_takes_what_no_record_speaks_of() {
    let bench = Bench::new().await;
    let (kept, _) = bench.store.blobs().put_bytes(bytes::Bytes::from_static(b"kept")).await.unwrap();
    let (orphan, _) = bench.store.blobs().put_bytes(bytes::Bytes::from_static(b"orphan")).await.unwrap();
    let mut new = import("set");
    new.items[0].content_hash = kept.clone();
    bench.store.import_dataset(new).await.unwrap();
    let day = std::time::Duration::from_secs(24 * 3600);
    assert_eq!(bench.store.sweep_blobs(day).await.unwrap(), 0, "it may be an upload on its way");
    assert_eq!(bench.store.sweep_blobs(std::time::Duration::ZERO).await.unwrap(), 1);
    assert!(bench.store.blobs().exists(&kept) && !bench.store.blobs().exists(&orphan));

    // What is stored again is as young as what is stored for the first time.
    let (again, _) = bench.store.blobs().put_bytes(bytes::Bytes::from_static(b"again")).await.unwrap();
    let path = bench.store.blobs().local_path(&again).unwrap();
    let long_ago = std::time::SystemTime::now() - 2 * day;
    std::fs::File::open(path).unwrap().set_modified(long_ago).unwrap();
    bench.store.blobs().put_bytes(bytes::Bytes::from_static(b"again")).await.unwrap();
    assert_eq!(bench.store.sweep_blobs(day).await.unwrap(), 0);
}

#[tokio::test]
async fn the_sweep_takes_files_that_a_kill_left_without_a_name() {
    let bench = Bench::new().await;
    let folder = bench.folder.path().join("blobs/ab");
    std::fs::create_dir_all(&folder).unwrap();
    // As the object store calls a file until it is whole.
    let unnamed = folder.join(format!("{}#1", "ab".repeat(32)));
    std::fs::write(&unnamed, b"half").unwrap();
    let day = std::time::Duration::from_secs(24 * 3600);
    assert_eq!(bench.store.sweep_blobs(day).await.unwrap(), 0, "it may be on its way");
    assert!(unnamed.exists());
    assert_eq!(bench.store.sweep_blobs(std::time::Duration::ZERO).await.unwrap(), 1);
    assert!(!unnamed.exists());
}

fn searched(text: &str) -> ModelQuery {
    ModelQuery { search: text.into(), ..ModelQuery::default() }
}
