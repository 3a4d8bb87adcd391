//! Synthetic, labelled detection scenes that look like photographs: what the demo trains on.
//!
//! Objects lie on a textured, lit ground, throw soft shadows, hide each other, and are seen through
//! a lens with vignette, blur and sensor noise. The same seed gives the same pictures.
//! Must not know the store: the folder it writes is imported like any other.

mod canvas;
mod shapes;

use canvas::Canvas;
use image::codecs::jpeg::JpegEncoder;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use shapes::{Kind, Solid};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SceneSpec {
    /// Pictures in the train subset.
    pub train_count: u32,
    /// Pictures in the validation subset.
    pub validation_count: u32,
    /// Side of the square pictures, in pixels.
    pub size_px: u32,
    /// Starts every random choice.
    pub seed: u64,
}

/// A scene that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the generated scenes to {path}: {source}; free some space or choose another folder")]
pub struct ScenesError {
    path: PathBuf,
    source: std::io::Error,
}

/// A labelled object of one scene, as fractions of the picture's side.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Labelled {
    class: usize,
    centre_x: f64,
    centre_y: f64,
    width: f64,
    height: f64,
}

/// Writes a YOLO data set to `dir`: `images/`, `labels/` and, last, `data.yaml`.
///
/// `progress` is told how many pictures are done, from any thread.
///
/// # Errors
/// If a folder or file cannot be written.
pub fn write_scenes(dir: &Path, spec: SceneSpec, progress: impl Fn(u64) + Sync) -> Result<(), ScenesError> {
    let done = AtomicU64::new(0);
    for (subset, count, stream) in [("train", spec.train_count, 0), ("val", spec.validation_count, 1)] {
        let images = dir.join("images").join(subset);
        let labels = dir.join("labels").join(subset);
        for folder in [&images, &labels] {
            std::fs::create_dir_all(folder).map_err(|source| ScenesError { path: folder.clone(), source })?;
        }
        (0..count).into_par_iter().try_for_each(|index| {
            let mut rng = ChaCha8Rng::seed_from_u64(spec.seed);
            rng.set_stream((u64::from(index) << 1) | stream);
            let (jpeg, objects) = scene(spec.size_px, &mut rng);
            let name = format!("scene-{index:04}");
            write(&images.join(format!("{name}.jpg")), &jpeg)?;
            write(&labels.join(format!("{name}.txt")), yolo_lines(&objects).as_bytes())?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
            Ok(())
        })?;
    }
    write(&dir.join("data.yaml"), data_yaml().as_bytes())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ScenesError> {
    std::fs::write(path, bytes).map_err(|source| ScenesError { path: path.to_path_buf(), source })
}

fn data_yaml() -> String {
    let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    format!("train: images/train\nval: images/val\nnc: {}\nnames: [{}]\n", names.len(), names.join(", "))
}

fn yolo_lines(objects: &[Labelled]) -> String {
    objects.iter().fold(String::new(), |mut text, object| {
        let Labelled { class, centre_x, centre_y, width, height } = object;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{class} {centre_x:.6} {centre_y:.6} {width:.6} {height:.6}");
        text
    })
}

/// Paints one scene and says what is seen in it.
fn scene(size_px: u32, rng: &mut ChaCha8Rng) -> (Vec<u8>, Vec<Labelled>) {
    let mut canvas = Canvas::ground(size_px, rng);
    // Far objects stand higher in the picture and are painted first, so near ones hide them.
    let mut solids = arranged(rng);
    solids.sort_by(|a, b| a.foot_y.total_cmp(&b.foot_y));
    let light = rng.random_range(-1.0..1.0);
    for (index, solid) in solids.iter().enumerate() {
        canvas.shadow(solid, light);
        canvas.solid(solid, index, light);
    }
    let objects = (0..solids.len())
        .filter_map(|index| visible_box(&canvas, index).map(|area| (index, area)))
        .filter_map(|(index, area)| Some(labelled(solids.get(index)?.kind, area, canvas.side())))
        .collect();
    (encode(&canvas, size_px, rng), objects)
}

/// Objects may hide each other, as in life, but not so that a person could not tell them apart.
const MOST_OVERLAP: f64 = 0.35;

/// One to four solids; one that would be hidden too much is left out.
fn arranged(rng: &mut ChaCha8Rng) -> Vec<Solid> {
    let mut solids: Vec<Solid> = Vec::new();
    for _ in 0..rng.random_range(1..=4) {
        let solid = Solid::random(rng);
        if solids.iter().all(|other| other.overlap(&solid) <= MOST_OVERLAP) {
            solids.push(solid);
        }
    }
    solids
}

fn labelled(kind: Kind, area: [u32; 4], side: u32) -> Labelled {
    let [x1, y1, x2, y2] = area.map(|edge| f64::from(edge) / f64::from(side));
    Labelled {
        class: kind.class(),
        centre_x: f64::midpoint(x1, x2),
        centre_y: f64::midpoint(y1, y2),
        width: x2 - x1,
        height: y2 - y1,
    }
}

/// Share of an object that must be in sight for a person to label it.
const LEAST_VISIBLE: f64 = 0.4;

/// The box around what is seen of an object, or `None` if too little is.
fn visible_box(canvas: &Canvas, index: usize) -> Option<[u32; 4]> {
    let (seen, area) = canvas.seen(index)?;
    (f64::from(seen) >= LEAST_VISIBLE * f64::from(canvas.painted(index))).then_some(area)
}

fn encode(canvas: &Canvas, size_px: u32, rng: &mut ChaCha8Rng) -> Vec<u8> {
    let picture = canvas.develop(size_px, rng);
    let mut bytes = Vec::new();
    // Encoding to memory cannot fail for a picture whose buffer has the right length, which `develop` made.
    if let Err(error) = JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&picture) {
        tracing::error!(%error, "a generated scene could not be encoded");
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> SceneSpec {
        SceneSpec { train_count: 6, validation_count: 2, size_px: 96, seed: 7 }
    }

    #[test]
    fn the_same_seed_paints_the_same_pictures() {
        let paint = |seed| scene(96, &mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(paint(3), paint(3));
        assert_ne!(paint(3).0, paint(4).0);
    }

    #[test]
    fn every_label_lies_in_the_picture_and_is_large_enough_to_see() {
        for seed in 0..50 {
            for object in scene(64, &mut ChaCha8Rng::seed_from_u64(seed)).1 {
                assert!(object.class < Kind::ALL.len());
                assert!(object.centre_x - object.width / 2.0 >= -1e-9, "{object:?}");
                assert!(object.centre_y + object.height / 2.0 <= 1.0 + 1e-9, "{object:?}");
                assert!(object.width > 0.05 && object.height > 0.05, "{object:?}");
            }
        }
    }

    #[test]
    fn a_whole_data_set_is_written() {
        let folder = tempfile::tempdir().unwrap();
        write_scenes(folder.path(), spec(), |_| {}).unwrap();
        let train = std::fs::read_dir(folder.path().join("images/train")).unwrap().count();
        let labels = std::fs::read_dir(folder.path().join("labels/val")).unwrap().count();
        assert_eq!((train, labels), (6, 2));
        assert!(std::fs::read_to_string(folder.path().join("data.yaml")).unwrap().contains("nc: 4"));
    }
}
