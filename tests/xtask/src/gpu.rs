//! Which GPU this machine seems to have, and how the product is built for it.
//!
//! Must not know how a GPU is used. Nothing is compiled for a GPU unless a person asks for it.

use crate::project::Project;
use std::path::Path;

/// Says how to build for the GPU of this machine, if it has one.
pub fn print_hint(project: &Project, features: Option<&str>) {
    if features.is_some() {
        return;
    }
    if let Some(feature) = feature(project) {
        println!(
            "note: this machine seems to have a GPU. Trained on the processor unless the program is built for it: \
             cargo xtask demo --features {feature}"
        );
    }
}

/// The cargo feature for this machine's GPU.
fn feature(project: &Project) -> Option<&'static str> {
    if cfg!(target_os = "macos") {
        return Some("metal");
    }
    let has_nvidia = Path::new("/dev/nvidia0").exists() || project.find_program("nvidia-smi").is_some();
    // A render node is made by the driver of a real GPU; a Vulkan driver alone may be one for the processor.
    let has_render_node = Path::new("/dev/dri/renderD128").exists();
    if has_nvidia {
        // The CUDA toolkit is needed to build for it; Vulkan needs the driver alone.
        let has_toolkit = project.find_program("nvcc").is_some();
        return Some(if has_toolkit { "cuda" } else { "vulkan" });
    }
    has_render_node.then_some("vulkan")
}

/// Takes `--features LIST` out of the arguments.
pub fn take_features(arguments: &[String]) -> (Option<String>, Vec<String>) {
    let mut features = None;
    let mut rest = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--features" {
            features = arguments.next().cloned();
        } else if let Some(list) = argument.strip_prefix("--features=") {
            features = Some(list.to_owned());
        } else {
            rest.push(argument.clone());
        }
    }
    (features, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_taken_out_and_the_rest_is_kept() {
        for text in ["--listen 127.0.0.1:1 --features cuda", "--features=cuda --listen 127.0.0.1:1"] {
            let arguments: Vec<String> = text.split(' ').map(str::to_owned).collect();
            let (features, rest) = take_features(&arguments);
            assert_eq!(features.as_deref(), Some("cuda"), "{text}");
            assert_eq!(rest, ["--listen", "127.0.0.1:1"], "{text}");
        }
    }
}
