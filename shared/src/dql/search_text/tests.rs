//! The short form both ways.

use super::super::strategies;
use super::super::{Filter, Normal, Resource, parse};
use super::*;
use proptest::prelude::*;

fn filter(json: &str) -> Filter {
    parse(json).unwrap_or_else(|refusal| panic!("{json}: {refusal}")).query.filter
}

fn read(text: &str) -> Filter {
    filter_from_text(text, Resource::Items).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).0
}

#[test]
fn each_condition_reads_as_its_json() {
    for (text, json) in [
        ("", "{}"),
        ("dir = /a", r#"{"dir": "/a"}"#),
        ("dir=/a", r#"{"dir": "/a"}"#),
        ("annotated = true and dir = /a", r#"{"$and": [{"annotated": true}, {"dir": "/a"}]}"#),
        (
            "name = a OR dir = /b AND hidden = false",
            r#"{"$or": [{"name": "a"}, {"$and": [{"dir": "/b"}, {"hidden": false}]}]}"#,
        ),
        ("annotationsCount >= 3", r#"{"annotationsCount": {"$gte": 3}}"#),
        ("annotationsCount != 3", r#"{"annotationsCount": {"$ne": 3}}"#),
        ("name = '3'", r#"{"name": "3"}"#),
        ("name = \"it's \\\"x\\\"\"", r#"{"name": "it's \"x\""}"#),
        ("metadata.user.score < -1.5e3", r#"{"metadata.user.score": {"$lt": -1500}}"#),
        ("dir IN /a, \"/b c\", null", r#"{"dir": {"$in": ["/a", "/b c", null]}}"#),
        ("dir IN (/a, /b)", r#"{"dir": {"$in": ["/a", "/b"]}}"#),
        ("dir NOT-IN /a", r#"{"dir": {"$nin": ["/a"]}}"#),
        ("metadata.system.tags.train EXISTS", r#"{"metadata.system.tags.train": {"$exists": true}}"#),
        ("metadata.user.x DOESNT-EXIST", r#"{"metadata.user.x": {"$exists": false}}"#),
        ("createdAt > 31/03/2024", r#"{"createdAt": {"$gt": "2024-03-31"}}"#),
        ("createdAt > 31/13/2024", r#"{"createdAt": {"$gt": "31/13/2024"}}"#),
        ("filename = /train/**", r#"{"filename": "/train/**"}"#),
        ("\"metadata.user.odd name\" = 1", r#"{"metadata.user.odd name": 1}"#),
        ("name = a!b", r#"{"name": "a!b"}"#),
        ("name!=b", r#"{"name": {"$ne": "b"}}"#),
    ] {
        assert_eq!(read(text), filter(json), "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, start, part) in [
        ("dir", 3, "expected one of = !="),
        ("dir = ", 6, "expected a value, found the end"),
        ("dir = /a /b", 9, "quotes around a value"),
        ("dir = a AND", 11, "the name of a field"),
        ("(dir = a) OR hidden = true", 0, "no brackets"),
        ("dir = 'a", 6, "not closed"),
        ("hidden > true", 9, "takes only = and !="),
        ("dir = OR", 6, "expected a value"),
        ("a..b = 1", 0, "between dots"),
        ("dir IN (a, b", 12, "closing bracket"),
    ] {
        let refusal = filter_from_text(text, Resource::Items).expect_err(text);
        let problem = &refusal.problems[0];
        assert!(problem.to_string().contains(part), "{text}: {problem}");
        assert_eq!(problem.span.start, start, "{text}: {problem}");
    }
    let many = filter_from_text("dir > true AND = 3 OR name", Resource::Items).unwrap_err();
    assert_eq!(many.problems.len(), 3, "{many}");
    let (_, warnings) = filter_from_text("lable = cat", Resource::Annotations).unwrap();
    assert!(warnings[0].to_string().contains("did you mean `label`"), "{warnings:?}");
}

#[test]
fn what_the_short_form_cannot_say_is_named() {
    for (json, part) in [
        (r#"{"$and": [{"dir": "/a"}, {"$or": [{"a": 1}, {"a": 2}]}]}"#, "`$or` within `$and`"),
        (r#"{"$nor": [{"a": 1}]}"#, "`$nor`"),
        (r#"{"a": {"$not": {"$gt": 1}}}"#, "`$not`"),
        (r#"{"a": [1]}"#, "a list"),
        (r#"{"a": {"$eq": "x*"}}"#, "no wildcard"),
        (r#"{"a": {"$in": []}}"#, "an empty list"),
        (r#"{"$or": [{}, {"a": 1}]}"#, "matches everything"),
        (r#"{"a": {"$gt": true}}"#, "an order"),
    ] {
        let error = text_from_filter(&filter(json)).expect_err(json);
        assert!(error.to_string().contains(part), "{json}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_can_be_written_is_read_with_the_same_meaning(filter in strategies::filter()) {
        if let Ok(text) = text_from_filter(&filter) {
            let (back, _) = filter_from_text(&text, Resource::Items)
                .map_err(|refusal| TestCaseError::fail(format!("{text}: {refusal}")))?;
            prop_assert_eq!(Normal::of(&back).to_string(), Normal::of(&filter).to_string(), "{}", text);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-c =!<>,'\"\\\\()$.*]{0,20}|(dir|AND|OR|IN|=|\"|'|\\(| |,|true|1){0,12}") {
        if let Ok((filter, _)) = filter_from_text(&text, Resource::Items) {
            let written = text_from_filter(&filter).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
            let (back, _) = filter_from_text(&written, Resource::Items).unwrap();
            prop_assert_eq!(back, filter);
        }
    }
}
