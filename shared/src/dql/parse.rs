//! From text to a tree: the query around a filter.
//!
//! Must not know how a query is run. Everything that is wrong is told at once, each with its place.

use super::ast::{Context, Direction, Join, Literal, Path, Query, Resource, SortKey};
use super::error::{MOST_PROBLEMS, Problem, ProblemKind, Refusal, Span};
use super::fields::{QUERY_KEYS, UNSUPPORTED_KEYS, nearest_resource, resource_from_name};
use super::json::{self, kind, span, span_of};
use super::parse_filter::filter_from_value;
use super::pattern::Pattern;
use crate::suggest::nearest;
use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use std::collections::BTreeSet;

/// Bytes of a field's name at most, with the names around it.
pub const MOST_PATH_BYTES: usize = 512;
/// Problems for which a nearest name is looked for, which takes longer than finding them.
const MOST_SUGGESTIONS: usize = 20;

/// A query that can be run, and what is probably not meant as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The query.
    pub query: Query,
    /// Warnings, in the order of the text; the first hundred at most.
    pub warnings: Vec<Problem>,
}

/// Reads a whole query (an object with `filter`) or a bare filter (`{}` matches everything).
///
/// # Errors
/// [`Refusal`] with all that is wrong.
pub fn parse(text: &str) -> Result<Parsed, Refusal> {
    let mut reader = Reader::default();
    let query = match json::read(text) {
        Ok(value) => reader.query_or_filter(&value),
        Err(problem) => return Err(Refusal::new(text, vec![problem])),
    };
    let (mut warnings, errors): (Vec<Problem>, Vec<Problem>) =
        reader.problems.into_iter().partition(|problem| problem.kind.is_warning());
    if !errors.is_empty() {
        return Err(Refusal::new(text, errors));
    }
    warnings.sort_by_key(|problem| problem.span);
    warnings.truncate(MOST_PROBLEMS);
    Ok(Parsed { query, warnings })
}

/// Patterns of a query that have to be compiled, at most: each may take memory and time.
const MOST_PATTERNS: usize = 100;

/// Collects problems on the way.
#[derive(Default)]
pub(super) struct Reader {
    problems: Vec<Problem>,
    patterns: usize,
}

impl Reader {
    pub(super) fn problem(&mut self, span: Span, kind: ProblemKind) {
        self.problems.push(Problem { kind, span });
    }

    /// The known name nearest to an unknown one, for the first problems.
    pub(super) fn suggestion<T: Into<String>>(&self, nearest: impl FnOnce() -> Option<T>) -> Option<String> {
        (self.problems.len() < MOST_SUGGESTIONS).then(nearest).flatten().map(Into::into)
    }

    /// Compiles a pattern to see whether it can be used.
    pub(super) fn check_pattern(
        &mut self,
        operator: &'static str,
        span: Span,
        compile: impl FnOnce() -> Result<Pattern, String>,
    ) {
        if self.patterns == MOST_PATTERNS {
            let (what, instead) =
                ("the number of its patterns", "`$regex` can look for several texts: `cat|dog`");
            return self.problem(span, ProblemKind::TooLarge { what, most: MOST_PATTERNS, instead });
        }
        match compile() {
            Ok(pattern) => self.patterns += usize::from(pattern.is_compiled()),
            Err(reason) => self.problem(span, ProblemKind::Pattern { operator, reason }),
        }
    }

    pub(super) fn wrong_kind(&mut self, name: &str, wanted: &'static str, value: &Value<'_>) {
        let kind = ProblemKind::WrongKind { name: name.to_owned(), wanted, found: kind(value) };
        self.problem(span(value), kind);
    }

    pub(super) fn literal(&mut self, value: &Value<'_>) -> Literal {
        let mut problems = Vec::new();
        let literal = json::literal(value, &mut problems);
        problems.into_iter().for_each(|problem| self.problem(problem.span, problem.kind));
        literal
    }

