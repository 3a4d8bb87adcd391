//! The five published sizes of YOLOv8.
//!
//! Only arithmetic on channel and repeat counts; no tensors.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A size of the family. Multiples: Ultralytics `yolov8.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Variant {
    /// Nano: depth 0.33, width 0.25.
    N,
    /// Small: depth 0.33, width 0.50.
    S,
    /// Medium: depth 0.67, width 0.75, at most 768 channels before scaling.
    M,
    /// Large: depth 1, width 1, at most 512 channels before scaling.
    L,
    /// Extra large: depth 1, width 1.25, at most 512 channels before scaling.
    X,
}

/// The name is none of yolov8n, yolov8s, yolov8m, yolov8l, yolov8x.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown yolov8 variant \"{0}\": use one of yolov8n, yolov8s, yolov8m, yolov8l, yolov8x")]
pub struct UnknownVariant(pub String);

impl Variant {
    /// All sizes, smallest first.
    pub const ALL: [Self; 5] = [Self::N, Self::S, Self::M, Self::L, Self::X];

    /// The public name, such as `yolov8n`.
    pub fn name(self) -> &'static str {
        match self {
            Self::N => "yolov8n",
            Self::S => "yolov8s",
            Self::M => "yolov8m",
            Self::L => "yolov8l",
            Self::X => "yolov8x",
        }
    }

    /// Channels after scaling: min(base, maximum) * width, rounded up to a multiple of 8.
    pub fn channels(self, base: usize) -> usize {
        // Widths are quarters, so the product is exact in integers.
        let (quarters, maximum) = match self {
            Self::N => (1, 1024),
            Self::S => (2, 1024),
            Self::M => (3, 768),
            Self::L => (4, 512),
            Self::X => (5, 512),
        };
        (base.min(maximum) * quarters).div_ceil(4).div_ceil(8) * 8
    }

    /// Repeats of a C2f block after scaling: round(base * depth), at least one.
    pub fn repeats(self, base: usize) -> usize {
        let depth: f64 = match self {
            Self::N | Self::S => 0.33,
            Self::M => 0.67,
            Self::L | Self::X => 1.0,
        };
        ((base as f64 * depth).round() as usize).max(1)
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Variant {
    type Err = UnknownVariant;

    /// Reads `yolov8n` or just `n`, in any case.
    fn from_str(text: &str) -> Result<Self, UnknownVariant> {
        let lower = text.to_ascii_lowercase();
        let letter = lower.strip_prefix("yolov8").unwrap_or(&lower);
        Self::ALL
            .into_iter()
            .find(|variant| variant.name().strip_prefix("yolov8") == Some(letter))
            .ok_or_else(|| UnknownVariant(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_and_repeats_follow_the_published_table() {
        let check = |variant: Variant, channels: [usize; 5], repeats: [usize; 2]| {
            assert_eq!([64, 128, 256, 512, 1024].map(|base| variant.channels(base)), channels, "{variant}");
            assert_eq!([3, 6].map(|base| variant.repeats(base)), repeats, "{variant}");
        };
        check(Variant::N, [16, 32, 64, 128, 256], [1, 2]);
        check(Variant::S, [32, 64, 128, 256, 512], [1, 2]);
        check(Variant::M, [48, 96, 192, 384, 576], [2, 4]);
        check(Variant::L, [64, 128, 256, 512, 512], [3, 6]);
        check(Variant::X, [80, 160, 320, 640, 640], [3, 6]);
    }

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for variant in Variant::ALL {
            assert_eq!(variant.name().parse(), Ok(variant));
        }
        assert_eq!("N".parse(), Ok(Variant::N));
        assert_eq!("yolov8q".parse::<Variant>(), Err(UnknownVariant("yolov8q".into())));
        assert!("".parse::<Variant>().is_err());
    }
}
