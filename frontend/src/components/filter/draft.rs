//! What stands in the bar: its form, what it means, what is wrong with it and where.
//!
//! Must not know the browser. Which query a text says, `shared::dql` decides.

use super::pretty::pretty;
use shared::dql::{Problem, Query, parse, query_from_text, text_from_query};

/// How the filter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    Json,
    /// Rows of conditions; the text beside them is the query as JSON.
    Rows,
}

/// What stands in the bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub form: Form,
    pub text: String,
}

/// Something that is wrong or probably not meant, with its place in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub start: usize,
    pub end: usize,
    pub message: String,
    /// What to write there instead.
    pub suggestion: Option<String>,
    pub is_warning: bool,
}

/// What a draft means.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Nothing, if it is refused.
    pub query: Option<Query>,
    /// In the order of the text.
    pub marks: Vec<Mark>,
}

/// A part of the text, with how it is underlined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    pub text: String,
    pub mark: Option<Underline>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Underline {
    Error,
    Warning,
}

/// The query as the address and saved filters hold it: a bare filter where that says all, and nothing for everything.
pub fn dql_of(query: &Query) -> String {
    let query = Query { page: None, page_size: None, ..query.clone() };
    if query == Query::default() {
        return String::new();
    }
    let bare = Query::of_filter(query.filter.clone());
    // A bare filter could be taken for a query if a field is named like a key of queries.
    let filter = query.filter.to_string();
    if query == bare && parse(&filter).is_ok_and(|parsed| parsed.query == bare) {
        return filter;
    }
    query.to_string()
}

/// The query of a text that an address or a saved filter holds.
pub fn query_of(dql: &str) -> Reading {
    if dql.trim().is_empty() {
        return Reading { query: Some(Query::default()), marks: Vec::new() };
    }
    read_json(dql)
}

/// Whether a text says this query, in whatever words.
pub fn says(dql: &str, query: &Query) -> bool {
    // What a query that names no resource asks for goes without saying.
    let whole = |query: &Query| dql_of(&Query { resource: Some(query.resource()), ..query.clone() });
    query_of(dql).query.is_some_and(|said| whole(&said) == whole(query))
}

fn read_json(text: &str) -> Reading {
    match parse(text) {
        Ok(parsed) => Reading { query: Some(parsed.query), marks: marks(&parsed.warnings, true) },
        Err(refusal) => Reading { query: None, marks: marks(&refusal.problems, false) },
    }
}

fn marks(problems: &[Problem], is_warning: bool) -> Vec<Mark> {
    let mark = |problem: &Problem| Mark {
        start: problem.span.start,
        end: problem.span.end,
        message: crate::text::capitalised(&problem.to_string()),
        suggestion: problem.kind.suggestion().map(str::to_owned),
        is_warning,
    };
    problems.iter().map(mark).collect()
}

impl Draft {
    /// In the short form, if it can say it.
    pub fn of_query(query: &Query) -> Self {
        match text_from_query(query) {
            Ok(text) => Self { form: Form::Text, text },
            Err(_) => Self::in_json(query),
        }
    }

    /// What an address holds; what cannot be read in the form that it seems to have, so that it can be mended.
    pub fn of_dql(dql: &str) -> Self {
        match query_of(dql).query {
            Some(query) => Self::of_query(&query),
            None if dql.trim_start().starts_with('{') => Self { form: Form::Json, text: dql.to_owned() },
            None => Self { form: Form::Text, text: dql.to_owned() },
        }
    }

    /// As rows, or as the reason why there are none.
    pub fn in_rows(query: &Query) -> Self {
        let text = if *query == Query::default() { String::new() } else { query.to_string() };
        Self { form: Form::Rows, text }
    }

    /// In this form, or in the one that is nearest to it.
    pub fn of_query_in(form: Form, query: &Query) -> Self {
        if form == Form::Rows { Self::in_rows(query) } else { Self::of_query(query) }
    }

    /// What an address holds, in this form if it can be read.
    pub fn of_dql_in(form: Form, dql: &str) -> Self {
        match query_of(dql).query {
            Some(query) => Self::of_query_in(form, &query),
            None => Self::of_dql(dql),
        }
    }

