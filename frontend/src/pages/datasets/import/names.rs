//! What the names of chosen files tell.
//!
//! Must not know the files themselves.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Endings that a dataset's name does not keep, the longer ones first.
const ENDINGS: [&str; 9] = [".tar.gz", ".tar.zst", ".tgz", ".zip", ".tar", ".jpeg", ".jpg", ".png", ".json"];

/// Whether a file belongs to what a person chose. Hidden ones are made by systems and tools.
pub fn is_wanted(path: &str) -> bool {
    path.split('/').all(|part| !part.starts_with('.') && part != "__MACOSX" && part != "Thumbs.db")
}

/// A name for the dataset: that of the folder or the archive; nothing if the files have neither.
pub fn suggested_name(paths: &[&str]) -> String {
    let Some(first) = paths.first() else { return String::new() };
    let top = first.split('/').next().unwrap_or_default();
    let is_folder = first.contains('/');
    let is_shared = paths.iter().all(|path| path.split('/').next() == Some(top));
    if !is_shared || (!is_folder && paths.len() > 1) {
        return String::new();
    }
    let lower = top.to_lowercase();
    let ending = ENDINGS.iter().find(|ending| !is_folder && lower.ends_with(*ending));
    ending.map_or(top, |ending| &top[..top.len() - ending.len()]).to_owned()
}

/// The same for the same files, so that a page that was closed finds the upload that it began.
pub fn fingerprint<'a>(files: impl Iterator<Item = (&'a str, u64, i64)>) -> String {
    let mut hasher = DefaultHasher::new();
    files.for_each(|file| file.hash(&mut hasher));
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_is_called_like_its_folder_or_archive() {
        let cases: [(&[&str], &str); 8] = [
            (&["bccd/Annotations/1.xml", "bccd/JPEGImages/1.jpg"], "bccd"),
            (&["bees.v2/1.jpg"], "bees.v2"),
            (&["bees.tar.gz"], "bees"),
            (&["Bees.ZIP"], "Bees"),
            (&["1.jpg", "2.jpg"], ""),
            (&["a/1.jpg", "b/1.jpg"], ""),
            (&["1.jpg"], "1"),
            (&[], ""),
        ];
        for (paths, expected) in cases {
            assert_eq!(suggested_name(paths), expected, "{paths:?}");
        }
    }

    #[test]
    fn what_systems_leave_in_folders_is_left_out() {
        for path in ["a/.DS_Store", ".git/config", "__MACOSX/a/b", "a/Thumbs.db"] {
            assert!(!is_wanted(path), "{path}");
        }
        assert!(is_wanted("a/b.v1/c.jpg"));
    }

    #[test]
    fn files_are_known_again_by_name_size_and_time() {
        let one = fingerprint([("a", 1, 2)].into_iter());
        assert_eq!(one, fingerprint([("a", 1, 2)].into_iter()));
        for other in [("b", 1, 2), ("a", 2, 2), ("a", 1, 3)] {
            assert_ne!(one, fingerprint([other].into_iter()));
        }
    }
}
