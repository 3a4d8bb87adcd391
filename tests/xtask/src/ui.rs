//! The UI: built by Trunk, compressed beforehand, and left alone while its sources are the same.
//!
//! Must not know what the UI shows or who serves it.

use crate::command::run;
use crate::project::Project;
use anyhow::{Context, Result, bail};
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What a browser may download before the first page works, compressed.
pub const BUDGET_BYTES: u64 = 900 * 1024;

/// What only those have in it who work on the UI: the page `/dev/gallery`.
pub const FOR_DEVELOPERS: &str = "gallery";

/// What the UI is made from.
const SOURCES: &[&str] = &[
    // Holds the compiler's flags for the browser.
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "rust-toolchain.toml",
    "frontend",
    // Not the clients beside them.
    "proto/Cargo.toml",
    "proto/build.rs",
    "proto/src",
    "proto/trainyard",
    "shared",
];

/// Files that are worth compressing; images and fonts are compressed already.
const COMPRESSED: &[&str] = &["html", "js", "wasm", "css", "svg", "json", "txt"];

/// How the names of the parts begin that are fetched when somebody goes to one of their pages, or before, while nobody
/// waits.
const LATER: &[&str] = &["split_", "chunk_"];

/// Builds the program and the tool that Trunk needs from the workspace, then the UI: all that serving it takes.
pub fn build_with_tool(project: &Project) -> Result<()> {
    // The same choice as the demo's, so that neither compiles again what the other did.
    let packages = ["build", "--package", "backend", "--package", "wasm-bindgen-tool", "--bins"];
    run(&mut project.cargo(&packages))?;
    build(project)
}

/// Where the fingerprint is kept of what `dist/` was built from.
fn stamp(project: &Project) -> PathBuf {
    // Beside the profile's output and not in `dist`, which is what the server hands out.
    project.target.join("ui-fingerprint")
}

/// Forgets what `dist/` was built from, before something writes to it: what is half-built, or built otherwise, must
/// not pass for up to date.
pub fn forget(project: &Project) -> Result<()> {
    let stamp = stamp(project);
    match std::fs::remove_file(&stamp) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", stamp.display()))
        }
        _ => Ok(()),
    }
}

/// Builds the UI into `dist/`, unless it is there and was built from the same sources.
/// Programs that Trunk calls (`wasm-bindgen` among them) must have been built.
pub fn build(project: &Project) -> Result<()> {
    let fingerprint = format!("{:016x}", fingerprint(&project.root)?);
    let stamp = stamp(project);
    let is_built = project.dist().join("index.html").is_file();
    if is_built && std::fs::read_to_string(&stamp).is_ok_and(|built| built == fingerprint) {
        println!("the UI is up to date ({})", compressed_size(&project.dist())?);
        return Ok(());
    }
    forget(project)?;
    let mut trunk = project.command("trunk");
    trunk.args(["build", "--release"]).env("CARGO_TARGET_DIR", &project.target).env_remove("NO_COLOR");
    run(&mut trunk)?;
    compress(&project.dist())?;
    std::fs::write(&stamp, fingerprint).with_context(|| format!("cannot write {}", stamp.display()))?;
    println!("the UI is built ({})", compressed_size(&project.dist())?);
    Ok(())
}

/// Fails when the browser would have to download more than the budget.
pub fn check_size(project: &Project) -> Result<()> {
    let Size { first, later } = compressed_size(&project.dist())?;
    println!(
        "{first} bytes compressed before the first page works, of {BUDGET_BYTES} allowed; {later} after it"
    );
    if first > BUDGET_BYTES {
        bail!("the UI has {first} bytes compressed before its first page works; {BUDGET_BYTES} are allowed");
    }
    Ok(())
}

/// What a browser downloads, in bytes: of each file the compressed form where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Before the first page works.
    pub first: u64,
    /// For the other pages, while the first one is read.
    pub later: u64,
}

