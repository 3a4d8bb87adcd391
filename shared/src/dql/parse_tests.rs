//! What is read, what is refused, and what is warned of.

use super::super::{Direction, REFERENCE, Resource, query_from_text};
use super::*;

fn read(text: &str) -> Query {
    parse(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).query
}

#[test]
fn every_key_of_a_query_is_read() {
    let query = read(
        r#"{"filter": {"a.b": 1}, "resource": "items", "page": 1, "pageSize": 2, "skip": 3, "limit": 4,
            "sort": {"type": "ascending", "metadata": {"user": {"score": "descending"}}},
            "join": {"on": {"resource": "annotations", "local": "itemId", "forigen": "id"}, "filter": {"label": "x"}},
            "intersect": {"query": {"filter": {}}}, "except": {"query": {"filter": {}, "resource": "items"}},
            "select": {"name": 1, "dir": 0, "id": true}, "context": {"projects": ["p"], "datasets": ["d", "e"]}}"#,
    );
    assert_eq!((query.page, query.page_size, query.skip, query.limit), (Some(1), Some(2), Some(3), Some(4)));
    let keys: Vec<(&str, Direction)> =
        query.sort.iter().map(|key| (key.field.as_str(), key.direction)).collect();
    assert_eq!(keys, [("type", Direction::Ascending), ("metadata.user.score", Direction::Descending)]);
    let join = query.join.unwrap();
    assert_eq!(
        (join.resource, join.local.as_str(), join.foreign.as_str()),
        (Resource::Annotations, "itemId", "id")
    );
    assert!(query.intersect.is_some() && query.except.is_some());
    let select: Vec<(&str, bool)> =
        query.select.iter().map(|(field, shown)| (field.as_str(), *shown)).collect();
    assert_eq!(select, [("name", true), ("dir", false), ("id", true)]);
    assert_eq!((query.context.projects.len(), query.context.datasets.len()), (1, 2));
    assert_eq!(read("{}"), Query::default());
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let text = r#"{
  "filter": {"dir": {"$inn": ["/a"]}, "name": {"$regex": "("}, "$or": [], "a..b": 1, "hidden": {"$ne": 1, "x": 2},
             "type": {"$exists": "yes"}, "id": {"$size": -1}, "url": {"$options": "i"}, "dir": 1},
  "pagesize": 10, "update": {}, "resource": "item", "sort": {"name": "up", "dir": 1},
  "join": {"on": {"resource": "models", "local": "id"}, "filters": {}},
  "except": {"query": {"filter": {}, "limit": 1}}, "context": {"project": []}, "select": {"a": 2}
}"#;
    insta::assert_snapshot!(parse(text).unwrap_err().to_string());
}

