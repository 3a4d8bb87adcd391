//! Random trees and documents for property tests: small worlds, so that filters and documents meet.

use super::{
    Clause, ClauseKind, Element, Filter, Literal, Order, Path, Query, Resource, SortKey, Span, Test,
};
use super::{Context, Direction, Join};
use proptest::prelude::*;

const FIELDS: &[&str] = &[
    "dir",
    "filename",
    "createdAt",
    "hidden",
    "a",
    "b",
    "a.b",
    "a.0",
    "a.b.c",
    "metadata.user.v",
    "metadata.user.w.k",
    "odd name",
    "metadata.user.\"q",
];

const TEXTS: &[&str] = &[
    "",
    "x",
    "y",
    "/a",
    "/a/b",
    "/a/b/c.jpg",
    "2024-03-31",
    "2024-03-31T00:00:00.000Z",
    "2023-01-01T10:00:00.000Z",
    "12",
    "true",
    "AND",
    "it's \"q\"",
    "é b",
    "x*",
    "\\",
];

fn text() -> impl Strategy<Value = String> {
    prop::sample::select(TEXTS).prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-2i32..4).prop_map(f64::from),
        1 => prop::sample::select(&[0.5, -0.0, 1e300, 1e15, 123_456_789_012_345_680.0, 0.1, f64::MIN_POSITIVE][..]),
        1 => any::<f64>().prop_filter("finite", |number| number.is_finite()),
    ]
}

fn path() -> impl Strategy<Value = Path> {
    prop::sample::select(FIELDS).prop_map(|name| Path::new(name).unwrap())
}

fn scalar() -> impl Strategy<Value = Literal> {
    prop_oneof![
        1 => Just(Literal::Null),
        1 => any::<bool>().prop_map(Literal::Bool),
        3 => number().prop_map(Literal::Number),
        4 => text().prop_map(Literal::Text),
    ]
}

fn literal() -> impl Strategy<Value = Literal> {
    scalar().prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Literal::List),
            prop::collection::btree_map("[bck]", inner, 0..3)
                .prop_map(|entries| Literal::Object(entries.into_iter().collect())),
        ]
    })
}

/// What a plain value may be: no text with a star, and no object that reads as operators or nested fields.
fn plain() -> impl Strategy<Value = Test> {
    literal().prop_map(|literal| match literal {
        Literal::Text(text) if text.contains('*') => Test::Wildcard(text),
        Literal::Object(entries) if !entries.is_empty() => Test::Eq(Literal::Object(entries)),
        other => Test::Plain(other),
    })
}

fn order() -> impl Strategy<Value = Test> {
    let orders = [Order::Greater, Order::GreaterOrEqual, Order::Less, Order::LessOrEqual];
    (prop::sample::select(orders.to_vec()), scalar()).prop_map(|(order, literal)| Test::Order(order, literal))
}

fn pattern() -> impl Strategy<Value = Test> {
    let globs = ["/a/**", "**/*.jpg", "x*", "{x,y}", "[^x]", "?", "/**/b"];
    let regexes = ["^x", "a", "\\.jpg$", "(x|y)+", ""];
    prop_oneof![
        prop::sample::select(&["*", "x*", "*.jpg", "/a/*", "/a/**", "2024-*", "*b*"][..])
            .prop_map(|text| Test::Wildcard(text.into())),
        prop::sample::select(globs.to_vec()).prop_map(|text| Test::Glob(text.into())),
        (prop::sample::select(regexes.to_vec()), prop::sample::select(vec!["", "i", "im"]))
            .prop_map(|(pattern, options)| Test::Regex { pattern: pattern.into(), options: options.into() }),
    ]
}

/// One test by its operator, so that an object of tests has each operator once.
fn leaf_test() -> impl Strategy<Value = Test> {
    let list = || prop::collection::vec(literal(), 0..4);
    prop_oneof![
        1 => literal().prop_map(Test::Eq),
        1 => literal().prop_map(Test::Ne),
        3 => order(),
        1 => list().prop_map(Test::In),
        1 => list().prop_map(Test::Nin),
        1 => list().prop_map(Test::All),
        1 => any::<bool>().prop_map(Test::Exists),
        1 => (0u64..3).prop_map(Test::Size),
        1 => pattern().prop_filter("an operator", |test| !matches!(test, Test::Wildcard(_))),
    ]
}

fn operator(test: &Test) -> &'static str {
    match test {
        Test::Plain(_) | Test::Wildcard(_) | Test::Eq(_) => "$eq",
        Test::Ne(_) => "$ne",
        Test::Order(order, _) => order.name(),
        Test::In(_) => "$in",
        Test::Nin(_) => "$nin",
        Test::Exists(_) => "$exists",
        Test::Match(_) => "$match",
        Test::Not(_) => "$not",
        Test::All(_) => "$all",
        Test::Size(_) => "$size",
        Test::Glob(_) => "$glob",
        Test::Regex { .. } => "$regex",
    }
}

