//! Model versions: what a person says of them, where they come from, drafts, deletion and lists.

use super::*;
use shared::model::{ArtifactKind, ChoiceMode, SubsetChoice};
use shared::status::ModelStatus;

fn names(found: (Vec<Model>, u64)) -> Vec<String> {
    assert_eq!(found.0.len() as u64, found.1);
    found.0.into_iter().map(|model| model.name).collect()
}

#[tokio::test]
async fn everything_that_a_version_brings_is_kept() {
    let mut bench = Bench::new().await;
    let parent = bench.model("parent").await;
    let (hash, _) = bench.store.blobs().put_bytes(bytes::Bytes::from_static(b"weights")).await.unwrap();
    let choice = SubsetChoice {
        mode: ChoiceMode::DqlFilter,
        filter: "{ }".into(),
        annotation_filter: Some("{}".into()),
        saved_filter_id: Some(bench.store.new_id()),
    };
    let new = NewModel {
        description: "by night".into(),
        tags: vec!["a".into()],
        train: Some(choice.clone()),
        parent_id: Some(parent.id),
        initial_weights_hash: Some(hash.clone()),
        ..new_model("child", parent.dataset_id)
    };
    let made = bench.store.create_model(new).await.unwrap();
    assert_eq!((made.status, &made.train, &made.validation), (ModelStatus::PreTrained, &Some(choice), &None));
    assert_eq!(made.parent.as_ref().map(|parent| parent.name.as_str()), Some("parent"));
    assert_eq!(
        (made.initial_weights_hash.as_ref(), made.tags.as_slice()),
        (Some(&hash), &["a".to_owned()][..])
    );
    bench.reopen().await;
    assert_eq!(bench.store.model("child").await.unwrap(), made);
    // Weights that a version starts from are spoken of, and are not swept.
    assert_eq!(bench.store.sweep_blobs(std::time::Duration::ZERO).await.unwrap(), 0);
    let lost =
        NewModel { initial_weights_hash: Some("0".repeat(64)), ..new_model("lost", parent.dataset_id) };
    assert_eq!(bench.store.create_model(lost).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_person_changes_what_is_said_and_nothing_else() {
    let bench = Bench::new().await;
    let (model, other) = (bench.model("m").await, bench.model("other").await);
    let change = ModelChange { name: Some("n".into()), ..ModelChange::default() };
    let changed = bench.store.update_model(model.id, change.clone()).await.unwrap();
    assert_eq!(changed, Model { name: "n".into(), ..model.clone() });
    assert_eq!(bench.store.update_model(model.id, change.clone()).await.unwrap(), changed);
    let taken = bench.store.update_model(other.id, change).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    let rest = ModelChange { description: Some("d".into()), tags: Some(vec!["t".into()]), name: None };
    let changed = bench.store.update_model(model.id, rest).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.description.as_str(), changed.tags.len()), ("n", "d", 1));
}

