//! Links between the pages of the book, also those that were written for the repository: a page may be included from a file
//! outside `docs/`, and is linked to by that file's place.
//!
//! Must not know what the pages say.

use mdbook_driver::book::{Book, Chapter};
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

const INCLUDE: &str = "{{#include ";
/// The folder of the book's sources in the checkout.
const SOURCES: &str = "docs";

/// Which files of the checkout are pages of the book.
pub struct Places {
    /// The page, from the book's root, for each file, from the checkout's.
    pages: HashMap<PathBuf, PathBuf>,
    /// The file that holds what is on a page, the other way round.
    origins: HashMap<PathBuf, PathBuf>,
}

impl Places {
    /// Of a book as it was loaded, before anything is included.
    pub fn of(book: &Book) -> Self {
        let mut places = Self { pages: HashMap::new(), origins: HashMap::new() };
        for chapter in book.chapters() {
            let Some(page) = &chapter.path else { continue };
            let own = Path::new(SOURCES).join(page);
            let included =
                chapter.content.trim().strip_prefix(INCLUDE).and_then(|rest| rest.strip_suffix("}}"));
            let origin = included.map_or_else(|| own.clone(), |file| plain(&folder_of(&own).join(file)));
            places.pages.extend([(own, page.clone()), (origin.clone(), page.clone())]);
            places.origins.insert(page.clone(), origin);
        }
        places
    }

    /// Makes links of a page lead to pages.
    pub fn mend(&self, chapter: &mut Chapter) {
        let Some(page) = &chapter.path else { return };
        // What is made with the book leads to pages already.
        let Some(origin) = self.origins.get(page) else { return };
        let mut mended = String::with_capacity(chapter.content.len());
        let mut rest = chapter.content.as_str();
        while let Some((before, after)) = rest.split_once("](") {
            let end = after.find([')', '#', ' ']).unwrap_or(after.len());
            let (target, remaining) = after.split_at(end);
            mended.push_str(before);
            mended.push_str("](");
            match self.pages.get(&plain(&folder_of(origin).join(target))) {
                Some(other) if !target.is_empty() => {
                    mended.push_str(&relative(folder_of(page), other));
                }
                _ => mended.push_str(target),
            }
            rest = remaining;
        }
        mended.push_str(rest);
        chapter.content = mended;
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// A path without `.` and `..`, but for those at its beginning.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

/// The way from a folder of the book to one of its pages.
fn relative(folder: &Path, page: &Path) -> String {
    let up = "../".repeat(folder.components().count());
    format!("{up}{}", page.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_pages_from_wherever_they_were_written() {
        let chapter = |path: &str, content: &str| Chapter::new(path, content.to_owned(), path, Vec::new());
        let book = Book::new_with_items(
            [
                chapter("security.md", "{{#include ../SECURITY.md}}\n"),
                chapter(
                    "uploads.md",
                    "[s](../SECURITY.md#top) [x](https://x) [c](clients/a.md) [code](../src/x.rs)",
                ),
                chapter("clients/a.md", "{{#include ../../proto/README.md}}"),
            ]
            .map(Into::into)
            .to_vec(),
        );
        let places = Places::of(&book);
        let mended = |path: &str, content: &str| {
            let mut chapter = chapter(path, content);
            places.mend(&mut chapter);
            chapter.content
        };
        assert_eq!(
            mended(
                "uploads.md",
                "[s](../SECURITY.md#top) [x](https://x) [c](clients/a.md) [code](../src/x.rs)"
            ),
            "[s](security.md#top) [x](https://x) [c](clients/a.md) [code](../src/x.rs)"
        );
        assert_eq!(mended("security.md", "[u](docs/uploads.md)"), "[u](uploads.md)");
        assert_eq!(
            mended("clients/a.md", "[s](../SECURITY.md), [here](#x)"),
            "[s](../security.md), [here](#x)"
        );
    }
}