    /// The object's entries, after naming keys that stand twice.
    pub(super) fn entries<'v, 't>(&mut self, object: &'v Object<'t>) -> &'v [ObjectProp<'t>] {
        let mut seen = BTreeSet::new();
        for property in &object.properties {
            if !seen.insert(property.name.as_str()) {
                let kind = ProblemKind::DuplicateKey(property.name.as_str().to_owned());
                self.problem(span_of(property.name.range()), kind);
            }
        }
        &object.properties
    }

    pub(super) fn object<'v, 't>(&mut self, name: &str, value: &'v Value<'t>) -> Option<&'v Object<'t>> {
        if let Value::Object(object) = value {
            return Some(object);
        }
        self.wrong_kind(name, "an object", value);
        None
    }

    pub(super) fn path(&mut self, name: &str, span: Span) -> Option<Path> {
        self.path_below(None, name, span)
    }

    /// Long names are refused before they are copied: below each stand thousands of others in a hostile text.
    pub(super) fn path_below(&mut self, prefix: Option<&Path>, name: &str, span: Span) -> Option<Path> {
        if prefix.map_or(0, |prefix| prefix.as_str().len() + 1) + name.len() > MOST_PATH_BYTES {
            let (what, instead) = ("the length of a field's name in bytes", "no item has such a field");
            self.problem(span, ProblemKind::TooLarge { what, most: MOST_PATH_BYTES, instead });
            return None;
        }
        let path = Path::new(name).map(|own| Path::below(prefix, own));
        if path.is_none() {
            self.problem(span, ProblemKind::EmptySegment(name.to_owned()));
        }
        path
    }

    pub(super) fn whole_number(&mut self, name: &str, value: &Value<'_>) -> Option<u64> {
        let number = match value {
            Value::NumberLit(lit) => lit.value.parse().ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong_kind(name, "a whole number from 0", value);
        }
        number
    }

    fn text<'v>(&mut self, name: &str, value: &'v Value<'_>) -> Option<&'v str> {
        if let Value::StringLit(lit) = value {
            return Some(&lit.value);
        }
        self.wrong_kind(name, "a text", value);
        None
    }

    fn query_or_filter(&mut self, value: &Value<'_>) -> Query {
        let Some(object) = self.object("filter", value) else {
            return Query::default();
        };
        let has = |name: &str| object.properties.iter().any(|property| property.name.as_str() == name);
        if QUERY_KEYS.iter().any(|key| has(key)) {
            return self.query(object, None);
        }
        Query::of_filter(filter_from_value(self, value, Some(Resource::Items)))
    }

    /// `within` is the set of an outer query that this one makes.
    fn query(&mut self, object: &Object<'_>, within: Option<(&'static str, Resource)>) -> Query {
        let mut query = Query { resource: within.map(|(_, resource)| resource), ..Query::default() };
        let entries = self.entries(object);
        let find = |name: &str| entries.iter().find(|property| property.name.as_str() == name);
        if let Some(property) = find("resource") {
            query.resource = self.resource(&property.value).or(query.resource);
        }
        match find("filter") {
            Some(property) => {
                query.filter = filter_from_value(self, &property.value, Some(query.resource()));
            }
            None => self
                .problem(span_of(object.range), ProblemKind::MissingKey { within: "a query", key: "filter" }),
        }
        for property in entries {
            self.query_entry(&mut query, property, within);
        }
        query
    }

    fn query_entry(
        &mut self,
        query: &mut Query,
        property: &ObjectProp<'_>,
        within: Option<(&'static str, Resource)>,
    ) {
        let (name, value) = (property.name.as_str(), &property.value);
        if let Some((within, _)) = within
            && !matches!(name, "filter" | "resource" | "join" | "context")
            && QUERY_KEYS.contains(&name)
        {
            return self.problem(
                span_of(property.name.range()),
                ProblemKind::InnerKey { within, key: name.to_owned() },
            );
        }
        match name {
            "filter" | "resource" => {}
            "page" => query.page = self.whole_number(name, value),
            "pageSize" => query.page_size = self.whole_number(name, value),
            "skip" => query.skip = self.whole_number(name, value),
            "limit" => query.limit = self.whole_number(name, value),
            "sort" => self.sort(None, value, &mut query.sort),
            "select" => self.select(value, &mut query.select),
            "join" => query.join = self.join(query.resource(), value),
            "intersect" => query.intersect = self.inner_query("intersect", query.resource(), value),
            "except" => query.except = self.inner_query("except", query.resource(), value),
            "context" => self.context(value, &mut query.context),
            _ => self.unknown_key(name, span_of(property.name.range())),
        }
    }

    fn unknown_key(&mut self, name: &str, span: Span) {
        let unsupported = UNSUPPORTED_KEYS.iter().find(|(known, _)| *known == name);
        let kind = match unsupported {
            Some((_, instead)) => ProblemKind::UnsupportedKey { name: name.to_owned(), instead },
            None => ProblemKind::UnknownKey {
                name: name.to_owned(),
                suggestion: self.suggestion(|| nearest(name, QUERY_KEYS.iter().copied())),
            },
        };
        self.problem(span, kind);
    }

    fn resource(&mut self, value: &Value<'_>) -> Option<Resource> {
        let name = self.text("resource", value)?;
        let resource = resource_from_name(name);
        if resource.is_none() {
            let suggestion = self.suggestion(|| nearest_resource(name));
            let kind = ProblemKind::UnknownWord { what: "resource", found: name.to_owned(), suggestion };
            self.problem(span(value), kind);
        }
        resource
    }

    /// Keys may be dotted or nested.
    fn sort(&mut self, prefix: Option<&Path>, value: &Value<'_>, keys: &mut Vec<SortKey>) {
        let Some(object) = self.object("sort", value) else { return };
        for property in self.entries(object) {
            let Some(name) = self.path(property.name.as_str(), span_of(property.name.range())) else {
                continue;
            };
            let field = Path::below(prefix, name);
            match &property.value {
                Value::Object(_) => self.sort(Some(&field), &property.value, keys),
                Value::StringLit(lit) if lit.value == "ascending" => {
                    keys.push(SortKey { field, direction: Direction::Ascending });
                }
                Value::StringLit(lit) if lit.value == "descending" => {
                    keys.push(SortKey { field, direction: Direction::Descending });
                }
                Value::StringLit(lit) => {
                    let suggestion = self.suggestion(|| nearest(&lit.value, ["ascending", "descending"]));
                    let found = lit.value.clone().into_owned();
                    let kind = ProblemKind::UnknownWord { what: "direction", found, suggestion };
                    self.problem(span(&property.value), kind);
                }
                other => self.wrong_kind(field.as_str(), "\"ascending\" or \"descending\"", other),
            }
        }
    }

    fn select(&mut self, value: &Value<'_>, fields: &mut Vec<(Path, bool)>) {
        let Some(object) = self.object("select", value) else { return };
        for property in self.entries(object) {
            let Some(field) = self.path(property.name.as_str(), span_of(property.name.range())) else {
                continue;
            };
            match &property.value {
                Value::NumberLit(lit) if lit.value == "0" => fields.push((field, false)),
                Value::NumberLit(lit) if lit.value == "1" => fields.push((field, true)),
                Value::BooleanLit(lit) => fields.push((field, lit.value)),
                other => self.wrong_kind(field.as_str(), "1 or 0", other),
            }
        }
    }

    fn join(&mut self, from: Resource, value: &Value<'_>) -> Option<Join> {
        let object = self.object("join", value)?;
        let (mut on, mut filter) = (None, None);
        for property in self.entries(object) {
            match property.name.as_str() {
                "on" => on = Some(&property.value),
                "filter" => filter = Some(&property.value),
                other => {
                    let suggestion = self.suggestion(|| nearest(other, ["on", "filter"]));
                    let kind = ProblemKind::UnknownKey { name: other.to_owned(), suggestion };
                    self.problem(span_of(property.name.range()), kind);
                }
            }
        }
        let missing = |key| ProblemKind::MissingKey { within: "join", key };
        let Some(on) = on else {
            self.problem(span(value), missing("on"));
            return None;
        };
        let (resource, local, foreign) = self.join_on(from, on)?;
        let Some(filter) = filter else {
            self.problem(span(value), missing("filter"));
            return None;
        };
        let filter = filter_from_value(self, filter, Some(resource));
        self.warn_of_negation(&filter);
        Some(Join { resource, local, foreign, filter })
    }

    fn join_on(&mut self, from: Resource, value: &Value<'_>) -> Option<(Resource, Path, Path)> {
        let object = self.object("on", value)?;
        let (mut resource, mut local, mut foreign) = (None, None, None);
        for property in self.entries(object) {
            let (name, value) = (property.name.as_str(), &property.value);
            match name {
                "resource" => resource = self.resource(value),
                "local" | "forigen" | "foreign" => {
                    let path = self.text(name, value).and_then(|text| self.path(text, span(value)));
                    *(if name == "local" { &mut local } else { &mut foreign }) = path;
                }
                other => {
                    let suggestion = self.suggestion(|| nearest(other, ["resource", "local", "forigen"]));
                    let kind = ProblemKind::UnknownKey { name: other.to_owned(), suggestion };
                    self.problem(span_of(property.name.range()), kind);
                }
            }
        }
        let has =
            |names: &[&str]| object.properties.iter().any(|property| names.contains(&property.name.as_str()));
        for (key, names) in
            [("resource", &["resource"][..]), ("local", &["local"]), ("forigen", &["forigen", "foreign"])]
        {
            if !has(names) {
                self.problem(span(value), ProblemKind::MissingKey { within: "on", key });
            }
        }
        let resource = resource?;
        if !matches!(
            (from, resource),
            (Resource::Items, Resource::Annotations) | (Resource::Annotations, Resource::Items)
        ) {
            let kind = ProblemKind::JoinResources { from: from.name(), to: resource.name() };
            self.problem(span(value), kind);
        }
        Some((resource, local?, foreign?))
    }

    fn inner_query(
        &mut self,
        within: &'static str,
        resource: Resource,
        value: &Value<'_>,
    ) -> Option<Box<Query>> {
        let object = self.object(within, value)?;
        let mut inner = None;
        for property in self.entries(object) {
            if property.name.as_str() == "query" {
                let object = self.object("query", &property.value)?;
                let query = self.query(object, Some((within, resource)));
                if query.resource() != resource {
                    let (inner, outer) = (query.resource().name(), resource.name());
                    let kind = ProblemKind::InnerResource { within, inner, outer };
                    self.problem(span(&property.value), kind);
                }
                inner = Some(Box::new(query));
            } else {
                let kind = ProblemKind::UnknownKey {
                    name: property.name.as_str().to_owned(),
                    suggestion: Some("query".into()),
                };
                self.problem(span_of(property.name.range()), kind);
            }
        }
        if inner.is_none() {
            self.problem(span(value), ProblemKind::MissingKey { within, key: "query" });
        }
        inner
    }

    fn context(&mut self, value: &Value<'_>, context: &mut Context) {
        let Some(object) = self.object("context", value) else { return };
        for property in self.entries(object) {
            let name = property.name.as_str();
            let ids = match name {
                "projects" => &mut context.projects,
                "datasets" => &mut context.datasets,
                other => {
                    let suggestion = self.suggestion(|| nearest(other, ["projects", "datasets"]));
                    let kind = ProblemKind::UnknownKey { name: other.to_owned(), suggestion };
                    self.problem(span_of(property.name.range()), kind);
                    continue;
                }
            };
            match &property.value {
                Value::Array(list) => {
                    ids.extend(list.elements.iter().filter_map(|id| self.text(name, id)).map(str::to_owned));
                }
                other => self.wrong_kind(name, "a list of ids", other),
            }
        }
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
