//! From text to a tree: filters, clauses and tests.
//!
//! Must not know the query around a filter.

use super::ast::{Clause, ClauseKind, Element, Filter, Literal, Order, Path, Resource, Test};
use super::dates::instant_us;
use super::error::{ProblemKind, Span};
use super::fields::{COMBINERS, TESTS, is_date_field, is_known, nearest_field};
use super::json::{span, span_of};
use super::parse::Reader;
use super::pattern::Pattern;
use crate::suggest::nearest;
use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use std::collections::BTreeSet;

/// Reads a filter. Fields are checked against those of `resource`; within an element of a list there are none to know.
pub(super) fn filter_from_value(
    reader: &mut Reader,
    value: &Value<'_>,
    resource: Option<Resource>,
) -> Filter {
    let Some(object) = reader.object("filter", value) else {
        return Filter::default();
    };
    let mut clauses = Vec::new();
    for property in reader.entries(object) {
        reader.clause(property, None, resource, &mut clauses);
    }
    reader.check_each_field_once(&clauses);
    Filter { clauses, span: span(value) }
}

/// What the keys of an object are.
enum Keys {
    None,
    Operators,
    Fields,
    Mixed,
}

fn keys(object: &Object<'_>) -> Keys {
    let is_operator = |property: &ObjectProp<'_>| property.name.as_str().starts_with('$');
    match (object.properties.iter().any(is_operator), object.properties.iter().all(is_operator)) {
        _ if object.properties.is_empty() => Keys::None,
        (_, true) => Keys::Operators,
        (false, _) => Keys::Fields,
        (true, false) => Keys::Mixed,
    }
}

impl Reader {
    fn clause(
        &mut self,
        property: &ObjectProp<'_>,
        prefix: Option<&Path>,
        resource: Option<Resource>,
        clauses: &mut Vec<Clause>,
    ) {
        let (name, name_span) = (property.name.as_str(), span_of(property.name.range()));
        if name.starts_with('$') {
            return self.combiner(property, resource, clauses);
        }
        let Some(path) = self.path_below(prefix, name, name_span) else { return };
        // `{"metadata": {"user": {"a": 1}}}` means the path `metadata.user.a`; with a dotted key, the object is a
        // value that is compared as a whole.
        if let Value::Object(object) = &property.value
            && !name.contains('.')
            && matches!(keys(object), Keys::Fields)
        {
            for inner in self.entries(object) {
                self.clause(inner, Some(&path), resource, clauses);
            }
            return;
        }
        self.check_field(&path, name_span, resource);
        let tests = self.field_tests(&path, &property.value);
        let span = span_of(property.range);
        clauses.push(Clause { kind: ClauseKind::Field(path, tests), span });
    }

    /// `{"a.b": 1, "a": {"b": 2}}` names one field twice.
    fn check_each_field_once(&mut self, clauses: &[Clause]) {
        let mut seen = BTreeSet::new();
        for clause in clauses {
            if let ClauseKind::Field(path, _) = &clause.kind
                && !seen.insert(path)
            {
                self.problem(clause.span, ProblemKind::DuplicateKey(path.as_str().to_owned()));
            }
        }
    }

    fn check_field(&mut self, path: &Path, span: Span, resource: Option<Resource>) {
        let Some(resource) = resource.filter(|resource| !is_known(*resource, path)) else { return };
        let suggestion = self.suggestion(|| nearest_field(resource, path));
        let kind = ProblemKind::UnknownField {
            resource: resource.name(),
            name: path.as_str().to_owned(),
            suggestion,
        };
        self.problem(span, kind);
    }

    fn combiner(&mut self, property: &ObjectProp<'_>, resource: Option<Resource>, clauses: &mut Vec<Clause>) {
        let (name, name_span) = (property.name.as_str(), span_of(property.name.range()));
        if !COMBINERS.contains(&name) {
            let kind = if TESTS.contains(&name) {
                let instead = "it tests the value of a field, as in {\"dir\": {\"$ne\": \"/a\"}}";
                ProblemKind::MisplacedOperator { name: name.to_owned(), instead }
            } else {
                self.unknown_operator(name)
            };
            return self.problem(name_span, kind);
        }
        let Value::Array(list) = &property.value else {
            return self.wrong_kind(name, "a list of filters", &property.value);
        };
        if list.elements.is_empty() {
            return self.problem(span(&property.value), ProblemKind::NoClause(name.to_owned()));
        }
        let filters = list.elements.iter().map(|filter| filter_from_value(self, filter, resource)).collect();
        let kind = match name {
            "$and" => ClauseKind::And(filters),
            "$or" => ClauseKind::Or(filters),
            _ => ClauseKind::Nor(filters),
        };
        clauses.push(Clause { kind, span: span_of(property.range) });
    }

