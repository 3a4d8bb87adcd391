//! Three of the published sizes of ResNet.
//!
//! Only counts; no tensors.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A size of the family. Source: He et al. 2015, "Deep Residual Learning for Image Recognition", table 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Variant {
    /// 18 layers, blocks of two convolutions.
    #[serde(rename = "18")]
    R18,
    /// 34 layers, blocks of two convolutions.
    #[serde(rename = "34")]
    R34,
    /// 50 layers, blocks of three convolutions that end four times as wide.
    #[serde(rename = "50")]
    R50,
}

/// The name is none of resnet18, resnet34, resnet50.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown resnet variant \"{0}\": use one of resnet18, resnet34, resnet50")]
pub struct UnknownVariant(pub String);

impl Variant {
    /// All sizes, smallest first.
    pub const ALL: [Self; 3] = [Self::R18, Self::R34, Self::R50];

    /// The public name, such as `resnet18`.
    pub fn name(self) -> &'static str {
        match self {
            Self::R18 => "resnet18",
            Self::R34 => "resnet34",
            Self::R50 => "resnet50",
        }
    }

    /// Blocks of the four stages.
    pub fn blocks(self) -> [usize; 4] {
        match self {
            Self::R18 => [2, 2, 2, 2],
            Self::R34 | Self::R50 => [3, 4, 6, 3],
        }
    }

    /// How many times wider a block ends than its inner convolutions are; above 1 blocks have three of them.
    pub fn expansion(self) -> usize {
        match self {
            Self::R18 | Self::R34 => 1,
            Self::R50 => 4,
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Variant {
    type Err = UnknownVariant;

    /// Reads `resnet18` or just `18`, in any case.
    fn from_str(text: &str) -> Result<Self, UnknownVariant> {
        let lower = text.to_ascii_lowercase();
        let layers = lower.strip_prefix("resnet").unwrap_or(&lower);
        let is_meant = |variant: &Self| variant.name().strip_prefix("resnet") == Some(layers);
        Self::ALL.into_iter().find(is_meant).ok_or_else(|| UnknownVariant(text.to_owned()))
    }
}
