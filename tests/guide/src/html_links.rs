//! Every link of the built book leads to a file of it, and to an element that is there.
//!
//! Must not know what the pages say. It reads HTML that the book's own renderer wrote, so it looks for attributes alone.

use anyhow::{Context, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Marks what an include or a variable left behind.
const LEFT_OVER: &str = "{{#";

/// Complains about what leads nowhere; gives the number of links within the book.
pub fn check(book: &Path, complaints: &mut Vec<String>) -> Result<usize> {
    let mut pages = BTreeMap::new();
    for path in pages_below(book)? {
        let html = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        pages.insert(path, html);
    }
    let ids: BTreeMap<&PathBuf, BTreeSet<&str>> =
        pages.iter().map(|(path, html)| (path, values(html, "id").collect())).collect();
    let mut links = 0;
    for (path, html) in &pages {
        let name = path.strip_prefix(book).unwrap_or(path).display();
        if html.contains(LEFT_OVER) {
            complaints.push(format!("{name}: holds `{LEFT_OVER}`: what it includes is not there"));
        }
        for target in values(html, "href").chain(values(html, "src")).filter(|target| is_inside(target)) {
            links += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { resolved(path, file) };
            let is_there = match ids.get(&file) {
                Some(ids) => anchor.is_empty() || ids.contains(anchor),
                None => file.is_file(),
            };
            if !is_there {
                complaints.push(format!("{name}: leads to {target}, which is not there"));
            }
        }
    }
    Ok(links)
}

fn pages_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "html") {
                pages.push(path);
            }
        }
    }
    Ok(pages)
}

/// The values of an attribute, as they stand in the text.
fn values<'a>(html: &'a str, attribute: &'a str) -> impl Iterator<Item = &'a str> {
    let opening = format!(" {attribute}=\"");
    let starts: Vec<usize> = html.match_indices(&opening).map(|(at, found)| at + found.len()).collect();
    starts.into_iter().filter_map(|start| html.get(start..)?.split('"').next())
}

fn is_inside(target: &str) -> bool {
    !(target.is_empty()
        || target.contains("://")
        || target.starts_with("mailto:")
        || target.starts_with("data:"))
}

/// A file as seen from a page.
fn resolved(page: &Path, file: &str) -> PathBuf {
    let mut path = page.parent().unwrap_or(page).to_path_buf();
    for part in file.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                path.pop();
            }
            name => path.push(name),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_nowhere_is_named() {
        let book = std::env::temp_dir().join(format!("guide-links-{}", std::process::id()));
        fs::create_dir_all(book.join("sub")).unwrap();
        let page = r##"<h1 id="top">x</h1><a href="sub/b.html#here">b</a><a href="#top">t</a><a href="https://x">x</a>
            <a href="c.html">c</a><a href="sub/b.html#gone">g</a>"##;
        fs::write(book.join("a.html"), page).unwrap();
        fs::write(book.join("sub/b.html"), r#"<p id="here">{{#include x}}<a href="../a.html">a</a>"#)
            .unwrap();
        let mut complaints = Vec::new();
        let links = check(&book, &mut complaints).unwrap();
        fs::remove_dir_all(&book).unwrap();
        assert_eq!(links, 5);
        assert_eq!(
            complaints,
            [
                "a.html: leads to c.html, which is not there",
                "a.html: leads to sub/b.html#gone, which is not there",
                "sub/b.html: holds `{{#`: what it includes is not there",
            ]
        );
    }
}