    fn in_json(query: &Query) -> Self {
        // Pages are no part of an address, but what somebody wrote stays.
        let has_page = query.page.is_some() || query.page_size.is_some();
        let dql = if has_page { query.to_string() } else { dql_of(query) };
        Self { form: Form::Json, text: if dql.is_empty() { "{}".into() } else { pretty(&dql) } }
    }

    /// What it means. The short form says nothing of order and chosen fields; those of `kept` go on.
    pub fn read(&self, kept: &Query) -> Reading {
        match self.form {
            Form::Json | Form::Rows => query_of(&self.text),
            Form::Text => match query_from_text(&self.text) {
                Ok((query, warnings)) => Reading {
                    query: Some(Query {
                        sort: kept.sort.clone(),
                        select: kept.select.clone(),
                        resource: kept.resource,
                        ..query
                    }),
                    marks: marks(&warnings, true),
                },
                Err(refusal) => Reading { query: None, marks: marks(&refusal.problems, false) },
            },
        }
    }

    /// The same in another form, or why that cannot be.
    pub fn turned(&self, form: Form, kept: &Query) -> Result<Self, String> {
        if form == self.form {
            return Ok(self.clone());
        }
        let query = self.read(kept).query.ok_or("Mend the filter first: as it stands, it cannot be read")?;
        match form {
            Form::Json => Ok(Self::in_json(&query)),
            Form::Rows => Ok(Self::in_rows(&query)),
            Form::Text => match text_from_query(&query) {
                Ok(text) => Ok(Self { form, text }),
                Err(error) => Err(crate::text::capitalised(&error.to_string())),
            },
        }
    }

    /// With the suggestion of a mark in its place.
    pub fn mended(&self, mark: &Mark) -> Option<Self> {
        let suggestion = mark.suggestion.as_deref()?;
        let written = self.text.get(mark.start..mark.end)?;
        // A word in quotes stays in quotes.
        let quotes = written.starts_with('"') && written.ends_with('"') && written.len() > 1;
        let new = if quotes { format!("\"{suggestion}\"") } else { suggestion.to_owned() };
        let (before, after) = (self.text.get(..mark.start)?, self.text.get(mark.end..)?);
        Some(Self { form: self.form, text: format!("{before}{new}{after}") })
    }
}

