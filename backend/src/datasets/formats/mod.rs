//! Formats of data sets: each file turns a folder into candidates, without opening a single image.
//!
//! Must not know the store. What is wrong with one file or box becomes a rejection; only what makes
//! the whole meaningless is an error.

mod boxes;
mod coco;
mod coco_json;
mod folder;
mod voc;
mod voc_xml;
mod yolo;
mod yolo_yaml;

pub(super) use boxes::{Edges, LabelledBox};

use super::error::ImportError;
use super::import::Format;
use super::source::{Rejections, Source};
use shared::dataset::{Subset, Task};
use std::path::PathBuf;

/// What a folder holds, before its images are looked at.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) task: Task,
    /// In class order.
    pub(super) labels: Vec<String>,
    pub(super) candidates: Vec<Candidate>,
    pub(super) rejections: Rejections,
}

/// An image that a data set speaks of.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) subset: Option<Subset>,
    /// The file that the labelling comes from, as a person knows it.
    pub(super) annotation_file: String,
    /// Width and height that the data set claims; its boxes mean nothing on an image of another size.
    pub(super) claimed_size: Option<(u32, u32)>,
    pub(super) labelling: Labelling,
}

/// What a data set says of an image.
#[derive(Debug)]
pub(super) enum Labelling {
    /// One class for the whole image.
    Class(String),
    /// Boxes; none says that the image shows nothing of the labels.
    Boxes(Vec<LabelledBox>),
}

/// Reads a folder in this format.
pub(super) fn parse(format: Format, source: &Source) -> Result<Parsed, ImportError> {
    match format {
        Format::Voc => voc::parse(source),
        Format::Coco => coco::parse(source),
        Format::Yolo => yolo::parse(source),
        Format::Folder => folder::parse(source),
    }
}

/// Label names must be usable as names: not empty, not endless, without control characters.
fn label_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    if name.is_empty() {
        return Err("a class has no name".into());
    }
    if name.chars().count() > 200 || name.chars().any(char::is_control) {
        return Err(format!(
            "`{}` cannot be the name of a class",
            name.chars().take(40).collect::<String>().escape_debug()
        ));
    }
    Ok(name.to_owned())
}
