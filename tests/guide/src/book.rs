//! The book: what `docs/SUMMARY.md` lists, and a page for each service of the API below its page about the API.
//!
//! Must not know what is written there.

use crate::in_book::Places;
use crate::{api, proto};
use anyhow::{Context, Result, anyhow};
use mdbook_driver::MDBook;
use mdbook_driver::book::{Book, BookItem, Chapter, SectionNumber};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};
use std::fs;
use std::path::{Path, PathBuf};

/// The page below which the services come, in `docs/`.
const PARENT: &str = "api.md";
const FOLDER: &str = "api";

/// Writes the book as HTML; gives the number of its pages.
pub fn build(root: &Path, target: &Path) -> Result<usize> {
    if target.exists() {
        fs::remove_dir_all(target).with_context(|| format!("cannot empty {}", target.display()))?;
    }
    let services = api::pages(&proto::files(&root.join("proto"))?);
    let count = services.len();
    let mut book = MDBook::load(root.join("docs")).map_err(|error| anyhow!("{error:#}"))?;
    book.config.build.build_dir = target.to_path_buf();
    let pages = book.iter().filter(|item| matches!(item, BookItem::Chapter(_))).count() + count;
    let places = Places::of(&book.book);
    book.with_preprocessor(Pages { services, places });
    book.build().map_err(|error| anyhow!("{error:#}"))?;
    Ok(pages)
}

/// Runs when everything is included.
struct Pages {
    services: Vec<api::Page>,
    places: Places,
}

impl Preprocessor for Pages {
    fn name(&self) -> &str {
        "pages"
    }

    fn run(&self, _: &PreprocessorContext, mut book: Book) -> mdbook_driver::errors::Result<Book> {
        let mut is_found = false;
        book.for_each_chapter_mut(|chapter| {
            self.places.mend(chapter);
            if chapter.path.as_deref() == Some(Path::new(PARENT)) {
                is_found = true;
                chapter.sub_items = self.below(chapter);
            }
        });
        if is_found { Ok(book) } else { Err(anyhow!("docs/SUMMARY.md does not list {PARENT}")) }
    }
}

fn below_number(above: &SectionNumber, place: u32) -> SectionNumber {
    SectionNumber::new(above.iter().copied().chain([place]).collect::<Vec<_>>())
}

impl Pages {
    fn below(&self, parent: &Chapter) -> Vec<BookItem> {
        let names = [parent.parent_names.as_slice(), std::slice::from_ref(&parent.name)].concat();
        let chapters = (1..).zip(&self.services).map(|(place, page)| {
            let path = PathBuf::from(FOLDER).join(format!("{}.md", page.name));
            let mut chapter = Chapter::new(&page.name, page.markdown.clone(), path, names.clone());
            // By its number, the table of contents knows below what a chapter stands.
            chapter.number = parent.number.as_ref().map(|above| below_number(above, place));
            chapter
        });
        chapters.map(BookItem::Chapter).collect()
    }
}
