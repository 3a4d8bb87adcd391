//! Compiles `trainyard/v1/*.proto` without a system protoc.

use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir("trainyard/v1")?.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>()?;
    files.sort();
    println!("cargo:rerun-if-changed=trainyard");
    let descriptors = protox::compile(&files, ["."])?;
    let out_dir = std::env::var("OUT_DIR")?;
    // Served by reflection, so that clients can discover the API.
    std::fs::write(Path::new(&out_dir).join("descriptors.bin"), encode(&descriptors))?;
    tonic_prost_build::configure()
        .build_transport(false)
        // They carry values of secrets, which must not be shown; `src/secret.rs` says what is shown instead.
        .skip_debug(
            ["CreateSecretRequest", "ReplaceSecretRequest", "Assignment", "LeaseResponse"]
                .map(|name| format!(".trainyard.v1.{name}")),
        )
        .compile_fds(descriptors)?;
    Ok(())
}

fn encode(descriptors: &impl prost::Message) -> Vec<u8> {
    descriptors.encode_to_vec()
}
