//! What a training learns from: chosen by filters, frozen by content, shared where everything is equal.

use super::*;
use shared::model::{ChoiceMode, SubsetChoice};
use shared::snapshot::TrainingSnapshot;

fn by_filter(filter: &str) -> SubsetChoice {
    SubsetChoice {
        mode: ChoiceMode::DqlFilter,
        filter: filter.into(),
        annotation_filter: None,
        saved_filter_id: None,
    }
}

/// Six images in two folders, boxes of two labels, and one image without any.
fn mixed() -> NewImport {
    let mut import = import("set");
    let item = import.items[0].clone();
    let annotation = item.annotations[0].clone();
    let make = |dir: &str, name: &str, subset, labels: &[&str]| NewItem {
        dir: dir.into(),
        name: name.into(),
        content_hash: format!("{:0>64}", name.len()),
        subset,
        annotations: labels
            .iter()
            .map(|label| NewAnnotation { label: (*label).to_owned(), ..annotation.clone() })
            .collect(),
        ..item.clone()
    };
    import.items = vec![
        make("/b", "1.jpg", Some(Subset::Train), &["cat", "dog"]),
        make("/b", "22.jpg", Some(Subset::Train), &["dog"]),
        make("/a", "333.jpg", Some(Subset::Train), &[]),
        make("/a", "4444.jpg", Some(Subset::Validation), &["cat"]),
        make("/a", "55555.jpg", None, &["cat", "cat"]),
        make("/a", "666666.jpg", Some(Subset::Test), &["cat"]),
    ];
    import
}

impl Bench {
    async fn mixed(&self, model: &str) -> Model {
        let dataset = self.store.import_dataset(mixed()).await.unwrap().dataset;
        self.store.create_model(new_model(model, dataset.id)).await.unwrap()
    }

    async fn started(&self, new: NewTraining) -> (Training, TrainingSnapshot) {
        let training = self.store.start_training(new).await.unwrap();
        let snapshot = self.store.training_snapshot(training.id).await.unwrap();
        (training, snapshot)
    }

    async fn names(&self, training: &Training, subset: Subset) -> Vec<String> {
        let items = self.store.subset_items(training.execution_id, subset).await.unwrap();
        items
            .into_iter()
            .map(|item| format!("{}/{}:{}", item.dir, item.name, item.annotations.len()))
            .collect()
    }
}

