//! Documents come back as they were, and what cannot be read leaves nothing behind.

use super::*;
use proptest::prelude::*;

fn back(value: Value<'_>, names: &[&str]) -> serde_json::Value {
    match value.shape() {
        Shape::Null => serde_json::Value::Null,
        Shape::Bool(value) => value.into(),
        Shape::Number(value) => value.into(),
        Shape::Text(text) => text.into(),
        Shape::List => value.elements().map(|element| back(element, names)).collect(),
        Shape::Object => {
            let field = |name: &&str| value.field(name).map(|v| ((*name).to_owned(), back(v, names)));
            names.iter().filter_map(field).collect::<serde_json::Map<_, _>>().into()
        }
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (-1e6..1e6f64).prop_map(Into::into),
        "[a-c\u{e9}]{0,3}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

#[test]
fn of_a_name_that_stands_twice_the_last_value_counts() {
    let mut documents = Documents::new();
    documents.push_json(r#"{"a": 1, "b": {"a": 2, "a": 3, "c": {"a": 9}, "a": 4}, "a": [5]}"#).unwrap();
    let document = documents.get(0).unwrap();
    assert_eq!(document.child_count(), 2);
    assert_eq!(document.field("a").unwrap().element(0).unwrap().shape(), Shape::Number(5.0));
    let inner = document.field("b").unwrap();
    assert_eq!((inner.child_count(), inner.field("a").unwrap().shape()), (2, Shape::Number(4.0)));
}

#[test]
fn what_cannot_be_read_leaves_nothing_behind() {
    let mut documents = Documents::new();
    documents.push_json(r#"{"a": "x"}"#).unwrap();
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (json, part) in [
        ("{\"a\": [1, \"y\", }", "expected value"),
        ("{} 1", "trailing"),
        ("", "EOF"),
        (deep.as_str(), "recursion limit"),
        ("{\"a\": 1e999}", "out of range"),
    ] {
        let error = documents.push_json(json).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        assert_eq!((documents.len(), documents.nodes.len(), documents.text.len()), (1, 1, 1));
    }
    documents.push_json("[1]").unwrap();
    assert_eq!(documents.get(1).unwrap().child_count(), 1);
}

proptest! {
    #[test]
    fn values_come_back_as_they_were(values in prop::collection::vec(json(), 1..4)) {
        let mut documents = Documents::new();
        for value in &values {
            documents.push_value(value).unwrap();
        }
        for (index, value) in values.iter().enumerate() {
            prop_assert_eq!(&back(documents.get(index).unwrap(), &["a", "b", "c"]), value);
        }
    }
}
