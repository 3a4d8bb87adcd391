//! The backbone: five halvings of the image, features taken after the last three.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::model::init::Initializer;
use crate::model::layers::Pass;

use super::layers::{C2f, ConvBlock, Sppf};
use super::variant::Variant;

/// Feature maps at strides 8, 16 and 32.
pub(super) struct Levels {
    pub fine: Tensor<4>,
    pub middle: Tensor<4>,
    pub coarse: Tensor<4>,
}

#[derive(Module, Debug)]
pub(super) struct Backbone {
    pub stem: ConvBlock,
    down2: ConvBlock,
    stage2: C2f,
    down3: ConvBlock,
    stage3: C2f,
    down4: ConvBlock,
    stage4: C2f,
    down5: ConvBlock,
    stage5: C2f,
    pool: Sppf,
}

impl Backbone {
    pub fn new(variant: Variant, init: &mut Initializer) -> Self {
        let [c1, c2, c3, c4, c5] = [64, 128, 256, 512, 1024].map(|base| variant.channels(base));
        let [few, many] = [3, 6].map(|base| variant.repeats(base));
        Self {
            stem: ConvBlock::new(3, c1, 3, 2, init),
            down2: ConvBlock::new(c1, c2, 3, 2, init),
            stage2: C2f::new(c2, c2, few, true, init),
            down3: ConvBlock::new(c2, c3, 3, 2, init),
            stage3: C2f::new(c3, c3, many, true, init),
            down4: ConvBlock::new(c3, c4, 3, 2, init),
            stage4: C2f::new(c4, c4, many, true, init),
            down5: ConvBlock::new(c4, c5, 3, 2, init),
            stage5: C2f::new(c5, c5, few, true, init),
            pool: Sppf::new(c5, init),
        }
    }

    pub fn forward(&self, images: Tensor<4>, pass: &mut Pass) -> Levels {
        let x = self.stem.forward(images, pass);
        let x = self.down2.forward(x, pass);
        let x = self.stage2.forward(x, pass);
        let x = self.down3.forward(x, pass);
        let fine = self.stage3.forward(x, pass);
        let x = self.down4.forward(fine.clone(), pass);
        let middle = self.stage4.forward(x, pass);
        let x = self.down5.forward(middle.clone(), pass);
        let x = self.stage5.forward(x, pass);
        let coarse = self.pool.forward(x, pass);
        Levels { fine, middle, coarse }
    }
}
