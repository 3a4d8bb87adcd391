//! Pictures side by side, as the network reads them, and which pictures make which batch.
//!
//! Every random choice follows from seed, epoch and image alone, so that neither threads nor a resumed run
//! change it.

use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::assign::Target;
use crate::augment::{Canvas, Placement, letterbox, shifted};
use crate::family::{Family, Settings, Truth};
use crate::job::LabelledBox;

use super::picture::PictureError;
use super::store::PictureStore;

/// The network's strides all divide this.
const LARGEST_STRIDE: usize = 32;

/// Images and targets of one step.
#[derive(Clone, Debug)]
pub struct Batch<T> {
    /// [N, 3, H, W], RGB in 0..1.
    pub pixels: Vec<f32>,
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
    /// What is on each image, in pixels of the batch where it has any.
    pub targets: Vec<T>,
    /// Place in the store of each image.
    pub indices: Vec<usize>,
    /// How each image was put into the frame; only of letterboxed batches.
    pub placements: Vec<Placement>,
}

impl<T> Batch<T> {
    /// Black images without targets, to be filled.
    pub fn new(count: usize, height: usize, width: usize) -> Self {
        Self {
            pixels: vec![0.0; count * 3 * height * width],
            height,
            width,
            targets: Vec::with_capacity(count),
            indices: Vec::with_capacity(count),
            placements: Vec::new(),
        }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Puts the next image in, which must be of the batch's size.
    pub fn push(&mut self, index: usize, canvas: &Canvas, target: T) {
        let size = 3 * self.height * self.width;
        let place = self.indices.len();
        canvas.write_planes(&mut self.pixels[place * size..(place + 1) * size]);
        self.targets.push(target);
        self.indices.push(index);
    }

    /// The images on a device; the batch has none then.
    pub fn take_images(&mut self, device: &Device) -> Tensor<4> {
        let shape = [self.len(), 3, self.height, self.width];
        Tensor::from_data(TensorData::new(std::mem::take(&mut self.pixels), shape), device)
    }
}

/// The order of an epoch's images, cut into steps; the last step may be smaller.
pub fn epoch_order(count: usize, batch_size: usize, seed: u64, epoch: u32) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut source(seed, epoch, u32::MAX));
    order.chunks(batch_size.max(1)).map(<[usize]>::to_vec).collect()
}

fn source(seed: u64, epoch: u32, image: u32) -> ChaCha8Rng {
    let mut source = ChaCha8Rng::seed_from_u64(seed);
    source.set_stream((u64::from(epoch) << 32) | u64::from(image));
    source
}

/// Makes a batch of varied images, all squares of the network's side.
///
/// # Errors
/// If an image can no longer be read.
pub fn train_batch<F: Family>(
    store: &PictureStore<F::Truth>,
    indices: &[usize],
    config: &F::Config,
    epoch: u32,
) -> Result<Batch<F::Target>, PictureError> {
    let common = config.common();
    let side = common.imgsz as usize;
    let mut batch = Batch::new(indices.len(), side, side);
    for &index in indices {
        let mut random = source(common.seed, epoch, index as u32);
        let (canvas, target) = F::train_image(store, index, config, epoch, &mut random)?;
        batch.push(index, &canvas, target);
    }
    Ok(batch)
}

/// Groups a subset into batches of similar shape, so that little grey is computed on.
pub fn order_by_shape<T: Truth>(store: &PictureStore<T>, batch_size: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..store.len()).collect();
    let ratio = |index: usize| {
        let [width, height] = store.resized_size(index);
        f64::from(height) / f64::from(width)
    };
    order.sort_by(|&a, &b| ratio(a).total_cmp(&ratio(b)).then(a.cmp(&b)));
    order.chunks(batch_size.max(1)).map(<[usize]>::to_vec).collect()
}

/// Makes a batch without augmentation: letterboxed to the smallest frame in multiples of 32 that holds all.
///
/// # Errors
/// If an image can no longer be read.
pub fn letterboxed_batch(
    store: &PictureStore<Vec<LabelledBox>>,
    indices: &[usize],
) -> Result<Batch<Vec<Target>>, PictureError> {
    let sizes = indices.iter().map(|&index| store.resized_size(index));
    let [width, height] = sizes.fold([1, 1], |most, size| [most[0].max(size[0]), most[1].max(size[1])]);
    let [width, height] = [width, height].map(|length| (length as usize).next_multiple_of(LARGEST_STRIDE));
    let mut batch = Batch::new(indices.len(), height, width);
    for &index in indices {
        let sample = store.sample(index)?;
        let [original_width, original_height] = store.original_size(index);
        let (canvas, corner) = letterbox(&sample.canvas, width, height);
        batch.push(index, &canvas, shifted(&sample.targets, corner));
        batch.placements.push(Placement {
            scale: [
                sample.canvas.width as f32 / original_width as f32,
                sample.canvas.height as f32 / original_height as f32,
            ],
            offset: corner.map(|value| value as f32),
        });
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::RngExt;

    use super::*;

    fn first_draw(seed: u64, epoch: u32, image: u32) -> u64 {
        source(seed, epoch, image).random()
    }

    #[test]
    fn every_image_comes_once_an_epoch_and_in_another_order_the_next() {
        let first = epoch_order(10, 4, 1, 0);
        assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
        let all: BTreeSet<usize> = first.iter().flatten().copied().collect();
        assert_eq!(all.len(), 10);
        assert_eq!(first, epoch_order(10, 4, 1, 0));
        assert_ne!(first, epoch_order(10, 4, 1, 1));
        assert_ne!(first, epoch_order(10, 4, 2, 0));
    }

    #[test]
    fn draws_differ_by_seed_epoch_and_image() {
        let draws: BTreeSet<u64> =
            [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)].map(|(s, e, i)| first_draw(s, e, i)).into();
        assert_eq!(draws.len(), 4);
        assert_eq!(first_draw(5, 6, 7), first_draw(5, 6, 7));
    }
}