#[test]
fn each_mistake_has_its_words() {
    for (text, part) in [
        ("[]", "`filter` needs an object, not a list"),
        (r#"{"resource": "items"}"#, "a query needs `filter`"),
        (r#"{"$eq": 1}"#, "cannot stand here: it tests the value of a field"),
        (r#"{"dir": {"$or": [{}]}}"#, "it stands outside of the field"),
        (r#"{"dir": {"$not": {}}}"#, "an object of operators"),
        (r#"{"dir": {"$gt": [1]}}"#, "a number, a text, a date"),
        (r#"{"metadata": {"user.x": 1, "user": {"x": 2}}}"#, "`metadata.user.x` stands twice"),
        (r#"{"a": {"$match": [1]}}"#, "`$match` needs an object"),
        (r#"{"a": {"$match": {"$gt": 1, "b": 2}}}"#, "cannot stand side by side"),
        (r#"{"a": 1e999}"#, "is too large"),
        (r#"{"filter": {}, "projects": ["a"]}"#, "write it into `context`"),
        (r#"{"filter": {}, "page": 1.5}"#, "a whole number from 0"),
        (
            r#"{"filter": {}, "except": {"query": {"filter": {}, "resource": "annotations"}}}"#,
            "speaks of annotations, and the query around it of items",
        ),
        (r#"{"filter": {}, "intersect": {}}"#, "intersect needs `query`"),
        (
            r#"{"filter": {}, "resource": "annotations", "join": {"on": {"resource": "annotations", "local": "a", "forigen": "b"}, "filter": {}}}"#,
            "not annotations with annotations",
        ),
    ] {
        let refusal = parse(text).expect_err(text).to_string();
        assert!(refusal.contains(part), "{text}: {refusal}");
    }
}

#[test]
fn slips_are_warned_of_and_run_all_the_same() {
    for (text, part) in [
        (r#"{"lable": "cat"}"#, "items have no field `lable`"),
        (r#"{"filter": {"lable": "cat"}, "resource": "annotations"}"#, "did you mean `label`?"),
        (r#"{"metadata.sistem.width": 1}"#, "did you mean `metadata.system.width`?"),
        (r#"{"createdAt": {"$gt": "yesterday"}}"#, "compared as text"),
        (r#"{"dir": {"$glob": "/[!a]"}}"#, "write `[^`"),
        (
            r#"{"filter": {}, "join": {"on": {"resource": "annotations", "local": "itemId", "forigen": "id"}, "filter": {"label": {"$ne": "cat"}}}}"#,
            "`except`",
        ),
    ] {
        let warnings = parse(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).warnings;
        assert_eq!(warnings.len(), 1, "{text}: {warnings:?}");
        assert!(warnings[0].to_string().contains(part), "{text}: {}", warnings[0]);
    }
    for text in [r#"{"metadata.user.anything": 1}"#, r#"{"a": {"$match": {"what": 1}}}"#] {
        let warnings = parse(text).unwrap().warnings;
        assert!(warnings.iter().all(|problem| !problem.to_string().contains("what")), "{text}: {warnings:?}");
    }
}

#[test]
fn many_mistakes_are_told_up_to_a_number_and_never_let_a_query_through() {
    let many = |entry: &str, count: usize| {
        let entries: Vec<String> = (0..count).map(|n| entry.replace('#', &n.to_string())).collect();
        format!("{{\"$and\":[{}]}}", entries.join(","))
    };
    assert_eq!(parse(&many(r#"{"unknown#": 1}"#, 5_000)).unwrap().warnings.len(), 100);
    assert_eq!(parse(&many(r#"{"dir": {"$unknown#": 1}}"#, 3_000)).unwrap_err().problems.len(), 100);
    let late = many(r#"{"unknown#": 1}"#, 5_000).replace("]}", r#",{"dir": {"$no": 1}}]}"#);
    assert_eq!(parse(&late).unwrap_err().problems.len(), 1);
    let patterns = parse(&many(r##"{"name": {"$regex": "a#"}}"##, 200)).unwrap_err().to_string();
    assert!(patterns.contains("patterns is at most 100"), "{patterns}");
    // Folders need no compiled program.
    assert!(parse(&many(r#"{"filename": "/a#/**"}"#, 2_000)).is_ok());
}

#[test]
fn every_clause_knows_its_place() {
    let text = r#"{"dir": "/a", "$and": [{"hidden": false}]}"#;
    let filter = read(text).filter;
    let places: Vec<&str> =
        filter.clauses.iter().map(|clause| &text[clause.span.start..clause.span.end]).collect();
    assert_eq!(places, [r#""dir": "/a""#, r#""$and": [{"hidden": false}]"#]);
}

#[test]
fn each_example_of_the_reference_is_read_without_a_warning() {
    let (mut examples, mut lines) = (0, REFERENCE.lines());
    while let Some(line) = lines.next() {
        let fence = line.trim_start_matches("```");
        if !matches!((line.starts_with("```"), fence), (true, "json" | "text")) {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        examples += 1;
        if fence == "json" {
            let text = block.join("\n");
            assert_eq!(parse(&text).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).warnings, []);
        } else {
            for text in block {
                let read = query_from_text(text);
                assert_eq!(read.unwrap_or_else(|refusal| panic!("{text}: {refusal}")).1, []);
            }
        }
    }
    assert!(examples >= 10, "{examples}");
}

#[test]
fn the_reference_names_every_operator() {
    for operator in super::super::COMBINERS.iter().chain(super::super::TESTS) {
        assert!(REFERENCE.contains(&format!("`{operator}`")), "{operator}");
    }
    for key in QUERY_KEYS {
        assert!(REFERENCE.contains(&format!("`{key}`")), "{key}");
    }
}
