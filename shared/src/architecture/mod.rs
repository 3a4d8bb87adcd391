//! The built-in architectures: what families of models exist, and in which sizes.
//!
//! Must not know how a network is built or trained.

mod coco_labels;
mod resnet;
mod yolov8;

use crate::config::Schema;
use crate::dataset::Task;
use crate::service::service_name;
use crate::suggest::nearest;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names an architecture, that is a family of models, for example `yolov8`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArchitectureId(pub String);

impl fmt::Display for ArchitectureId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A family of models that share a trainer, a configuration schema and a training service.
#[derive(Debug, Clone, Copy)]
pub struct Architecture {
    /// For example `yolov8`.
    pub id: &'static str,
    /// The name shown to a person.
    pub name: &'static str,
    /// One line on what it is for.
    pub title: &'static str,
    /// What its models learn.
    pub task: Task,
    /// Its sizes, smallest first.
    pub variants: &'static [Variant],
    /// The labels that its published weights know, in class order.
    pub labels: &'static [&'static str],
    /// What its Train function asks for in its environment.
    pub secrets: &'static [DeclaredSecret],
    schema: fn() -> &'static Schema,
    parameters: fn(&str, u64) -> Option<u64>,
}

/// A secret that a Train function asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DeclaredSecret {
    /// The environment variable that it is found in, which is the name of the secret.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Whether the training cannot do without.
    pub is_required: bool,
}

/// A size of an architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Variant {
    /// What follows the architecture's id, for example `n` in `yolov8n`.
    pub name: &'static str,
    /// The name shown to a person.
    pub title: &'static str,
}

/// The built-in architectures, in the order in which they are offered.
pub const ARCHITECTURES: &[Architecture] = &[yolov8::YOLOV8, resnet::RESNET];

impl Architecture {
    /// Its id as a value of its own.
    #[must_use]
    pub fn id(&self) -> ArchitectureId {
        ArchitectureId(self.id.to_owned())
    }

    /// The name of the one service that trains its models.
    #[must_use]
    pub fn service_name(&self) -> String {
        service_name(self.id)
    }

    /// The secrets that a training with these cannot do without, and does not have.
    pub fn missing_secrets(&self, given: &[String]) -> impl Iterator<Item = &'static DeclaredSecret> {
        let is_missing = |declared: &&DeclaredSecret| {
            declared.is_required && !given.iter().any(|name| name == declared.name)
        };
        self.secrets.iter().filter(is_missing).collect::<Vec<_>>().into_iter()
    }

    /// Its settings.
    #[must_use]
    pub fn schema(&self) -> &'static Schema {
        (self.schema)()
    }

    /// The variant of this name.
    #[must_use]
    pub fn variant(&self, name: &str) -> Option<&'static Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// Number of weights of a variant for so many classes; `None` for a variant that it has not.
    #[must_use]
    pub fn parameters(&self, variant: &str, classes: u64) -> Option<u64> {
        (self.parameters)(variant, classes)
    }

    /// What a person writes to choose a variant, for example `yolov8n`.
    #[must_use]
    pub fn full_name(&self, variant: &Variant) -> String {
        format!("{}{}", self.id, variant.name)
    }
}

/// The built-in architecture of this id.
#[must_use]
pub fn architecture(id: &str) -> Option<&'static Architecture> {
    ARCHITECTURES.iter().find(|architecture| architecture.id == id)
}

/// Every name that [`resolve_architecture`] takes, for example `yolov8n`.
#[must_use]
pub fn architecture_names() -> Vec<String> {
    ARCHITECTURES
        .iter()
        .flat_map(|architecture| architecture.variants.iter().map(|variant| architecture.full_name(variant)))
        .collect()
}

/// A name that no built-in architecture has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}{hint}; known ones are {known}", known = self.known.join(", "))]
pub struct UnknownArchitecture {
    problem: String,
    hint: String,
    /// The names that would have been taken.
    pub known: Vec<String>,
}

/// Reads a name such as `yolov8n`; upper and lower case do not matter.
///
/// # Errors
/// [`UnknownArchitecture`], which names the nearest and all known names.
pub fn resolve_architecture(name: &str) -> Result<(ArchitectureId, Variant), UnknownArchitecture> {
    let wanted = name.trim().to_lowercase();
    for architecture in ARCHITECTURES {
        if let Some(variant) =
            wanted.strip_prefix(architecture.id).and_then(|rest| architecture.variant(rest))
        {
            return Ok((architecture.id(), *variant));
        }
    }
    let known = architecture_names();
    if let Some(family) = architecture(&wanted) {
        let sizes: Vec<&str> = family.variants.iter().map(|variant| variant.name).collect();
        let problem = format!("architecture `{}` needs a size ({})", family.id, sizes.join(", "));
        return Err(UnknownArchitecture { problem, hint: String::new(), known });
    }
    let shown: String = name.trim().chars().take(48).collect();
    let hint = nearest(&wanted, known.iter().map(String::as_str))
        .map_or_else(String::new, |meant| format!(", did you mean `{meant}`?"));
    Err(UnknownArchitecture { problem: format!("architecture `{shown}` is unknown"), hint, known })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_read() {
        for (name, variant) in [
            ("yolov8n", "yolov8 n"),
            ("yolov8s", "yolov8 s"),
            (" YOLOv8X ", "yolov8 x"),
            ("ResNet18", "resnet 18"),
        ] {
            let (id, found) = resolve_architecture(name).unwrap();
            assert_eq!(format!("{id} {}", found.name), variant, "{name}");
        }
        for name in architecture_names() {
            assert!(resolve_architecture(&name).is_ok(), "{name}");
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
            assert_eq!(resolve_architecture(name).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn the_family_has_one_service_and_a_schema() {
        let family = architecture("yolov8").unwrap();
        assert_eq!(family.service_name(), "mgmt-train-yolov8");
        assert_eq!(family.task, Task::Detection);
        assert!(family.schema().field("epochs").is_some());
        assert_eq!(family.parameters("q", 80), None);
        assert_eq!((family.labels.len(), family.labels[0], family.labels[79]), (80, "person", "toothbrush"));
        let unique: std::collections::BTreeSet<&str> = family.labels.iter().copied().collect();
        assert_eq!(unique.len(), 80);
    }

    #[test]
    fn only_what_is_required_and_not_given_is_missing() {
        const fn declared(name: &'static str, is_required: bool) -> DeclaredSecret {
            DeclaredSecret { name, description: "", is_required }
        }
        const SECRETS: [DeclaredSecret; 3] = [declared("A", true), declared("B", false), declared("C", true)];
        let family = Architecture { secrets: &SECRETS, ..yolov8::YOLOV8 };
        for (given, expected) in [(&[][..], &["A", "C"][..]), (&["C"], &["A"]), (&["A", "C", "D"], &[])] {
            let given: Vec<String> = given.iter().map(|name| (*name).to_owned()).collect();
            let missing: Vec<&str> = family.missing_secrets(&given).map(|declared| declared.name).collect();
            assert_eq!(missing, expected, "{given:?}");
        }
    }
}
