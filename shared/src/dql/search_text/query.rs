//! The short form of a whole query on items: conditions on `label` speak of the items' annotations.
//!
//! Must not know how conditions are read or written. In a query they stand in a join, which has no words in a filter.

use super::super::ast::{Clause, ClauseKind, Filter, Join, Literal, Path, Query, Resource, Test};
use super::super::error::{Problem, ProblemKind, Refusal, Span};
use super::read::read;
use super::write::{NotAsText, cannot, text_from_filter};

/// The one field of annotations that the short form knows.
pub(super) const LABEL: &str = "label";

/// Reads the short form of a query on items: `dir = /a AND label = cat`. Gives warnings beside the query.
///
/// Conditions on `label` hold for one annotation of the item. Other fields are those of items.
///
/// # Errors
/// [`Refusal`] with the first thing that is wrong in each condition, or if `label` is mixed with other fields by `OR`.
pub fn query_from_text(text: &str) -> Result<(Query, Vec<Problem>), Refusal> {
    let (filter, mut warnings) = read(text, Resource::Items, true)?;
    let (own, labels) = parted(filter).map_err(|problem| Refusal::new(text, vec![problem]))?;
    let mut query = Query::of_filter(own);
    if let Some(labels) = labels {
        warn_of_labels(&labels, &mut warnings);
        query.join = annotations_join(labels);
    }
    warnings.sort_by_key(|problem| problem.span);
    Ok((query, warnings))
}

/// The short form of a query on items. Reading it gives a query that finds the same; pages, order and chosen fields are
/// left out, as they change nothing of what is found.
///
/// # Errors
/// [`NotAsText`] if the short form cannot say it.
pub fn text_from_query(query: &Query) -> Result<String, NotAsText> {
    let sets = [
        (query.resource() != Resource::Items, "a query for annotations"),
        (query.intersect.is_some(), "`intersect`"),
        (query.except.is_some(), "`except`"),
        (query.skip.unwrap_or(0) > 0, "`skip`"),
        (query.limit.is_some(), "`limit`"),
        (query.context != Default::default(), "`context`"),
        (speaks_of_labels(&query.filter), "the field `label` of an item"),
    ];
    if let Some((_, what)) = sets.into_iter().find(|(is_there, _)| *is_there) {
        return Err(cannot(what));
    }
    let own = text_from_filter(&query.filter)?;
    let Some(join) = &query.join else { return Ok(own) };
    if annotations_join(join.filter.clone()).as_ref() != Some(join) || !is_about_labels(&join.filter) {
        return Err(cannot("a join on anything but `label`"));
    }
    let labels = text_from_filter(&join.filter)?;
    // A choice binds less than the AND that would join the two.
    match (own.is_empty(), is_any(&query.filter) || is_any(&join.filter)) {
        (true, _) => Ok(labels),
        (false, false) => Ok(format!("{own} AND {labels}")),
        (false, true) => Err(cannot("a choice beside `label`")),
    }
}

/// The join that keeps items with at least one annotation for which the filter holds.
#[must_use]
pub fn annotations_join(filter: Filter) -> Option<Join> {
    let (local, foreign) = (Path::new("itemId")?, Path::new("id")?);
    Some(Join { resource: Resource::Annotations, local, foreign, filter })
}

/// Conditions on items, and those on labels.
fn parted(filter: Filter) -> Result<(Filter, Option<Filter>), Problem> {
    if !speaks_of_labels(&filter) {
        return Ok((filter, None));
    }
    if is_about_labels(&filter) {
        return Ok((Filter::default(), Some(filter)));
    }
    let [Clause { kind: ClauseKind::And(_), span }] = filter.clauses.as_slice() else {
        let span = label_span(&filter).unwrap_or(filter.span);
        return Err(Problem { kind: ProblemKind::LabelInChoice, span });
    };
    let span = *span;
    let conditions = filter.clauses.into_iter().flat_map(|clause| match clause.kind {
        ClauseKind::And(filters) => filters,
        _ => Vec::new(),
    });
    let (labels, own): (Vec<Filter>, Vec<Filter>) = conditions.partition(is_about_labels);
    Ok((all_of(own, span), Some(all_of(labels, span))))
}

fn all_of(mut filters: Vec<Filter>, span: Span) -> Filter {
    if filters.len() == 1 {
        return filters.swap_remove(0);
    }
    Filter { clauses: vec![Clause { kind: ClauseKind::And(filters), span }], span }
}

/// The paths and tests of all conditions, at any depth.
fn conditions<'a>(filter: &'a Filter, found: &mut Vec<(&'a Path, &'a [Test], Span)>) {
    for clause in &filter.clauses {
        match &clause.kind {
            ClauseKind::And(filters) | ClauseKind::Or(filters) | ClauseKind::Nor(filters) => {
                filters.iter().for_each(|filter| conditions(filter, found));
            }
            ClauseKind::Field(path, tests) => found.push((path, tests, clause.span)),
        }
    }
}

fn all_conditions(filter: &Filter) -> Vec<(&Path, &[Test], Span)> {
    let mut found = Vec::new();
    conditions(filter, &mut found);
    found
}

fn label_span(filter: &Filter) -> Option<Span> {
    all_conditions(filter).into_iter().find(|(path, ..)| path.as_str() == LABEL).map(|(.., span)| span)
}

fn speaks_of_labels(filter: &Filter) -> bool {
    label_span(filter).is_some()
}

fn is_about_labels(filter: &Filter) -> bool {
    let conditions = all_conditions(filter);
    !conditions.is_empty() && conditions.iter().all(|(path, ..)| path.as_str() == LABEL)
}

fn is_any(filter: &Filter) -> bool {
    filter.clauses.iter().any(|clause| match &clause.kind {
        ClauseKind::Or(filters) => filters.len() > 1 || filters.iter().any(is_any),
        ClauseKind::And(filters) => filters.iter().any(is_any),
        ClauseKind::Nor(_) | ClauseKind::Field(..) => false,
    })
}

/// Says what people misread: absence is not what a join asks for, and one annotation has one label.
fn warn_of_labels(labels: &Filter, warnings: &mut Vec<Problem>) {
    let mut required = 0;
    for (_, tests, span) in all_conditions(labels) {
        for test in tests {
            let operator = match test {
                Test::Ne(_) => "!=",
                Test::Nin(_) => "NOT-IN",
                Test::Exists(false) => "DOESNT-EXIST",
                Test::Plain(Literal::Text(_)) => {
                    required += 1;
                    if required > 1 && !is_any(labels) {
                        warnings.push(Problem { kind: ProblemKind::OneLabel, span });
                    }
                    continue;
                }
                _ => continue,
            };
            warnings.push(Problem { kind: ProblemKind::JoinNegation(operator.into()), span });
        }
    }
}
