//! The hostile uploads: archives by their names, kinds, sizes and lies; images; annotations.
//!
//! Each is made when its turn comes, since some are large.

mod archives;
mod contents;

use backend::datasets::Format;
use std::io::Cursor;

pub struct Case {
    pub what: String,
    pub files: Vec<(String, Vec<u8>)>,
    pub format: Option<Format>,
    /// What the error must name.
    pub names: String,
    /// What the reason must say.
    pub says: String,
    /// Other files of it are imported, and this one is named in the report.
    pub may_be_rejected_alone: bool,
}

type Made = Box<dyn FnOnce() -> Case>;

fn case(what: impl Into<String>, file: &str, content: Vec<u8>, says: &str) -> Case {
    Case {
        what: what.into(),
        files: vec![(file.to_owned(), content)],
        format: None,
        names: file.to_owned(),
        says: says.to_owned(),
        may_be_rejected_alone: false,
    }
}

pub fn cases() -> Vec<Made> {
    let mut all = archives::cases();
    all.extend(contents::cases());
    all
}

pub fn picture(format: image::ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8 * 6, y as u8 * 8, (x * y) as u8]))
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

fn png() -> Vec<u8> {
    picture(image::ImageFormat::Png)
}
