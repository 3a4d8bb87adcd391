//! Architectures: what families of models exist, and in which sizes. Some are built in, and private ones come with a
//! [manifest](Manifest).
//!
//! Must not know how a network is built or trained, nor how a Train function is started.

mod catalog;
mod coco_labels;
mod manifest;
mod manifest_check;
mod resnet;
mod yolov8;

pub use catalog::{Catalog, UnknownArchitecture};
pub use manifest::{Input, Manifest, ManifestSecret, ManifestSetting, ManifestVariant, Output, SettingKind};

use crate::config::Schema;
use crate::dataset::Task;
use crate::service::{ServiceSettings, service_name};
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
    /// Where its Train function comes from.
    pub origin: Origin,
}

/// Where a Train function comes from.
#[derive(Debug, Clone, Copy)]
pub enum Origin {
    /// This program brings it.
    BuiltIn {
        /// The settings.
        schema: fn() -> &'static Schema,
        /// Number of weights of a variant for so many classes.
        parameters: fn(&str, u64) -> Option<u64>,
    },
    /// Somebody added it.
    Private(&'static Private),
}

/// What a private architecture has beside the rest.
#[derive(Debug)]
pub struct Private {
    /// Which of its manifests this is, counted from 1.
    pub revision: u32,
    /// What was added.
    pub manifest: Manifest,
    /// The folder of its files on the server's machine; empty for none.
    pub folder: String,
    schema: Schema,
    settings: ServiceSettings,
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
        match self.origin {
            Origin::BuiltIn { schema, .. } => schema(),
            Origin::Private(private) => &private.schema,
        }
    }

    /// How its service runs when nobody says otherwise.
    #[must_use]
    pub fn service_defaults(&self) -> ServiceSettings {
        match self.origin {
            Origin::BuiltIn { .. } => ServiceSettings::default(),
            Origin::Private(private) => private.settings.clone(),
        }
    }

    /// What somebody added, unless it is built in.
    #[must_use]
    pub const fn private(&self) -> Option<&'static Private> {
        match self.origin {
            Origin::BuiltIn { .. } => None,
            Origin::Private(private) => Some(private),
        }
    }

    /// Which of its manifests this is, counted from 1; 0 for what is built in.
    #[must_use]
    pub fn revision(&self) -> u32 {
        self.private().map_or(0, |private| private.revision)
    }

    /// The variant of this name.
    #[must_use]
    pub fn variant(&self, name: &str) -> Option<&'static Variant> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// Number of weights of a variant for so many classes; `None` for a variant that it has not.
    #[must_use]
    pub fn parameters(&self, variant: &str, classes: u64) -> Option<u64> {
        match self.origin {
            Origin::BuiltIn { parameters, .. } => parameters(variant, classes),
            Origin::Private(private) => {
                let declared = private.manifest.variants.iter().find(|declared| declared.name == variant)?;
                declared.parameters
            }
        }
    }

    /// What a person writes to choose a variant, for example `yolov8n`.
    #[must_use]
    pub fn full_name(&self, variant: &Variant) -> String {
        format!("{}{}", self.id, variant.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_has_one_service_and_a_schema() {
        let family = yolov8::YOLOV8;
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
