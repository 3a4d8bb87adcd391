//! The rules that are most often got wrong, one table each.

use super::super::parse::parse;
use super::*;

fn matches(filter: &str, document: &str) -> bool {
    let query = parse(filter).unwrap_or_else(|refusal| panic!("{filter}: {refusal}")).query;
    let mut documents = Documents::new();
    documents.push_json(document).unwrap();
    let matcher = Matcher::new(&Normal::of(&query.filter)).unwrap();
    !matcher.matching(&documents).is_empty()
}

fn check(table: &[(&str, &str, bool)]) {
    for (filter, document, expected) in table {
        assert_eq!(matches(filter, document), *expected, "{filter} on {document}");
    }
}

#[test]
fn null_and_missing() {
    check(&[
        (r#"{"a": null}"#, r#"{}"#, true),
        (r#"{"a": null}"#, r#"{"a": null}"#, true),
        (r#"{"a": null}"#, r#"{"a": 0}"#, false),
        (r#"{"a": null}"#, r#"{"a": [1, null]}"#, true),
        (r#"{"a": null}"#, r#"{"a": []}"#, false),
        (r#"{"a.b": null}"#, r#"{"a": 1}"#, true),
        (r#"{"a.b": null}"#, r#"{"a": [1]}"#, false),
        (r#"{"a.b": null}"#, r#"{"a": [{"b": 1}, {}]}"#, true),
        (r#"{"a": {"$gte": null}}"#, r#"{}"#, true),
        (r#"{"a": {"$gt": null}}"#, r#"{}"#, false),
        (r#"{"a": {"$in": [1, null]}}"#, r#"{}"#, true),
        (r#"{"a": {"$nin": [1, null]}}"#, r#"{}"#, false),
        (r#"{"a": {"$ne": 1}}"#, r#"{}"#, true),
        (r#"{"a": {"$exists": true}}"#, r#"{"a": null}"#, true),
        (r#"{"a": {"$exists": 0}}"#, r#"{}"#, true),
    ]);
}

#[test]
fn lists() {
    check(&[
        (r#"{"a": 1}"#, r#"{"a": [2, 1]}"#, true),
        (r#"{"a": [1, 2]}"#, r#"{"a": [1, 2]}"#, true),
        (r#"{"a": [1]}"#, r#"{"a": [1, 2]}"#, false),
        (r#"{"a": [1]}"#, r#"{"a": [[1], 2]}"#, true),
        (r#"{"a": {"$ne": 1}}"#, r#"{"a": [2, 1]}"#, false),
        (r#"{"a": {"$gt": 5, "$lt": 2}}"#, r#"{"a": [1, 9]}"#, true),
        (r#"{"a": {"$match": {"$gt": 5, "$lt": 2}}}"#, r#"{"a": [1, 9]}"#, false),
        (r#"{"a": {"$match": {"$gt": 5}}}"#, r#"{"a": 9}"#, false),
        (r#"{"a": {"$match": {"b": 1, "c": 2}}}"#, r#"{"a": [{"b": 1}, {"c": 2}]}"#, false),
        (r#"{"a": {"$match": {"b": 1, "c": 2}}}"#, r#"{"a": [{"b": 1, "c": 2}]}"#, true),
        (r#"{"a": {"$match": {"$or": [{"b": 1}, {"b": 2}]}}}"#, r#"{"a": [{"b": 2}]}"#, true),
        (r#"{"a": {"$size": 2}}"#, r#"{"a": [1, 2]}"#, true),
        (r#"{"a": {"$size": 1}}"#, r#"{"a": [[1], [2]]}"#, false),
        (r#"{"a": {"$all": [1, 2]}}"#, r#"{"a": [2, 3, 1]}"#, true),
        (r#"{"a": {"$all": [1, 2]}}"#, r#"{"a": [1]}"#, false),
        (r#"{"a": {"$all": []}}"#, r#"{"a": []}"#, false),
        (r#"{"a.1": 5}"#, r#"{"a": [4, 5]}"#, true),
        (r#"{"a.1": 5}"#, r#"{"a": [{"1": 5}]}"#, true),
        (r#"{"a.01": 5}"#, r#"{"a": [4, 5]}"#, false),
        (r#"{"a.0.b": 5}"#, r#"{"a": [[{"b": 5}]]}"#, true),
        (r#"{"a.b": 5}"#, r#"{"a": [[{"b": 5}]]}"#, false),
    ]);
}

#[test]
fn types_are_never_mixed() {
    check(&[
        (r#"{"a": 1}"#, r#"{"a": true}"#, false),
        (r#"{"a": "1"}"#, r#"{"a": 1}"#, false),
        (r#"{"a": 12}"#, r#"{"a": 12.0}"#, true),
        (r#"{"a": 0}"#, r#"{"a": -0.0}"#, true),
        (r#"{"a": {"$gt": 1}}"#, r#"{"a": "2"}"#, false),
        (r#"{"a": {"$gt": false}}"#, r#"{"a": true}"#, true),
        (r#"{"a": {"$gt": "b"}}"#, r#"{"a": "é"}"#, true),
        (r#"{"a": {"$not": {"$gt": 1}}}"#, r#"{"a": "2"}"#, true),
        (r#"{"a": {"$regex": "1"}}"#, r#"{"a": 1}"#, false),
        (r#"{"a": {"$eq": {"b": 1, "c": 2}}}"#, r#"{"a": {"c": 2, "b": 1}}"#, true),
        (r#"{"a": {"$eq": {"b": 1}}}"#, r#"{"a": {"c": 2, "b": 1}}"#, false),
    ]);
}

#[test]
fn nested_objects_are_paths_and_dotted_keys_hold_values() {
    check(&[
        (
            r#"{"metadata": {"system": {"tags": {"train": true}}}}"#,
            r#"{"metadata": {"system": {"tags": {"train": true, "x": 1}, "w": 1}}}"#,
            true,
        ),
        (
            r#"{"metadata.system.tags": {"train": true}}"#,
            r#"{"metadata": {"system": {"tags": {"train": true, "x": 1}}}}"#,
            false,
        ),
        (
            r#"{"metadata.system.tags": {"train": true}}"#,
            r#"{"metadata": {"system": {"tags": {"train": true}}}}"#,
            true,
        ),
        (r#"{"metadata": {"user": {"score": {"$gt": 1}}}}"#, r#"{"metadata": {"user": {"score": 2}}}"#, true),
        (r#"{"metadata": {"user.score": 2}}"#, r#"{"metadata": {"user": {"score": 2}}}"#, true),
    ]);
}

#[test]
fn dates_are_compared_in_time() {
    let document = r#"{"createdAt": "2024-03-31T12:00:00.000Z"}"#;
    let other = r#"{"createdAt": "2024-03-31T14:00:00+02:00"}"#;
    for document in [document, other] {
        check(&[
            (r#"{"createdAt": {"$gt": "2024-03-31"}}"#, document, true),
            (r#"{"createdAt": {"$gt": "2024-03-31T14:00:00+03:00"}}"#, document, true),
            (r#"{"createdAt": {"$lt": "2024-03-31T12:00:00Z"}}"#, document, false),
            (r#"{"createdAt": {"$lte": "2024-03-31T12:00:00Z"}}"#, document, true),
            (r#"{"createdAt": "2024-03-31T12:00:00Z"}"#, document, true),
            (r#"{"createdAt": {"$in": ["2024-03-31T12:00:00+00:00"]}}"#, document, true),
            (r#"{"createdAt": {"$gt": 1704067200000}}"#, document, false),
            (r#"{"createdAt": "2024-03-*"}"#, document, true),
        ]);
    }
    // Elsewhere dates are texts.
    check(&[(r#"{"a": {"$gt": "2024-03-31"}}"#, r#"{"a": "2024-03-31T00:00:00Z"}"#, true)]);
}

#[test]
fn several_tests_of_one_path_may_each_have_another_value() {
    check(&[
        (r#"{"a.b": {"$gt": 5, "$lt": 2}}"#, r#"{"a": [{"b": 1}, {"b": 9}]}"#, true),
        (r#"{"a.b": {"$gt": 5, "$lt": 2}}"#, r#"{"a": [{"b": 3}, {"b": 9}]}"#, false),
        (r#"{"a.b": {"$gte": 1, "$lte": 3, "$ne": 2}}"#, r#"{"a": {"b": 2}}"#, false),
        (r#"{"a.b": {"$gte": 1, "$lte": 3, "$in": [2, 4]}}"#, r#"{"a": {"b": 2}}"#, true),
        (r#"{"a": {"$gt": 5, "$lt": 2}}"#, r#"{}"#, false),
        (r#"{"$or": [{"a": {"$gt": 5}}, {"a": {"$lt": 2}}]}"#, r#"{"a": 1}"#, true),
    ]);
}

#[test]
fn long_lists_are_looked_up_with_the_same_meaning() {
    let list = r#"[0, 1, 2, 3, 4, 5, 6, 7.5, "a", "b", null, true, [1], {"k": 1}]"#;
    let (within, without) =
        (format!(r#"{{"a": {{"$in": {list}}}}}"#), format!(r#"{{"a": {{"$nin": {list}}}}}"#));
    for (value, expected) in [
        ("-0.0", true),
        ("7.5", true),
        ("7", false),
        (r#""a""#, true),
        (r#""1""#, false),
        ("true", true),
        ("false", false),
        ("null", true),
        ("[1]", true),
        ("[9, 3]", true),
        ("[9, [2]]", false),
        (r#"{"k": 1}"#, true),
        (r#"{"k": 2}"#, false),
    ] {
        let document = format!(r#"{{"a": {value}}}"#);
        assert_eq!(matches(&within, &document), expected, "{value}");
        assert_eq!(matches(&without, &document), !expected, "{value}");
    }
    assert!(matches(&within, "{}"));
}
