//! From a query to rows, or the reason why rows cannot show it.
//!
//! Must not know how rows are drawn.

use super::{Entry, Joiner, LABEL, Operator, Row, Rows, value};
use shared::dql::{
    ClauseKind, Context, Filter, Literal, Normal, Query, Resource, Test, annotations_join, canonical_text,
};

/// Conditions on their way into rows, without joiners of one or within their own kind.
enum Node {
    Row(Row),
    Joined(Joiner, Vec<Node>),
}

type Read<T> = Result<T, &'static str>;

fn sentence(what: &str) -> String {
    format!("The form cannot show {what}; edit it as JSON")
}

impl Rows {
    /// The rows of a filter, in which `label` is a field like others; or why there are none.
    pub fn from_filter(filter: &Filter) -> Result<Self, String> {
        let rows = node(filter).and_then(rows_of).map_err(sentence)?;
        let means_the_same = Normal::of(&rows.to_filter()) == Normal::of(filter);
        if means_the_same { Ok(rows) } else { Err(sentence("a condition of this filter")) }
    }

    /// The rows of a query, of which the filter and a join on `label` become conditions.
    pub fn from_query(query: &Query) -> Result<Self, String> {
        let sets = [
            (query.intersect.is_some(), "`intersect`"),
            (query.except.is_some(), "`except`"),
            (query.skip.unwrap_or(0) > 0, "`skip`"),
            (query.limit.is_some(), "`limit`"),
            (query.context != Context::default(), "`context`"),
        ];
        if let Some((_, what)) = sets.into_iter().find(|(is_there, _)| *is_there) {
            return Err(sentence(what));
        }
        if query.resource() != Resource::Items {
            return if query.join.is_some() {
                Err(sentence("a join"))
            } else {
                Self::from_filter(&query.filter)
            };
        }
        let mut rows = node_of_items(query).and_then(rows_of).map_err(sentence)?;
        rows.has_labels = true;
        let means_the_same = canonical_text(&rows.to_query(query)) == canonical_text(query);
        if means_the_same { Ok(rows) } else { Err(sentence("a condition of this filter")) }
    }
}

/// In queries for items, conditions on `label` stand in the join.
fn node_of_items(query: &Query) -> Read<Node> {
    let own = node(&query.filter)?;
    if any_row(&own, &|row| row.field == LABEL) {
        return Err("the field `label` of an item");
    }
    let Some(join) = &query.join else { return Ok(own) };
    let labels = node(&join.filter)?;
    let is_about_labels =
        any_row(&labels, &|row| row.field == LABEL) && !any_row(&labels, &|row| row.field != LABEL);
    if annotations_join(join.filter.clone()).as_ref() != Some(join) || !is_about_labels {
        return Err("a join on anything but `label`");
    }
    Ok(joined(Joiner::All, vec![own, labels]))
}

fn any_row(node: &Node, test: &impl Fn(&Row) -> bool) -> bool {
    match node {
        Node::Row(row) => test(row),
        Node::Joined(_, nodes) => nodes.iter().any(|node| any_row(node, test)),
    }
}

fn joined(joiner: Joiner, nodes: Vec<Node>) -> Node {
    let mut flat = Vec::new();
    for node in nodes {
        match node {
            Node::Joined(inner, nodes) if inner == joiner => flat.extend(nodes),
            other => flat.push(other),
        }
    }
    if flat.len() == 1 { flat.swap_remove(0) } else { Node::Joined(joiner, flat) }
}

fn node(filter: &Filter) -> Read<Node> {
    let mut nodes = Vec::new();
    for clause in &filter.clauses {
        match &clause.kind {
            ClauseKind::And(filters) => nodes.push(joined(Joiner::All, each(filters)?)),
            ClauseKind::Or(filters) => {
                let choices = each(filters)?;
                let is_everything =
                    |node: &Node| matches!(node, Node::Joined(Joiner::All, nodes) if nodes.is_empty());
                if choices.is_empty() || choices.iter().any(is_everything) {
                    return Err("a choice without conditions");
                }
                nodes.push(joined(Joiner::Any, choices));
            }
            ClauseKind::Nor(_) => return Err("`$nor`"),
            ClauseKind::Field(path, tests) => {
                for test in tests {
                    let (operator, value) = words_of(test)?;
                    nodes.push(Node::Row(Row { id: 0, field: path.as_str().to_owned(), operator, value }));
                }
            }
        }
    }
    Ok(joined(Joiner::All, nodes))
}

fn each(filters: &[Filter]) -> Read<Vec<Node>> {
    filters.iter().map(node).collect()
}

fn words_of(test: &Test) -> Read<(Operator, String)> {
    let one = |operator, literal: &Literal| match value::write(literal) {
        Some(words) => Ok((operator, words)),
        None => Err("a list or an object as a value"),
    };
    let several = |operator, literals: &[Literal]| match value::write_list(literals) {
        Some(words) if !literals.is_empty() => Ok((operator, words)),
        Some(_) => Err("an empty list"),
        None => Err("a list or an object as a value"),
    };
    match test {
        Test::Plain(Literal::Text(text)) | Test::Eq(Literal::Text(text)) if text.contains('*') => {
            Err("a `*` that is no wildcard")
        }
        Test::Plain(literal) | Test::Eq(literal) => one(Operator::Equals, literal),
        Test::Wildcard(text) => Ok((Operator::Equals, value::write_text(text))),
        Test::Ne(literal) => one(Operator::NotEquals, literal),
        Test::Order(_, Literal::Null | Literal::Bool(_)) => Err("an order with true, false or null"),
        Test::Order(order, literal) => one(Operator::Order(*order), literal),
        Test::In(literals) => several(Operator::OneOf, literals),
        Test::Nin(literals) => several(Operator::NoneOf, literals),
        Test::Exists(true) => Ok((Operator::Exists, String::new())),
        Test::Exists(false) => Ok((Operator::IsMissing, String::new())),
        Test::Glob(text) => Ok((Operator::Matches, value::write_text(text))),
        Test::Match(_) => Err("`$match`"),
        Test::Not(_) => Err("`$not`"),
        Test::All(_) => Err("`$all`"),
        Test::Size(_) => Err("`$size`"),
        Test::Regex { .. } => Err("`$regex`"),
    }
}

fn rows_of(node: Node) -> Read<Rows> {
    let (joiner, nodes) = match node {
        Node::Row(row) => (Joiner::All, vec![Node::Row(row)]),
        Node::Joined(joiner, nodes) => (joiner, nodes),
    };
    let mut ids = 0..;
    let mut entries = Vec::new();
    for node in nodes {
        let id = ids.next().unwrap_or_default();
        entries.push(match node {
            Node::Row(row) => Entry::Row(Row { id, ..row }),
            Node::Joined(_, nodes) => {
                let row = |node| match node {
                    Node::Row(row) => Ok(Row { id: ids.next().unwrap_or_default(), ..row }),
                    Node::Joined(..) => Err("choices and conditions that are nested this deep"),
                };
                Entry::Group { id, rows: nodes.into_iter().map(row).collect::<Read<_>>()? }
            }
        });
    }
    Ok(Rows { joiner, entries, has_labels: false })
}
