//! Names of entries: which may become a path below a folder, and which get in each other's way.
//!
//! Must not open anything.

use super::error::ArchiveProblem;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

const PART_BYTES: usize = 255;
const NAME_BYTES: usize = 1024;
/// As deep as an import looks.
const DEPTH: usize = 32;

/// The path below a folder that a name means; `None` for the folder itself.
///
/// # Errors
/// Why the name may not become a path.
pub fn safe_path(name: &[u8]) -> Result<Option<PathBuf>, ArchiveProblem> {
    if name.len() > NAME_BYTES {
        return Err(ArchiveProblem::LongName);
    }
    let name = std::str::from_utf8(name).map_err(|_| ArchiveProblem::NotText)?;
    if name.is_empty() {
        return Err(ArchiveProblem::NoName);
    }
    if name.chars().any(char::is_control) {
        return Err(ArchiveProblem::ControlCharacters);
    }
    if name.contains('\\') {
        return Err(ArchiveProblem::Backslash);
    }
    if name.starts_with('/') || matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
    {
        return Err(ArchiveProblem::Absolute);
    }
    let mut path = PathBuf::new();
    let mut depth = 0;
    for part in name.split('/') {
        match part {
            "" | "." => continue,
            ".." => return Err(ArchiveProblem::LeadsOut),
            part if part.len() > PART_BYTES => return Err(ArchiveProblem::LongName),
            part => path.push(part),
        }
        depth += 1;
        if depth > DEPTH {
            return Err(ArchiveProblem::TooDeep { limit: DEPTH });
        }
    }
    Ok((depth > 0).then_some(path))
}

/// Names that were seen, by how they read without capital letters.
#[derive(Debug, Default)]
pub struct Names {
    seen: HashMap<String, Seen>,
}

#[derive(Debug)]
struct Seen {
    path: PathBuf,
    is_folder: bool,
}

impl Names {
    /// Takes the name of a file.
    ///
    /// # Errors
    /// If it, or a folder that it lies in, gets in the way of an earlier one.
    pub fn add_file(&mut self, path: &Path) -> Result<(), ArchiveProblem> {
        for folder in path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
            self.add(folder, true)?;
        }
        self.add(path, false)
    }

    /// Takes the name of a folder, which may come again.
    ///
    /// # Errors
    /// As [`Names::add_file`].
    pub fn add_folder(&mut self, path: &Path) -> Result<(), ArchiveProblem> {
        for folder in path.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
            self.add(folder, true)?;
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, is_folder: bool) -> Result<(), ArchiveProblem> {
        let key = path.to_string_lossy().to_lowercase();
        match self.seen.get(&key) {
            None => {
                self.seen.insert(key, Seen { path: path.to_owned(), is_folder });
                Ok(())
            }
            Some(seen) if seen.path != path => {
                Err(ArchiveProblem::CaseClash { other: seen.path.to_string_lossy().into_owned() })
            }
            Some(seen) if seen.is_folder && is_folder => Ok(()),
            Some(_) => Err(ArchiveProblem::Duplicate),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_harmless_names_become_paths() {
        for (name, path) in [
            ("a.jpg", "a.jpg"),
            ("a/b/c.jpg", "a/b/c.jpg"),
            ("./a//b/", "a/b"),
            ("..a/b..", "..a/b.."),
            ("ä b/ü.png", "ä b/ü.png"),
        ] {
            assert_eq!(safe_path(name.as_bytes()).unwrap(), Some(PathBuf::from(path)), "{name}");
        }
        for name in [".", "./", "././/"] {
            assert_eq!(safe_path(name.as_bytes()).unwrap(), None, "{name}");
        }
        let (long, deep) = ("x".repeat(256), "d/".repeat(40));
        for name in
            ["", "/a", "../a", "a/../../b", "a/..", "C:/a", "c:a", "a\\b", "a\0b", "a\nb", &long, &deep]
        {
            assert!(safe_path(name.as_bytes()).is_err(), "{name:?}");
        }
        assert!(safe_path(b"\xff\xfe").is_err());
    }

    #[test]
    fn names_that_get_in_each_others_way_are_refused() {
        let mut names = Names::default();
        names.add_folder(Path::new("a")).unwrap();
        names.add_file(Path::new("a/b.jpg")).unwrap();
        names.add_folder(Path::new("a")).unwrap();
        assert!(matches!(names.add_file(Path::new("a/b.jpg")), Err(ArchiveProblem::Duplicate)));
        assert!(matches!(names.add_file(Path::new("a/B.jpg")), Err(ArchiveProblem::CaseClash { .. })));
        assert!(matches!(names.add_file(Path::new("A/c.jpg")), Err(ArchiveProblem::CaseClash { .. })));
        assert!(matches!(names.add_file(Path::new("a/b.jpg/c.jpg")), Err(ArchiveProblem::Duplicate)));
        assert!(matches!(names.add_file(Path::new("a")), Err(ArchiveProblem::Duplicate)));
    }

    proptest! {
        #[test]
        fn whatever_a_name_is_its_path_stays_below(name in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(Some(path)) = safe_path(&name) {
                prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }

        #[test]
        fn dots_and_slashes_never_lead_out(name in "[./a]{0,30}") {
            if let Ok(Some(path)) = safe_path(name.as_bytes()) {
                prop_assert!(path.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }
    }
}
