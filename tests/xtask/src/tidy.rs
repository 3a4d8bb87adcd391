//! Rules of the house that no compiler checks.
//!
//! Must not know what the code does: it looks at text alone.

use crate::api_calls;
use crate::command::output;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::path::Path;

/// Longer files hide things.
const MOST_LINES: usize = 800;

/// The only file that may name colours.
const TOKENS: &str = "frontend/src/styles/tokens.css";

/// Checks every file of the checkout that is tracked, or would be if it were added.
pub fn check(project: &Project) -> Result<()> {
    let list =
        output(project.command("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]))
            .context("git cannot list the files of the checkout: is this a clone, and is git installed?")?;
    let mut complaints = api_calls::complaints(project)?;
    let mut checked = 0;
    for path in list.lines() {
        // Pictures and the like are not text; a file may have been removed a moment ago.
        let Ok(content) = std::fs::read_to_string(project.root.join(path)) else { continue };
        checked += 1;
        complaints.extend(complaints_about(path, &content));
    }
    if complaints.is_empty() {
        println!("{checked} files are tidy");
        return Ok(());
    }
    for complaint in &complaints {
        println!("{complaint}");
    }
    bail!("{} rules broken, listed above", complaints.len())
}

/// What is wrong with one file, each with its place.
fn complaints_about(path: &str, content: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    let extension = Path::new(path).extension().and_then(|end| end.to_str()).unwrap_or_default();
    let is_source = matches!(extension, "rs" | "css" | "proto" | "sql" | "html" | "ts");
    if !is_source {
        return complaints;
    }
    let lines = content.lines().count();
    if lines > MOST_LINES {
        complaints.push(format!("{path}: {lines} lines, more than {MOST_LINES}: split it by subject"));
    }
    if extension == "rs" && !content.starts_with("//!") {
        complaints
            .push(format!("{path}:1: opens without `//!`: say what it is for and what it must not know"));
    }
    let may_name_colours = !path.starts_with("frontend/") || path == TOKENS;
    for (number, line) in (1..).zip(content.lines()) {
        if mentions_unfinished_work(line) {
            complaints.push(format!("{path}:{number}: work left for later: do it, or say it in the docs"));
        }
        if !may_name_colours && names_colour(line) {
            complaints.push(format!("{path}:{number}: a colour: name it in {TOKENS} and use the name"));
        }
    }
    complaints
}

/// The words are put together here, so that this file does not complain about itself.
fn mentions_unfinished_work(line: &str) -> bool {
    [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"]].iter().any(|halves| line.contains(&halves.concat()))
}

/// `#abc`, `#aabbcc` and the like, or a colour function. Not `#id`, and not `&#123;`.
fn names_colour(line: &str) -> bool {
    let functions = ["rgb(", "rgba(", "hsl(", "hsla(", "oklch("];
    if functions.iter().any(|function| line.contains(function)) {
        return true;
    }
    line.match_indices('#').any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let word: String =
            line[at + 1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        before != Some('&')
            && matches!(word.len(), 3 | 4 | 6 | 8)
            && word.chars().all(|digit| digit.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_told_from_other_hashes() {
        for line in
            ["color: #fff;", "fill=\"#00558c\"", "background: rgb(1, 2, 3)", "#12345678", "rgba(0,0,0,.1)"]
        {
            assert!(names_colour(line), "{line}");
        }
        for line in [
            "#[derive(Debug)]",
            "<a href=\"#main\">",
            "&#123;",
            "#main-content",
            "# Heading",
            "url(#face-up)",
        ] {
            assert!(!names_colour(line), "{line}");
        }
    }

    #[test]
    fn each_rule_is_seen_where_it_is_broken() {
        let marker = ["TO", "DO"].concat();
        let cases = [
            ("a/src/lib.rs", "//! Fine.\nfn main() {}\n".to_owned(), 0),
            ("a/src/lib.rs", "fn main() {}\n".to_owned(), 1),
            ("a/src/lib.rs", format!("//! Fine.\n// {marker}: later\n"), 1),
            ("a/src/lib.rs", format!("//! Long.\n{}", "\n".repeat(MOST_LINES)), 1),
            ("frontend/src/styles/base.css", "a { color: #123456 }".to_owned(), 1),
            ("frontend/src/styles/tokens.css", "a { color: #123456 }".to_owned(), 0),
            ("README.md", format!("{marker} #123456"), 0),
        ];
        for (path, content, expected) in cases {
            let complaints = complaints_about(path, &content);
            assert_eq!(complaints.len(), expected, "{path}: {complaints:?}");
        }
    }
}