#[tokio::test]
async fn a_deleted_version_gives_its_name_free_and_comes_back_if_it_still_is() {
    let bench = Bench::new().await;
    let training = bench.training("m", ServiceSettings::default()).await;
    let refused = bench.store.delete_model(training.model_id).await.unwrap_err();
    assert!(refused.to_string().contains("is being trained: abort its training first"), "{refused}");
    bench.store.request_abort(training.id).await.unwrap();
    let deleted = bench.store.delete_model(training.model_id).await.unwrap();
    assert!(deleted.deleted_at_ms.is_some());
    assert_eq!(bench.store.delete_model(training.model_id).await.unwrap(), deleted);
    assert_eq!(bench.store.model("m").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(bench.store.model(&training.model_id.to_string()).await.unwrap(), deleted);
    assert_eq!(bench.store.training(&training.id.to_string()).await.unwrap().model_name, "m");
    let error = bench.store.start_training(new_training(&deleted, ServiceSettings::default())).await;
    assert!(error.unwrap_err().to_string().contains("it is deleted; restore it first"));

    let twin = bench.model("m").await;
    let taken = bench.store.restore_model(training.model_id).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
    bench.store.delete_model(twin.id).await.unwrap();
    let restored = bench.store.restore_model(training.model_id).await.unwrap();
    assert_eq!((restored.deleted_at_ms, restored.status), (None, ModelStatus::Failed));
    assert_eq!(bench.store.model("m").await.unwrap().id, training.model_id);
    // By the name of a version that is there, its own trainings are meant, however new those of a deleted one are.
    assert_eq!(bench.store.training("m").await.unwrap().id, training.id);
}

#[tokio::test]
async fn lists_are_narrowed_by_everything_that_is_asked() {
    let bench = Bench::new().await;
    let set = bench.dataset("set").await;
    let other = bench.dataset("other").await;
    let make = async |name: &str, tags: &[&str], dataset_id, architecture_id: &str| {
        let new = NewModel {
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            architecture_id: architecture_id.into(),
            ..new_model(name, dataset_id)
        };
        bench.clock.advance(std::time::Duration::from_millis(1));
        bench.store.create_model(new).await.unwrap()
    };
    make("a", &["x", "y"], set.id, "yolov8").await;
    make("b", &["x"], other.id, "yolov8").await;
    make("c", &[], set.id, "resnet").await;
    let gone = make("d", &["x", "y"], set.id, "yolov8").await;
    bench.store.delete_model(gone.id).await.unwrap();
    let all = ModelQuery::default;
    let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    for (query, expected) in [
        (all(), &["c", "b", "a"][..]),
        (ModelQuery { include_deleted: true, ..all() }, &["d", "c", "b", "a"]),
        (ModelQuery { search: "B".into(), ..all() }, &["b"]),
        (ModelQuery { tags: owned(&["x"]), ..all() }, &["b", "a"]),
        (ModelQuery { tags: owned(&["y", "x"]), ..all() }, &["a"]),
        (ModelQuery { tags: owned(&["z"]), ..all() }, &[]),
        (ModelQuery { dataset_id: Some(set.id), ..all() }, &["c", "a"]),
        (ModelQuery { architecture_ids: owned(&["resnet", "none"]), ..all() }, &["c"]),
        (ModelQuery { statuses: vec![ModelStatus::Created], ..all() }, &["c", "b", "a"]),
        (ModelQuery { statuses: vec![ModelStatus::Trained], ..all() }, &[]),
    ] {
        assert_eq!(names(bench.store.models(&query, Page::default()).await.unwrap()), expected, "{query:?}");
    }
}

#[tokio::test]
async fn a_draft_is_kept_until_the_training_starts() {
    let mut bench = Bench::new().await;
    let model = bench.model("m").await;
    assert_eq!(bench.store.draft(model.id).await.unwrap(), None);
    bench.store.save_draft(model.id, Some("{\"a\": 1}".into()), None).await.unwrap();
    let kept = bench.store.save_draft(model.id, Some("{\"a\": 2}".into()), None).await.unwrap();
    bench.reopen().await;
    assert_eq!(bench.store.draft(model.id).await.unwrap(), kept);
    assert_eq!(kept.unwrap().text, "{\"a\": 2}");
    bench.store.start_training(new_training(&model, ServiceSettings::default())).await.unwrap();
    assert_eq!(bench.store.draft(model.id).await.unwrap(), None);
    bench.store.save_draft(model.id, Some("{}".into()), None).await.unwrap();
    assert_eq!(bench.store.save_draft(model.id, None, None).await.unwrap(), None);
    assert_eq!(bench.store.draft(model.id).await.unwrap(), None);
    let unknown: shared::id::ModelId = bench.store.new_id();
    let error = bench.store.save_draft(unknown, Some("{}".into()), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_draft_takes_the_place_of_the_one_that_is_known_only() {
    // The clock stands still, so only their order tells two drafts apart.
    let bench = Bench::new().await;
    let model = bench.model("m").await;
    let save = async |text: Option<&str>, known| {
        bench.store.save_draft(model.id, text.map(str::to_owned), known).await
    };
    let first = save(Some("1"), Some(0)).await.unwrap().unwrap();
    for text in [Some("2"), None] {
        let refused = save(text, Some(0)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ChangedMeanwhile, "{refused}");
    }
    assert_eq!(
        bench.store.draft(model.id).await.unwrap(),
        Some(first.clone()),
        "what is refused changes nothing"
    );
    let second = save(Some("2"), Some(first.updated_at_ms)).await.unwrap().unwrap();
    assert!(second.updated_at_ms > first.updated_at_ms);
    assert!(save(Some("3"), Some(first.updated_at_ms)).await.is_err());
    let third = save(Some("3"), None).await.unwrap().unwrap();
    assert!(third.updated_at_ms > second.updated_at_ms && third.text == "3");
    assert_eq!(save(None, Some(third.updated_at_ms)).await.unwrap(), None);
    assert!(
        save(Some("4"), Some(third.updated_at_ms)).await.unwrap().is_some(),
        "nothing is newer than nothing"
    );
}

#[tokio::test]
async fn a_version_that_starts_from_another_gets_its_best_weights_to_the_runner() {
    let bench = Bench::new().await;
    let (training, assignment, instance) = bench.running(ServiceSettings::default()).await;
    assert_eq!(assignment.initial_weights_hash, None);
    let mut entries = Vec::new();
    let mut hashes = Vec::new();
    for (sequence, name) in [(1, "last.safetensors"), (2, "best.safetensors"), (3, "zz.safetensors")] {
        let (content_hash, size_bytes) =
            bench.store.blobs().put_bytes(bytes::Bytes::from(name)).await.unwrap();
        hashes.push(content_hash.clone());
        let artifact = NewArtifact {
            name: name.into(),
            kind: ArtifactKind::Weights,
            content_hash,
            size_bytes,
            epoch: Some(1),
        };
        entries.push(ReportEntry { sequence, at_ms: 8, body: ReportBody::Artifact(artifact) });
    }
    entries.push(end(4, AttemptOutcome::Succeeded));
    bench.store.report(batch(&assignment, entries)).await.unwrap();

    let source = bench.store.model(&training.model_id.to_string()).await.unwrap();
    let best = bench.store.weights_of(&source).await.unwrap();
    assert_eq!(best.as_ref(), Some(&hashes[1]));
    let new = NewModel {
        parent_id: Some(source.id),
        initial_weights_hash: best.clone(),
        labels: vec!["cat".into()],
        ..new_model("clone", source.dataset_id)
    };
    let clone = bench.store.create_model(new).await.unwrap();
    assert_eq!(
        bench.store.weights_of(&clone).await.unwrap(),
        best,
        "its own start, while it has nothing better"
    );
    bench.store.start_training(new_training(&clone, ServiceSettings::default())).await.unwrap();
    let leased = bench.store.lease_next(instance).await.unwrap().unwrap();
    assert_eq!((leased.initial_weights_hash, leased.labels), (best, vec!["cat".to_owned()]));
}

#[tokio::test]
async fn what_a_version_is_trained_with_becomes_its_own() {
    let bench = Bench::new().await;
    let mut model = bench.model("m").await;
    let choice = |filter: &str| SubsetChoice {
        mode: ChoiceMode::DqlFilter,
        filter: filter.into(),
        annotation_filter: Some("{}".into()),
        saved_filter_id: None,
    };
    let overrides = |epochs: u32| {
        serde_json::json!({ "epochs": epochs, "lr0": 0.5 }).as_object().cloned().unwrap_or_default()
    };
    for (epochs, filter) in [(7, r#"{"name": "a.jpg"}"#), (8, r#"{"name": "bb.jpg"}"#)] {
        let mut new = new_training(&model, ServiceSettings::default());
        new.configuration = serde_json::json!({ "epochs": epochs, "lr0": 0.5, "imgsz": 640 });
        new.overrides = overrides(epochs);
        new.data.train = choice(filter);
        new.data.labels = vec!["cat".into()];
        let training = bench.store.start_training(new).await.unwrap();
        bench.store.request_abort(training.id).await.unwrap();
        model = bench.store.model("m").await.unwrap();
        assert_eq!(model.status, ModelStatus::Failed);
        assert_eq!((&model.configuration, &model.labels), (&overrides(epochs), &vec!["cat".to_owned()]));
        assert_eq!(model.train, Some(choice(filter)));
        assert_eq!(model.validation, Some(SubsetChoice::tagged(Subset::Validation)));
    }
    // Nothing is said, so it is trained with what it has now.
    let again = NewTraining::of(&model, serde_json::json!({ "epochs": 8 }), ServiceSettings::default());
    bench.store.start_training(again).await.unwrap();
    let trained = bench.store.model("m").await.unwrap();
    assert_eq!((trained.configuration, trained.train), (model.configuration, model.train));
}
