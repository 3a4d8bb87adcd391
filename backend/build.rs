//! Makes sure that the folder of the built UI is there when its place is compiled in: rust-embed
//! resolves it then, and a development build finds no file in a folder that came later.

fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    std::fs::create_dir_all("../dist")
}
