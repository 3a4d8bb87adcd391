//! Folders of a dataset as a tree, with how many items each holds.
//!
//! Must not know how items are stored or how a tree is drawn.

use super::normal_dir;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A folder that holds items or leads to some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// From `/`, without a slash at the end.
    pub dir: String,
    /// Items that lie in it.
    pub item_count: u64,
    /// Items that lie in it or below it.
    pub total_count: u64,
}

/// All folders that hold these items or lead to some: a folder is followed by all that lies below it, and `/`, which is
/// always there, comes first. What lies side by side is ordered by its names.
///
/// ```
/// use shared::dataset::folders;
/// let found = folders([("/a/b".to_owned(), 2), ("/a-b".to_owned(), 1)]);
/// let told: Vec<_> = found.iter().map(|f| (f.dir.as_str(), f.item_count, f.total_count)).collect();
/// assert_eq!(told, [("/", 0, 3), ("/a", 0, 2), ("/a/b", 2, 2), ("/a-b", 1, 1)]);
/// ```
#[must_use]
pub fn folders(items_in: impl IntoIterator<Item = (String, u64)>) -> Vec<Folder> {
    // Keyed by the names on the way, so that `/a/b` comes before `/a-b`, which has the smaller letter.
    let mut found: BTreeMap<Vec<String>, (u64, u64)> = BTreeMap::from([(Vec::new(), (0, 0))]);
    for (dir, count) in items_in {
        let dir = normal_dir(&dir);
        let names: Vec<String> = dir.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        for depth in 0..=names.len() {
            let (own, total) = found.entry(names[..depth].to_vec()).or_default();
            *total += count;
            if depth == names.len() {
                *own += count;
            }
        }
    }
    let folder = |(names, (item_count, total_count)): (Vec<String>, _)| Folder {
        dir: format!("/{}", names.join("/")),
        item_count,
        total_count,
    };
    found.into_iter().map(folder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_before_children_and_count_them() {
        for (items_in, expected) in [
            (&[][..], &[("/", 0, 0)][..]),
            (&[("/", 2)], &[("/", 2, 2)]),
            (
                &[("/b", 1), ("/a/c", 2), ("/a", 3), ("/", 4)],
                &[("/", 4, 10), ("/a", 3, 5), ("/a/c", 2, 2), ("/b", 1, 1)],
            ),
            // A folder twice is one folder.
            (&[("/a", 1), ("a/", 2)], &[("/", 0, 3), ("/a", 3, 3)]),
        ] {
            let found = folders(items_in.iter().map(|(dir, count)| ((*dir).to_owned(), *count)));
            let told: Vec<_> = found.iter().map(|f| (f.dir.as_str(), f.item_count, f.total_count)).collect();
            assert_eq!(told, expected, "{items_in:?}");
        }
    }
}
