//! The rule that chooses what is offered first, case by case.

use super::super::parse::parse;
use super::*;
use SelectionMode::{DqlFilter, TaggedItems};

const TRAIN: &str = r#"{"filter":{"$and":[{"hidden":false},{"type":"file"},{"metadata.system.tags.train":true}]},"page":0,"pageSize":1000,"resource":"items"}"#;

#[derive(Debug, PartialEq)]
enum Why {
    NoFilter,
    SameText,
    SameMeaning,
    Different,
    Broken,
}

fn why(reason: &SelectionReason) -> Why {
    match reason {
        SelectionReason::NoFilter => Why::NoFilter,
        SelectionReason::SameText => Why::SameText,
        SelectionReason::SameMeaning => Why::SameMeaning,
        SelectionReason::Different => Why::Different,
        SelectionReason::Broken(_) => Why::Broken,
    }
}

#[test]
fn the_texts_are_those_that_platforms_exchange() {
    assert_eq!(tagged_items_query(Subset::Train).to_string(), TRAIN);
    for (dir, with_subfolders, condition) in [
        ("/a", false, r#"{"dir":"/a"}"#),
        ("a/b/", false, r#"{"dir":"/a/b"}"#),
        ("/a", true, r#"{"filename":"/a/**"}"#),
        ("/", true, r#"{"filename":"/**"}"#),
        ("/", false, r#"{"dir":"/"}"#),
        ("/a*", false, r#"{"dir":{"$eq":"/a*"}}"#),
    ] {
        let expected = format!(r#"{{"$and":[{{"hidden":false}},{{"type":"file"}},{condition}]}}"#);
        let query = folder_query(dir, with_subfolders);
        assert_eq!(query.filter.to_string(), expected, "{dir}");
        assert_eq!(parse(&query.to_string()).unwrap().query, query, "{dir}");
    }
}

#[test]
fn each_form_of_a_filter_leads_to_its_choice() {
    let spaced = TRAIN.replace(',', ", ").replace(':', " : ");
    let lines = TRAIN.replace(',', ",\r\n\t");
    let split = TRAIN.replace("file", "fi le");
    let validation = tagged_items_query(Subset::Validation).to_string();
    let same = (TaggedItems, Why::SameMeaning);
    let other = (DqlFilter, Why::Different);
    let table: Vec<(&str, Option<&str>, (SelectionMode, Why))> = vec![
        ("no filter", None, (TaggedItems, Why::NoFilter)),
        ("only white space", Some(" \n"), (TaggedItems, Why::NoFilter)),
        ("equal text", Some(TRAIN), (TaggedItems, Why::SameText)),
        ("other spaces", Some(&spaced), (TaggedItems, Why::SameText)),
        ("other line breaks", Some(&lines), (TaggedItems, Why::SameText)),
        ("spaces within a text", Some(&split), (TaggedItems, Why::SameText)),
        (
            "other order of keys",
            Some(
                r#"{"resource":"items","filter":{"$and":[{"metadata.system.tags.train":true},{"type":"file"},{"hidden":false}]}}"#,
            ),
            same,
        ),
        (
            "bare filter",
            Some(r#"{"$and":[{"hidden":false},{"type":"file"},{"metadata.system.tags.train":true}]}"#),
            (TaggedItems, Why::SameMeaning),
        ),
        (
            "nested object and one-element or",
            Some(
                r#"{"filter":{"$and":[{"hidden":false},{"$or":[{"metadata":{"system":{"tags":{"train":true}}}}]},{"type":"file"}]}}"#,
            ),
            (TaggedItems, Why::SameMeaning),
        ),
        (
            "one object for all",
            Some(r#"{"hidden":false,"type":"file","metadata.system.tags.train":true}"#),
            (TaggedItems, Why::SameMeaning),
        ),
        ("without defaults", Some(r#"{"metadata.system.tags.train":true}"#), (TaggedItems, Why::SameMeaning)),
        (
            "$eq written out",
            Some(r#"{"metadata.system.tags.train":{"$eq":true}}"#),
            (TaggedItems, Why::SameMeaning),
        ),
        (
            "one-element $in",
            Some(r#"{"metadata.system.tags.train":{"$in":[true]}}"#),
            (TaggedItems, Why::SameMeaning),
        ),
        (
            "double negation",
            Some(r#"{"$nor":[{"metadata.system.tags.train":{"$ne":true}}]}"#),
            (TaggedItems, Why::SameMeaning),
        ),
        (
            "condition twice",
            Some(r#"{"$and":[{"metadata.system.tags.train":true},{"metadata.system.tags.train":true}]}"#),
            (TaggedItems, Why::SameMeaning),
        ),
        (
            "other page size and sort",
            Some(
                r#"{"filter":{"metadata.system.tags.train":true},"pageSize":100,"sort":{"name":"ascending"}}"#,
            ),
            (TaggedItems, Why::SameMeaning),
        ),
        ("validation against train", Some(&validation), (DqlFilter, Why::Different)),
        ("tag is false", Some(r#"{"metadata.system.tags.train":false}"#), (DqlFilter, Why::Different)),
        (
            "tag exists",
            Some(r#"{"metadata.system.tags.train":{"$exists":true}}"#),
            (DqlFilter, Why::Different),
        ),
        (
            "one condition more",
            Some(r#"{"metadata.system.tags.train":true,"dir":"/a"}"#),
            (DqlFilter, Why::Different),
        ),
        ("a folder", Some(r#"{"dir":"/train"}"#), (DqlFilter, Why::Different)),
        ("everything", Some("{}"), (DqlFilter, Why::Different)),
        (
            "hidden ones",
            Some(r#"{"hidden":true,"metadata.system.tags.train":true}"#),
            (DqlFilter, Why::Different),
        ),
        (
            "a limit",
            Some(r#"{"filter":{"metadata.system.tags.train":true},"limit":10}"#),
            (DqlFilter, Why::Different),
        ),
        (
            "of annotations",
            Some(r#"{"filter":{"metadata.system.tags.train":true},"resource":"annotations"}"#),
            (DqlFilter, Why::Different),
        ),
        (
            "with a join",
            Some(
                r#"{"filter":{"metadata.system.tags.train":true},"join":{"on":{"resource":"annotations","local":"itemId","forigen":"id"},"filter":{"label":"cat"}}}"#,
            ),
            other,
        ),
        ("no JSON", Some("{\"filter\":"), (DqlFilter, Why::Broken)),
        (
            "unknown operator",
            Some(r#"{"metadata.system.tags.train":{"$is":true}}"#),
            (DqlFilter, Why::Broken),
        ),
        ("a list", Some("[]"), (DqlFilter, Why::Broken)),
    ];
    for (name, text, expected) in table {
        let chosen = default_selection(text, Subset::Train);
        assert_eq!((chosen.mode, why(&chosen.reason)), expected, "{name}");
    }
    let own = default_selection(Some(&validation), Subset::Validation);
    assert_eq!((own.mode, own.reason), (TaggedItems, SelectionReason::SameText));
}

#[test]
fn a_broken_filter_says_what_is_wrong() {
    let chosen = default_selection(Some(r#"{"metadata.system.tags.train":{"$exist":true}}"#), Subset::Train);
    let text = chosen.reason.to_string();
    assert!(text.contains("line 1, column 32") && text.contains("did you mean `$exists`"), "{text}");
}
