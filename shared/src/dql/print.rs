//! From a tree back to text: JSON in the order of the tree. Reading the text again gives the same tree.
//!
//! Must not know the normal form.

use super::ast::{ClauseKind, Element, Filter, Literal, Query, Test};
use std::fmt;

/// Writes JSON objects and lists.
pub(super) struct Writer<'a, 'b> {
    out: &'a mut fmt::Formatter<'b>,
}

type Result = fmt::Result;

impl<'a, 'b> Writer<'a, 'b> {
    pub(super) fn new(out: &'a mut fmt::Formatter<'b>) -> Self {
        Self { out }
    }

    fn text(&mut self, text: &str) -> Result {
        // Escapes exactly what JSON wants escaped.
        let quoted = serde_json::to_string(text).map_err(|_| fmt::Error)?;
        self.out.write_str(&quoted)
    }

    fn list<T>(&mut self, elements: &[T], mut write: impl FnMut(&mut Self, &T) -> Result) -> Result {
        self.out.write_str("[")?;
        for (index, element) in elements.iter().enumerate() {
            self.comma(index)?;
            write(self, element)?;
        }
        self.out.write_str("]")
    }

    fn comma(&mut self, index: usize) -> Result {
        if index > 0 { self.out.write_str(",") } else { Ok(()) }
    }

    fn key(&mut self, name: &str) -> Result {
        self.text(name)?;
        self.out.write_str(":")
    }

    fn number(&mut self, number: f64) -> Result {
        // Whole numbers that a float holds exactly are written as such.
        if number.fract() == 0.0 && number.abs() < 1e15 && !(number == 0.0 && number.is_sign_negative()) {
            return write!(self.out, "{number:.0}");
        }
        let text = serde_json::to_string(&number).map_err(|_| fmt::Error)?;
        self.out.write_str(&text)
    }

    pub(super) fn literal(&mut self, literal: &Literal) -> Result {
        match literal {
            Literal::Null => self.out.write_str("null"),
            Literal::Bool(value) => write!(self.out, "{value}"),
            Literal::Number(number) => self.number(*number),
            Literal::Text(text) => self.text(text),
            Literal::List(elements) => self.list(elements, Self::literal),
            Literal::Object(entries) => {
                self.out.write_str("{")?;
                for (index, (name, value)) in entries.iter().enumerate() {
                    self.comma(index)?;
                    self.key(name)?;
                    self.literal(value)?;
                }
                self.out.write_str("}")
            }
        }
    }

    fn filter(&mut self, filter: &Filter) -> Result {
        self.out.write_str("{")?;
        for (index, clause) in filter.clauses.iter().enumerate() {
            self.comma(index)?;
            match &clause.kind {
                ClauseKind::And(filters) => self.filters("$and", filters)?,
                ClauseKind::Or(filters) => self.filters("$or", filters)?,
                ClauseKind::Nor(filters) => self.filters("$nor", filters)?,
                ClauseKind::Field(path, tests) => {
                    self.key(path.as_str())?;
                    self.field_tests(tests)?;
                }
            }
        }
        self.out.write_str("}")
    }

    fn filters(&mut self, operator: &str, filters: &[Filter]) -> Result {
        self.key(operator)?;
        self.list(filters, Self::filter)
    }

    fn field_tests(&mut self, tests: &[Test]) -> Result {
        match tests {
            [Test::Plain(literal)] => self.literal(literal),
            [Test::Wildcard(text)] => self.text(text),
            tests => self.tests(tests),
        }
    }

    /// Tests as one object of operators.
    fn tests(&mut self, tests: &[Test]) -> Result {
        self.out.write_str("{")?;
        for (index, test) in tests.iter().enumerate() {
            self.comma(index)?;
            self.test(test)?;
        }
        self.out.write_str("}")
    }

    fn test(&mut self, test: &Test) -> Result {
        let (name, literal) = match test {
            Test::Plain(literal) | Test::Eq(literal) => ("$eq", literal),
            Test::Ne(literal) => ("$ne", literal),
            Test::Order(order, literal) => (order.name(), literal),
            Test::In(list) => return self.named_list("$in", list),
            Test::Nin(list) => return self.named_list("$nin", list),
            Test::All(list) => return self.named_list("$all", list),
            other => return self.other_test(other),
        };
        self.key(name)?;
        self.literal(literal)
    }

