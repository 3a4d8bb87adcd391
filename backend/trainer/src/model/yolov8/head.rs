//! The decoupled head: one branch for box distributions and one for classes at each of three levels.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::model::init::Initializer;
use crate::model::layers::{Convolution, Pass};

use super::backbone::Levels;
use super::layers::ConvBlock;
use super::variant::Variant;

/// Bins of the distribution of each box side.
pub const REG_MAX: usize = 16;
/// Pixels per cell of the three levels, finest first.
pub const STRIDES: [usize; 3] = [8, 16, 32];

/// What the network says, before any decoding.
#[derive(Clone, Debug)]
pub struct HeadOutput {
    /// [N, A, 64] logits: for each of left, top, right, bottom (in this order) 16 bins of distance
    /// from the cell's centre, in units of the stride.
    pub boxes: Tensor<3>,
    /// [N, A, classes] logits.
    pub classes: Tensor<3>,
}

type Branch = (ConvBlock, ConvBlock, Convolution);

/// The field names are those of the published state dict: `cv2` for boxes, `cv3` for classes.
#[derive(Module, Debug)]
pub(super) struct Head {
    cv2: Vec<Branch>,
    cv3: Vec<Branch>,
    classes: usize,
}

impl Head {
    pub fn new(variant: Variant, classes: usize, init: &mut Initializer) -> Self {
        let inputs = [256, 512, 1024].map(|base| variant.channels(base));
        let finest = inputs[0];
        let box_width = (finest / 4).max(4 * REG_MAX);
        let class_width = finest.max(classes.min(100));
        let cv2 = inputs.iter().map(|&input| branch(input, box_width, 4 * REG_MAX, 1.0, init)).collect();
        let cv3 = inputs
            .iter()
            .zip(STRIDES)
            .map(|(&input, stride)| branch(input, class_width, classes, class_bias(classes, stride), init))
            .collect();
        Self { cv2, cv3, classes }
    }

    pub fn classes(&self) -> usize {
        self.classes
    }

    pub fn device(&self) -> Device {
        self.cv2[0].2.weight.val().device()
    }

    pub fn forward(&self, levels: Levels, pass: &mut Pass) -> HeadOutput {
        let mut boxes = Vec::with_capacity(3);
        let mut classes = Vec::with_capacity(3);
        for (level, input) in [levels.fine, levels.middle, levels.coarse].into_iter().enumerate() {
            boxes.push(flatten(run(&self.cv2[level], input.clone(), pass)));
            classes.push(flatten(run(&self.cv3[level], input, pass)));
        }
        HeadOutput {
            boxes: Tensor::cat(boxes, 2).swap_dims(1, 2),
            classes: Tensor::cat(classes, 2).swap_dims(1, 2),
        }
    }
}

fn branch(input: usize, width: usize, output: usize, bias: f32, init: &mut Initializer) -> Branch {
    let first = ConvBlock::new(input, width, 3, 1, init);
    let second = ConvBlock::new(width, width, 3, 1, init);
    (first, second, Convolution::point(width, output, bias, init))
}

fn run(branch: &Branch, input: Tensor<4>, pass: &mut Pass) -> Tensor<4> {
    let (first, second, last) = branch;
    let hidden = first.forward(input, pass);
    last.forward_point(second.forward(hidden, pass))
}

/// [N, C, H, W] to [N, C, H*W].
fn flatten(map: Tensor<4>) -> Tensor<3> {
    let [n, c, h, w] = map.dims();
    map.reshape([n, c, h * w])
}

/// About five objects in a picture of 640 pixels: the prior that keeps the first steps from being all false alarms.
fn class_bias(classes: usize, stride: usize) -> f32 {
    let cells = (640.0 / stride as f64).powi(2);
    (5.0 / classes.max(1) as f64 / cells).ln() as f32
}