/// What the files below the folder have.
pub fn compressed_size(dist: &Path) -> Result<Size> {
    let mut size = Size { first: 0, later: 0 };
    for path in files_below(dist)? {
        let is_original_of_compressed = with_suffix(&path, ".br").is_file();
        if is_original_of_compressed {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_fetched_later = LATER.iter().any(|start| name.starts_with(start));
        *(if is_fetched_later { &mut size.later } else { &mut size.first }) += path.metadata()?.len();
    }
    Ok(size)
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} KiB compressed before the first page, {} KiB after it",
            self.first / 1024,
            self.later / 1024
        )
    }
}

fn compress(dist: &Path) -> Result<()> {
    for path in files_below(dist)? {
        let is_text = path.extension().is_some_and(|end| COMPRESSED.iter().any(|known| end == *known));
        if !is_text {
            continue;
        }
        let content = std::fs::read(&path)?;
        let mut writer = brotli::CompressorWriter::new(Vec::new(), 64 * 1024, 11, 22);
        writer.write_all(&content)?;
        let compressed = writer.into_inner();
        if compressed.len() < content.len() {
            let target = with_suffix(&path, ".br");
            std::fs::write(&target, compressed)
                .with_context(|| format!("cannot write {}", target.display()))?;
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A number that changes when a source changes. Contents count and times do not, as a checkout sets those.
fn fingerprint(root: &Path) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        let path = root.join(source);
        let files = if path.is_dir() { files_below(&path)? } else { vec![path] };
        for file in files {
            let content = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            file.strip_prefix(root)?.hash(&mut hasher);
            content.hash(&mut hasher);
        }
    }
    Ok(hasher.finish())
}

/// Every file below a folder, sorted by path.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let entries = std::fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))?;
        for entry in entries {
            let entry = entry?;
            match entry.file_type()? {
                kind if kind.is_dir() => folders.push(entry.path()),
                kind if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, content: &str) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    #[test]
    fn the_fingerprint_follows_contents_and_names() {
        let root = tempfile::tempdir().unwrap();
        for source in SOURCES {
            let is_file = source.contains('.');
            write(root.path(), &if is_file { (*source).to_owned() } else { format!("{source}/a.rs") }, "one");
        }
        let before = fingerprint(root.path()).unwrap();
        assert_eq!(before, fingerprint(root.path()).unwrap());
        write(root.path(), "frontend/a.rs", "two");
        let edited = fingerprint(root.path()).unwrap();
        assert_ne!(before, edited);
        std::fs::rename(root.path().join("frontend/a.rs"), root.path().join("frontend/b.rs")).unwrap();
        assert_ne!(edited, fingerprint(root.path()).unwrap());
    }

    #[test]
    fn a_forgotten_build_is_not_up_to_date() {
        let root = tempfile::tempdir().unwrap();
        let project = Project { root: root.path().into(), target: root.path().join("target") };
        forget(&project).unwrap();
        write(root.path(), "target/ui-fingerprint", "0123");
        assert!(stamp(&project).is_file());
        forget(&project).unwrap();
        assert!(!stamp(&project).exists());
    }

    #[test]
    fn compressed_files_read_back_the_same_and_count_instead_of_their_originals() {
        let dist = tempfile::tempdir().unwrap();
        let text = "body { margin: 0 } ".repeat(500);
        write(dist.path(), "app.css", &text);
        write(dist.path(), "icon.png", "12345");
        write(dist.path(), "split_charts-0.png", "123");
        compress(dist.path()).unwrap();
        let compressed = std::fs::read(dist.path().join("app.css.br")).unwrap();
        let mut restored = Vec::new();
        brotli::BrotliDecompress(&mut compressed.as_slice(), &mut restored).unwrap();
        assert_eq!(restored, text.as_bytes());
        assert!(!dist.path().join("icon.png.br").exists());
        let expected = Size { first: compressed.len() as u64 + 5, later: 3 };
        assert_eq!(compressed_size(dist.path()).unwrap(), expected);
    }
}
