//! Writes a scene of COCO's size, `gt.json` and `dt.json`, for timings. The same bytes at every run.
//!
//! `cargo run -p shared --example coco_scene -- FOLDER`

mod scene;

use std::fs;
use std::io::{Error, Result};
use std::path::PathBuf;

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| Error::other("name a folder to write into"))?;
    fs::create_dir_all(&folder)?;
    let (truth, detections) = scene::scene();
    fs::write(folder.join("gt.json"), truth)?;
    fs::write(folder.join("dt.json"), detections)
}
