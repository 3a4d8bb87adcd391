//! The ResNet family: three of its sizes, and how many weights each has.
//!
//! Must not know how the network is computed. The shape is that of torchvision's model files
//! (He et al. 2015, "Deep Residual Learning for Image Recognition", table 1): a strided stem, four stages of residual
//! blocks and one linear layer.

use super::{Architecture, Origin, Variant};
use crate::config::classification_schema;
use crate::dataset::Task;

pub(super) const RESNET: Architecture = Architecture {
    id: "resnet",
    name: "ResNet",
    title: "Tells which label a whole image has",
    task: Task::Classification,
    variants: &[
        Variant { name: "18", title: "18 layers" },
        Variant { name: "34", title: "34 layers" },
        Variant { name: "50", title: "50 layers" },
    ],
    // The thousand names of ImageNet are of no use to anybody who trains on labels of their own.
    labels: &[],
    secrets: &[],
    origin: Origin::BuiltIn { schema: classification_schema, parameters },
};

/// Channels of the stem and of the four stages' inner convolutions.
const STEM: u64 = 64;
const WIDTHS: [u64; 4] = [64, 128, 256, 512];

/// Every trained value.
fn parameters(variant: &str, classes: u64) -> Option<u64> {
    // Blocks of each stage, and how much wider than its inner convolutions a block ends.
    let (blocks, expansion) = match variant {
        "18" => ([2, 2, 2, 2], 1),
        "34" => ([3, 4, 6, 3], 1),
        "50" => ([3, 4, 6, 3], 4),
        _ => return None,
    };
    let mut sum = conv(3, STEM, 7);
    let mut from = STEM;
    for (stage, (width, count)) in WIDTHS.into_iter().zip(blocks).enumerate() {
        let to = width * expansion;
        for block in 0..count {
            sum += if expansion == 1 {
                conv(from, width, 3) + conv(width, to, 3)
            } else {
                conv(from, width, 1) + conv(width, width, 3) + conv(width, to, 1)
            };
            // The way around a block is a convolution where the block changes the shape.
            if block == 0 && (stage > 0 || from != to) {
                sum += conv(from, to, 1);
            }
            from = to;
        }
    }
    Some(sum + from * classes + classes)
}

/// A convolution without bias and its normalisation.
const fn conv(from: u64, to: u64, kernel: u64) -> u64 {
    from * to * kernel * kernel + 2 * to
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_the_published_models() {
        // As torchvision documents them for 1,000 classes.
        for (variant, expected) in [("18", 11_689_512), ("34", 21_797_672), ("50", 25_557_032)] {
            assert_eq!(parameters(variant, 1_000), Some(expected), "{variant}");
        }
        assert_eq!(parameters("101", 10), None);
    }
}
