//! Which network: a family and one of its sizes.
//!
//! Only names and enums; no tensors.

use std::fmt;
use std::str::FromStr;

use super::{resnet, yolov8};

/// A network that this trainer can build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Network {
    /// A detector.
    YoloV8(yolov8::Variant),
    /// A classifier.
    ResNet(resnet::Variant),
}

/// A name that no network has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown network \"{0}\": use one of yolov8n, yolov8s, yolov8m, yolov8l, yolov8x, resnet18, resnet34, resnet50"
)]
pub struct UnknownNetwork(pub String);

impl Network {
    /// The family's name, such as `yolov8`.
    pub fn family(self) -> &'static str {
        match self {
            Self::YoloV8(_) => "yolov8",
            Self::ResNet(_) => "resnet",
        }
    }

    /// The public name, such as `yolov8n`.
    pub fn name(self) -> &'static str {
        match self {
            Self::YoloV8(variant) => variant.name(),
            Self::ResNet(variant) => variant.name(),
        }
    }
}

impl From<yolov8::Variant> for Network {
    fn from(variant: yolov8::Variant) -> Self {
        Self::YoloV8(variant)
    }
}

impl From<resnet::Variant> for Network {
    fn from(variant: resnet::Variant) -> Self {
        Self::ResNet(variant)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    /// Reads a name such as `yolov8n` or `resnet18`, in any case.
    fn from_str(text: &str) -> Result<Self, UnknownNetwork> {
        let lower = text.to_ascii_lowercase();
        let yolov8 = yolov8::Variant::ALL.map(Self::from);
        let resnet = resnet::Variant::ALL.map(Self::from);
        let mut all = yolov8.into_iter().chain(resnet);
        all.find(|network| network.name() == lower).ok_or_else(|| UnknownNetwork(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_others_are_refused() {
        for name in ["yolov8n", "yolov8x", "resnet18", "ResNet50"] {
            assert_eq!(name.parse::<Network>().unwrap().to_string(), name.to_lowercase());
        }
        for name in ["n", "18", "resnet", "resnet101", ""] {
            assert_eq!(name.parse::<Network>(), Err(UnknownNetwork(name.to_owned())), "{name}");
        }
    }
}
