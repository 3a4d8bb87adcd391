//! How fast the UI is in a headless browser against the real server, beside its budgets.
//!
//! Must not know how a figure is measured: the tests print a line each, which are put into one table here.

use crate::command::{Transcript, run_and_keep};
use crate::project::Project;
use crate::{demo, setup, ui};
use anyhow::{Result, bail};
use std::fs;

/// How the tests begin a figure.
const START: &str = "figure | ";
/// What the size should come to, beside what it may be.
const WANTED_KIB: u64 = 600;

/// A figure as it was printed.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    what: String,
    measured: String,
    budget: String,
    /// `None` where nothing is promised.
    is_within: Option<bool>,
}

/// Builds what is needed, measures one thing after the other, and fails if something takes longer than it may. Of the
/// measurements those alone whose names contain the filter, if there is one.
pub(super) fn measure(project: &Project, filter: &[String]) -> Result<()> {
    setup::prepare(project, setup::EVERYTHING)?;
    demo::build(project, None)?;
    let load_before = load();
    let names = match filter {
        [] => "measure::".to_owned(),
        [name] => format!("measure::{name}"),
        _ => bail!("one name is enough: bench ui [NAME]"),
    };
    let mut tests = project.cargo(&["test", "--package", "tests", "--test", "e2e", "--", &names]);
    let Transcript { lines, succeeded } =
        run_and_keep(tests.args(["--ignored", "--nocapture", "--test-threads", "1"]))?;
    let mut rows = if filter.is_empty() { sizes(&ui::compressed_size(&project.dist())?) } else { Vec::new() };
    rows.extend(lines.iter().filter_map(|line| row_of(line)));
    println!("\nLoad of the machine before and after: {load_before}; {}\n", load());
    println!("| what | measured | budget | within |\n|---|---|---|---|");
    for row in &rows {
        let verdict = row.is_within.map_or("", |is_within| if is_within { "yes" } else { "**no**" });
        println!("| {} | {} | {} | {verdict} |", row.what, row.measured, row.budget);
    }
    if !succeeded {
        bail!("a measurement failed, see above");
    }
    let over = rows.iter().filter(|row| row.is_within == Some(false)).count();
    if over > 0 {
        bail!("{over} of {} figures are over their budget", rows.len());
    }
    Ok(())
}

fn sizes(size: &ui::Size) -> Vec<Row> {
    let kib = |bytes: u64| format!("{} KiB", bytes / 1024);
    let row =
        |what: &str, measured, budget, is_within| Row { what: what.into(), measured, budget, is_within };
    vec![
        row(
            "download before the first page, compressed",
            kib(size.first),
            format!("at most {}, hoped for {WANTED_KIB} KiB", kib(ui::BUDGET_BYTES)),
            Some(size.first <= ui::BUDGET_BYTES),
        ),
        row("download of all other pages after it, compressed", kib(size.later), String::new(), None),
    ]
}

/// The figure on a line, if there is one; a test's name may stand before it.
fn row_of(line: &str) -> Option<Row> {
    let (_, figure) = line.split_once(START)?;
    let mut parts = figure.split(" | ").map(|part| part.trim().to_owned());
    let (what, measured, budget) = (parts.next()?, parts.next()?, parts.next()?);
    let is_within = match parts.next().as_deref() {
        Some("yes") => Some(true),
        Some("NO") => Some(false),
        _ => None,
    };
    Some(Row { what, measured, budget, is_within })
}

/// The processes that ran or waited to, in the last 1, 5 and 15 minutes.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().take(3).collect();
    if words.is_empty() { "unknown".into() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_in_what_tests_print() {
        let row = row_of("test a::b ... figure | load | 12 ms (best 9) | at most 10 ms | NO").unwrap();
        assert_eq!((row.what.as_str(), row.measured.as_str()), ("load", "12 ms (best 9)"));
        assert_eq!((row.budget.as_str(), row.is_within), ("at most 10 ms", Some(false)));
        assert_eq!(row_of("figure | load | 12 ms |  | ").map(|row| row.is_within), Some(None));
        assert_eq!(row_of("figure | load | 12 ms | at most 20 ms | yes").unwrap().is_within, Some(true));
        assert_eq!(row_of("test a::b ... ok"), None);
    }
}