    fn named_list(&mut self, name: &str, list: &[Literal]) -> Result {
        self.key(name)?;
        self.list(list, Self::literal)
    }

    fn other_test(&mut self, test: &Test) -> Result {
        match test {
            Test::Exists(wanted) => write!(self.out, "\"$exists\":{wanted}"),
            Test::Size(size) => write!(self.out, "\"$size\":{size}"),
            Test::Match(Element::Object(filter)) => {
                self.key("$match")?;
                self.filter(filter)
            }
            Test::Match(Element::Value(tests)) => {
                self.key("$match")?;
                self.tests(tests)
            }
            Test::Not(tests) => {
                self.key("$not")?;
                self.tests(tests)
            }
            Test::Glob(text) | Test::Wildcard(text) => {
                self.key("$glob")?;
                self.text(text)
            }
            Test::Regex { pattern, options } => {
                self.key("$regex")?;
                self.text(pattern)?;
                if options.is_empty() {
                    return Ok(());
                }
                self.out.write_str(",\"$options\":")?;
                self.text(options)
            }
            _ => Ok(()),
        }
    }

    fn entry(&mut self, first: &mut bool, name: &str) -> Result {
        if !std::mem::take(first) {
            self.out.write_str(",")?;
        }
        self.key(name)
    }

    fn query(&mut self, query: &Query) -> Result {
        self.out.write_str("{")?;
        let first = &mut true;
        self.entry(first, "filter")?;
        self.filter(&query.filter)?;
        for (name, number) in [
            ("page", query.page),
            ("pageSize", query.page_size),
            ("skip", query.skip),
            ("limit", query.limit),
        ] {
            if let Some(number) = number {
                self.entry(first, name)?;
                write!(self.out, "{number}")?;
            }
        }
        if let Some(resource) = query.resource {
            self.entry(first, "resource")?;
            self.text(resource.name())?;
        }
        self.order_and_fields(query, first)?;
        self.sets(query, first)?;
        self.context(query, first)?;
        self.out.write_str("}")
    }

    fn order_and_fields(&mut self, query: &Query, first: &mut bool) -> Result {
        if !query.sort.is_empty() {
            self.entry(first, "sort")?;
            self.out.write_str("{")?;
            for (index, key) in query.sort.iter().enumerate() {
                self.comma(index)?;
                self.key(key.field.as_str())?;
                self.text(key.direction.name())?;
            }
            self.out.write_str("}")?;
        }
        if !query.select.is_empty() {
            self.entry(first, "select")?;
            self.out.write_str("{")?;
            for (index, (field, shown)) in query.select.iter().enumerate() {
                self.comma(index)?;
                self.key(field.as_str())?;
                write!(self.out, "{}", u8::from(*shown))?;
            }
            self.out.write_str("}")?;
        }
        Ok(())
    }

    fn sets(&mut self, query: &Query, first: &mut bool) -> Result {
        if let Some(join) = &query.join {
            self.entry(first, "join")?;
            self.out.write_str("{\"on\":{\"resource\":")?;
            self.text(join.resource.name())?;
            self.out.write_str(",\"local\":")?;
            self.text(join.local.as_str())?;
            // The language really spells it so.
            self.out.write_str(",\"forigen\":")?;
            self.text(join.foreign.as_str())?;
            self.out.write_str("},\"filter\":")?;
            self.filter(&join.filter)?;
            self.out.write_str("}")?;
        }
        for (name, inner) in [("intersect", &query.intersect), ("except", &query.except)] {
            if let Some(inner) = inner {
                self.entry(first, name)?;
                self.out.write_str("{\"query\":")?;
                self.query(inner)?;
                self.out.write_str("}")?;
            }
        }
        Ok(())
    }

    fn context(&mut self, query: &Query, first: &mut bool) -> Result {
        let lists = [("projects", &query.context.projects), ("datasets", &query.context.datasets)];
        if lists.iter().all(|(_, ids)| ids.is_empty()) {
            return Ok(());
        }
        self.entry(first, "context")?;
        self.out.write_str("{")?;
        let first = &mut true;
        for (name, ids) in lists.into_iter().filter(|(_, ids)| !ids.is_empty()) {
            self.entry(first, name)?;
            self.list(ids, |writer, id| writer.text(id))?;
        }
        self.out.write_str("}")
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> Result {
        Writer::new(f).query(self)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> Result {
        Writer::new(f).filter(self)
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> Result {
        Writer::new(f).literal(self)
    }
}
