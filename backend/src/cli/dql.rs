//! `trainyard dql`: the filter language on files, without a server.
//!
//! Must not know the language: all of that is `shared::dql`.

use super::args::Output;
use super::failure::Failure;
use super::input;
use super::print;
use super::query::{self, QueryFile};
use clap::{Args, Subcommand};
use shared::dql::{
    Documents, Matcher, Normal, Problem, Query, REFERENCE, Resource, Tables, Value, compare_read, matching,
};
use std::io::BufRead;
use std::path::{Path, PathBuf};

/// Items that are in memory at a time where a query looks at each by itself.
const BATCH: usize = 10_000;

/// `trainyard dql ...`.
#[derive(Debug, Subcommand)]
pub enum DqlCommand {
    /// Print the ids of the items that a filter matches, in the order of the file.
    #[command(after_long_help = REFERENCE)]
    Match(Match),
    /// Say whether two filters are the same: textually-equal, canonically-equal or different.
    #[command(after_long_help = REFERENCE)]
    Compare(Compare),
}

/// `trainyard dql match`.
#[derive(Debug, Args)]
pub struct Match {
    /// Items, one JSON object a line; - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub items: PathBuf,
    /// The filter or query, as JSON; - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub filter: PathBuf,
    /// Annotations, one JSON object a line, for queries that join items with them or look for them.
    #[arg(long, value_name = "FILE")]
    pub annotations: Option<PathBuf>,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard dql compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// A filter or query, as JSON; - reads standard input.
    pub first: PathBuf,
    /// Another one.
    pub second: PathBuf,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// Matches or compares, and prints the answer.
///
/// # Errors
/// If a file of items cannot be read (exit code 1), or anything cannot be used (exit code 2).
pub fn run(command: &DqlCommand) -> Result<(), Failure> {
    match command {
        DqlCommand::Match(arguments) => run_match(arguments),
        DqlCommand::Compare(arguments) => run_compare(arguments),
    }
}

fn run_compare(arguments: &Compare) -> Result<(), Failure> {
    let (first, second) = (read_query(&arguments.first)?, read_query(&arguments.second)?);
    let comparison = compare_read((&first.text, &first.parsed.query), (&second.text, &second.parsed.query));
    if arguments.output.json {
        return print::json(&serde_json::json!({ "comparison": comparison.name() }));
    }
    print::line(comparison.name())
}

/// Reads a query, and tells what is probably not meant as it is written.
fn read_query(path: &Path) -> Result<QueryFile, Failure> {
    let file = query::read(path)?;
    for warning in &file.parsed.warnings {
        eprintln!("warning: {}, {}", input::name(path), print::plain(&placed(warning, &file.text)));
    }
    Ok(file)
}

fn placed(problem: &Problem, text: &str) -> String {
    let (line, column) = problem.span.line_and_column(text);
    format!("line {line}, column {column}: {problem}")
}

fn run_match(arguments: &Match) -> Result<(), Failure> {
    let query = read_query(&arguments.filter)?.parsed.query;
    let is_alone = query.join.is_none() && query.intersect.is_none() && query.except.is_none();
    let found = match (is_alone, query.resource()) {
        (true, Resource::Items) => match_each(&query, &arguments.items)?,
        _ => match_together(&query, arguments)?,
    };
    if arguments.output.json {
        return print::json(&found.ids);
    }
    for id in &found.ids {
        print::line(&print::plain(id))?;
    }
    eprintln!("{} of {} match", found.ids.len(), found.total);
    Ok(())
}

struct Found {
    ids: Vec<String>,
    total: usize,
}

/// Items that are looked at by themselves pass through memory in batches.
fn match_each(query: &Query, path: &Path) -> Result<Found, Failure> {
    let matcher = Matcher::new(&Normal::of(&query.filter)).map_err(Failure::usage)?;
    let mut found = Found { ids: Vec::new(), total: 0 };
    let mut take = |batch: &mut Batch<'_>| -> Result<(), Failure> {
        for place in matcher.matching(&batch.documents) {
            found.ids.push(batch.id(place)?);
        }
        found.total += batch.documents.len();
        batch.clear();
        Ok(())
    };
    let mut batch = Batch::new(path);
    for_each_line(path, |line, json| {
        batch.push(line, json)?;
        if batch.documents.len() < BATCH { Ok(()) } else { take(&mut batch) }
    })?;
    take(&mut batch)?;
    Ok(found)
}

