//! Whole queries over documents in memory: the filter, and joins and sets around it.
//!
//! Must not know pages, order or fields to show: it says which documents belong.

use super::ast::{Join, Query, Resource};
use super::document::{Documents, Shape, Value};
use super::matcher::Matcher;
use super::normal::Normal;
use std::collections::HashSet;

/// The documents that a query may speak of.
#[derive(Debug, Clone, Copy)]
pub struct Tables<'a> {
    /// Items.
    pub items: &'a Documents,
    /// Annotations, if they are at hand.
    pub annotations: Option<&'a Documents>,
}

/// Why a query cannot be run over these documents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// It speaks of documents that are not there.
    #[error("the query speaks of {0}, and there are none to search")]
    NoTable(&'static str),
    /// A pattern cannot be used; the parser has refused such queries before.
    #[error("a pattern cannot be used: {0}")]
    Pattern(String),
}

/// The places of the documents of the query's resource that belong to it, in order.
///
/// `join` keeps those with at least one partner, `intersect` those that are in the other set too, `except` those that
/// are not. Pages, order, `skip`, `limit` and `select` are left to who hands the documents out.
///
/// # Errors
/// [`SelectError`].
pub fn matching(query: &Query, tables: Tables<'_>) -> Result<Vec<usize>, SelectError> {
    let documents = tables.of(query.resource())?;
    let mut found = compiled(&Normal::of(&query.filter))?.matching(documents);
    if let Some(join) = &query.join {
        let partners = Partners::of(join, tables)?;
        found.retain(|&place| documents.get(place).is_some_and(|document| partners.has(document, join)));
    }
    if let Some(inner) = &query.intersect {
        let inner: HashSet<usize> = matching(inner, tables)?.into_iter().collect();
        found.retain(|place| inner.contains(place));
    }
    if let Some(inner) = &query.except {
        let inner: HashSet<usize> = matching(inner, tables)?.into_iter().collect();
        found.retain(|place| !inner.contains(place));
    }
    Ok(found)
}

fn compiled(filter: &Normal) -> Result<Matcher, SelectError> {
    Matcher::new(filter).map_err(SelectError::Pattern)
}

impl<'a> Tables<'a> {
    fn of(self, resource: Resource) -> Result<&'a Documents, SelectError> {
        match resource {
            Resource::Items => Ok(self.items),
            Resource::Annotations => self.annotations.ok_or(SelectError::NoTable("annotations")),
            Resource::Other(name) => Err(SelectError::NoTable(name)),
        }
    }
}

/// What the joined documents that fit have in the field of the join.
struct Partners<'a> {
    texts: HashSet<&'a str>,
}

impl<'a> Partners<'a> {
    fn of(join: &Join, tables: Tables<'a>) -> Result<Self, SelectError> {
        let documents = tables.of(join.resource)?;
        let fitting = compiled(&Normal::of(&join.filter))?.matching(documents);
        let partners = fitting.into_iter().filter_map(|place| documents.get(place));
        Ok(Self { texts: partners.filter_map(|partner| text_at(partner, join.local.as_str())).collect() })
    }

    fn has(&self, document: Value<'_>, join: &Join) -> bool {
        text_at(document, join.foreign.as_str()).is_some_and(|text| self.texts.contains(text))
    }
}

/// Ids are texts, and stand in no list.
fn text_at<'a>(document: Value<'a>, path: &str) -> Option<&'a str> {
    let value = path.split('.').try_fold(document, Value::field)?;
    if let Shape::Text(text) = value.shape() { Some(text) } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn documents(lines: &[&str]) -> Documents {
        let mut documents = Documents::new();
        lines.iter().for_each(|line| documents.push_json(line).unwrap());
        documents
    }

    #[test]
    fn joins_and_sets_choose_by_annotations() {
        let items =
            documents(&[r#"{"id":"a"}"#, r#"{"id":"b"}"#, r#"{"id":"c"}"#, r#"{"id":"d","hidden":true}"#]);
        let annotations = documents(&[
            r#"{"id":"1","itemId":"a","label":"cat"}"#,
            r#"{"id":"2","itemId":"a","label":"dog"}"#,
            r#"{"id":"3","itemId":"b","label":"dog"}"#,
            r#"{"id":"4","itemId":"d","label":"cat"}"#,
        ]);
        let tables = Tables { items: &items, annotations: Some(&annotations) };
        let join = |filter: &str| {
            format!(
                r#""join":{{"on":{{"resource":"annotations","local":"itemId","forigen":"id"}},"filter":{filter}}}"#
            )
        };
        let cat = join(r#"{"label":"cat"}"#);
        let dog = join(r#"{"label":"dog"}"#);
        for (text, expected) in [
            (format!(r#"{{"filter":{{}},{cat}}}"#), &[0, 3][..]),
            (format!(r#"{{"filter":{{"hidden":{{"$ne":true}}}},{cat}}}"#), &[0]),
            // Some annotation that is no cat, not: no annotation that is a cat.
            (format!(r#"{{"filter":{{}},{}}}"#, join(r#"{"label":{"$ne":"cat"}}"#)), &[0, 1]),
            (format!(r#"{{"filter":{{}},"except":{{"query":{{"filter":{{}},{cat}}}}}}}"#), &[1, 2]),
            (format!(r#"{{"filter":{{}},{cat},"intersect":{{"query":{{"filter":{{}},{dog}}}}}}}"#), &[0]),
            (
                r#"{"filter":{"label":"dog"},"resource":"annotations",
                    "join":{"on":{"resource":"items","local":"id","foreign":"itemId"},"filter":{"id":"b"}}}"#
                    .into(),
                &[2],
            ),
        ] {
            let query = parse(&text).unwrap_or_else(|refusal| panic!("{text}: {refusal}")).query;
            assert_eq!(matching(&query, tables).unwrap(), expected, "{text}");
        }
        let query = parse(&format!(r#"{{"filter":{{}},{cat}}}"#)).unwrap().query;
        let alone = Tables { items: &items, annotations: None };
        assert_eq!(matching(&query, alone), Err(SelectError::NoTable("annotations")));
    }
}
