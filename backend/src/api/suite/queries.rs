//! Items by a filter, as clients ask for them.

use super::House;
use proto::v1;
use tonic::Code;

async fn list(house: &House, request: v1::ListItemsRequest) -> super::Answer {
    let request = v1::ListItemsRequest { dataset: "cells".into(), ..request };
    house.call("trainyard.v1.DatasetService/ListItems", &request, &house.owner()).await
}

async fn names(house: &House, request: v1::ListItemsRequest) -> (Vec<String>, v1::ListItemsResponse) {
    let answer = list(house, request).await.decode::<v1::ListItemsResponse>();
    (answer.items.iter().map(|item| item.name.clone()).collect(), answer)
}

#[tokio::test]
async fn a_filter_chooses_items_and_is_counted() {
    let house = House::open().await;
    house.dataset("cells").await;
    let filtered = |filter: &str| v1::ListItemsRequest { filter: filter.into(), ..Default::default() };
    let (all, answer) = names(&house, filtered("")).await;
    assert_eq!((all.len(), answer.total_count, answer.warnings.len()), (2, 2, 0));
    let (train, answer) = names(&house, filtered(r#"{"metadata.system.tags.train": true}"#)).await;
    assert_eq!((train, answer.total_count), (vec!["a.png".to_owned()], 1));
    // The subset of the request must hold too.
    let both =
        v1::ListItemsRequest { subset: v1::Subset::Validation.into(), ..filtered(r#"{"name": "*.png"}"#) };
    assert_eq!(names(&house, both).await.0, ["b.png"]);
    let counted = v1::ListItemsRequest { count_only: true, ..filtered(r#"{"dir": "/"}"#) };
    let (none, answer) = names(&house, counted).await;
    assert_eq!((none.len(), answer.total_count, answer.next_page_token.as_str()), (0, 2, ""));
    let uncounted = v1::ListItemsRequest { without_total: true, page_size: 1, ..filtered("{}") };
    let (first, answer) = names(&house, uncounted.clone()).await;
    assert_eq!((first, answer.total_count), (vec!["a.png".to_owned()], 0));
    let next = v1::ListItemsRequest { page_token: answer.next_page_token, ..uncounted };
    let (second, answer) = names(&house, next).await;
    assert_eq!((second, answer.next_page_token), (vec!["b.png".to_owned()], String::new()));
    let (page, answer) = names(&house, filtered(r#"{"filter": {}, "page": 1, "pageSize": 1}"#)).await;
    assert_eq!((page, answer.total_count), (vec!["b.png".to_owned()], 2));
    house.server.stop().await;
}

#[tokio::test]
async fn a_refused_filter_names_all_that_is_wrong_and_a_slip_is_a_warning() {
    let house = House::open().await;
    house.dataset("cells").await;
    let filter = "{\"name\": {\"$equals\": 1},\n \"dir\": {\"$gt\": 1, \"$foo\": 2}}";
    let answer = list(&house, v1::ListItemsRequest { filter: filter.into(), ..Default::default() }).await;
    assert_eq!(answer.code, Code::InvalidArgument);
    for part in [
        "line 1, column 11: there is no operator `$equals`",
        "line 2, column 20: there is no operator `$foo`",
    ] {
        assert!(answer.message.contains(part), "{}", answer.message);
    }
    let sorted = r#"{"filter": {}, "sort": {"metadata.user.x": "ascending"}}"#;
    let answer = list(&house, v1::ListItemsRequest { filter: sorted.into(), ..Default::default() }).await;
    assert_eq!(answer.code, Code::InvalidArgument);
    assert!(answer.message.contains("nothing can be sorted by `metadata.user.x`"), "{}", answer.message);
    let slip = v1::ListItemsRequest { filter: r#"{"filenam": "/a.png"}"#.into(), ..Default::default() };
    let (found, answer) = names(&house, slip).await;
    assert!(found.is_empty());
    assert_eq!(answer.warnings.len(), 1);
    assert!(answer.warnings[0].contains("did you mean `filename`?"), "{:?}", answer.warnings);
    house.server.stop().await;
}

#[test]
fn each_problem_of_a_filter_is_a_violation_of_its_own() {
    use tonic_types::StatusExt;
    let text = "{\"name\": {\"$equals\": 1},\n \"dir\": {\"$foo\": 2}}";
    let refusal = shared::dql::parse(text).unwrap_err();
    let status = tonic::Status::from(crate::api::datasets::refused_filter(text, &refusal.problems));
    let violations = status.get_error_details().bad_request().unwrap().field_violations.clone();
    assert_eq!(violations.len(), 2);
    assert!(violations.iter().all(|violation| violation.field == "filter"));
    assert!(violations[1].description.starts_with("line 2, column"), "{violations:?}");
}
