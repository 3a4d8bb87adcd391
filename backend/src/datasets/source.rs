//! The folder that is imported: every path that a data set names is checked here before it is opened.
//!
//! Must not know formats.

use super::error::ImportError;
use shared::dataset::{Rejection, Subset};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// Larger text files than this are no annotations; a COCO file is read as a stream instead.
const TEXT_BYTES: u64 = 32 << 20;
/// Folders within folders at most.
const DEPTH: usize = 32;
/// Rejections that are named one by one; the rest is counted.
const REJECTIONS: usize = 5000;

/// Extensions of images that can be imported, in lower case.
const IMAGE_EXTENSIONS: [&str; 5] = ["jpg", "jpeg", "png", "webp", "bmp"];

/// The folder that is imported, with links in its own path resolved.
#[derive(Debug, Clone)]
pub(super) struct Source {
    root: PathBuf,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, ImportError> {
        let wrong = |reason: String| ImportError::Folder { path: path.to_owned(), reason };
        let root = path.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => wrong("it does not exist; check the spelling".into()),
            _ => wrong(error.to_string()),
        })?;
        if !root.is_dir() {
            return Err(wrong("it is a file; give the folder that holds the data set".into()));
        }
        std::fs::read_dir(&root).map_err(|error| wrong(error.to_string()))?;
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The path of a file as a person knows it: relative to the folder.
    pub(super) fn name_of(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Joins a name that a data set gives to one of its folders. Only names that stay inside are
    /// joined: none that is absolute, climbs with `..`, or is empty.
    pub(super) fn join(&self, folder: &Path, name: &str) -> Result<PathBuf, String> {
        let mut joined = folder.to_owned();
        let mut parts = 0;
        for component in Path::new(name).components() {
            match component {
                Component::Normal(part) => {
                    joined.push(part);
                    parts += 1;
                }
                Component::CurDir => {}
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                    return Err(format!("`{name}` leads out of the data set's folder"));
                }
            }
        }
        if parts == 0 || name.contains('\0') || !joined.starts_with(&self.root) {
            return Err(format!("`{name}` is not the name of a file"));
        }
        Ok(joined)
    }

    /// Checks that a file is there, is a plain file, and that no link leads out of the folder.
    pub(super) fn plain_file(&self, path: &Path) -> Result<PathBuf, String> {
        let resolved = path.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => format!("it cannot be opened: {error}"),
        })?;
        if !resolved.starts_with(&self.root) {
            return Err("it is a link that leads out of the data set's folder".into());
        }
        if !resolved.is_file() {
            return Err("it is not a plain file".into());
        }
        Ok(resolved)
    }

    /// Reads a small text file.
    pub(super) fn read_text(&self, path: &Path) -> Result<String, String> {
        let file = std::fs::File::open(self.plain_file(path)?)
            .map_err(|error| format!("it cannot be opened: {error}"))?;
        let mut bytes = Vec::new();
        file.take(TEXT_BYTES + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| format!("it cannot be read: {error}"))?;
        if bytes.len() as u64 > TEXT_BYTES {
            return Err(format!("it is larger than {} MiB, so it is no annotation file", TEXT_BYTES >> 20));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            format!("it is not UTF-8 text (byte {} is wrong)", error.utf8_error().valid_up_to())
        })?;
        Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
    }

    /// The plain files right in a folder, by name; hidden files and links out of the folder are left out.
    pub(super) fn files(&self, folder: &Path) -> Vec<PathBuf> {
        self.entries(folder).into_iter().filter(|path| self.plain_file(path).is_ok()).collect()
    }

    /// The folders right in a folder, by name.
    pub(super) fn folders(&self, folder: &Path) -> Vec<PathBuf> {
        self.entries(folder)
            .into_iter()
            .filter(|path| {
                path.is_dir() && path.canonicalize().is_ok_and(|real| real.starts_with(&self.root))
            })
            .collect()
    }

    /// All plain files in a folder and the folders in it, by path.
    pub(super) fn files_below(&self, folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut waiting = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            found.extend(self.files(&folder));
            if depth < DEPTH {
                // Links between folders could go round in circles, so they are not followed.
                let real = self.folders(&folder).into_iter().filter(|path| !path.is_symlink());
                waiting.extend(real.map(|path| (path, depth + 1)));
            }
        }
        found.sort();
        found
    }

    fn entries(&self, folder: &Path) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        paths
    }

    /// Folder (from `/`) and name under which an image is kept.
    pub(super) fn place_of(&self, path: &Path) -> Result<(String, String), String> {
        let not_text = || "its name is not valid text: rename it".to_owned();
        let relative =
            path.strip_prefix(&self.root).map_err(|_| "it lies outside of the data set's folder")?;
        let relative = relative.to_str().ok_or_else(not_text)?;
        if relative.chars().any(char::is_control) {
            return Err("its name holds control characters: rename it".into());
        }
        let relative = relative.replace(std::path::MAIN_SEPARATOR, "/");
        match relative.rsplit_once('/') {
            Some((dir, name)) => Ok((format!("/{dir}"), name.to_owned())),
            None => Ok(("/".into(), relative)),
        }
    }
}