/// The text in parts, so that what is wrong can be underlined. A place without length underlines the letter there, or
/// a space after the end.
pub fn segments(text: &str, marks: &[Mark]) -> Vec<Segment> {
    let mut parts = Vec::new();
    let mut at = 0;
    let mut push = |from: usize, to: usize, mark: Option<Underline>| {
        if let Some(part) = text.get(from..to).filter(|part| !part.is_empty()) {
            parts.push(Segment { text: part.to_owned(), mark });
        }
    };
    let mut is_at_end = None;
    for mark in marks {
        let underline = if mark.is_warning { Underline::Warning } else { Underline::Error };
        let start = mark.start.max(at);
        let mut end = mark.end.min(text.len());
        if end <= mark.start {
            match text.get(mark.start..).and_then(|rest| rest.chars().next()) {
                Some(letter) => end = mark.start + letter.len_utf8(),
                None => {
                    is_at_end = Some(underline);
                    continue;
                }
            }
        }
        if start >= end {
            continue;
        }
        push(at, start, None);
        push(start, end, Some(underline));
        at = end;
    }
    push(at, text.len(), None);
    if let Some(underline) = is_at_end {
        parts.push(Segment { text: "\u{a0}".into(), mark: Some(underline) });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Draft {
        Draft { form: Form::Text, text: text.into() }
    }

    fn query(json: &str) -> Query {
        parse(json).unwrap().query
    }

    #[test]
    fn both_forms_say_the_same_and_keep_what_the_short_one_does_not_say() {
        let kept = query(r#"{"filter": {}, "sort": {"name": "ascending"}}"#);
        let draft = text("dir = /a AND label = cat");
        let read = draft.read(&kept).query.unwrap();
        assert_eq!(read.sort, kept.sort);
        let json = draft.turned(Form::Json, &kept).unwrap();
        assert_eq!(json.read(&Query::default()).query.unwrap(), read);
        assert_eq!(json.turned(Form::Text, &Query::default()).unwrap(), draft);
    }

    #[test]
    fn what_the_short_form_cannot_say_stays_json_with_a_reason() {
        let hard = query(r#"{"$and": [{"dir": "/a"}, {"$or": [{"name": "x"}, {"name": "y"}]}]}"#);
        let draft = Draft::of_query(&hard);
        assert_eq!(draft.form, Form::Json);
        assert_eq!(draft.read(&Query::default()).query, Some(hard));
        let reason = draft.turned(Form::Text, &Query::default()).unwrap_err();
        assert!(reason.contains("cannot be written in the search box"), "{reason}");
        assert!(text("dir = ").turned(Form::Json, &Query::default()).is_err());
    }

    #[test]
    fn addresses_hold_the_least_that_says_it_all() {
        for (json, dql) in [
            ("{}", ""),
            (r#"{"filter": {}, "page": 3, "pageSize": 100}"#, ""),
            (r#"{"filter": {"dir": "/a"}}"#, r#"{"dir":"/a"}"#),
            (
                r#"{"filter": {}, "sort": {"name": "ascending"}}"#,
                r#"{"filter":{},"sort":{"name":"ascending"}}"#,
            ),
            (r#"{"filter": {"page": 1}}"#, r#"{"filter":{"page":1}}"#),
        ] {
            let query = query(json);
            assert_eq!(dql_of(&query), dql, "{json}");
            let back = query_of(dql).query.unwrap();
            assert_eq!((back.filter, back.sort), (query.filter, query.sort), "{json}");
        }
        for (unreadable, form) in [("{\"a\"", Form::Json), (" {", Form::Json), ("label = ", Form::Text)] {
            assert_eq!(Draft::of_dql(unreadable).form, form, "{unreadable}");
        }
    }

    #[test]
    fn a_text_says_a_query_in_whatever_words() {
        let dir = query(r#"{"dir": "/a"}"#);
        for (dql, is_same) in [
            (r#"{ "dir": "/a" }"#, true),
            (r#"{"filter": {"dir": "/a"}, "resource": "items", "page": 2}"#, true),
            (r#"{"filter": {"dir": "/a"}, "sort": {"name": "ascending"}}"#, false),
            (r#"{"dir": "/b"}"#, false),
            ("", false),
            ("{", false),
        ] {
            assert_eq!(says(dql, &dir), is_same, "{dql}");
        }
        assert!(says("", &Query::default()) && says("{}", &Query::default()));
    }

    #[test]
    fn what_is_wrong_is_underlined_at_its_place_and_mended() {
        let draft = text("lable = cat AND dir = ");
        let reading = draft.read(&Query::default());
        assert_eq!(reading.query, None);
        let parts = segments(&draft.text, &reading.marks);
        assert_eq!(parts.last().unwrap(), &Segment { text: "\u{a0}".into(), mark: Some(Underline::Error) });
        let draft = text("lable = cat");
        let reading = draft.read(&Query::default());
        let [mark] = reading.marks.as_slice() else { panic!("{:?}", reading.marks) };
        assert_eq!((mark.start, mark.end, mark.is_warning), (0, 5, true));
        assert_eq!(segments(&draft.text, &reading.marks)[0].mark, Some(Underline::Warning));
        assert_eq!(draft.mended(mark), Some(text("label = cat")));
        let json = Draft { form: Form::Json, text: r#"{"filenam": "/a"}"#.into() };
        let reading = json.read(&Query::default());
        assert_eq!(json.mended(&reading.marks[0]).unwrap().text, r#"{"filename": "/a"}"#);
    }

    #[test]
    fn segments_make_the_text_again() {
        let mark =
            |start, end| Mark { start, end, message: String::new(), suggestion: None, is_warning: false };
        for (text, marks) in [
            ("größe = 1", vec![mark(0, 7), mark(3, 9)]),
            ("abc", vec![mark(1, 1), mark(0, 3)]),
            ("", vec![]),
            ("ab", vec![mark(0, 99)]),
        ] {
            let joined: String = segments(text, &marks).into_iter().map(|part| part.text).collect();
            assert_eq!(joined, text);
        }
    }
}
