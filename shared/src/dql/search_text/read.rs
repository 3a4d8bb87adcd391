//! From the short form to a filter.
//!
//! Must not know how words are found in the text.

use super::super::ast::{Clause, ClauseKind, Filter, Literal, Order, Path, Resource, Test};
use super::super::error::{Problem, ProblemKind, Refusal, Span};
use super::super::fields::{is_known, is_path_field, nearest_field};
use super::super::json::MOST_BYTES;
use super::super::pattern::Pattern;
use super::query::LABEL;
use super::tokens::{Token, TokenKind, tokens};
use crate::suggest::nearest;

/// Reads the short form. Gives warnings beside the filter, as [`parse`](super::super::parse()) does.
///
/// # Errors
/// [`Refusal`] with the first thing that is wrong in each condition.
pub fn filter_from_text(text: &str, resource: Resource) -> Result<(Filter, Vec<Problem>), Refusal> {
    read(text, resource, false)
}

/// With `has_labels`, items have the field `label`, which speaks of their annotations.
pub(super) fn read(
    text: &str,
    resource: Resource,
    has_labels: bool,
) -> Result<(Filter, Vec<Problem>), Refusal> {
    if text.len() > MOST_BYTES {
        let kind = ProblemKind::TooLarge {
            what: "its length in bytes",
            most: MOST_BYTES,
            instead: "tag the items, or put them into a folder",
        };
        return Err(Refusal::new(text, vec![Problem { kind, span: Span::new(MOST_BYTES, MOST_BYTES) }]));
    }
    let tokens = tokens(text).map_err(|problem| Refusal::new(text, vec![problem]))?;
    let end = Span::new(text.len(), text.len());
    let mut reader = Reader { tokens: &tokens, next: 0, end, resource, has_labels, problems: Vec::new() };
    let filter = reader.any_of();
    let (mut warnings, errors): (Vec<Problem>, Vec<Problem>) =
        reader.problems.into_iter().partition(|problem| problem.kind.is_warning());
    if !errors.is_empty() {
        return Err(Refusal::new(text, errors));
    }
    warnings.sort_by_key(|problem| problem.span);
    Ok((filter, warnings))
}