/// Whether a file is an image by its name.
pub(super) fn is_image(path: &Path) -> bool {
    extension(path).is_some_and(|extension| IMAGE_EXTENSIONS.contains(&extension.as_str()))
}

/// The extension in lower case.
pub(super) fn extension(path: &Path) -> Option<String> {
    path.extension().map(|extension| extension.to_string_lossy().to_lowercase())
}

/// File name without extension.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The subset that a folder's or list's name speaks of, for example `val`, `valid` or `train2017`.
pub(super) fn subset_of_name(name: &str) -> Option<Subset> {
    let name = name.to_lowercase();
    let letters = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    match letters {
        "train" | "training" => Some(Subset::Train),
        "val" | "valid" | "validation" | "dev" => Some(Subset::Validation),
        "test" | "testing" => Some(Subset::Test),
        _ => None,
    }
}

/// What an import leaves out, in the order in which it is found.
#[derive(Debug, Default)]
pub(super) struct Rejections {
    named: Vec<Rejection>,
    more: u64,
}

impl Rejections {
    pub(super) fn add(&mut self, file: impl Into<String>, reason: impl Into<String>) {
        if self.named.len() < REJECTIONS {
            self.named.push(Rejection { file: file.into(), reason: reason.into() });
        } else {
            self.more += 1;
        }
    }

    pub(super) fn first(&self) -> Option<&Rejection> {
        self.named.first()
    }

    /// By file, so that two imports of the same folder say the same.
    pub(super) fn into_sorted(mut self) -> Vec<Rejection> {
        self.named.sort_by(|a, b| a.file.cmp(&b.file));
        if self.more > 0 {
            let reason = format!("{} more were left out for reasons like these", self.more);
            self.named.push(Rejection { file: "...".into(), reason });
        }
        self.named
    }
}

/// Files by stem, for annotations that do not name their image's extension.
pub(super) fn images_by_stem(files: &[PathBuf]) -> BTreeMap<String, PathBuf> {
    let mut by_stem = BTreeMap::new();
    for path in files.iter().filter(|path| is_image(path)) {
        by_stem.entry(stem(path)).or_insert_with(|| path.clone());
    }
    by_stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_out_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let source = Source::open(folder.path()).unwrap();
        let root = source.root().to_owned();
        for name in ["../a.jpg", "a/../../b.jpg", "/etc/passwd", "", ".", "a\0b.jpg"] {
            assert!(source.join(&root, name).is_err(), "{name:?}");
        }
        for name in ["a.jpg", "./a.jpg", "a/b/c.jpg", "..a.jpg"] {
            assert!(source.join(&root, name).unwrap().starts_with(&root), "{name:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_out_are_refused_and_links_inside_are_followed() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.txt"), "secret").unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("real.txt"), "real").unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret.txt"), folder.path().join("out.txt")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("outside")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("circle")).unwrap();
        std::os::unix::fs::symlink("real.txt", folder.path().join("in.txt")).unwrap();
        let source = Source::open(folder.path()).unwrap();
        let root = source.root().to_owned();
        assert!(source.read_text(&root.join("out.txt")).unwrap_err().contains("leads out"));
        assert!(source.read_text(&root.join("outside/secret.txt")).unwrap_err().contains("leads out"));
        assert_eq!(source.read_text(&root.join("in.txt")).unwrap(), "real");
        let names: Vec<_> = source.files_below(&root).iter().map(|path| source.name_of(path)).collect();
        assert_eq!(names, ["in.txt", "real.txt"]);
    }

    #[test]
    fn names_of_subsets_are_known_in_every_dialect() {
        for (name, subset) in [
            ("train", Some(Subset::Train)),
            ("Train2017", Some(Subset::Train)),
            ("val2017", Some(Subset::Validation)),
            ("valid", Some(Subset::Validation)),
            ("validation", Some(Subset::Validation)),
            ("TEST", Some(Subset::Test)),
            ("trainval", None),
            ("images", None),
        ] {
            assert_eq!(subset_of_name(name), subset, "{name}");
        }
    }
}
