//! What a training would do, what it does, and what it froze, as clients see it.

use super::House;
use super::models::stored_weights;
use proto::v1;
use tonic::Code;

fn by_filter(filter: &str) -> Option<v1::SubsetChoice> {
    Some(v1::SubsetChoice { mode: "dql-filter".into(), filter: filter.into(), ..Default::default() })
}

async fn checked(house: &House, request: &v1::StartTrainingRequest) -> v1::TrainingCheck {
    house.call("trainyard.v1.TrainingService/CheckTraining", request, &house.owner()).await.decode()
}

fn kinds(check: &v1::TrainingCheck) -> Vec<&str> {
    check.warnings.iter().map(|warning| warning.kind.as_str()).collect()
}

fn fields(check: &v1::TrainingCheck) -> Vec<&str> {
    check.problems.iter().map(|problem| problem.field.as_str()).collect()
}

#[tokio::test]
async fn a_check_tells_everything_and_changes_nothing() {
    let house = House::open().await;
    house.dataset("cells").await;
    let before = house.model("m", "cells").await;
    let plain = v1::StartTrainingRequest { model: "m".into(), ..Default::default() };
    let check = checked(&house, &plain).await;
    assert_eq!((fields(&check), kinds(&check)), (Vec::new(), Vec::new()));
    let train = check.train.as_ref().unwrap();
    assert_eq!((train.item_count, train.annotation_count, train.labels[0].label.as_str()), (1, 1, "cell"));
    assert!(check.configuration_json.contains("\"epochs\":100") && check.labels == ["cell"], "{check:?}");
    assert!(
        check.memory_bytes > 1 << 20 && check.machine_memory_bytes > 1 << 20 && check.duration_secs.is_some()
    );
    // Tests are built without support for a GPU.
    assert!(check.processor_cores.is_some_and(|cores| cores > 0), "{check:?}");
    let settings = check.service_settings.unwrap();
    assert_eq!((settings.execution_timeout_secs, check.service_exists), (432_000, false));

    let strange = v1::StartTrainingRequest {
        configuration_json: r#"{"epochs": 5000, "imgsz": 4096, "batch_size": 4096}"#.into(),
        labels: vec!["dot".into(), "cell".into()],
        train: by_filter(r#"{"filenam": {"$exists": false}}"#),
        service_settings: Some(v1::ServiceSettings { execution_timeout_secs: 1, ..settings.clone() }),
        ..plain.clone()
    };
    let check = checked(&house, &strange).await;
    assert_eq!(fields(&check), [""; 0], "{check:?}");
    assert_eq!(kinds(&check), ["filter", "overlap", "class-absent", "class-absent", "memory", "timeout"]);
    let overlap = &check.warnings[1];
    assert!(overlap.message.starts_with("1 item is both in the train"), "{}", overlap.message);
    let list = v1::ListItemsRequest {
        dataset: "cells".into(),
        filter: overlap.filter.clone(),
        ..Default::default()
    };
    let shown = house.call("trainyard.v1.DatasetService/ListItems", &list, &house.owner()).await;
    assert_eq!(shown.decode::<v1::ListItemsResponse>().items[0].name, "b.png");

    let other_labels = v1::StartTrainingRequest { labels: vec!["dot".into()], ..plain.clone() };
    let check = checked(&house, &other_labels).await;
    assert_eq!(
        (fields(&check), kinds(&check)),
        (vec!["train", "validation"], vec!["unknown-labels", "unknown-labels"])
    );
    assert!(check.warnings[0].filter.contains("cell"), "{:?}", check.warnings);
    let train = check.train.as_ref().unwrap();
    let unknown: Vec<_> = train
        .unknown_labels
        .iter()
        .map(|count| (count.label.as_str(), count.item_count, count.annotation_count))
        .collect();
    assert_eq!((unknown, train.labels.len()), (vec![("cell", 1, 1)], 0));

    let wrong = v1::StartTrainingRequest {
        configuration_json: r#"{"epochs": 0, "batch": 3}"#.into(),
        labels: vec!["a".into(), "a".into()],
        train: by_filter("{"),
        validation: by_filter(r#"{"dir": "/none"}"#),
        service_settings: Some(v1::ServiceSettings { concurrency: 0, ..settings }),
        secrets: vec!["TOKEN".into()],
        ..plain.clone()
    };
    let check = checked(&house, &wrong).await;
    let mut named = fields(&check);
    named.sort_unstable();
    let expected = [
        "configuration_json.batch",
        "configuration_json.epochs",
        "labels",
        "secrets",
        "service_settings.concurrency",
        "train.filter",
        "validation",
    ];
    assert_eq!(named, expected, "{check:?}");
    assert_eq!((check.train, check.validation.unwrap().item_count), (None, 0));
    let refused = house.call("trainyard.v1.TrainingService/StartTraining", &wrong, &house.owner()).await;
    assert_eq!(refused.code, Code::InvalidArgument);
    for part in ["epochs", "`labels`", "concurrency", "`train.filter` is refused"] {
        assert!(refused.message.contains(part), "{part}: {}", refused.message);
    }
    let get = v1::GetModelRequest { model: "m".into() };
    let after = house.call("trainyard.v1.ModelService/GetModel", &get, &house.owner()).await;
    assert_eq!(after.decode::<v1::Model>(), before);
    house.server.stop().await;
}

#[tokio::test]
async fn a_check_tells_that_the_head_of_first_weights_is_made_anew() {
    let house = House::open().await;
    house.dataset("cells").await;
    let create = v1::CreateModelRequest {
        name: "warm".into(),
        architecture: "yolov8n".into(),
        dataset: "cells".into(),
        weights_hash: stored_weights(&house, trainer::Variant::N, 1).await,
        idempotency_key: "warm".into(),
        ..Default::default()
    };
    house.call("trainyard.v1.ModelService/CreateModel", &create, &house.owner()).await.decode::<v1::Model>();
    for (labels, is_told) in [(vec![], true), (vec!["0".to_owned()], false), (vec!["cell".into()], true)] {
        let request = v1::StartTrainingRequest { model: "warm".into(), labels, ..Default::default() };
        let check = checked(&house, &request).await;
        let told = check.warnings.iter().find(|warning| warning.kind == "new-head");
        assert_eq!(told.is_some(), is_told, "{:?}: {check:?}", request.labels);
        assert!(told.is_none_or(|told| told.message.ends_with("is made anew (they learnt `0`)")), "{told:?}");
    }
    house.server.stop().await;
}

#[tokio::test]
async fn a_training_uses_what_was_chosen_and_its_snapshot_says_so() {
    let house = House::open().await;
    house.dataset("cells").await;
    house.model("m", "cells").await;
    let settings = v1::ServiceSettings {
        concurrency: 2,
        on_reset: "fail".into(),
        max_attempts: 1,
        ..shared::service::ServiceSettings::default().into()
    };
    let start = v1::StartTrainingRequest {
        model: "m".into(),
        configuration_json: r#"{"epochs": 2, "seed": 5}"#.into(),
        idempotency_key: "k".into(),
        labels: vec!["dot".into(), "cell".into()],
        train: by_filter(r#"{"name": "a.png"}"#),
        service_settings: Some(settings.clone()),
        ..Default::default()
    };
    let method = "trainyard.v1.TrainingService/StartTraining";
    let training = house.call(method, &start, &house.owner()).await.decode::<v1::Training>();
    assert_eq!(training.max_attempts, 1);
    assert_eq!(house.call(method, &start, &house.owner()).await.decode::<v1::Training>().id, training.id);
    for named in ["m", &training.id, &training.execution_id] {
        let get = v1::GetSnapshotRequest { training: named.into() };
        let answer = house.call("trainyard.v1.TrainingService/GetSnapshot", &get, &house.owner()).await;
        let snapshot = answer.decode::<v1::TrainingSnapshot>();
        assert_eq!((snapshot.labels, snapshot.seed), (start.labels.clone(), 5));
        assert_eq!(snapshot.subsets.len(), 2);
        let train = &snapshot.subsets[0];
        assert_eq!((train.mode.as_str(), train.filter.as_str()), ("dql-filter", r#"{"name": "a.png"}"#));
        assert_eq!(train.canonical_filter, r#"{"filter":{"name":{"$eq":"a.png"}}}"#);
        assert_eq!((train.item_count, train.annotation_count), (1, 1));
        assert!(snapshot.versions_json.contains("trainer"), "{}", snapshot.versions_json);
        assert_eq!((snapshot.service_settings, snapshot.settings_revision), (Some(settings.clone()), 1));
        // Both items of the house are the same picture.
        assert_eq!((snapshot.leaked_count, snapshot.leaked[0].name.as_str()), (1, "b.png"));
        assert_eq!(snapshot.secrets, [""; 0]);
    }

    let list = |subset: v1::Subset, page_token: &str| v1::ListSnapshotItemsRequest {
        training: training.id.clone(),
        subset: subset.into(),
        page_size: 1,
        page_token: page_token.into(),
        skip: 0,
    };
    let items = "trainyard.v1.TrainingService/ListSnapshotItems";
    let answer = house.call(items, &list(v1::Subset::Train, ""), &house.owner()).await;
    let page = answer.decode::<v1::ListSnapshotItemsResponse>();
    assert_eq!((page.total_count, page.next_page_token.as_str()), (1, ""));
    let item = &page.items[0];
    assert_eq!((item.dir.as_str(), item.name.as_str(), item.width), ("/", "a.png", 64));
    assert_eq!((item.content_hash.len(), item.annotations[0].label.as_str()), (64, "cell"));
    let beyond = v1::ListSnapshotItemsRequest { skip: 1, ..list(v1::Subset::Train, "") };
    let beyond = house.call(items, &beyond, &house.owner()).await.decode::<v1::ListSnapshotItemsResponse>();
    assert_eq!((beyond.items.len(), beyond.total_count, beyond.next_page_token.as_str()), (0, 1, ""));
    for (wrong, field) in [
        (list(v1::Subset::Unspecified, ""), "`subset` is not set"),
        (list(v1::Subset::Train, "x"), "`page_token` is not one"),
        (
            v1::ListSnapshotItemsRequest { training: String::new(), ..list(v1::Subset::Train, "") },
            "`training` is empty",
        ),
    ] {
        let refused = house.call(items, &wrong, &house.owner()).await;
        assert_eq!(refused.code, Code::InvalidArgument);
        assert!(refused.message.contains(field), "{}", refused.message);
    }

    // What was frozen is learnt from again, whatever the dataset holds by now.
    house.model("n", "cells").await;
    let again = v1::StartTrainingRequest { model: "n".into(), snapshot_of: "m".into(), ..Default::default() };
    let check = checked(&house, &again).await;
    assert_eq!((fields(&check), check.labels.len()), (Vec::new(), 2));
    assert_eq!((check.train.unwrap().item_count, check.validation.unwrap().item_count), (1, 1));
    let both = v1::StartTrainingRequest {
        dataset: "cells".into(),
        labels: vec!["a".into()],
        train: by_filter("{}"),
        validation: by_filter("{}"),
        ..again.clone()
    };
    assert_eq!(fields(&checked(&house, &both).await), ["dataset", "labels", "train", "validation"]);
    let unknown = v1::StartTrainingRequest { snapshot_of: "nobody".into(), ..again.clone() };
    assert_eq!(house.call(method, &unknown, &house.owner()).await.code, Code::NotFound);

    // The service is there now: its settings stand.
    let other = v1::ServiceSettings { max_attempts: 2, ..settings };
    let next =
        v1::StartTrainingRequest { model: "n".into(), service_settings: Some(other), ..Default::default() };
    let check = checked(&house, &next).await;
    assert_eq!((fields(&check), check.service_exists), (vec!["service_settings.max_attempts"], true));
    assert_eq!(check.service_settings.unwrap().max_attempts, 1);
    let refused = house.call(method, &next, &house.owner()).await;
    assert_eq!(refused.code, Code::FailedPrecondition);
    assert!(refused.message.contains("change them on the page of the service"), "{}", refused.message);
    let busy = checked(&house, &v1::StartTrainingRequest { model: "m".into(), ..Default::default() }).await;
    assert_eq!(fields(&busy), ["model"]);
    house.server.stop().await;
}

#[tokio::test]
async fn what_no_machine_can_do_is_refused_at_its_field() {
    let house = House::open().await;
    house.dataset("cells").await;
    house.model("m", "cells").await;
    let asking = |settings: v1::ServiceSettings| v1::StartTrainingRequest {
        model: "m".into(),
        service_settings: Some(settings),
        ..Default::default()
    };
    let plain = v1::ServiceSettings::from(shared::service::ServiceSettings::default());
    let check = checked(&house, &asking(plain.clone())).await;
    assert_eq!(fields(&check), [""; 0]);
    let [machine] = check.machine_types.as_slice() else { panic!("{check:?}") };
    assert!(machine.name == "local" && machine.cores > 0, "{machine:?}");
    for (settings, field) in [
        (v1::ServiceSettings { machine_type: "gpu-a100-s".into(), ..plain.clone() }, "machine_type"),
        (v1::ServiceSettings { image: "registry/image:1".into(), ..plain.clone() }, "image"),
        (
            v1::ServiceSettings { run_as_process: Some(false), image: "/opt/train".into(), ..plain.clone() },
            "run_as_process",
        ),
        (v1::ServiceSettings { gpus: Some(60), ..plain }, "gpus"),
    ] {
        let expected = format!("service_settings.{field}");
        assert_eq!(fields(&checked(&house, &asking(settings.clone())).await), [expected.as_str()]);
        let start = "trainyard.v1.TrainingService/StartTraining";
        let refused = house.call(start, &asking(settings), &house.owner()).await;
        assert_eq!(refused.code, Code::InvalidArgument, "{field}");
        assert!(refused.message.contains(field), "{}", refused.message);
    }
    house.server.stop().await;
}
