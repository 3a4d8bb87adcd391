//! Every relative link of the Markdown files leads to a file of the checkout, and to a heading that is there: as they are
//! read beside the code, not in the book.
//!
//! Must not know what the files say.

use anyhow::{Context, Result};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Folders with Markdown files; of the first one only what lies in it, of the others everything below.
const FOLDERS: [(&str, bool); 3] = [("", false), ("docs", true), ("shared/src", true)];
/// Files that lie beside what is not looked through.
const FILES: [&str; 2] = ["proto/typescript/README.md", "proto/python/README.md"];

struct Page {
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

/// Complains about what leads nowhere, and about pages that the book does not list; gives the number of relative links.
pub fn check(root: &Path, complaints: &mut Vec<String>) -> Result<usize> {
    let mut paths: Vec<PathBuf> =
        FILES.iter().map(|file| root.join(file)).filter(|path| path.is_file()).collect();
    for (folder, goes_deeper) in FOLDERS {
        collect(&root.join(folder), goes_deeper, &mut paths)?;
    }
    let mut pages = BTreeMap::new();
    for path in paths {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        pages.insert(path, page(&text));
    }
    check_summary(root, &pages, complaints);
    let mut links = 0;
    for (path, Page { links: targets, .. }) in &pages {
        for target in
            targets.iter().filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        {
            links += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.with_file_name("").join(file) };
            let file = fs::canonicalize(&file).unwrap_or(file);
            let is_there = match pages.get(&file) {
                Some(page) => anchor.is_empty() || page.anchors.contains(anchor),
                None => file.exists() || is_generated(&file),
            };
            if !is_there {
                let name = path.strip_prefix(root).unwrap_or(path).display();
                complaints.push(format!("{name}: leads to {target}, which is not there"));
            }
        }
    }
    Ok(links)
}

/// Everything in `docs/` is a page of the book.
fn check_summary(root: &Path, pages: &BTreeMap<PathBuf, Page>, complaints: &mut Vec<String>) {
    let docs = root.join("docs");
    let summary = docs.join("SUMMARY.md");
    let listed = pages.get(&summary).map(|page| page.links.as_slice()).unwrap_or_default();
    for path in pages.keys().filter(|path| **path != summary) {
        let Ok(name) = path.strip_prefix(&docs) else { continue };
        if !listed.iter().any(|link| Path::new(link) == name) {
            complaints.push(format!("docs/SUMMARY.md: does not list {}", name.display()));
        }
    }
}

/// Pages of the API are made with the book, where their links are checked.
fn is_generated(file: &Path) -> bool {
    file.parent().is_some_and(|folder| folder.ends_with("docs/api"))
}

fn collect(folder: &Path, goes_deeper: bool, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && goes_deeper {
            collect(&path, goes_deeper, paths)?;
        } else if path.extension().is_some_and(|end| end == "md") {
            paths.push(path);
        }
    }
    Ok(())
}

fn page(text: &str) -> Page {
    let mut page = Page { links: Vec::new(), anchors: BTreeSet::new() };
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push(dest_url.into_string());
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                let repeated = (1..).map(|number| format!("{anchor}-{number}"));
                let free =
                    std::iter::once(anchor.clone()).chain(repeated).find(|one| !page.anchors.contains(one));
                page.anchors.extend(free);
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            _ => {}
        }
    }
    page
}

/// What a heading is called in a link: lower case, hyphens for spaces, no punctuation.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_have_their_anchors_and_links_their_targets() {
        let page = page("# What is `it`?\n\nSee [a](b.md#c), ![d](e.png).\n\n## Twice\n\n## Twice\n");
        assert_eq!(page.links, ["b.md#c", "e.png"]);
        assert_eq!(Vec::from_iter(page.anchors), ["twice", "twice-1", "what-is-it"]);
    }
}
