//! The neck: features go up the pyramid (upsample, concatenate) and down again (stride 2, concatenate).

use burn::module::Module;
use burn::tensor::Tensor;

use crate::kernels;
use crate::model::init::Initializer;
use crate::model::layers::Pass;

use super::backbone::Levels;
use super::layers::{C2f, ConvBlock};
use super::variant::Variant;

#[derive(Module, Debug)]
pub(super) struct Neck {
    up_middle: C2f,
    up_fine: C2f,
    down_middle: ConvBlock,
    out_middle: C2f,
    down_coarse: ConvBlock,
    out_coarse: C2f,
}

impl Neck {
    pub fn new(variant: Variant, init: &mut Initializer) -> Self {
        let [c3, c4, c5] = [256, 512, 1024].map(|base| variant.channels(base));
        let few = variant.repeats(3);
        Self {
            up_middle: C2f::new(c5 + c4, c4, few, false, init),
            up_fine: C2f::new(c4 + c3, c3, few, false, init),
            down_middle: ConvBlock::new(c3, c3, 3, 2, init),
            out_middle: C2f::new(c3 + c4, c4, few, false, init),
            down_coarse: ConvBlock::new(c4, c4, 3, 2, init),
            out_coarse: C2f::new(c4 + c5, c5, few, false, init),
        }
    }

    pub fn forward(&self, input: Levels, pass: &mut Pass) -> Levels {
        let Levels { fine, middle, coarse } = input;
        let up = kernels::upsample_2x(coarse.clone());
        let half_way = self.up_middle.forward(Tensor::cat(vec![up, middle], 1), pass);
        let up = kernels::upsample_2x(half_way.clone());
        let fine = self.up_fine.forward(Tensor::cat(vec![up, fine], 1), pass);
        let down = self.down_middle.forward(fine.clone(), pass);
        let middle = self.out_middle.forward(Tensor::cat(vec![down, half_way], 1), pass);
        let down = self.down_coarse.forward(middle.clone(), pass);
        let coarse = self.out_coarse.forward(Tensor::cat(vec![down, coarse], 1), pass);
        Levels { fine, middle, coarse }
    }
}
