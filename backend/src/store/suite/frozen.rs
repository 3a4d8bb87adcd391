//! What was frozen, read back: page by page, what leaks, and how the service ran.

use super::*;
use shared::id::TrainingId;
use shared::snapshot::FrozenService;

/// Training, validation and test items of these names and contents.
fn of(items: &[(Subset, &str, char)]) -> NewImport {
    let mut import = import("set");
    let item = import.items[0].clone();
    import.items = items
        .iter()
        .map(|(subset, name, content)| NewItem {
            name: (*name).into(),
            content_hash: content.to_string().repeat(64),
            subset: Some(*subset),
            ..item.clone()
        })
        .collect();
    import
}

impl Bench {
    async fn started_on(&self, import: NewImport, name: &str) -> Training {
        let dataset = self.store.import_dataset(import).await.unwrap().dataset;
        let model = self.store.create_model(new_model(name, dataset.id)).await.unwrap();
        self.store.start_training(new_training(&model, ServiceSettings::default())).await.unwrap()
    }
}

#[tokio::test]
async fn frozen_items_are_listed_page_by_page_as_they_were() {
    let bench = Bench::new().await;
    let (train, validation) = (Subset::Train, Subset::Validation);
    let items = [(train, "c", '1'), (train, "a", '2'), (train, "b", '3'), (validation, "v", '4')];
    let training = bench.started_on(of(&items), "m").await;
    let names = async |subset, offset, limit| {
        let (items, total) = bench.store.snapshot_items(training.id, subset, offset, limit).await.unwrap();
        (items.into_iter().map(|item| (item.name, item.annotations.len())).collect::<Vec<_>>(), total)
    };
    let named = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 1)).collect::<Vec<_>>();
    for (subset, offset, limit, expected, total) in [
        (train, 0, 2, named(&["a", "b"]), 3),
        (train, 2, 2, named(&["c"]), 3),
        (train, 3, 2, named(&[]), 3),
        (train, 0, 0, named(&[]), 3),
        (validation, 0, 10, named(&["v"]), 1),
        (Subset::Test, 0, 10, named(&[]), 0),
    ] {
        assert_eq!(names(subset, offset, limit).await, (expected, total), "{subset:?} {offset} {limit}");
    }
    // What becomes of the dataset does not change them.
    bench
        .store
        .write(async move |tx| {
            for statement in ["DELETE FROM annotations", "DELETE FROM items"] {
                sqlx::query(statement).execute(&mut tx.connection).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(names(train, 0, 10).await, (named(&["a", "b", "c"]), 3));
    let unknown = TrainingId::from_uuid(shared::id::uuid_v7(1, &[7; 10]));
    let refused = bench.store.snapshot_items(unknown, train, 0, 1).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotFound { .. }), "{refused}");
}

#[tokio::test]
async fn what_was_frozen_can_be_learnt_from_again_whatever_became_of_the_dataset() {
    let bench = Bench::new().await;
    let training = bench.training("a", ServiceSettings::default()).await;
    let first = bench.store.training_snapshot(training.id).await.unwrap();
    bench
        .store
        .write(async move |tx| {
            for statement in [
                "DELETE FROM annotations",
                "DELETE FROM items",
                "UPDATE datasets SET revision = revision + 1",
            ] {
                sqlx::query(statement).execute(&mut tx.connection).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let model = bench.model("b").await;
    let plain = new_training(&model, ServiceSettings::default());
    assert!(bench.store.start_training(plain.clone()).await.is_err(), "nothing is left to be chosen");
    let data = bench.store.training_data(training.id).await.unwrap();
    assert_eq!(data, plain.data);
    let again = NewTraining { snapshot_of: Some(training.id), data, ..plain };
    let preview = bench.store.preview_snapshot(training.id).await.unwrap();
    assert_eq!(
        (preview.train.unwrap().content, preview.refusals.len()),
        (first.subsets[0].content.clone(), 0)
    );
    let started = bench.store.start_training(again).await.unwrap();
    let second = bench.store.training_snapshot(started.id).await.unwrap();
    assert_eq!((&second.content_hash, &second.subsets), (&first.content_hash, &first.subsets));
    let items = async |training: &Training| {
        bench.store.subset_items(training.execution_id, Subset::Train).await.unwrap()
    };
    assert_eq!(items(&started).await, items(&training).await);
}

#[tokio::test]
async fn pictures_that_leak_are_counted_by_content_and_the_first_are_named() {
    let (train, validation, test) = (Subset::Train, Subset::Validation, Subset::Test);
    let names: Vec<String> = (0..30).map(|number| format!("{number:02}")).collect();
    let many = names.iter().enumerate().flat_map(|(number, name)| {
        let content = char::from_u32(u32::from('A') + u32::try_from(number).unwrap()).unwrap();
        [(train, format!("t{name}"), content), (validation, format!("v{name}"), content)]
    });
    let many: Vec<(Subset, String, char)> = many.collect();
    let many: Vec<(Subset, &str, char)> =
        many.iter().map(|(subset, name, content)| (*subset, name.as_str(), *content)).collect();
    for (items, count, first) in [
        (vec![(train, "a", '1'), (validation, "b", '2'), (test, "c", '1')], 0, None),
        // Twice in one subset is no leak, and a picture that leaks twice is one picture.
        (vec![(train, "a", '1'), (train, "b", '1'), (validation, "c", '2')], 0, None),
        (
            vec![(train, "a", '1'), (train, "b", '1'), (validation, "d", '1'), (validation, "c", '1')],
            1,
            Some("c"),
        ),
        (many, 30, Some("v00")),
    ] {
        let bench = Bench::new().await;
        let training = bench.started_on(of(&items), "m").await;
        let snapshot = bench.store.training_snapshot(training.id).await.unwrap();
        assert_eq!(snapshot.leaked_count, count, "{items:?}");
        assert_eq!(snapshot.leaked.len() as u64, count.min(20), "{items:?}");
        assert_eq!(snapshot.leaked.first().map(|item| item.name.as_str()), first, "{items:?}");
        assert!(snapshot.leaked.iter().all(|item| item.subset == Some(validation)), "{items:?}");
    }
}

#[tokio::test]
async fn the_settings_of_the_service_are_kept_as_they_were_at_the_start() {
    let bench = Bench::new().await;
    let settings = ServiceSettings { concurrency: 2, ..ServiceSettings::default() };
    let first = bench.training("a", settings.clone()).await;
    let other = ServiceSettings { drain_secs: 7, ..settings.clone() };
    let changed = serde_json::to_string(&other).unwrap();
    bench
        .store
        .write(async move |tx| {
            sqlx::query("UPDATE services SET settings = ?, settings_revision = 2")
                .bind(changed)
                .execute(&mut tx.connection)
                .await?;
            Ok(())
        })
        .await
        .unwrap();
    let second = bench.training("b", ServiceSettings::default()).await;
    for (training, settings, settings_revision) in [(&first, settings, 1), (&second, other, 2)] {
        let snapshot = bench.store.training_snapshot(training.id).await.unwrap();
        assert_eq!(snapshot.service, Some(FrozenService { settings, settings_revision }));
        assert!(snapshot.secrets.is_empty());
    }
    bench
        .store
        .write(async move |tx| {
            let forget = "UPDATE trainings SET service_settings = NULL, service_settings_revision = NULL";
            sqlx::query(forget).execute(&mut tx.connection).await?;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(bench.store.training_snapshot(first.id).await.unwrap().service, None);
}
