//! The names of YOLOv8's tensors in Ultralytics' state dict, which is how the wider ecosystem knows them.
//!
//! Only strings; reading and writing files is the business of [`crate::weights`].

/// Our blocks and their place in the published layer list.
const LAYERS: [(&str, &str); 17] = [
    ("backbone.stem", "model.0"),
    ("backbone.down2", "model.1"),
    ("backbone.stage2", "model.2"),
    ("backbone.down3", "model.3"),
    ("backbone.stage3", "model.4"),
    ("backbone.down4", "model.5"),
    ("backbone.stage4", "model.6"),
    ("backbone.down5", "model.7"),
    ("backbone.stage5", "model.8"),
    ("backbone.pool", "model.9"),
    ("neck.up_middle", "model.12"),
    ("neck.up_fine", "model.15"),
    ("neck.down_middle", "model.16"),
    ("neck.out_middle", "model.18"),
    ("neck.down_coarse", "model.19"),
    ("neck.out_coarse", "model.21"),
    ("head", "model.22"),
];

/// The published name of a module path, such as `backbone.stem.conv.weight` to `model.0.conv.weight`;
/// a path outside the network comes back unchanged.
pub fn ultralytics_name(path: &str) -> String {
    let layer = LAYERS.iter().find_map(|(ours, theirs)| {
        let rest = path.strip_prefix(ours)?;
        rest.starts_with('.').then(|| format!("{theirs}{rest}"))
    });
    layer.unwrap_or_else(|| path.to_owned())
}

/// Whether the published name belongs to a layer whose shape depends on the number of classes.
pub(crate) fn is_class_layer(name: &str) -> bool {
    name.starts_with("model.22.cv3.")
}

/// Whether the published name belongs to the last convolution of a class branch, which has an output for each class.
/// What stands before it are features, which belong to no class.
pub(crate) fn is_class_output(name: &str) -> bool {
    is_class_layer(name) && matches!(name.split('.').nth(4), Some("2"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_published_names() {
        let check = |path: &str, name: &str| assert_eq!(ultralytics_name(path), name);
        check("backbone.stem.conv.weight", "model.0.conv.weight");
        check("backbone.stage2.m.0.cv1.bn.running_var", "model.2.m.0.cv1.bn.running_var");
        check("neck.out_coarse.cv2.bn.bias", "model.21.cv2.bn.bias");
        check("head.cv3.2.2.bias", "model.22.cv3.2.2.bias");
        check("header.x", "header.x");
    }
}