#[tokio::test]
async fn tagged_items_are_frozen_when_nothing_is_chosen() {
    let bench = Bench::new().await;
    let model = bench.mixed("m").await;
    let mut new = new_training(&model, ServiceSettings::default());
    new.configuration = serde_json::json!({ "epochs": 3, "seed": 7 });
    new.versions = [("trainyard".to_owned(), "1".to_owned())].into();
    let (training, snapshot) = bench.started(new).await;
    assert_eq!(bench.names(&training, Subset::Train).await, ["/a/333.jpg:0", "/b/1.jpg:2", "/b/22.jpg:1"]);
    assert_eq!(bench.names(&training, Subset::Validation).await, ["/a/4444.jpg:1"]);
    assert_eq!((snapshot.seed, snapshot.versions["trainyard"].as_str(), snapshot.labels.len()), (7, "1", 2));
    let subsets: Vec<_> =
        snapshot.subsets.iter().map(|each| (each.subset, each.content.item_count)).collect();
    assert_eq!(subsets, [(Subset::Train, 3), (Subset::Validation, 1), (Subset::Test, 1)]);
    let train = &snapshot.subsets[0];
    assert_eq!(
        (train.mode, train.filter.as_str()),
        (ChoiceMode::TaggedItems, SubsetChoice::tagged(Subset::Train).filter.as_str())
    );
    assert!(
        train
            .annotation_filter
            .contains(r#"{"type":{"$in":["box"]}},{"metadata.system.model.name":{"$exists":false}}"#)
    );
    assert_eq!((train.content.annotation_count, train.content.unannotated_count), (3, 1));
    let labels: Vec<_> =
        train.content.labels.iter().map(|each| (each.label.as_str(), each.annotation_count)).collect();
    assert_eq!(labels, [("dog", 2), ("cat", 1)]);
    assert_eq!((snapshot.content_hash.len(), train.content.content_hash.len()), (64, 64));
}

#[tokio::test]
async fn filters_choose_items_and_annotations_and_labels_narrow_them() {
    let bench = Bench::new().await;
    let model = bench.mixed("m").await;
    let mut new = new_training(&model, ServiceSettings::default());
    new.data.train = SubsetChoice {
        annotation_filter: Some(r#"{"label": "dog"}"#.into()),
        ..by_filter(r#"{"dir": "/b"}"#)
    };
    new.data.validation = by_filter(r#"{"dir": "/a"}"#);
    new.data.labels = vec!["cat".into(), "dog".into()];
    let (training, snapshot) = bench.started(new.clone()).await;
    assert_eq!(bench.names(&training, Subset::Train).await, ["/b/1.jpg:1", "/b/22.jpg:1"]);
    let validation = bench.names(&training, Subset::Validation).await;
    assert_eq!(validation, ["/a/333.jpg:0", "/a/4444.jpg:1", "/a/55555.jpg:2", "/a/666666.jpg:1"]);
    assert_eq!(
        snapshot.subsets[0].canonical_annotation_filter,
        r#"{"filter":{"label":{"$eq":"dog"}},"resource":"annotations"}"#
    );
    assert_eq!(
        snapshot.labels,
        ["cat", "dog"],
        "the labels of the training, not those that the version was made with"
    );
    assert_eq!(
        bench.store.model("m").await.unwrap().labels,
        ["cat", "dog"],
        "its weights mean these classes from now on"
    );

    let other = bench.store.create_model(new_model("other", model.dataset_id)).await.unwrap();
    new.model_id = other.id;
    new.data.labels = vec!["cat".into()];
    let refused = bench.store.start_training(new.clone()).await.unwrap_err();
    let StoreError::RefusedField { field, reason, next_step } = refused else { panic!("{refused}") };
    assert_eq!(
        (field.as_str(), reason.as_str()),
        ("train", "no item in the train subset of dataset `set` has a box")
    );
    assert!(next_step.contains(r#"{"label": "dog"}"#), "{next_step}");
    new.data.train = by_filter(r#"{"dir": "/nowhere"}"#);
    let refused = bench.store.start_training(new.clone()).await.unwrap_err();
    assert!(
        refused.to_string().contains(r#"has no items: change its filter, which is {"dir": "/nowhere"}"#),
        "{refused}"
    );
    for (choice, field) in [
        (by_filter("{"), "train.filter"),
        (by_filter(r#"{"filter":{},"resource":"annotations"}"#), "train.filter"),
        (by_filter(r#"{"filter":{},"sort":{"metadata.user.x":"ascending"}}"#), "train.filter"),
        (SubsetChoice { annotation_filter: Some("[]".into()), ..by_filter("{}") }, "train.annotation_filter"),
    ] {
        new.data.train = choice;
        match bench.store.start_training(new.clone()).await.unwrap_err() {
            StoreError::RefusedField { field: named, .. } => assert_eq!(named, field),
            other => panic!("{other}"),
        }
    }
    assert_eq!(bench.store.model("other").await.unwrap(), other, "what is refused changes nothing");
}

#[tokio::test]
async fn equal_choices_of_equal_data_share_one_snapshot_and_others_do_not() {
    let bench = Bench::new().await;
    let first = bench.mixed("m0").await;
    let mut seen = Vec::new();
    let tagged = SubsetChoice::tagged(Subset::Train);
    let same_meaning = by_filter(r#"{"metadata": {"system": {"tags": {"train": true}}}}"#);
    let labels = vec!["cat".to_owned(), "dog".to_owned()];
    for (number, (train, labels)) in [
        (tagged.clone(), first.labels.clone()),
        (same_meaning.clone(), first.labels.clone()),
        (by_filter(r#"{"dir": "/b"}"#), first.labels.clone()),
        (tagged.clone(), labels),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("n{number}");
        let model = bench.store.create_model(new_model(&name, first.dataset_id)).await.unwrap();
        let mut new = new_training(&model, ServiceSettings::default());
        (new.data.train, new.data.labels) = (train, labels);
        seen.push(bench.started(new).await.1);
    }
    // Shared: frozen once, though the texts differ.
    assert_eq!(seen[0].created_at_ms, seen[1].created_at_ms);
    assert_eq!(seen[0].content_hash, seen[1].content_hash);
    assert_ne!(seen[0].subsets[0].filter, seen[1].subsets[0].filter);
    assert_eq!(seen[0].subsets[0].canonical_filter, seen[1].subsets[0].canonical_filter);
    // Other data, and the same data as other classes.
    assert_ne!(seen[0].content_hash, seen[2].content_hash);
    assert_eq!(seen[0].subsets[1].content, seen[2].subsets[1].content);
    assert_eq!(seen[0].content_hash, seen[3].content_hash);
    assert_eq!(bench.stored_snapshots().await, 3);

    let mut more = mixed();
    more.items.truncate(1);
    more.items[0].name = "7777777.jpg".into();
    bench.store.import_dataset(more).await.unwrap();
    let model = bench.store.create_model(new_model("later", first.dataset_id)).await.unwrap();
    let (_, later) = bench.started(new_training(&model, ServiceSettings::default())).await;
    assert_ne!(later.content_hash, seen[0].content_hash);
    assert_eq!(bench.stored_snapshots().await, 4);
}

impl Bench {
    async fn stored_snapshots(&self) -> i64 {
        sqlx::query_scalar("SELECT COUNT(*) FROM snapshots")
            .fetch_one(&mut *self.store.reader().await.unwrap())
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn a_preview_counts_what_would_be_frozen_and_names_what_refuses_it() {
    let bench = Bench::new().await;
    let model = bench.mixed("m").await;
    let mut data = TrainingData::of(&model);
    data.labels = vec!["cat".into()];
    data.train = by_filter("{}");
    let preview = bench.store.preview_training(&data).await.unwrap();
    let train = preview.train.unwrap();
    assert_eq!(
        (train.content.item_count, train.content.annotation_count, train.content.unannotated_count),
        (6, 5, 2)
    );
    let unknown: Vec<_> = train
        .unknown_labels
        .iter()
        .map(|each| (each.label.as_str(), each.item_count, each.annotation_count))
        .collect();
    assert_eq!((unknown, preview.overlap_count), (vec![("dog", 2, 2)], 1));
    assert!(preview.refusals.is_empty());

    data.train = by_filter(r#"{"name": "22.jpg"}"#);
    data.validation = by_filter("{");
    let preview = bench.store.preview_training(&data).await.unwrap();
    assert_eq!((preview.train.unwrap().content.item_count, preview.validation), (1, None));
    let fields: Vec<_> = preview
        .refusals
        .iter()
        .map(|refusal| match refusal {
            StoreError::RefusedField { field, .. } => field.as_str(),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(fields, ["train", "validation.filter"]);
}

#[tokio::test]
async fn a_preview_is_counted_anew_only_when_the_choice_or_the_data_changed() {
    let bench = Bench::new().await;
    let model = bench.mixed("m").await;
    let counts = async |data: &TrainingData| {
        let preview = bench.store.preview_training(data).await.unwrap();
        let [train, validation] =
            [preview.train, preview.validation].map(|subset| subset.unwrap().content.annotation_count);
        (train, validation, preview.overlap_count)
    };
    let mut data = TrainingData::of(&model);
    data.train = by_filter("{}");
    assert_eq!(counts(&data).await, (7, 1, 1));
    // Behind the back of the store: whoever reads again finds nothing.
    bench
        .store
        .write(async move |tx| {
            sqlx::query("DELETE FROM annotations").execute(&mut tx.connection).await?;
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(counts(&data).await, (7, 1, 1));
    let other_words = TrainingData { train: by_filter(" { } "), ..data.clone() };
    assert_eq!(counts(&other_words).await, (7, 1, 1), "what is equal in its normal form is the same choice");
    for other in [
        TrainingData { train: by_filter(r#"{"dir": "/a"}"#), ..data.clone() },
        TrainingData { labels: vec!["cat".into()], ..data.clone() },
    ] {
        assert_eq!(counts(&other).await.0, 0, "{other:?}");
    }
    let mut import = mixed();
    import.items.truncate(1);
    import.items[0].name = "new.jpg".into();
    bench.store.import_dataset(import).await.unwrap();
    assert_eq!(counts(&data).await, (2, 0, 1), "the data changed");
}

#[tokio::test]
async fn given_settings_make_the_service_and_must_equal_those_of_one_that_is_there() {
    let bench = Bench::new().await;
    let settings = ServiceSettings { concurrency: 2, ..ServiceSettings::default() };
    let with = |model: &Model, settings: &ServiceSettings, settings_given| NewTraining {
        settings_given,
        ..new_training(model, settings.clone())
    };
    let (a, b) = (bench.model("a").await, bench.model("b").await);
    bench.store.start_training(with(&a, &settings, true)).await.unwrap();
    assert_eq!(bench.store.services().await.unwrap()[0].settings, settings);
    let other = ServiceSettings { drain_secs: 1, ..settings.clone() };
    match bench.store.start_training(with(&b, &other, true)).await.unwrap_err() {
        StoreError::RefusedField { field, next_step, .. } => {
            assert_eq!(field, "service_settings.drain_secs");
            assert!(next_step.contains("page of the service"), "{next_step}");
        }
        other => panic!("{other}"),
    }
    let (_, refusals) = bench.store.service_of("yolov8", Some(&other)).await.unwrap().unwrap();
    assert_eq!(refusals.len(), 1);
    assert!(bench.store.service_of("resnet", Some(&other)).await.unwrap().is_none());
    // Settings that nobody gave are no wish.
    bench.store.start_training(with(&b, &other, false)).await.unwrap();
    let c = bench.model("c").await;
    bench.store.start_training(with(&c, &settings, true)).await.unwrap();
    let d = bench.model("d").await;
    let secret = NewTraining { secrets: vec!["TOKEN".into()], ..with(&d, &settings, false) };
    match bench.store.start_training(secret).await.unwrap_err() {
        StoreError::RefusedField { field, .. } => assert_eq!(field, "secrets"),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn what_earlier_versions_froze_is_counted_when_it_is_asked_for() {
    let bench = Bench::new().await;
    let model = bench.mixed("m").await;
    let (training, snapshot) = bench.started(new_training(&model, ServiceSettings::default())).await;
    bench
        .store
        .write(async move |tx| {
            for statement in [
                "UPDATE snapshots SET choices_digest = '', content_hash = '', subsets = '[]'",
                "UPDATE trainings SET train_choice = NULL, validation_choice = NULL",
            ] {
                sqlx::query(statement).execute(&mut tx.connection).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(bench.store.training_snapshot(training.id).await.unwrap(), snapshot);
}

#[tokio::test]
async fn past_runs_are_those_that_ended_well_at_once() {
    let bench = Bench::new().await;
    let mut new = new_training(&bench.model("m").await, ServiceSettings::default());
    new.configuration = serde_json::json!({ "epochs": 3, "imgsz": 64 });
    bench.store.start_training(new).await.unwrap();
    let instance = bench.instance("a").await;
    let assignment = bench.store.lease_next(instance.id).await.unwrap().unwrap();
    assert!(bench.store.past_runs("yolov8", "n").await.unwrap().is_empty());
    bench.clock.advance(std::time::Duration::from_secs(12));
    let progress = shared::training::Progress { epoch: 2, epochs: 3, ..Default::default() };
    let entries = vec![
        ReportEntry { sequence: 1, at_ms: 1, body: ReportBody::Progress(progress) },
        end(2, AttemptOutcome::Succeeded),
    ];
    bench.store.report(batch(&assignment, entries)).await.unwrap();
    let runs = bench.store.past_runs("yolov8", "n").await.unwrap();
    assert_eq!(runs, [shared::estimate::PastRun { secs: 12.0, item_epochs: 6.0, imgsz: 64 }]);
    assert!(bench.store.past_runs("yolov8", "s").await.unwrap().is_empty());
}
