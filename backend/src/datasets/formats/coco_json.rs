//! One JSON file in COCO's format.
//!
//! Must not know folders. Read as a stream: masks and everything else that is not needed is skipped
//! while it is read.

use serde::Deserialize;
use std::io::Read;

/// What of a file matters.
#[derive(Debug, Deserialize)]
pub(super) struct CocoFile {
    pub(super) images: Vec<CocoImage>,
    #[serde(default)]
    pub(super) annotations: Vec<CocoAnnotation>,
    #[serde(default)]
    pub(super) categories: Vec<CocoCategory>,
}

/// An image.
#[derive(Debug, Deserialize)]
pub(super) struct CocoImage {
    pub(super) id: i64,
    pub(super) file_name: String,
    #[serde(default)]
    pub(super) width: Option<f64>,
    #[serde(default)]
    pub(super) height: Option<f64>,
}

/// A labelled object.
#[derive(Debug, Deserialize)]
pub(super) struct CocoAnnotation {
    #[serde(default)]
    pub(super) id: i64,
    pub(super) image_id: i64,
    pub(super) category_id: i64,
    /// Left, top, width and height in pixels.
    #[serde(default)]
    pub(super) bbox: Option<Vec<f64>>,
    /// 1 for a region that holds many objects, which is no box of one.
    #[serde(default)]
    pub(super) iscrowd: u8,
}

/// A class.
#[derive(Debug, Deserialize)]
pub(super) struct CocoCategory {
    pub(super) id: i64,
    pub(super) name: String,
    #[serde(default)]
    pub(super) supercategory: Option<String>,
}

/// Parses a file. The error says what is wrong, with line and column.
pub(super) fn parse(reader: impl Read) -> Result<CocoFile, String> {
    serde_json::from_reader(reader).map_err(|error| format!("broken JSON: {error}"))
}

impl CocoImage {
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        let whole =
            |side: Option<f64>| side.filter(|side| *side >= 1.0 && *side <= 1e6).map(|side| side as u32);
        Some((whole(self.width)?, whole(self.height)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_file_says_where() {
        for (text, wanted) in [
            ("{\"images\": [\n{\"id\": 1,}]}", "line 2 column 10"),
            ("{\"images\": [", "EOF"),
            ("{\"annotations\": []}", "missing field `images`"),
            ("{\"images\": [{\"id\": \"x\", \"file_name\": \"a\"}]}", "line 1"),
            ("[]", "line 1"),
            ("", "EOF"),
        ] {
            let reason = parse(text.as_bytes()).unwrap_err();
            assert!(reason.contains(wanted), "{text}: {reason}");
        }
        let deep = "{\"info\": ".to_owned() + &"[".repeat(100_000);
        assert!(parse(deep.as_bytes()).is_err());
    }
}