fn each_operator_once(mut tests: Vec<Test>) -> Vec<Test> {
    let mut seen = Vec::new();
    tests.retain(|test| {
        let fresh = !seen.contains(&operator(test));
        seen.push(operator(test));
        fresh
    });
    tests
}

fn operators(test: impl Strategy<Value = Test>) -> impl Strategy<Value = Vec<Test>> {
    prop::collection::vec(test, 1..4).prop_map(each_operator_once)
}

/// The tests of a field.
fn tests() -> impl Strategy<Value = Vec<Test>> {
    let nested = leaf_test().prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(|tests| Test::Not(each_operator_once(tests))),
            prop::collection::vec(inner, 1..3)
                .prop_map(|tests| Test::Match(Element::Value(each_operator_once(tests)))),
        ]
    });
    prop_oneof![
        3 => plain().prop_map(|test| vec![test]),
        1 => pattern().prop_map(|test| vec![test]),
        3 => operators(nested),
    ]
}

fn field() -> impl Strategy<Value = Filter> {
    (path(), tests()).prop_map(|(path, tests)| ClauseKind::Field(path, tests).into())
}

/// Several filters as the clauses of one object: each field and combiner once.
fn merged(filters: Vec<Filter>) -> Filter {
    let mut clauses: Vec<Clause> = Vec::new();
    for clause in filters.into_iter().flat_map(|filter| filter.clauses) {
        let same = |known: &Clause| match (&known.kind, &clause.kind) {
            (ClauseKind::Field(known, _), ClauseKind::Field(new, _)) => known == new,
            (known, new) => std::mem::discriminant(known) == std::mem::discriminant(new),
        };
        if !clauses.iter().any(same) {
            clauses.push(clause);
        }
    }
    Filter { clauses, span: Span::default() }
}

/// Any filter that the language can say.
pub(super) fn filter() -> impl Strategy<Value = Filter> {
    field().prop_recursive(3, 16, 3, |inner| {
        let several = || prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            several().prop_map(|filters| ClauseKind::And(filters).into()),
            several().prop_map(|filters| ClauseKind::Or(filters).into()),
            several().prop_map(|filters| ClauseKind::Nor(filters).into()),
            several().prop_map(merged),
            (path(), inner.clone()).prop_map(|(path, filter)| {
                ClauseKind::Field(path, vec![Test::Match(Element::Object(filter))]).into()
            }),
            Just(Filter::default()),
        ]
    })
}

/// Any query that the language can say.
pub(super) fn query() -> impl Strategy<Value = Query> {
    let rows = || proptest::option::of(0u64..2_000);
    let sort = prop::collection::vec((path(), any::<bool>()), 0..3);
    (filter(), proptest::option::of(filter()), [rows(), rows(), rows(), rows()], sort, any::<[bool; 4]>())
        .prop_map(
            |(filter, other, [page, page_size, skip, limit], sort, [joined, intersect, except, scoped])| {
                let mut query = Query { filter, page, page_size, skip, limit, ..Query::default() };
                let mut fields: Vec<Path> = Vec::new();
                for (field, ascending) in sort {
                    if !fields.contains(&field) {
                        let direction = if ascending { Direction::Ascending } else { Direction::Descending };
                        query.sort.push(SortKey { field: field.clone(), direction });
                        query.select.push((field.clone(), ascending));
                        fields.push(field);
                    }
                }
                if scoped {
                    query.resource = Some(Resource::Items);
                    query.context =
                        Context { projects: vec!["p".into()], datasets: vec!["d\"".into(), "e".into()] };
                }
                let Some(other) = other else { return query };
                if joined {
                    let [local, foreign] = ["itemId", "id"].map(|name| Path::new(name).unwrap());
                    query.join =
                        Some(Join { resource: Resource::Annotations, local, foreign, filter: other.clone() });
                }
                let inner = || Query { resource: Some(Resource::Items), ..Query::of_filter(other.clone()) };
                query.intersect = intersect.then(|| Box::new(inner()));
                query.except = except.then(|| Box::new(inner()));
                query
            },
        )
}

/// A document with the fields that the filters name, in odd forms.
pub(super) fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (-2i32..4).prop_map(|number| serde_json::json!(number)),
        text().prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map("[abck0]", inner, 0..3)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    let field = |name: &'static str| {
        proptest::option::weighted(0.8, value.clone())
            .prop_map(move |value| value.map(|value| (name.to_owned(), value)))
    };
    let user = [field("v"), field("w")];
    let top = [field("a"), field("b"), field("dir"), field("filename"), field("createdAt"), field("hidden")];
    (top, user).prop_map(|(top, user)| {
        let mut document: serde_json::Map<_, _> = top.into_iter().flatten().collect();
        let user: serde_json::Map<_, _> = user.into_iter().flatten().collect();
        document.insert("metadata".into(), serde_json::json!({ "user": user }));
        document.into()
    })
}
