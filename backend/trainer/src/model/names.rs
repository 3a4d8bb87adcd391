//! The names of tensors in published state dicts, which is how the wider ecosystem knows them, and what they tell.
//!
//! No name belongs to two families, so nobody has to say of which one a name is. Only strings; reading and writing files
//! is the business of [`crate::weights`].

use super::{resnet, yolov8};

/// What a tensor of a state dict is, for optimisers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// The weight of a convolution or a linear layer: weight decay applies.
    Weight,
    /// A bias, or a normalisation's shift: no weight decay.
    Bias,
    /// A normalisation's scale: no weight decay.
    Scale,
    /// Running mean or variance: not trained.
    State,
}

impl ParameterKind {
    /// The kind that a name stands for, of a tensor of this rank.
    pub fn of(name: &str, rank: usize) -> Self {
        if name.ends_with("running_mean") || name.ends_with("running_var") {
            Self::State
        } else if name.ends_with("bias") {
            Self::Bias
        } else if rank == 1 {
            Self::Scale
        } else {
            Self::Weight
        }
    }
}

/// The published name of a module path, such as `backbone.stem.conv.weight` to `model.0.conv.weight`. ResNet's layers are
/// called as they are published.
pub fn published_name(path: &str) -> String {
    yolov8::ultralytics_name(path)
}

/// Whether the published name belongs to a layer whose shape depends on the number of classes.
pub(crate) fn is_class_layer(name: &str) -> bool {
    yolov8::is_class_layer(name) || resnet::is_class_output(name)
}

/// Whether the published name belongs to a last layer, which has an output for each class. What stands before it are
/// features, which belong to no class.
pub(crate) fn is_class_output(name: &str) -> bool {
    yolov8::is_class_output(name) || resnet::is_class_output(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_from_names_and_ranks() {
        for (name, rank, kind) in [
            ("model.0.conv.weight", 4, ParameterKind::Weight),
            ("model.0.bn.weight", 1, ParameterKind::Scale),
            ("layer2.0.downsample.1.weight", 1, ParameterKind::Scale),
            ("model.0.bn.bias", 1, ParameterKind::Bias),
            ("model.22.cv2.0.2.bias", 1, ParameterKind::Bias),
            ("fc.weight", 2, ParameterKind::Weight),
            ("model.0.bn.running_mean", 1, ParameterKind::State),
        ] {
            assert_eq!(ParameterKind::of(name, rank), kind, "{name}");
        }
    }

    #[test]
    fn class_layers_are_known_in_both_families() {
        for (name, layer, output) in [
            ("model.22.cv3.0.2.bias", true, true),
            ("model.22.cv3.0.0.conv.weight", true, false),
            ("model.22.cv2.0.2.bias", false, false),
            ("fc.weight", true, true),
            ("layer4.1.conv2.weight", false, false),
        ] {
            assert_eq!((is_class_layer(name), is_class_output(name)), (layer, output), "{name}");
        }
    }
}