struct Reader<'a> {
    tokens: &'a [Token],
    next: usize,
    end: Span,
    resource: Resource,
    has_labels: bool,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self) -> Option<&'a Token> {
        let token = self.peek();
        self.next += usize::from(token.is_some());
        token
    }

    /// Takes the next word if it is this one, in any case.
    fn take_word(&mut self, word: &str) -> bool {
        let fits =
            matches!(self.peek(), Some(Token { kind: TokenKind::Bare(text), .. }) if is_word(text, word));
        self.next += usize::from(fits);
        fits
    }

    fn expected(&self, wanted: &'static str) -> Problem {
        let token = self.peek();
        let found = match token.map(|token| &token.kind) {
            None => "the end".into(),
            Some(TokenKind::Bare(text)) => format!("`{text}`"),
            Some(TokenKind::Quoted(text)) => format!("\"{text}\""),
            Some(TokenKind::Sign(sign)) => format!("`{sign}`"),
            Some(TokenKind::Comma) => "a comma".into(),
            Some(TokenKind::Open | TokenKind::Close) => {
                return Problem {
                    kind: ProblemKind::Grouping,
                    span: token.map_or(self.end, |token| token.span),
                };
            }
        };
        Problem {
            kind: ProblemKind::Expected { wanted, found },
            span: token.map_or(self.end, |token| token.span),
        }
    }

    fn any_of(&mut self) -> Filter {
        if self.tokens.is_empty() {
            return Filter::default();
        }
        let mut choices = vec![self.all_of()];
        while self.take_word("OR") {
            choices.push(self.all_of());
        }
        if self.peek().is_some() && self.problems.iter().all(|problem| problem.kind.is_warning()) {
            let problem = self.expected("AND or OR, or quotes around a value with spaces");
            self.problems.push(problem);
        }
        combined(choices, ClauseKind::Or)
    }

    fn all_of(&mut self) -> Filter {
        let mut conditions = Vec::new();
        loop {
            match self.condition() {
                Ok(condition) => conditions.push(condition),
                Err(problem) => {
                    self.problems.push(problem);
                    self.skip_condition();
                }
            }
            if !self.take_word("AND") {
                return combined(conditions, ClauseKind::And);
            }
        }
    }

    /// After a mistake, goes on with the next condition, so that its mistakes are told too.
    fn skip_condition(&mut self) {
        while let Some(token) = self.peek() {
            if matches!(&token.kind, TokenKind::Bare(text) if is_word(text, "AND") || is_word(text, "OR")) {
                return;
            }
            self.next += 1;
        }
    }

    fn condition(&mut self) -> Result<Filter, Problem> {
        let start = self.peek().map_or(self.end, |token| token.span);
        let path = self.field()?;
        let test = self.test(&path)?;
        let last = self.tokens.get(self.next.saturating_sub(1)).map_or(start, |token| token.span);
        let span = Span::new(start.start, last.end);
        Ok(Filter { clauses: vec![Clause { kind: ClauseKind::Field(path, vec![test]), span }], span })
    }

    fn field(&mut self) -> Result<Path, Problem> {
        let wrong = self.expected("the name of a field");
        let (name, span) = match self.take() {
            Some(Token { kind: TokenKind::Bare(name) | TokenKind::Quoted(name), span }) => (name, *span),
            _ => return Err(wrong),
        };
        let no_field = || Problem { kind: ProblemKind::EmptySegment(name.clone()), span };
        let path = Path::new(name.as_str()).filter(|_| !name.starts_with('$')).ok_or_else(no_field)?;
        let is_label = self.has_labels && path.as_str() == LABEL;
        if !is_label && !is_known(self.resource, &path) {
            let label = nearest(path.as_str(), [LABEL]).filter(|_| self.has_labels).map(str::to_owned);
            let suggestion = label.or_else(|| nearest_field(self.resource, &path));
            let kind =
                ProblemKind::UnknownField { resource: self.resource.name(), name: name.clone(), suggestion };
            self.problems.push(Problem { kind, span });
        }
        Ok(path)
    }

    fn test(&mut self, path: &Path) -> Result<Test, Problem> {
        if let Some(Token { kind: TokenKind::Sign(sign), .. }) = self.peek() {
            self.next += 1;
            return self.comparison(path, sign);
        }
        if self.take_word("IN") {
            return self.values().map(Test::In);
        }
        if self.take_word("NOT-IN") {
            return self.values().map(Test::Nin);
        }
        if self.take_word("EXISTS") {
            return Ok(Test::Exists(true));
        }
        if self.take_word("DOESNT-EXIST") {
            return Ok(Test::Exists(false));
        }
        Err(self.expected("one of = != > >= < <= IN NOT-IN EXISTS DOESNT-EXIST"))
    }

    fn comparison(&mut self, path: &Path, sign: &str) -> Result<Test, Problem> {
        let span = self.peek().map_or(self.end, |token| token.span);
        let value = self.value()?;
        let order = match sign {
            "=" => return plain(path, value, span),
            "!=" => return Ok(Test::Ne(value)),
            ">" => Order::Greater,
            ">=" => Order::GreaterOrEqual,
            "<" => Order::Less,
            _ => Order::LessOrEqual,
        };
        if matches!(value, Literal::Bool(_) | Literal::Null) {
            return Err(Problem { kind: ProblemKind::NoOrder(value.to_string()), span });
        }
        Ok(Test::Order(order, value))
    }

    fn values(&mut self) -> Result<Vec<Literal>, Problem> {
        let in_brackets = matches!(self.peek(), Some(Token { kind: TokenKind::Open, .. }));
        self.next += usize::from(in_brackets);
        let mut values = vec![self.value()?];
        while matches!(self.peek(), Some(Token { kind: TokenKind::Comma, .. })) {
            self.next += 1;
            values.push(self.value()?);
        }
        if in_brackets {
            if !matches!(self.peek(), Some(Token { kind: TokenKind::Close, .. })) {
                return Err(self.expected("a closing bracket"));
            }
            self.next += 1;
        }
        Ok(values)
    }

    fn value(&mut self) -> Result<Literal, Problem> {
        let wrong = self.expected("a value");
        match self.take() {
            Some(Token { kind: TokenKind::Quoted(text), .. }) => Ok(Literal::Text(text.clone())),
            Some(Token { kind: TokenKind::Bare(text), .. })
                if !is_word(text, "AND") && !is_word(text, "OR") =>
            {
                Ok(bare_value(text))
            }
            _ => {
                self.next = self.next.saturating_sub(1);
                Err(wrong)
            }
        }
    }
}

fn is_word(text: &str, word: &str) -> bool {
    text.eq_ignore_ascii_case(word)
}

/// One filter of several; a single one stays as it is.
fn combined(mut filters: Vec<Filter>, make: fn(Vec<Filter>) -> ClauseKind) -> Filter {
    if filters.len() == 1 {
        return filters.swap_remove(0);
    }
    let start = filters.first().map_or(0, |filter| filter.span.start);
    let span = Span::new(start, filters.last().map_or(start, |filter| filter.span.end));
    Filter { clauses: vec![Clause { kind: make(filters), span }], span }
}

fn plain(path: &Path, value: Literal, span: Span) -> Result<Test, Problem> {
    match value {
        Literal::Text(text) if text.contains('*') => {
            let fits = Pattern::wildcard(&text, is_path_field(path));
            let problem = |reason| Problem { kind: ProblemKind::Pattern { operator: "`*`", reason }, span };
            fits.map_err(problem).map(|_| Test::Wildcard(text))
        }
        value => Ok(Test::Plain(value)),
    }
}

/// A word without quotes: a constant, a number, a date as people write it, or a text.
pub(super) fn bare_value(text: &str) -> Literal {
    match text {
        "true" => return Literal::Bool(true),
        "false" => return Literal::Bool(false),
        "null" => return Literal::Null,
        _ => {}
    }
    if let Ok(number) = serde_json::from_str::<f64>(text) {
        return Literal::Number(number);
    }
    Literal::Text(date_text(text).unwrap_or_else(|| text.to_owned()))
}

/// `31/03/2024` as `2024-03-31`, if there is such a day.
fn date_text(text: &str) -> Option<String> {
    let mut parts = text.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let is_number = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_date = is_number(day, 2) && is_number(month, 2) && is_number(year, 4) && year.len() == 4;
    if !is_date || parts.next().is_some() {
        return None;
    }
    let iso = format!("{year}-{month:0>2}-{day:0>2}");
    super::super::dates::instant_us(&iso).map(|_| iso)
}
