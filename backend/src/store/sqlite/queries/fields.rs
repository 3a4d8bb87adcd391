//! Which column, or which few values, a field of the filter language stands for.
//!
//! Must not know how a query is run. What a field can be is read off the documents of `shared::dataset`.

use super::atoms::{self, Bounds};
use super::expression::{Expression, Operand, Piece};
use super::paths;
use serde_json::{Value, json};
use shared::dataset::Subset;
use shared::dql::{Atom, Documents, Literal, Matcher, Normal, Path, Resource};
use std::collections::HashSet;

/// As the index of these items says it.
pub(super) const NO_ANNOTATIONS: &str = "i.annotations_count = 0";

/// Which rows conditions speak of: `i` stands for items in SQL, and `a` for annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Items,
    Annotations,
}

impl Table {
    pub(super) const fn of(resource: Resource) -> Option<Self> {
        match resource {
            Resource::Items => Some(Self::Items),
            Resource::Annotations => Some(Self::Annotations),
            Resource::Other(_) => None,
        }
    }
}

/// What is known beside the filter.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// All rows are of this dataset.
    pub(super) dataset_id: String,
    /// Folders of patterns that are in truth names of items.
    pub(super) files: HashSet<String>,
}

enum Field {
    Text(&'static str),
    Number(&'static str),
    Time(&'static str),
    Dir,
    FileName,
    /// These values and no others, each with when it is there; `None` is missing.
    Few(Vec<(Option<Value>, Expression)>),
    /// An object of which only the documents know the content.
    Object,
    /// Only the documents know.
    Unknown,
}

/// What a test of a field is in SQL.
///
/// # Errors
/// Why a pattern cannot be used.
pub(super) fn test(table: Table, path: &Path, atom: &Atom, scope: &Scope) -> Result<Bounds, String> {
    Ok(match field(table, path.as_str(), scope) {
        Field::Text(column) => atoms::text(column, atom),
        Field::Number(column) => atoms::number(column, atom),
        Field::Time(column) => atoms::time(column, atom),
        Field::Dir => paths::dir(atom),
        Field::FileName => paths::file_name(atom, &scope.files),
        Field::Few(values) => few(path, atom, values)?,
        Field::Object if holds_object(atom) => Bounds::unknown(),
        Field::Object => few(path, atom, vec![(Some(json!({})), Expression::True)])?,
        Field::Unknown => match path.as_str().strip_prefix("metadata.user.") {
            Some(rest) if table == Table::Items => user_metadata(path, rest, atom)?,
            _ => Bounds::unknown(),
        },
    })
}

/// Metadata of one's own is stored as JSON, in the spelling of one library: what must be in it stands in its text.
fn user_metadata(path: &Path, rest: &str, atom: &Atom) -> Result<Bounds, String> {
    if few(path, atom, vec![(None, Expression::True)])?.at_most == Expression::True {
        // What is missing passes.
        return Ok(Bounds::unknown());
    }
    let name = rest.split('.').next().unwrap_or_default();
    let value = if let Atom::Equals(Literal::Text(text)) = atom { Some(text.as_str()) } else { None };
    let texts = std::iter::once(name).chain(value).map(|text| {
        let (open, close) = ("instr(i.metadata, ", ") > 0");
        let text = Operand::Text(json!(text).to_string());
        Expression::Sql(vec![Piece::Sql(open), Piece::Bind(text), Piece::Sql(close)])
    });
    let is_there = Expression::sql("i.metadata IS NOT NULL");
    Ok(Bounds::narrowed(Expression::all(std::iter::once(is_there).chain(texts))))
}

fn field(table: Table, path: &str, scope: &Scope) -> Field {
    let is_below =
        |parent: &str| path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    match (table, path) {
        (_, "datasetId") => always(json!(scope.dataset_id)),
        (Table::Items, _) if is_below("metadata.user") => Field::Unknown,
        (Table::Items, _) => item_field(path),
        (Table::Annotations, _) if is_below("coordinates") => Field::Unknown,
        (Table::Annotations, _) => annotation_field(path),
    }
}

fn always(value: Value) -> Field {
    Field::Few(vec![(Some(value), Expression::True)])
}

fn missing() -> Field {
    Field::Few(vec![(None, Expression::True)])
}

fn item_field(path: &str) -> Field {
    match path {
        "id" => Field::Text("i.id"),
        "name" => Field::Text("i.name"),
        "dir" => Field::Dir,
        "filename" => Field::FileName,
        "type" => always(json!("file")),
        "hidden" => always(json!(false)),
        "annotated" => Field::Few(vec![
            (Some(json!(true)), Expression::sql("i.annotations_count > 0")),
            (Some(json!(false)), Expression::sql(NO_ANNOTATIONS)),
        ]),
        "annotationsCount" => Field::Number("i.annotations_count"),
        "createdAt" => Field::Time("i.created_at_ms"),
        "metadata" | "metadata.system" => Field::Object,
        "metadata.system.mimetype" => Field::Text("i.mimetype"),
        "metadata.system.size" => Field::Number("i.size_bytes"),
        "metadata.system.width" => Field::Number("i.width"),
        "metadata.system.height" => Field::Number("i.height"),
        "metadata.system.tags" => tags(|subset| Some(json!({ subset.name(): true }))),
        other => match subset_of_tag(other) {
            Some(subset) => tags(|each| (each == subset).then_some(json!(true))),
            None => missing(),
        },
    }
}

/// The subset whose tag this field is.
pub(super) fn subset_of_tag(path: &str) -> Option<Subset> {
    let name = path.strip_prefix("metadata.system.tags.")?;
    Subset::ALL.into_iter().find(|subset| subset.name() == name)
}

pub(super) fn is_in_subset(subset: Subset) -> Expression {
    Expression::compare("i.subset", " IS ", Operand::text(subset.name()))
}

/// A field whose value is known for items of each subset, and which the others do not have.
fn tags(value: impl Fn(Subset) -> Option<Value>) -> Field {
    let mut values: Vec<_> =
        Subset::ALL.into_iter().map(|subset| (value(subset), is_in_subset(subset))).collect();
    values.push((None, Expression::sql("i.subset IS NULL")));
    Field::Few(values)
}

fn annotation_field(path: &str) -> Field {
    match path {
        "id" => Field::Text("a.id"),
        "itemId" => Field::Text("a.item_id"),
        "label" => Field::Text("a.label"),
        "type" => Field::Few(vec![
            (Some(json!("box")), Expression::sql("a.x1 IS NOT NULL")),
            (Some(json!("class")), Expression::sql("a.x1 IS NULL")),
        ]),
        _ => missing(),
    }
}

/// Asks the evaluation itself which of the values pass.
fn few(path: &Path, atom: &Atom, values: Vec<(Option<Value>, Expression)>) -> Result<Bounds, String> {
    let matcher = Matcher::new(&Normal::Test(Some(path.clone()), atom.clone()))?;
    let mut documents = Documents::new();
    for (value, _) in &values {
        let document = value.clone().map_or_else(|| json!({}), |value| nested(path, value));
        documents.push_value(&document).map_err(|error| error.to_string())?;
    }
    let passing = matcher.matching(&documents);
    if passing.len() == values.len() {
        return Ok(Bounds::exact(Expression::True));
    }
    let conditions = values.into_iter().enumerate().filter(|(place, _)| passing.contains(place));
    Ok(Bounds::exact(Expression::any(conditions.map(|(_, (_, condition))| condition))))
}

fn nested(path: &Path, value: Value) -> Value {
    let names: Vec<&str> = path.segments().collect();
    names.into_iter().rev().fold(value, |value, name| json!({ name: value }))
}

fn holds_object(atom: &Atom) -> bool {
    let is_object = |literal: &Literal| matches!(literal, Literal::Object(_));
    match atom {
        Atom::Equals(literal) | Atom::Order(_, literal) => is_object(literal),
        Atom::OneOf(literals) => literals.iter().any(is_object),
        _ => false,
    }
}

/// A text by which rows are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JoinKey {
    /// This column.
    Column(&'static str),
    /// The dataset's id.
    Dataset,
    /// The field is never a text, so nothing is joined.
    Nothing,
}

/// What a join by this field compares; `None` if the store cannot tell.
pub(super) fn join_key(table: Table, path: &str, scope: &Scope) -> Option<JoinKey> {
    Some(match field(table, path, scope) {
        _ if path == "datasetId" => JoinKey::Dataset,
        Field::Text(column) => JoinKey::Column(column),
        Field::Dir => JoinKey::Column("i.dir"),
        Field::FileName => JoinKey::Column(paths::FILE_NAME),
        Field::Number(_) | Field::Object => JoinKey::Nothing,
        Field::Few(values) if values.iter().all(|(value, _)| !matches!(value, Some(Value::String(_)))) => {
            JoinKey::Nothing
        }
        Field::Few(_) | Field::Time(_) | Field::Unknown => return None,
    })
}

/// What rows are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SortColumn {
    Sql(&'static str),
    /// All rows are alike.
    SameForAll,
}

/// The order of a field's values: numbers and times by size, texts by their letters, false before true, missing first.
/// `None` if the store does not know it.
pub(super) fn sort_column(table: Table, path: &str, scope: &Scope) -> Option<SortColumn> {
    let subset = if table == Table::Items { subset_of_tag(path) } else { None };
    let column = match (field(table, path, scope), subset) {
        (_, Some(Subset::Train)) => "(i.subset IS 'train')",
        (_, Some(Subset::Validation)) => "(i.subset IS 'validation')",
        (_, Some(Subset::Test)) => "(i.subset IS 'test')",
        (Field::Text(column) | Field::Number(column) | Field::Time(column), None) => column,
        (Field::Dir, None) => "i.dir",
        (Field::FileName, None) => paths::FILE_NAME,
        (Field::Few(values), None) if values.len() == 1 => return Some(SortColumn::SameForAll),
        (Field::Few(_), None) => match path {
            "annotated" => "(i.annotations_count > 0)",
            "type" => "(a.x1 IS NULL)",
            _ => return None,
        },
        (Field::Object | Field::Unknown, None) => return None,
    };
    Some(SortColumn::Sql(column))
}