/// Queries that look at other documents too need all of them.
fn match_together(query: &Query, arguments: &Match) -> Result<Found, Failure> {
    let items = read_all(&arguments.items)?;
    let annotations = arguments.annotations.as_deref().map(read_all).transpose()?;
    let tables = Tables {
        items: &items.documents,
        annotations: annotations.as_ref().map(|annotations| &annotations.documents),
    };
    let places = matching(query, tables)
        .map_err(|error| Failure::usage(format!("{error}: name them with --annotations FILE")))?;
    let searched = match (query.resource(), &annotations) {
        (Resource::Annotations, Some(annotations)) => annotations,
        _ => &items,
    };
    let ids = places.into_iter().map(|place| searched.id(place)).collect::<Result<_, _>>()?;
    Ok(Found { ids, total: searched.documents.len() })
}

fn read_all(path: &Path) -> Result<Batch<'_>, Failure> {
    let mut batch = Batch::new(path);
    for_each_line(path, |line, json| batch.push(line, json))?;
    Ok(batch)
}

/// Documents of a file, and the lines they stand on.
struct Batch<'a> {
    path: &'a Path,
    documents: Documents,
    lines: Vec<usize>,
}

impl<'a> Batch<'a> {
    fn new(path: &'a Path) -> Self {
        Self { path, documents: Documents::new(), lines: Vec::new() }
    }

    fn push(&mut self, line: usize, json: &str) -> Result<(), Failure> {
        self.documents.push_json(json).map_err(|error| wrong_line(self.path, line, &error.to_string()))?;
        self.lines.push(line);
        Ok(())
    }

    fn id(&self, place: usize) -> Result<String, Failure> {
        let id = self.documents.get(place).and_then(|document| document.field("id")).and_then(Value::as_text);
        id.map(str::to_owned).ok_or_else(|| {
            let line = self.lines.get(place).copied().unwrap_or_default();
            wrong_line(self.path, line, "the document matches, but has no text `id` to name it by")
        })
    }

    fn clear(&mut self) {
        self.documents.clear();
        self.lines.clear();
    }
}

fn wrong_line(path: &Path, line: usize, reason: &str) -> Failure {
    // The place within the line is all that is told of JSON on one line.
    let reason = reason.replace(" at line 1 column ", " at column ");
    Failure::usage(format!("{}, line {line}: {reason}", input::name(path)))
}

/// Hands on each line that is not empty, with its number, and shows how far a large file is read.
fn for_each_line(
    path: &Path,
    mut work: impl FnMut(usize, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (mut reader, bar) = input::open(path)?;
    let mut line = String::new();
    let mut number = 0;
    loop {
        line.clear();
        let length = reader.read_line(&mut line).map_err(|error| {
            let name = input::name(path);
            Failure::failed(format!("{name}, line {}: cannot be read: {error}", number + 1))
        })?;
        if length == 0 {
            bar.finish_and_clear();
            return Ok(());
        }
        number += 1;
        bar.inc(length as u64);
        if !line.trim().is_empty() {
            work(number, line.trim_end())?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::dql::parse;
    use std::process::ExitCode;

    fn file(folder: &Path, name: &str, content: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    #[test]
    fn batches_and_the_whole_find_the_same_in_the_order_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let lines: Vec<String> =
            (0..2 * BATCH + 5).map(|n| format!("{{\"id\":\"i{n}\",\"n\":{}}}", n % 7)).collect();
        let items = file(folder.path(), "items.jsonl", &lines.join("\n"));
        let query = parse(r#"{"n": {"$gte": 5}}"#).unwrap().query;
        let found = match_each(&query, &items).unwrap();
        let filter = items.clone();
        let arguments = Match { items, filter, annotations: None, output: Output { json: true } };
        let together = match_together(&query, &arguments).unwrap();
        assert_eq!((found.total, &found.ids), (2 * BATCH + 5, &together.ids));
        assert_eq!((found.ids[0].as_str(), found.ids.len()), ("i5", 5715));
    }

    #[test]
    fn a_line_that_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let query = parse("{}").unwrap().query;
        for (content, part) in [
            ("{\"id\":\"a\"}\n\n{\"id\":}", "line 3: expected value at column 7"),
            ("{\"id\":\"a\"}\n\n{\"name\":\"b\"}\n", "line 3: the document matches, but has no text `id`"),
        ] {
            let items = file(folder.path(), "items.jsonl", content);
            let failure = match_each(&query, &items).map(|_| ()).unwrap_err();
            assert!(failure.to_string().contains(part), "{failure}");
            assert_eq!(failure.exit_code(), ExitCode::from(2));
        }
    }
}
