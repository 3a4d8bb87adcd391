//! Finds out how a folder is laid out, and where in it the data set begins.
//!
//! Must not know the store.

use super::error::ImportError;
use super::formats::{self, Candidate, Labelling, Parsed};
use super::import::Format;
use super::source::{Rejections, Source, is_image};
use shared::dataset::Task;
use std::path::Path;

/// Archives often hold one folder with everything in it, and that one again.
const NESTING: usize = 4;

/// A folder that was read.
pub(super) struct Found {
    pub(super) source: Source,
    pub(super) parsed: Parsed,
    /// Images alone: nothing in it says what they are for.
    pub(super) is_plain: bool,
}

/// Reads a folder in this format, or in the one that fits.
pub(super) fn read(path: &Path, format: Option<Format>) -> Result<Found, ImportError> {
    let roots = roots(Source::open(path)?)?;
    match format {
        Some(format) => first_that_fits(&roots, format, false),
        None => find_out(path, &roots),
    }
}

/// Formats that name themselves come first; in the deepest folder there may be classes or images alone.
fn find_out(path: &Path, roots: &[Source]) -> Result<Found, ImportError> {
    for format in [Format::Yolo, Format::Voc, Format::Coco] {
        match first_that_fits(roots, format, false) {
            Err(ImportError::OtherFormat { .. }) => {}
            // A set that is of this format and broken is told as such.
            fits => return fits,
        }
    }
    let innermost = roots.last().ok_or_else(|| unknown(path))?;
    if innermost.files(innermost.root()).iter().any(|path| is_image(path)) && roots.len() == 1 {
        return Ok(plain(innermost.clone()));
    }
    match first_that_fits(roots, Format::Folder, true) {
        Err(ImportError::OtherFormat { .. }) => {}
        fits => return fits,
    }
    let images = plain(innermost.clone());
    if images.parsed.candidates.is_empty() { Err(unknown(path)) } else { Ok(images) }
}

fn first_that_fits(roots: &[Source], format: Format, innermost_first: bool) -> Result<Found, ImportError> {
    let ordered: Vec<&Source> =
        if innermost_first { roots.iter().rev().collect() } else { roots.iter().collect() };
    let mut first_refusal = None;
    for source in ordered {
        match formats::parse(format, source) {
            Ok(parsed) => return Ok(Found { source: source.clone(), parsed, is_plain: false }),
            Err(refusal @ ImportError::OtherFormat { .. }) => {
                first_refusal.get_or_insert(refusal);
            }
            Err(error) => return Err(error),
        }
    }
    Err(first_refusal.unwrap_or_else(|| unknown(Path::new(""))))
}

/// The folder, and the only folder in it, and so on. A licence or a list beside that folder does not count: a set is
/// where its images are.
fn roots(top: Source) -> Result<Vec<Source>, ImportError> {
    let mut roots = vec![top];
    while let Some(source) = roots.last() {
        let folders = source.folders(source.root());
        match folders.as_slice() {
            [only]
                if roots.len() <= NESTING
                    && !source.files(source.root()).iter().any(|path| is_image(path)) =>
            {
                let inner = Source::open(only)?;
                roots.push(inner);
            }
            _ => break,
        }
    }
    Ok(roots)
}

/// Every image below a folder, and nothing known of any.
fn plain(source: Source) -> Found {
    let mut rejections = Rejections::default();
    let mut candidates = Vec::new();
    for path in source.files_below(source.root()) {
        if !is_image(&path) {
            rejections.add(source.name_of(&path), "wrong extension: not .jpg, .jpeg, .png, .webp or .bmp");
            continue;
        }
        candidates.push(Candidate {
            annotation_file: source.name_of(&path),
            path,
            subset: None,
            claimed_size: None,
            labelling: Labelling::Boxes(Vec::new()),
        });
    }
    let parsed = Parsed { task: Task::Detection, labels: Vec::new(), candidates, rejections };
    Found { source, parsed, is_plain: true }
}

fn unknown(path: &Path) -> ImportError {
    ImportError::UnknownFormat { path: path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_set_is_found_in_the_only_folder_whatever_lies_beside_it() {
        let picture = image::RgbImage::new(4, 4);
        let object = "<object><name>a</name><bndbox><xmin>0</xmin><ymin>0</ymin><xmax>2</xmax><ymax>2</ymax></bndbox></object>";
        for (beside, is_plain) in [
            (&[][..], false),
            (&["LICENSE", "README.md", "test.csv"], false),
            // An image beside it is of the set, and then nothing says what the images are for.
            (&["other.png"], true),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let set = folder.path().join("set");
            for inner in ["Annotations", "JPEGImages"] {
                fs::create_dir_all(set.join(inner)).unwrap();
            }
            picture.save(set.join("JPEGImages/x.png")).unwrap();
            let description = format!("<annotation><filename>x.png</filename>{object}</annotation>");
            fs::write(set.join("Annotations/x.xml"), description).unwrap();
            for name in beside {
                if is_image(Path::new(name)) {
                    picture.save(folder.path().join(name)).unwrap();
                } else {
                    fs::write(folder.path().join(name), "words").unwrap();
                }
            }
            let found = read(folder.path(), None).unwrap();
            assert_eq!((found.parsed.task, found.is_plain), (Task::Detection, is_plain), "{beside:?}");
        }
    }
}
