//! What rows show says the same as the filter, and what they cannot show is named.

use super::*;
use shared::dql::{Normal, Order, canonical_text, parse, query_from_text};

fn query(json: &str) -> Query {
    parse(json).unwrap().query
}

fn row(field: &str, operator: Operator, value: &str) -> Row {
    Row { id: 0, field: field.into(), operator, value: value.into() }
}

#[test]
fn what_rows_show_says_the_same() {
    for (json, count, shown) in [
        ("{}", 0, ""),
        (r#"{"dir": "/a"}"#, 1, "dir equals /a"),
        (r#"{"dir": "/a/**", "name": {"$eq": "x y"}}"#, 2, "dir equals /a/**; name equals x y"),
        (
            r#"{"a": "5", "b": 5, "c": "true", "d": null}"#,
            4,
            r#"a equals "5"; b equals 5; c equals "true"; d equals null"#,
        ),
        (r#"{"a": {"$gt": 1, "$lte": 2.5}}"#, 2, "a > greater than 1; a <= at most 2.5"),
        (r#"{"a": {"$in": ["x, y", 3, "(z"]}}"#, 1, r#"a is one of "x, y", 3, "(z""#),
        (r#"{"a": {"$nin": ["it's", "\"q\\"]}}"#, 1, r#"a is none of it's, "\"q\\""#),
        (r#"{"a": {"$ne": ""}}"#, 1, r#"a does not equal """#),
        (r#"{"a": {"$ne": "x*"}}"#, 1, "a does not equal x*"),
        (r#"{"a": {"$exists": false}, "b": {"$exists": true}}"#, 2, "a does not exist ; b exists "),
        (r#"{"filename": {"$glob": "/{a,b}/\\*.png"}}"#, 1, r"filename matches (glob) /{a,b}/\*.png"),
        (r#"{"a": {"$glob": "5"}}"#, 1, "a matches (glob) 5"),
        (
            r#"{"a": "AND", "b": " x", "c": "2024-03-31", "d": "31/03/2024"}"#,
            4,
            r#"a equals AND; b equals " x"; c equals 2024-03-31; d equals "31/03/2024""#,
        ),
        (r#"{"$or": [{"a": 1}, {"b": 2}]}"#, 2, "a equals 1; b equals 2"),
        (r#"{"$or": [{"a": 1, "c": 3}, {"b": 2}]}"#, 3, "a equals 1; c equals 3; b equals 2"),
        (
            r#"{"$and": [{"a": 1}, {"$or": [{"b": 2}, {"$or": [{"c": 3}, {"d": 4}]}]}, {"$and": [{"e": 5}]}]}"#,
            5,
            "a equals 1; b equals 2; c equals 3; d equals 4; e equals 5",
        ),
    ] {
        let query = query(&format!(r#"{{"filter": {json}}}"#));
        let rows = Rows::from_filter(&query.filter).unwrap();
        assert_eq!(Normal::of(&rows.to_filter()), Normal::of(&query.filter), "{json}");
        let words: Vec<String> =
            rows.rows().map(|row| format!("{} {} {}", row.field, row.operator.words(), row.value)).collect();
        assert_eq!((rows.rows().count(), words.join("; ").as_str()), (count, shown), "{json}");
        assert_eq!(rows.left_out(), 0, "{json}");
    }
}

#[test]
fn what_rows_cannot_show_has_a_reason() {
    let join = r#"{"on": {"resource": "annotations", "local": "itemId", "forigen": "id"}, "filter": {"type": "box"}}"#;
    for (json, what) in [
        (r#"{"a": {"$not": {"$gt": 1}}}"#.to_owned(), "`$not`"),
        (r#"{"a": {"$regex": "x", "$options": "i"}}"#.into(), "`$regex`"),
        (r#"{"$nor": [{"a": 1}]}"#.into(), "`$nor`"),
        (r#"{"a": [1, 2]}"#.into(), "a list or an object"),
        (r#"{"a": {"$in": []}}"#.into(), "an empty list"),
        (r#"{"a": {"$eq": "x*"}}"#.into(), "no wildcard"),
        (r#"{"a": {"$gt": true}}"#.into(), "an order with"),
        (r#"{" a": 1}"#.into(), "a condition of this filter"),
        (r#"{"$or": [{"a": 1}, {}]}"#.into(), "a choice without conditions"),
        (r#"{"$or": [{"a": 1, "$or": [{"b": 1}, {"c": 1}]}, {"d": 1}]}"#.into(), "nested this deep"),
        (r#"{"label": "cat"}"#.into(), "the field `label` of an item"),
        (r#"{"filter": {}, "limit": 3}"#.into(), "`limit`"),
        (r#"{"filter": {}, "except": {"query": {"filter": {"a": 1}}}}"#.into(), "`except`"),
        (format!(r#"{{"filter": {{}}, "join": {join}}}"#), "a join on anything but `label`"),
    ] {
        let reason = Rows::from_query(&query(&json)).unwrap_err();
        assert!(reason.starts_with("The form cannot show ") && reason.contains(what), "{json}: {reason}");
    }
}

#[test]
fn labels_are_rows_and_the_rest_of_the_query_stays() {
    for text in ["label = cat AND dir = /a", "label = cat OR label = dog", "label IN cat, dog", "dir = /a"] {
        let base = Query {
            page: Some(3),
            ..query(r#"{"filter": {}, "sort": {"name": "ascending"}, "select": {"name": true}}"#)
        };
        let asked = query_from_text(text).unwrap().0;
        let asked = Query { filter: asked.filter, join: asked.join, ..base };
        let back = Rows::from_query(&asked).unwrap().to_query(&asked);
        assert_eq!(canonical_text(&back), canonical_text(&asked), "{text}");
        assert_eq!((back.page, back.sort, back.select), (asked.page, asked.sort, asked.select), "{text}");
    }
    let mut rows = Rows::from_query(&query_from_text("label = cat AND dir = /a").unwrap().0).unwrap();
    rows.joiner = Joiner::Any;
    assert_eq!(rows.left_out(), 1);
    assert_eq!(rows.to_query(&Query::default()), query(r#"{"dir": "/a"}"#));
}

#[test]
fn values_are_read_as_the_short_form_reads_them() {
    for (operator, value, expected) in [
        (Operator::Equals, "5", Ok(r#"{"a":5}"#)),
        (Operator::Equals, " 'x y' ", Ok(r#"{"a":"x y"}"#)),
        (Operator::Equals, "x = y, z", Ok(r#"{"a":"x = y, z"}"#)),
        (Operator::Equals, "31/03/2024", Ok(r#"{"a":"2024-03-31"}"#)),
        (Operator::Equals, "\"x", Err("The quote is not closed")),
        (Operator::Equals, "\"x\" y", Err("Nothing may follow the closing quote")),
        (Operator::Order(Order::Less), "true", Err("true")),
        (Operator::OneOf, "x y, 3, true,", Ok(r#"{"a":{"$in":["x y",3,true]}}"#)),
        (Operator::OneOf, "(x, y)", Ok(r#"{"a":{"$in":["x","y"]}}"#)),
        (Operator::OneOf, "x,,y", Err("missing before a comma")),
        (Operator::OneOf, "'x' y", Err("must be a comma")),
        (Operator::Matches, "[z-a]", Err("pattern")),
        (Operator::Exists, "left over", Ok(r#"{"a":{"$exists":true}}"#)),
    ] {
        match (row("a", operator, value).read(), expected) {
            (Ok(Some(filter)), Ok(json)) => assert_eq!(filter.to_string(), json),
            (Err(fault), Err(part)) => assert!(fault.message.contains(part), "{value}: {}", fault.message),
            (found, _) => panic!("{value}: {found:?}"),
        }
    }
    for field in ["a..b", "$and"] {
        assert!(row(field, Operator::Equals, "1").read().unwrap_err().is_in_field, "{field}");
    }
}

#[test]
fn unfinished_rows_stay_and_are_left_out() {
    let start = query(r#"{"filter": {"a": 1}, "sort": {"name": "ascending"}}"#);
    let mut sheet = Sheet::of_query(&start);
    let (draft, id) = sheet.edit(|rows| rows.add(None)).unwrap();
    assert_eq!(draft.read(&Query::default()).query, Some(start));
    assert!(sheet.says(&draft.text));
    assert_eq!(sheet.rows.as_ref().unwrap().left_out(), 1);
    let (draft, in_group) = sheet
        .edit(|rows| {
            rows.change(id, |row| (row.field, row.value) = ("b".into(), "2".into()));
            rows.add_group()
        })
        .unwrap();
    let read = draft.read(&Query::default()).query.unwrap();
    assert_eq!(read.filter, query(r#"{"$and": [{"a": 1}, {"b": 2}]}"#).filter);
    let (_, before) = sheet.edit(|rows| rows.remove(in_group)).unwrap();
    assert_eq!(before, Some(id));
    assert_eq!(sheet.rows.as_ref().unwrap().entries.len(), 2);
    let (_, before) = sheet.edit(|rows| rows.remove(0)).unwrap();
    assert_eq!(before, None);
}
