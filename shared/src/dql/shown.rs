//! Queries made of other queries, so that a person can look at what a check of a training speaks of.
//!
//! Must not know the check, nor how a query is run.

use super::ast::{ClauseKind, Context, Filter, Join, Literal, Path, Query, Resource, Test};

/// What two queries of items both find; `None` where the language has no words for it.
#[must_use]
pub fn in_both(one: &Query, other: &Query) -> Option<Query> {
    let mut both = shown(one);
    if is_filter(one) && is_filter(other) {
        both.filter = all_of(vec![one.filter.clone(), other.filter.clone()]);
        return Some(both);
    }
    // A set within a set, or a part of a set, cannot be said.
    let can_be_inner =
        other.intersect.is_none() && other.except.is_none() && other.skip.is_none() && other.limit.is_none();
    if one.intersect.is_some() || !can_be_inner {
        return None;
    }
    let inner = Query {
        filter: other.filter.clone(),
        resource: Some(Resource::Items),
        join: other.join.clone(),
        context: other.context.clone(),
        ..Query::default()
    };
    both.intersect = Some(Box::new(inner));
    Some(both)
}

/// What a query of items finds that has no annotations at all.
#[must_use]
pub fn unannotated(query: &Query) -> Option<Query> {
    let mut shown = shown(query);
    shown.filter = all_of(vec![query.filter.clone(), field("annotated", Test::Plain(Literal::Bool(false)))?]);
    Some(shown)
}

/// What a query of items finds that has an annotation with one of these labels; `None` for one that joins already.
#[must_use]
pub fn with_labels(query: &Query, labels: &[String]) -> Option<Query> {
    if query.join.is_some() {
        return None;
    }
    let labels = labels.iter().map(|label| Literal::Text(label.clone())).collect();
    let mut shown = shown(query);
    shown.join = Some(Join {
        resource: Resource::Annotations,
        local: Path::new("itemId")?,
        foreign: Path::new("id")?,
        filter: field("label", Test::In(labels))?,
    });
    Some(shown)
}

/// Whether it is nothing but a filter of items.
fn is_filter(query: &Query) -> bool {
    query.join.is_none()
        && query.intersect.is_none()
        && query.except.is_none()
        && query.skip.is_none()
        && query.limit.is_none()
        && query.context == Context::default()
}

/// Without what belongs to a page of its own.
fn shown(query: &Query) -> Query {
    Query {
        page: None,
        page_size: None,
        select: Vec::new(),
        resource: Some(Resource::Items),
        ..query.clone()
    }
}

fn field(name: &str, test: Test) -> Option<Filter> {
    Some(ClauseKind::Field(Path::new(name)?, vec![test]).into())
}

fn all_of(filters: Vec<Filter>) -> Filter {
    ClauseKind::And(filters).into()
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn query(text: &str) -> Query {
        parse(text).unwrap().query
    }

    /// What is shown must be a text of the language that is read back as the same query.
    fn text_of(query: Option<Query>) -> Option<String> {
        query.map(|query| {
            let text = query.to_string();
            assert_eq!(parse(&text).unwrap().query, query, "{text}");
            text
        })
    }

    const CAT: &str = r#"{"filter":{},"join":{"on":{"resource":"annotations","local":"itemId","forigen":"id"},"filter":{"label":"cat"}}}"#;

    #[test]
    fn what_both_find_is_said_in_the_plainest_way_there_is() {
        let (a, b) = (query(r#"{"dir":"/a"}"#), query(r#"{"filter":{"name":"b"},"page":3}"#));
        let both = text_of(in_both(&a, &b)).unwrap();
        assert_eq!(both, r#"{"filter":{"$and":[{"dir":"/a"},{"name":"b"}]},"resource":"items"}"#);
        let joined = text_of(in_both(&a, &query(CAT))).unwrap();
        assert!(joined.contains(r#""intersect":{"query":{"#), "{joined}");
        let limited = query(r#"{"filter":{},"limit":1}"#);
        assert_eq!(text_of(in_both(&a, &limited)), None);
        assert!(text_of(in_both(&limited, &a)).is_some());
        let set = query(r#"{"filter":{},"intersect":{"query":{"filter":{"dir":"/a"}}}}"#);
        assert_eq!(text_of(in_both(&set, &a)), None);
        assert_eq!(text_of(in_both(&a, &set)), None);
    }

    #[test]
    fn items_without_annotations_or_with_labels_are_narrowed_from_the_query() {
        let tagged = query(r#"{"filter":{"metadata.system.tags.train":true},"pageSize":5}"#);
        let text = text_of(unannotated(&tagged)).unwrap();
        assert!(text.contains(r#"{"metadata.system.tags.train":true},{"annotated":false}"#), "{text}");
        let text = text_of(with_labels(&tagged, &["a\"b".into()])).unwrap();
        assert!(text.contains(r#"{"label":{"$in":["a\"b"]}}"#), "{text}");
        assert_eq!(text_of(with_labels(&query(CAT), &["dog".into()])), None);
    }
}
