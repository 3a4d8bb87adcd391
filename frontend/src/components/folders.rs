//! The folders of a dataset as a tree, and which of them are seen.
//!
//! Must not know what a folder is chosen for.

use std::collections::{BTreeMap, BTreeSet};

/// A folder with what lies in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderCount {
    /// From `/`, without a slash at the end.
    pub dir: String,
    /// Items in it or below it.
    pub total: u64,
}

/// A folder in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub dir: String,
    /// Its last part; of the root, nothing.
    pub name: String,
    pub total: u64,
    /// From 1.
    pub level: usize,
    /// Its place among those beside it, from 1, and how many these are.
    pub position: usize,
    pub set_size: usize,
    pub has_children: bool,
}

/// All folders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    totals: BTreeMap<String, u64>,
    children: BTreeMap<String, Vec<String>>,
}

/// The folder around another; the root has none.
pub fn parent(dir: &str) -> Option<&str> {
    let (before, name) = dir.rsplit_once('/')?;
    if name.is_empty() { None } else { Some(if before.is_empty() { "/" } else { before }) }
}

/// The folders around another, from the outside in, without itself.
pub fn ancestors(dir: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut here = dir;
    while let Some(above) = parent(here) {
        found.push(above.to_owned());
        here = above;
    }
    found.reverse();
    found
}

impl Tree {
    /// From folders in any order. Those that lead to one and are not named are filled in.
    pub fn of(folders: &[FolderCount]) -> Self {
        let mut tree = Self::default();
        tree.totals.insert("/".into(), 0);
        for folder in folders {
            tree.totals.insert(folder.dir.clone(), folder.total);
            for above in ancestors(&folder.dir) {
                tree.totals.entry(above).or_insert(0);
            }
        }
        for dir in tree.totals.keys() {
            if let Some(above) = parent(dir) {
                tree.children.entry(above.to_owned()).or_default().push(dir.clone());
            }
        }
        tree
    }

    /// The folders that are seen when these are open, from top to bottom. The root is always open.
    pub fn visible(&self, open: &BTreeSet<String>) -> Vec<Node> {
        let mut seen = Vec::new();
        self.add("/", (1, 1, 1), open, &mut seen);
        seen
    }

    fn add(&self, dir: &str, place: (usize, usize, usize), open: &BTreeSet<String>, seen: &mut Vec<Node>) {
        let (level, position, set_size) = place;
        let children = self.children.get(dir).map(Vec::as_slice).unwrap_or_default();
        seen.push(Node {
            dir: dir.to_owned(),
            name: dir.rsplit('/').next().unwrap_or_default().to_owned(),
            total: self.totals.get(dir).copied().unwrap_or(0),
            level,
            position,
            set_size,
            has_children: !children.is_empty(),
        });
        if dir == "/" || open.contains(dir) {
            for (index, child) in children.iter().enumerate() {
                self.add(child, (level + 1, index + 1, children.len()), open, seen);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(dirs: &[&str]) -> Tree {
        let folder = |(total, dir): (u64, &&str)| FolderCount { dir: (*dir).into(), total };
        Tree::of(&(1..).zip(dirs).map(folder).collect::<Vec<_>>())
    }

    fn seen(tree: &Tree, open: &[&str]) -> Vec<(String, usize)> {
        let open = open.iter().map(|dir| (*dir).to_owned()).collect();
        tree.visible(&open).into_iter().map(|node| (node.dir, node.level)).collect()
    }

    #[test]
    fn open_folders_show_what_lies_in_them() {
        // By letters, `/a b` stands between `/a` and `/a/c`.
        let tree = tree(&["/", "/a", "/a b", "/a/c", "/a/c/d"]);
        let level = |dir: &str, level| (dir.to_owned(), level);
        assert_eq!(seen(&tree, &[]), [level("/", 1), level("/a", 2), level("/a b", 2)]);
        assert_eq!(
            seen(&tree, &["/a", "/a/c"]),
            [level("/", 1), level("/a", 2), level("/a/c", 3), level("/a/c/d", 4), level("/a b", 2)]
        );
        // What is open within what is closed is not seen.
        assert_eq!(seen(&tree, &["/a/c"]).len(), 3);
    }

    #[test]
    fn each_folder_knows_its_place() {
        let nodes = tree(&["/", "/b", "/a"]).visible(&BTreeSet::new());
        let places: Vec<_> =
            nodes.iter().map(|node| (node.name.as_str(), node.position, node.set_size, node.total)).collect();
        assert_eq!(places, [("", 1, 1, 1), ("a", 1, 2, 3), ("b", 2, 2, 2)]);
        assert!(nodes[0].has_children && !nodes[1].has_children);
    }

    #[test]
    fn folders_that_only_lead_to_others_are_filled_in() {
        assert_eq!(seen(&tree(&["/a/b"]), &["/a"]).len(), 3);
        assert_eq!(seen(&tree(&[]), &[]), [("/".to_owned(), 1)]);
        assert_eq!(ancestors("/a/b/c"), ["/", "/a", "/a/b"]);
        assert_eq!(ancestors("/"), Vec::<String>::new());
    }
}
