//! Which architectures there are at the moment, and which one a name means.
//!
//! Must not know where private ones are stored.

use super::{ARCHITECTURES, Architecture, Manifest, Variant};
use crate::config::FieldError;
use crate::suggest::nearest;
use std::collections::BTreeMap;

/// The built-in architectures, and the private ones that were added.
///
/// Private ones live as long as the program, so that forms and checks can pass them on as they do the built-in ones: what
/// is kept is one architecture for each manifest that somebody added.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    private: BTreeMap<String, &'static Architecture>,
}

/// A name that no architecture has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{hint}; known ones are {known}", known = self.known.join(", "))]
pub struct UnknownArchitecture {
    problem: String,
    hint: String,
    /// The names that would have been taken.
    pub known: Vec<String>,
}

impl Catalog {
    /// All of them: the built-in ones, and then the private ones by id.
    pub fn families(&self) -> impl Iterator<Item = &'static Architecture> {
        ARCHITECTURES.iter().chain(self.private.values().copied())
    }

    /// The architecture of this id.
    #[must_use]
    pub fn family(&self, id: &str) -> Option<&'static Architecture> {
        self.families().find(|family| family.id == id)
    }

    /// Every name that [`resolve`](Self::resolve) takes, for example `yolov8n`.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let of_family =
            |family: &'static Architecture| family.variants.iter().map(|variant| family.full_name(variant));
        self.families().flat_map(of_family).collect()
    }

    /// Reads a name such as `yolov8n`; upper and lower case do not matter.
    ///
    /// # Errors
    /// [`UnknownArchitecture`], which names the nearest and all known names.
    pub fn resolve(
        &self,
        name: &str,
    ) -> Result<(&'static Architecture, &'static Variant), UnknownArchitecture> {
        let wanted = name.trim().to_lowercase();
        for family in self.families() {
            if let Some(variant) = wanted.strip_prefix(family.id).and_then(|rest| family.variant(rest)) {
                return Ok((family, variant));
            }
        }
        let known = self.names();
        if let Some(family) = self.family(&wanted) {
            let sizes: Vec<&str> = family.variants.iter().map(|variant| variant.name).collect();
            let problem = format!("architecture `{}` needs a size ({})", family.id, sizes.join(", "));
            return Err(UnknownArchitecture { problem, hint: String::new(), known });
        }
        let shown: String = name.trim().chars().take(48).collect();
        let hint = nearest(&wanted, known.iter().map(String::as_str))
            .map_or_else(String::new, |meant| format!(", did you mean `{meant}`?"));
        Err(UnknownArchitecture { problem: format!("architecture `{shown}` is unknown"), hint, known })
    }

    /// Looks whether a manifest can be added to these.
    ///
    /// # Errors
    /// All that is wrong with it, by field, and names that another architecture has.
    pub fn check(&self, manifest: &Manifest, folder: &str) -> Result<(), Vec<FieldError>> {
        let mut errors = manifest.problems(folder);
        let others = || self.families().filter(|family| family.id != manifest.id);
        if ARCHITECTURES.iter().any(|family| family.id == manifest.id) {
            let message = format!("\"{}\" is built in; choose another", manifest.id);
            errors.push(FieldError::new("id", message));
        }
        for name in manifest.names() {
            let taken =
                |family: &&Architecture| family.variants.iter().any(|size| family.full_name(size) == name);
            if let Some(family) = others().find(|family| taken(family)) {
                let message = format!("makes the name `{name}`, which the architecture `{}` has", family.id);
                errors.push(FieldError::new("id", message));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Puts a private architecture in, in the place of an earlier revision of it. What is there already stays.
    ///
    /// # Errors
    /// What [`check`](Self::check) finds.
    pub fn put(
        &mut self,
        manifest: &Manifest,
        folder: &str,
        revision: u32,
    ) -> Result<&'static Architecture, Vec<FieldError>> {
        if let Some(known) = self.private.get(&manifest.id).filter(|known| known.revision() == revision) {
            return Ok(known);
        }
        self.check(manifest, folder)?;
        let made = manifest.keep(folder, revision)?;
        self.private.insert(manifest.id.clone(), made);
        Ok(made)
    }

    /// Puts in the private architecture that another catalog has under this id, if that is of this revision.
    pub fn keep(&mut self, other: &Self, id: &str, revision: u32) -> bool {
        let found = other.private.get(id).filter(|known| known.revision() == revision);
        if let Some(family) = found {
            self.private.insert(id.to_owned(), family);
        }
        found.is_some()
    }

    /// Takes a private architecture out.
    pub fn remove(&mut self, id: &str) {
        self.private.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_read() {
        for (name, id, variant) in [
            ("yolov8n", "yolov8", "n"),
            ("yolov8s", "yolov8", "s"),
            (" YOLOv8X ", "yolov8", "x"),
            ("ResNet18", "resnet", "18"),
        ] {
            let (family, found) = Catalog::default().resolve(name).unwrap();
            assert_eq!((family.id, found.name), (id, variant), "{name}");
        }
        for name in Catalog::default().names() {
            assert!(Catalog::default().resolve(&name).is_ok(), "{name}");
        }
    }

    #[test]
    fn unknown_names_say_what_was_probably_meant() {
        let all = "known ones are yolov8n, yolov8s, yolov8m, yolov8l, yolov8x, resnet18, resnet34, resnet50";
        for (name, expected) in [
            ("yolo8n", format!("architecture `yolo8n` is unknown, did you mean `yolov8n`?; {all}")),
            ("efficient", format!("architecture `efficient` is unknown; {all}")),
            ("resnet", format!("architecture `resnet` needs a size (18, 34, 50); {all}")),
            ("", format!("architecture `` is unknown; {all}")),
            ("yolov8", format!("architecture `yolov8` needs a size (n, s, m, l, x); {all}")),
        ] {
            assert_eq!(Catalog::default().resolve(name).unwrap_err().to_string(), expected);
        }
    }

    fn private(id: &str, sizes: &[&str]) -> Manifest {
        let mut manifest = Manifest::named(id);
        manifest.variants =
            sizes.iter().map(|size| crate::architecture::ManifestVariant::named(size)).collect();
        manifest
    }

    #[test]
    fn private_ones_are_found_beside_the_built_in_ones() {
        let mut catalog = Catalog::default();
        catalog.put(&private("tiny", &[]), "", 1).unwrap();
        catalog.put(&private("wide", &["-s", "-m"]), "", 1).unwrap();
        assert_eq!(catalog.names()[8..], ["tiny", "wide-s", "wide-m"]);
        let (family, size) = catalog.resolve("Wide-M").unwrap();
        assert_eq!((family.id, size.name, family.revision()), ("wide", "-m", 1));
        let again = catalog.put(&private("tiny", &[]), "", 1).unwrap();
        assert!(std::ptr::eq(again, catalog.family("tiny").unwrap()));
        catalog.put(&private("tiny", &["1"]), "", 2).unwrap();
        assert!(catalog.resolve("tiny1").is_ok() && catalog.resolve("tiny").is_err());
        catalog.remove("tiny");
        assert!(catalog.family("tiny").is_none());
    }

    #[test]
    fn names_of_others_are_refused() {
        let mut catalog = Catalog::default();
        catalog.put(&private("a-b", &[]), "", 1).unwrap();
        for (manifest, part) in [
            (private("yolov8", &["n"]), "is built in"),
            (private("a", &["-b"]), "the architecture `a-b` has"),
            (private("yolo", &["v8n"]), "the architecture `yolov8` has"),
        ] {
            let errors = catalog.check(&manifest, "").unwrap_err();
            assert!(errors[0].to_string().contains(part), "{errors:?}");
        }
        // Its own names are no others'.
        assert_eq!(catalog.check(&private("a-b", &[]), ""), Ok(()));
    }
}
