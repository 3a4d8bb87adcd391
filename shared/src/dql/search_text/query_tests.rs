//! The short form of whole queries both ways.

use super::super::{Query, canonical_text, parse, strategies};
use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Query {
    query_from_text(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).0
}

fn joined(filter: &str, labels: &str) -> Query {
    let json = format!(
        r#"{{"filter":{filter},"join":{{"on":{{"resource":"annotations","local":"itemId","forigen":"id"}},"filter":{labels}}}}}"#
    );
    parse(&json).unwrap_or_else(|refusal| panic!("{json}: {refusal}")).query
}

#[test]
fn labels_speak_of_annotations() {
    for (text, query) in [
        ("label = cat", joined("{}", r#"{"label": "cat"}"#)),
        ("dir = /a AND label = cat", joined(r#"{"dir": "/a"}"#, r#"{"label": "cat"}"#)),
        (
            "label IN cat, dog AND dir = /a",
            joined(r#"{"dir": "/a"}"#, r#"{"label": {"$in": ["cat", "dog"]}}"#),
        ),
        ("label = cat OR label = dog", joined("{}", r#"{"$or": [{"label": "cat"}, {"label": "dog"}]}"#)),
        (
            "hidden = false AND label >= b AND type = file AND label < c",
            joined(
                r#"{"$and": [{"hidden": false}, {"type": "file"}]}"#,
                r#"{"$and": [{"label": {"$gte": "b"}}, {"label": {"$lt": "c"}}]}"#,
            ),
        ),
        ("dir = /a", Query::of_filter(parse(r#"{"dir": "/a"}"#).unwrap().query.filter)),
        ("", Query::default()),
    ] {
        assert_eq!(read(text), query, "{text}");
        let written = text_from_query(&query).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(canonical_text(&read(&written)), canonical_text(&query), "{text} as {written}");
    }
}

#[test]
fn what_is_misread_is_warned_of() {
    for (text, part) in [
        ("lable = cat", "did you mean `label`?"),
        ("label != cat", "in `except`"),
        ("label NOT-IN cat, dog", "in `except`"),
        ("label = cat AND label = dog", "one annotation has one label"),
    ] {
        let (_, warnings) = query_from_text(text).unwrap();
        assert!(warnings.iter().any(|problem| problem.to_string().contains(part)), "{text}: {warnings:?}");
    }
    for text in ["label = cat OR label = dog", "label = cat AND dir = /a", "label = a*"] {
        assert_eq!(query_from_text(text).unwrap().1, [], "{text}");
    }
    let suggested = |text: &str| {
        query_from_text(text)
            .unwrap()
            .1
            .first()
            .and_then(|problem| problem.kind.suggestion().map(str::to_owned))
    };
    assert_eq!(suggested("filenam = a").as_deref(), Some("filename"));
    assert_eq!(suggested("label = a"), None);
}

#[test]
fn a_choice_between_labels_and_items_is_refused_at_the_label() {
    let refusal = query_from_text("dir = /a OR label = cat").unwrap_err();
    assert_eq!((refusal.problems[0].span.start, refusal.problems.len()), (12, 1), "{refusal}");
}

#[test]
fn what_the_short_form_of_a_query_cannot_say_is_named() {
    let label = r#"{"label": "cat"}"#;
    for (query, part) in [
        (parse(r#"{"filter": {}, "limit": 3}"#).unwrap().query, "`limit`"),
        (parse(r#"{"filter": {}, "except": {"query": {"filter": {"a": 1}}}}"#).unwrap().query, "`except`"),
        (parse(r#"{"filter": {}, "resource": "annotations"}"#).unwrap().query, "annotations"),
        (parse(r#"{"label": "cat"}"#).unwrap().query, "of an item"),
        (joined("{}", "{}"), "a join"),
        (joined("{}", r#"{"type": "box"}"#), "a join"),
        (joined(r#"{"$or": [{"a": 1}, {"b": 1}]}"#, label), "a choice"),
        (joined(r#"{"dir": "/a"}"#, r#"{"$or": [{"label": "cat"}, {"label": "dog"}]}"#), "a choice"),
    ] {
        let error = text_from_query(&query).expect_err(part);
        assert!(error.to_string().contains(part), "{query}: {error}");
    }
    let paged =
        parse(r#"{"filter": {"dir": "/a"}, "page": 3, "pageSize": 10, "sort": {"name": "ascending"}}"#);
    assert_eq!(text_from_query(&paged.unwrap().query).unwrap(), "dir = /a");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_query_that_can_be_written_is_read_with_the_same_meaning(query in strategies::query()) {
        if let Ok(text) = text_from_query(&query) {
            let (back, _) = query_from_text(&text)
                .map_err(|refusal| TestCaseError::fail(format!("{text}: {refusal}")))?;
            prop_assert_eq!(canonical_text(&back), canonical_text(&query), "{}", text);
        }
    }

    #[test]
    fn any_text_is_read_as_a_query_or_refused(
        text in "(dir|label|AND|OR|IN|!=|=|\"|\\(| |,|true|1|a\\*){0,12}",
    ) {
        if let Ok((query, _)) = query_from_text(&text) {
            let written = text_from_query(&query).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
            prop_assert_eq!(canonical_text(&query_from_text(&written).unwrap().0), canonical_text(&query));
        }
    }
}