    fn field_tests(&mut self, path: &Path, value: &Value<'_>) -> Vec<Test> {
        match value {
            Value::Object(object) => match keys(object) {
                Keys::Operators => self.tests(Some(path), object),
                Keys::None | Keys::Fields => vec![Test::Plain(self.literal(value))],
                Keys::Mixed => {
                    self.mixed(object);
                    Vec::new()
                }
            },
            Value::StringLit(lit) if lit.value.contains('*') => {
                let is_path = super::fields::is_path_field(path);
                self.check_pattern("`*`", span(value), || Pattern::wildcard(&lit.value, is_path));
                vec![Test::Wildcard(lit.value.clone().into_owned())]
            }
            _ => vec![Test::Plain(self.literal(value))],
        }
    }

    fn mixed(&mut self, object: &Object<'_>) {
        let name = |is_operator: bool| {
            let mut names = object.properties.iter().map(|property| property.name.as_str());
            names.find(|name| name.starts_with('$') == is_operator).unwrap_or_default().to_owned()
        };
        let kind = ProblemKind::MixedObject { operator: name(true), field: name(false) };
        self.problem(span_of(object.range), kind);
    }

    /// The tests of an object whose keys are all operators. `path` is none for an element of a list.
    fn tests(&mut self, path: Option<&Path>, object: &Object<'_>) -> Vec<Test> {
        let entries = self.entries(object);
        let find = |name: &str| entries.iter().find(|property| property.name.as_str() == name);
        let options = find("$options");
        if let (Some(options), None) = (options, find("$regex")) {
            self.problem(span_of(options.range), ProblemKind::OptionsAlone);
        }
        entries
            .iter()
            .filter(|property| property.name.as_str() != "$options")
            .filter_map(|property| self.test(path, property, options))
            .collect()
    }

    fn test(
        &mut self,
        path: Option<&Path>,
        property: &ObjectProp<'_>,
        options: Option<&ObjectProp<'_>>,
    ) -> Option<Test> {
        let (name, value) = (property.name.as_str(), &property.value);
        match name {
            "$eq" => Some(Test::Eq(self.literal(value))),
            "$ne" => Some(Test::Ne(self.literal(value))),
            "$gt" => self.order(path, Order::Greater, value),
            "$gte" => self.order(path, Order::GreaterOrEqual, value),
            "$lt" => self.order(path, Order::Less, value),
            "$lte" => self.order(path, Order::LessOrEqual, value),
            "$in" => self.list(name, value).map(Test::In),
            "$nin" => self.list(name, value).map(Test::Nin),
            "$all" => self.list(name, value).map(Test::All),
            "$exists" => self.exists(value),
            "$size" => self.whole_number(name, value).map(Test::Size),
            "$match" => self.element(value),
            "$not" => self.not(path, value),
            "$glob" => self.glob(value),
            "$regex" => self.regex(value, options),
            other => {
                let kind = if COMBINERS.contains(&other) {
                    let instead = "it combines whole filters, so it stands outside of the field";
                    ProblemKind::MisplacedOperator { name: other.to_owned(), instead }
                } else {
                    self.unknown_operator(other)
                };
                self.problem(span_of(property.name.range()), kind);
                None
            }
        }
    }

    fn order(&mut self, path: Option<&Path>, order: Order, value: &Value<'_>) -> Option<Test> {
        let operand = self.literal(value);
        match &operand {
            Literal::List(_) | Literal::Object(_) => {
                self.wrong_kind(order.name(), "a number, a text, a date, true, false or null", value);
                return None;
            }
            Literal::Text(text) if path.is_some_and(is_date_field) && instant_us(text).is_none() => {
                self.problem(span(value), ProblemKind::NotADate(text.clone()));
            }
            _ => {}
        }
        Some(Test::Order(order, operand))
    }

