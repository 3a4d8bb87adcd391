//! The images of a subset: decoded when first needed and kept in memory where they fit, else decoded each time.
//!
//! Knows files, sizes and boxes; must not know augmentation or batches.

use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use crate::assign::Target;
use crate::augment::Sample;
use crate::family::Truth;
use crate::job::{LabelledBox, LabelledImage, StopFlag};

use super::picture::{Fit, Picture, PictureError, read_image, read_size, resized};

/// Images that are prepared between two progress reports.
const CHUNK: usize = 16;

/// The usable images of a subset.
#[derive(Debug)]
pub struct PictureStore<T> {
    entries: Vec<Entry<T>>,
    fit: Fit,
    side: usize,
    keeps: bool,
}

#[derive(Debug)]
struct Entry<T> {
    image: LabelledImage<T>,
    original: [u32; 2],
    kept: OnceLock<Arc<Picture>>,
}

/// A store, and what had to be left out of it.
#[derive(Debug)]
pub struct Prepared<T> {
    /// The usable images.
    pub store: PictureStore<T>,
    /// A message for each image that could not be used.
    pub rejected: Vec<String>,
}

impl<T: Truth> PictureStore<T> {
    /// No images.
    pub fn empty() -> Self {
        Self { entries: Vec::new(), fit: Fit::Longer, side: 0, keeps: false }
    }

    /// Reads the headers of a subset for a network of `side` pixels, so that the first step need not wait for
    /// every picture of it.
    ///
    /// Decoded pictures are kept in memory if all of them together need at most `budget_bytes`.
    /// `progress` hears how many of how many are done; a stop ends the reading early.
    /// Files that do not begin like an image are left out and named.
    pub fn prepare(
        images: &[LabelledImage<T>],
        (fit, side): (Fit, usize),
        budget_bytes: u64,
        stop: &StopFlag,
        mut progress: impl FnMut(usize, usize),
    ) -> Prepared<T> {
        let mut entries = Vec::with_capacity(images.len());
        let mut rejected = Vec::new();
        for chunk in images.chunks(CHUNK) {
            if stop.is_stopped() {
                break;
            }
            let read: Vec<_> = chunk.par_iter().map(Entry::read).collect();
            for (image, result) in chunk.iter().zip(read) {
                match result {
                    Ok(entry) => entries.push(entry),
                    Err(error) => rejected.push(format!("{} is left out: {error}", image.name)),
                }
            }
            progress(entries.len() + rejected.len(), images.len());
        }
        let bytes = |entry: &Entry<T>| {
            let [width, height] = resized(entry.original, fit, side).map(u64::from);
            width * height * 3
        };
        let keeps = entries.iter().map(bytes).sum::<u64>() <= budget_bytes;
        Prepared { store: Self { entries, fit, side, keeps }, rejected }
    }

    /// Number of usable images.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no image is usable.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether pictures are kept in memory.
    pub fn is_in_memory(&self) -> bool {
        self.keeps
    }

    /// The image as it was given.
    pub fn image(&self, index: usize) -> &LabelledImage<T> {
        &self.entries[index].image
    }

    /// Width and height in the file.
    pub fn original_size(&self, index: usize) -> [u32; 2] {
        self.entries[index].original
    }

    /// Width and height after resizing.
    pub fn resized_size(&self, index: usize) -> [u32; 2] {
        resized(self.entries[index].original, self.fit, self.side)
    }

    /// The resized picture.
    ///
    /// # Errors
    /// If it is not in memory and cannot be read.
    pub fn picture(&self, index: usize) -> Result<Arc<Picture>, PictureError> {
        let entry = &self.entries[index];
        if let Some(picture) = entry.kept.get() {
            return Ok(Arc::clone(picture));
        }
        let picture = Arc::new(Picture::from_image(&read_image(&entry.image.path)?, self.fit, self.side));
        if self.keeps {
            // Another thread may have been first; its picture is the same.
            let _ = entry.kept.set(Arc::clone(&picture));
        }
        Ok(picture)
    }
}

impl PictureStore<Vec<LabelledBox>> {
    /// The resized picture with its targets in its pixels.
    ///
    /// # Errors
    /// As [`picture`](Self::picture).
    pub fn sample(&self, index: usize) -> Result<Sample, PictureError> {
        let picture = self.picture(index)?;
        let [x_scale, y_scale] = picture.scale();
        let limits = [picture.canvas.width as f32, picture.canvas.height as f32];
        let targets = self.entries[index].image.truth.iter().filter_map(|labelled| {
            let [x1, y1, x2, y2] = labelled.corners();
            let x = [x1 * x_scale, x2 * x_scale].map(|value| value.clamp(0.0, limits[0]));
            let y = [y1 * y_scale, y2 * y_scale].map(|value| value.clamp(0.0, limits[1]));
            let corners = [x[0], y[0], x[1], y[1]];
            (x[1] > x[0] && y[1] > y[0]).then_some(Target { class: labelled.class, corners })
        });
        Ok(Sample { targets: targets.collect(), canvas: picture.canvas.clone() })
    }
}

impl<T: Truth> Entry<T> {
    fn read(image: &LabelledImage<T>) -> Result<Self, PictureError> {
        let original = read_size(&image.path)?;
        Ok(Self { image: image.clone(), original, kept: OnceLock::new() })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use image::RgbImage;

    use super::*;

    fn subset(folder: &Path) -> Vec<LabelledImage<Vec<LabelledBox>>> {
        RgbImage::from_pixel(40, 20, image::Rgb([1, 2, 3])).save(folder.join("good.png")).unwrap();
        std::fs::write(folder.join("bad.png"), b"\x89PNG\r\n\x1a\n").unwrap();
        let boxes = vec![
            LabelledBox { class: 0, x1: -5.0, y1: 2.0, x2: 10.0, y2: 30.0 },
            LabelledBox { class: 1, x1: 50.0, y1: 2.0, x2: 60.0, y2: 9.0 },
        ];
        ["good.png", "bad.png"]
            .map(|name| LabelledImage { path: folder.join(name), name: name.into(), truth: boxes.clone() })
            .to_vec()
    }

    #[test]
    fn broken_images_are_left_out_and_boxes_are_clipped() {
        let folder = tempfile::tempdir().unwrap();
        let images = subset(folder.path());
        for budget in [0, 1 << 30] {
            let mut heard = Vec::new();
            let stop = StopFlag::default();
            let told = |done, of| heard.push((done, of));
            let prepared = PictureStore::prepare(&images, (Fit::Longer, 80), budget, &stop, told);
            assert_eq!(heard, [(2, 2)]);
            assert_eq!(prepared.rejected.len(), 1);
            assert!(prepared.rejected[0].contains("bad.png"));
            let store = prepared.store;
            assert_eq!((store.len(), store.is_in_memory()), (1, budget > 0));
            assert_eq!(store.resized_size(0), [80, 40]);
            let sample = store.sample(0).unwrap();
            assert_eq!((sample.canvas.width, sample.canvas.height), (80, 40));
            assert_eq!(sample.targets.len(), 1);
            assert_eq!(sample.targets[0].corners, [0.0, 4.0, 20.0, 40.0]);
        }
    }
}
