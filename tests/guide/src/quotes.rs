//! Every message that the troubleshooting page quotes stands in the code, so that who searches for one finds it.
//!
//! Must not know what the messages mean. A quotation is a heading in code; `…` stands for what differs from case to case.

use anyhow::{Context, Result};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use std::fs;
use std::path::Path;

const PAGE: &str = "docs/troubleshooting.md";
/// Where messages stand.
const SOURCES: [&str; 4] = ["backend/src", "backend/trainer/src", "proto/src", "shared/src"];
/// Fewer letters than these may stand anywhere.
const LEAST_LETTERS: usize = 4;

/// Complains about what no source says; gives the number of quotations.
pub fn check(root: &Path, complaints: &mut Vec<String>) -> Result<usize> {
    let page = fs::read_to_string(root.join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let mut code = String::new();
    for folder in SOURCES {
        read_below(&root.join(folder), &mut code)?;
    }
    let quoted = quotations(&page);
    for message in &quoted {
        let missing = parts(message).find(|part| !code.contains(part));
        if let Some(part) = missing {
            complaints.push(format!("{PAGE}: quotes `{message}`, but no source holds `{part}`"));
        }
    }
    Ok(quoted.len())
}

/// What of a quotation is the same each time.
fn parts(message: &str) -> impl Iterator<Item = &str> {
    message.split('…').map(str::trim).filter(|part| part.chars().count() >= LEAST_LETTERS)
}

/// The headings of the page that are in code.
fn quotations(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_heading = false;
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::Heading { .. }) => is_heading = true,
            Event::End(TagEnd::Heading(_)) => is_heading = false,
            Event::Code(text) if is_heading => found.push(text.into_string()),
            _ => {}
        }
    }
    found
}

/// All sources as one text, in which a literal that goes on in the next line is one line.
fn read_below(folder: &Path, code: &mut String) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            read_below(&path, code)?;
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let mut pieces = text.split("\\\n");
            code.push_str(pieces.next().unwrap_or_default());
            for piece in pieces {
                code.push_str(piece.trim_start());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_in_code_are_quotations_and_gaps_part_them() {
        let page = "# Trouble\n\n### `no server at …; start one`\n\n`not a heading`\n";
        assert_eq!(quotations(page), ["no server at …; start one"]);
        assert_eq!(Vec::from_iter(parts("no server at …; start one")), ["no server at", "; start one"]);
    }
}
