//! Looking through a dataset, changing many of its items, and filters, as clients ask for them.

use super::{Answer, House};
use prost::Message;
use proto::v1;
use tonic::Code;

async fn ask(house: &House, method: &str, request: &impl Message) -> Answer {
    let service =
        if method.ends_with("Filter") || method.ends_with("Filters") { "Filter" } else { "Dataset" };
    house.call(&format!("trainyard.v1.{service}Service/{method}"), request, &house.owner()).await
}

fn by_filter(filter: &str) -> Option<v1::ItemSelection> {
    Some(v1::ItemSelection { dataset: "cells".into(), item_ids: Vec::new(), filter: filter.into() })
}

async fn item_ids(house: &House) -> Vec<String> {
    let request = v1::ListItemsRequest { dataset: "cells".into(), ..Default::default() };
    let answer = ask(house, "ListItems", &request).await.decode::<v1::ListItemsResponse>();
    answer.items.into_iter().map(|item| item.id).collect()
}

#[tokio::test]
async fn items_are_tagged_split_moved_deleted_and_brought_back() {
    let house = House::open().await;
    house.dataset("cells").await;
    let ids = item_ids(&house).await;
    let one = Some(v1::ItemSelection {
        dataset: "cells".into(),
        item_ids: vec![ids[0].clone()],
        filter: String::new(),
    });
    let tag = v1::TagItemsRequest { selection: one, subset: v1::Subset::Test.into() };
    let change = ask(&house, "TagItems", &tag).await.decode::<v1::ItemsChange>();
    assert_eq!((change.changed_count, change.dataset.unwrap().test_count), (1, 1));
    let split = v1::Split { train_percent: 0, validation_percent: 0, test_percent: 100, seed: 3 };
    let split = v1::SplitItemsRequest { selection: by_filter("{}"), split: Some(split) };
    let change = ask(&house, "SplitItems", &split).await.decode::<v1::ItemsChange>();
    assert_eq!((change.changed_count, change.dataset.unwrap().test_count), (1, 2));
    let to = v1::MoveItemsRequest { selection: by_filter(r#"{"name": "a.png"}"#), dir: "x/y/".into() };
    assert_eq!(ask(&house, "MoveItems", &to).await.decode::<v1::ItemsChange>().changed_count, 1);
    let all = v1::ListFoldersRequest { dataset: "cells".into() };
    let folders = ask(&house, "ListFolders", &all).await.decode::<v1::ListFoldersResponse>().folders;
    let told: Vec<_> = folders.iter().map(|f| (f.dir.as_str(), f.item_count, f.total_count)).collect();
    assert_eq!(told, [("/", 1, 2), ("/x", 0, 1), ("/x/y", 1, 1)]);
    let delete = v1::DeleteItemsRequest { selection: by_filter("{}") };
    let change = ask(&house, "DeleteItems", &delete).await.decode::<v1::ItemsChange>();
    assert_eq!((change.changed_count, change.dataset.unwrap().item_count), (2, 0));
    let undo = v1::UndoItemsChangeRequest { change_id: change.change_id };
    let undone = ask(&house, "UndoItemsChange", &undo).await.decode::<v1::ItemsChange>();
    assert_eq!(undone.changed_count, 2);
    let list = v1::ListItemsChangesRequest { dataset: "cells".into(), page_size: 0 };
    let changes =
        ask(&house, "ListItemsChanges", &list).await.decode::<v1::ListItemsChangesResponse>().changes;
    let told: Vec<_> = changes.iter().map(|change| (change.kind.as_str(), change.can_undo)).collect();
    let expected =
        [("restored", true), ("deleted", false), ("moved", true), ("tagged", true), ("tagged", true)];
    assert_eq!(told, expected);
    assert_eq!((&changes[0].change_id, changes[0].is_undo), (&undone.change_id, true));
    assert_eq!(
        (changes[1].why_not.as_str(), changes[2].detail.as_str()),
        ("it was taken back already", "from / to /x/y")
    );
    let newest = v1::ListItemsChangesRequest { page_size: 1, ..list.clone() };
    let newest = ask(&house, "ListItemsChanges", &newest).await.decode::<v1::ListItemsChangesResponse>();
    assert_eq!(newest.changes, changes[..1]);
    let stranger = v1::ListItemsChangesRequest { dataset: "none".into(), ..list };
    assert_eq!(ask(&house, "ListItemsChanges", &stranger).await.code, Code::NotFound);
    assert_eq!(ask(&house, "UndoItemsChange", &undo).await.code, Code::FailedPrecondition);
    let detail = ask(&house, "GetItem", &v1::GetItemRequest { item_id: ids[0].clone() })
        .await
        .decode::<v1::ItemDetail>();
    let kinds: Vec<_> = detail.history.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["restored", "deleted", "moved", "tagged", "added"]);
    let document: serde_json::Value = serde_json::from_str(&detail.document_json).unwrap();
    assert_eq!(document["filename"], "/x/y/a.png");
    house.server.stop().await;
}

#[tokio::test]
async fn selections_that_are_not_meant_are_refused_and_change_nothing() {
    let house = House::open().await;
    house.dataset("cells").await;
    let stranger = "0190a5b0-0000-7000-8000-000000000001".to_owned();
    let with_ids = |ids: Vec<String>, filter: &str| {
        Some(v1::ItemSelection { dataset: "cells".into(), item_ids: ids, filter: filter.into() })
    };
    for (selection, code, part) in [
        (None, Code::InvalidArgument, "`selection` is missing"),
        (by_filter(""), Code::InvalidArgument, "write the filter {} for all"),
        (with_ids(vec![stranger.clone()], "{}"), Code::InvalidArgument, "leave one of them out"),
        (with_ids(vec!["x".into()], ""), Code::InvalidArgument, "item_ids[0]"),
        (with_ids(vec![stranger.clone()], ""), Code::NotFound, stranger.as_str()),
        (by_filter(r#"{"name": {"$foo": 1}}"#), Code::InvalidArgument, "$foo"),
        (by_filter(r#"{"nam": {"$ne": "a.png"}}"#), Code::InvalidArgument, "did you mean `name`?"),
        (by_filter(r#"{"filter": {}, "resource": "annotations"}"#), Code::InvalidArgument, "annotations"),
        (
            Some(v1::ItemSelection { dataset: "none".into(), ..by_filter("{}").unwrap() }),
            Code::NotFound,
            "none",
        ),
    ] {
        let answer = ask(&house, "DeleteItems", &v1::DeleteItemsRequest { selection }).await;
        assert_eq!(answer.code, code, "{part}: {}", answer.message);
        assert!(answer.message.contains(part), "{part}: {}", answer.message);
    }
    let to = v1::MoveItemsRequest { selection: by_filter("{}"), dir: "/a/../b".into() };
    assert_eq!(ask(&house, "MoveItems", &to).await.code, Code::InvalidArgument);
    let split = v1::Split { train_percent: 50, ..Default::default() };
    let split = v1::SplitItemsRequest { selection: by_filter("{}"), split: Some(split) };
    assert!(ask(&house, "SplitItems", &split).await.message.contains("add up to 50"));
    assert_eq!(item_ids(&house).await.len(), 2);
    house.server.stop().await;
}

#[tokio::test]
async fn an_empty_dataset_is_made_once() {
    let house = House::open().await;
    let request = v1::CreateDatasetRequest {
        name: "new".into(),
        task: v1::Task::Detection.into(),
        idempotency_key: "k".into(),
    };
    let first = ask(&house, "CreateDataset", &request).await.decode::<v1::Dataset>();
    assert_eq!(ask(&house, "CreateDataset", &request).await.decode::<v1::Dataset>(), first);
    let other_key = v1::CreateDatasetRequest { idempotency_key: String::new(), ..request.clone() };
    assert_eq!(ask(&house, "CreateDataset", &other_key).await.code, Code::AlreadyExists);
    let without_task = v1::CreateDatasetRequest { task: 0, name: "x".into(), ..Default::default() };
    assert_eq!(ask(&house, "CreateDataset", &without_task).await.code, Code::InvalidArgument);
    house.server.stop().await;
}

#[tokio::test]
async fn filters_are_saved_listed_previewed_completed_and_forgotten() {
    let house = House::open().await;
    house.dataset("cells").await;
    let save = |name: &str, resource: &str, query: &str| v1::SaveFilterRequest {
        name: name.into(),
        resource: resource.into(),
        query: query.into(),
    };
    let saved = ask(&house, "SaveFilter", &save("train", "items", r#"{"dir": "/"}"#))
        .await
        .decode::<v1::SavedFilter>();
    assert!(saved.query.contains(r#""resource":"items""#), "{}", saved.query);
    ask(&house, "SaveFilter", &save("cells", "annotations", r#"{"label": "cell"}"#))
        .await
        .decode::<v1::SavedFilter>();
    for (request, part) in [
        (save("x", "items", r#"{"name": {"$foo": 1}}"#), "line 1, column"),
        (save("x", "models", "{}"), "`items` or `annotations`"),
        (save(" ", "items", "{}"), "`name` is empty"),
        (save("x", "items", r#"{"filter": {}, "resource": "annotations"}"#), "asks for annotations"),
    ] {
        let answer = ask(&house, "SaveFilter", &request).await;
        assert_eq!(answer.code, Code::InvalidArgument, "{part}");
        assert!(answer.message.contains(part), "{part}: {}", answer.message);
    }
    let listed = async |resource: &str| {
        let request = v1::ListFiltersRequest { resource: resource.into() };
        let filters = ask(&house, "ListFilters", &request).await.decode::<v1::ListFiltersResponse>().filters;
        filters.into_iter().map(|filter| filter.name).collect::<Vec<_>>()
    };
    assert_eq!(listed("").await, ["cells", "train"]);
    assert_eq!(listed("items").await, ["train"]);
    let forget = v1::DeleteFilterRequest { id: saved.id };
    assert_eq!(ask(&house, "DeleteFilter", &forget).await.code, Code::Ok);
    assert_eq!(ask(&house, "DeleteFilter", &forget).await.code, Code::NotFound);

    let preview = |filter: &str| v1::PreviewFilterRequest {
        dataset: "cells".into(),
        filter: filter.into(),
        item_limit: 1,
    };
    let all = ask(&house, "PreviewFilter", &preview("")).await.decode::<v1::PreviewFilterResponse>();
    assert_eq!((all.total_count, all.train_count, all.validation_count, all.items.len()), (2, 1, 1, 1));
    assert_eq!(all.labels, [v1::LabelCount { label: "cell".into(), item_count: 2, annotation_count: 2 }]);
    let slip =
        ask(&house, "PreviewFilter", &preview(r#"{"nam": 1}"#)).await.decode::<v1::PreviewFilterResponse>();
    assert_eq!((slip.total_count, slip.warnings.len()), (0, 1));
    assert_eq!(ask(&house, "PreviewFilter", &preview("{")).await.code, Code::InvalidArgument);

    let complete =
        v1::CompleteFilterRequest { dataset: "cells".into(), field: "label".into(), ..Default::default() };
    let found = ask(&house, "CompleteFilter", &complete).await.decode::<v1::CompleteFilterResponse>();
    assert_eq!(found.completions, [v1::Completion { text: r#""cell""#.into(), detail: "2 items".into() }]);
    house.server.stop().await;
}