    fn list(&mut self, name: &str, value: &Value<'_>) -> Option<Vec<Literal>> {
        if let Value::Array(list) = value {
            return Some(list.elements.iter().map(|element| self.literal(element)).collect());
        }
        self.wrong_kind(name, "a list", value);
        None
    }

    fn exists(&mut self, value: &Value<'_>) -> Option<Test> {
        match self.literal(value) {
            Literal::Bool(wanted) => Some(Test::Exists(wanted)),
            Literal::Number(number) => Some(Test::Exists(number != 0.0)),
            _ => {
                self.wrong_kind("$exists", "true or false", value);
                None
            }
        }
    }

    fn element(&mut self, value: &Value<'_>) -> Option<Test> {
        let object = self.object("$match", value)?;
        let is_combiner = |property: &ObjectProp<'_>| COMBINERS.contains(&property.name.as_str());
        let element = match keys(object) {
            Keys::Mixed if !object.properties.iter().any(is_combiner) => {
                self.mixed(object);
                return None;
            }
            Keys::Operators if !object.properties.iter().any(is_combiner) => {
                Element::Value(self.tests(None, object))
            }
            _ => Element::Object(filter_from_value(self, value, None)),
        };
        Some(Test::Match(element))
    }

    fn not(&mut self, path: Option<&Path>, value: &Value<'_>) -> Option<Test> {
        match value {
            Value::Object(object) if matches!(keys(object), Keys::Operators) => {
                Some(Test::Not(self.tests(path, object)))
            }
            _ => {
                self.wrong_kind("$not", "an object of operators, as in {\"$not\": {\"$gt\": 3}}", value);
                None
            }
        }
    }

    fn glob(&mut self, value: &Value<'_>) -> Option<Test> {
        let Value::StringLit(lit) = value else {
            self.wrong_kind("$glob", "a text", value);
            return None;
        };
        if lit.value.contains("[!") {
            self.problem(span(value), ProblemKind::ClassWithExclamationMark);
        }
        self.check_pattern("$glob", span(value), || Pattern::glob(&lit.value));
        Some(Test::Glob(lit.value.clone().into_owned()))
    }

    fn regex(&mut self, value: &Value<'_>, options: Option<&ObjectProp<'_>>) -> Option<Test> {
        let Value::StringLit(pattern) = value else {
            self.wrong_kind("$regex", "a text", value);
            return None;
        };
        let options = match options.map(|property| &property.value) {
            None => String::new(),
            Some(Value::StringLit(lit)) => lit.value.clone().into_owned(),
            Some(other) => {
                self.wrong_kind("$options", "a text", other);
                return None;
            }
        };
        self.check_pattern("$regex", span(value), || Pattern::regex(&pattern.value, &options));
        Some(Test::Regex { pattern: pattern.value.clone().into_owned(), options })
    }

    /// `label $ne cat` in a join finds items with another label, not items without a cat.
    pub(super) fn warn_of_negation(&mut self, filter: &Filter) {
        for clause in &filter.clauses {
            match &clause.kind {
                ClauseKind::And(filters) | ClauseKind::Or(filters) => {
                    filters.iter().for_each(|filter| self.warn_of_negation(filter));
                }
                ClauseKind::Nor(_) => self.problem(clause.span, ProblemKind::JoinNegation("$nor".into())),
                ClauseKind::Field(path, tests) => {
                    for test in tests {
                        let operator = match test {
                            Test::Ne(_) => "$ne",
                            Test::Nin(_) => "$nin",
                            Test::Not(_) => "$not",
                            _ => continue,
                        };
                        let text = format!("{} {operator} ...", path.as_str());
                        self.problem(clause.span, ProblemKind::JoinNegation(text));
                    }
                }
            }
        }
    }

    fn unknown_operator(&self, name: &str) -> ProblemKind {
        let known = TESTS.iter().chain(COMBINERS).copied();
        ProblemKind::UnknownOperator {
            name: name.to_owned(),
            suggestion: self.suggestion(|| nearest(name, known)),
        }
    }
}
