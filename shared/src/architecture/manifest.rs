//! What somebody says of an architecture of their own: names, settings, labels, secrets, and how its Train function is
//! started.
//!
//! Must not know in which text it was written, nor how programs are started. What refuses one is in
//! [`manifest_check`](super::manifest_check).

use super::{Architecture, DeclaredSecret, Origin, Private, Variant};
use crate::config::schema::{Field, FieldError, Group, Kind, Schema};
use crate::dataset::Task;
use crate::service::ServiceSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Greatest whole number of a setting that names none.
const USUAL_MOST: f64 = 4_294_967_295.0;

/// Stands in a command for the folder of the manifest's files.
pub const FOLDER: &str = "{folder}";

/// A private architecture as it is written. Fields that are not named stand at their defaults; unknown ones are refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Names it: lower-case letters, digits and hyphens.
    pub id: String,
    /// The name shown to a person.
    pub name: String,
    /// One line on what it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What its models learn.
    pub task: Task,
    /// What they are shown.
    #[serde(default)]
    pub input: Input,
    /// What they answer; it follows from the task where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// The Train function: a program and its arguments, where [`FOLDER`] stands for the folder of its files.
    pub command: Vec<String>,
    /// Predefined labels, in class order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Its sizes, smallest first; without any there is one, which has no name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<ManifestVariant>,
    /// Its settings, in the order of the form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<ManifestSetting>,
    /// What it asks for in its environment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<ManifestSecret>,
    /// What differs from the usual settings of a service, by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub service: Map<String, Value>,
}

/// What models are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// Images.
    #[default]
    Image,
}

/// What models answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// Boxes with labels.
    Box,
    /// One label for an image.
    Class,
}

impl Output {
    /// What models of a task answer.
    #[must_use]
    pub const fn of(task: Task) -> Self {
        match task {
            Task::Detection => Self::Box,
            Task::Classification => Self::Class,
        }
    }
}

/// A size of a private architecture.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestVariant {
    /// What follows the architecture's id, for example `n` in `yolov8n`, or `-small`.
    pub name: String,
    /// The name shown to a person.
    pub title: String,
    /// Number of its weights, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
}

/// A setting of a private architecture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestSetting {
    /// Its key in configurations and on the command line.
    pub key: String,
    /// Its name in the form; the key where none is said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// What it does, in a sentence or two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// What values it takes.
    #[serde(rename = "type")]
    pub kind: SettingKind,
    /// Least value of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Greatest value of a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// What a whole number must be a multiple of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiple_of: Option<u64>,
    /// The words of a choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Characters of a text at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<u32>,
    /// Its value when nothing is given.
    pub default: Value,
    /// Unit of its values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where it stands in the form.
    #[serde(default)]
    pub group: Group,
    /// Whether the form hides it at first.
    #[serde(default)]
    pub advanced: bool,
}

/// The types of settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SettingKind {
    /// A whole number, 0 or more.
    Integer,
    /// Any number.
    Number,
    /// One of a few words.
    Choice,
    /// True or false.
    Boolean,
    /// A line of text.
    Text,
}

/// A secret that a private architecture asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestSecret {
    /// The environment variable that it is found in, which is the name of the secret.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Whether the training cannot do without.
    #[serde(default)]
    pub required: bool,
}

impl Manifest {
    /// The names under which its sizes are chosen.
    pub fn names(&self) -> impl Iterator<Item = String> {
        let sizes = self.variants.iter().map(|variant| variant.name.as_str());
        let only = self.variants.is_empty().then_some("");
        sizes.chain(only).map(|size| format!("{}{size}", self.id))
    }

    /// The program and its arguments, for files in `folder`.
    #[must_use]
    pub fn command_in(&self, folder: &str) -> Vec<String> {
        self.command.iter().map(|part| part.replace(FOLDER, folder)).collect()
    }

    /// How its service runs when nobody says otherwise.
    ///
    /// # Errors
    /// Settings that a service does not have, or that cannot be meant, by field.
    pub fn service_settings(&self) -> Result<ServiceSettings, Vec<FieldError>> {
        let broken = |error: serde_json::Error| vec![FieldError::new("service", error.to_string())];
        let Ok(Value::Object(mut values)) = serde_json::to_value(ServiceSettings::default()) else {
            return Err(vec![FieldError::new("service", "cannot be read".to_owned())]);
        };
        values.extend(self.service.clone());
        let settings: ServiceSettings = serde_json::from_value(Value::Object(values)).map_err(broken)?;
        settings.check().map(|()| settings)
    }

    /// The architecture that this makes, for as long as the program lives.
    ///
    /// # Errors
    /// Settings of its service that cannot be used; everything else is checked before.
    pub(super) fn keep(&self, folder: &str, revision: u32) -> Result<&'static Architecture, Vec<FieldError>> {
        let variants = if self.variants.is_empty() {
            vec![Variant { name: "", title: text(&self.name) }]
        } else {
            let kept = |size: &ManifestVariant| Variant { name: text(&size.name), title: text(&size.title) };
            self.variants.iter().map(kept).collect()
        };
        let secrets = self.secrets.iter().map(|secret| DeclaredSecret {
            name: text(&secret.name),
            description: text(&secret.description),
            is_required: secret.required,
        });
        let private = Private {
            revision,
            manifest: self.clone(),
            folder: folder.to_owned(),
            schema: Schema::without_rules(self.settings.iter().map(ManifestSetting::keep).collect()),
            settings: self.service_settings()?,
        };
        Ok(Box::leak(Box::new(Architecture {
            id: text(&self.id),
            name: text(&self.name),
            title: text(&self.description),
            task: self.task,
            variants: list(variants),
            labels: list(self.labels.iter().map(|label| text(label)).collect()),
            secrets: list(secrets.collect()),
            origin: Origin::Private(Box::leak(Box::new(private))),
        })))
    }
}

impl ManifestSetting {
    /// What values it takes, as the form and the checks read it.
    pub(super) fn kind(&self) -> Kind {
        match self.kind {
            SettingKind::Integer => Kind::Integer {
                min: self.min.unwrap_or(0.0) as u64,
                max: self.max.unwrap_or(USUAL_MOST) as u64,
                multiple_of: self.multiple_of.unwrap_or(1).max(1),
            },
            SettingKind::Number => {
                Kind::Number { min: self.min.unwrap_or(f64::MIN), max: self.max.unwrap_or(f64::MAX) }
            }
            SettingKind::Choice => {
                Kind::Choice { options: list(self.options.iter().map(|option| text(option)).collect()) }
            }
            SettingKind::Boolean => Kind::Boolean,
            SettingKind::Text => Kind::Text { max_chars: self.max_chars.unwrap_or(256) },
        }
    }

    fn keep(&self) -> Field {
        Field {
            key: text(&self.key),
            also_known_as: &[],
            label: text(if self.label.is_empty() { &self.key } else { &self.label }),
            help: text(&self.help),
            kind: self.kind(),
            unit: self.unit.as_deref().map(text),
            default: self.default.clone(),
            advanced: self.advanced,
            group: self.group,
        }
    }
}

fn text(text: &str) -> &'static str {
    if text.is_empty() { "" } else { Box::leak(text.into()) }
}

fn list<T>(values: Vec<T>) -> &'static [T] {
    Vec::leak(values)
}

#[cfg(test)]
impl Manifest {
    pub(super) fn named(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: id.to_owned(),
            description: String::new(),
            task: Task::Detection,
            input: Input::Image,
            output: None,
            command: vec!["/bin/true".to_owned()],
            labels: Vec::new(),
            variants: Vec::new(),
            settings: Vec::new(),
            secrets: Vec::new(),
            service: Map::new(),
        }
    }
}

#[cfg(test)]
impl ManifestVariant {
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), title: name.to_owned(), parameters: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_manifest_makes_a_family_like_the_built_in_ones() {
        let written = json!({
            "id": "tiny", "name": "Tiny", "description": "Finds dots", "task": "detection",
            "command": ["python3", "{folder}/train.py"], "labels": ["dot"],
            "variants": [{"name": "-s", "title": "Small", "parameters": 12}],
            "settings": [
                {"key": "epochs", "type": "integer", "min": 1, "max": 50, "default": 5, "unit": "epochs"},
                {"key": "amp", "type": "boolean", "default": false, "group": "run"},
                {"key": "backbone", "type": "choice", "options": ["Tiny", "Wide"], "default": "Tiny"},
            ],
            "secrets": [{"name": "HUB_TOKEN", "required": true}],
            "service": {"execution_timeout_secs": 60},
        });
        let manifest: Manifest = serde_json::from_value(written).unwrap();
        assert_eq!(manifest.problems("/opt/tiny"), []);
        let family = manifest.keep("/opt/tiny", 3).unwrap();
        assert_eq!((family.service_name().as_str(), family.revision()), ("mgmt-train-tiny", 3));
        assert_eq!(family.service_defaults().execution_timeout_secs, 60);
        assert_eq!((family.parameters("-s", 1), family.parameters("-m", 1)), (Some(12), None));
        assert_eq!(family.missing_secrets(&[]).count(), 1);
        let given = json!({"epochs": 7.0, "backbone": "WIDE"});
        let values = family.schema().resolve(given.as_object().unwrap()).unwrap();
        assert_eq!(Value::Object(values), json!({"epochs": 7, "amp": false, "backbone": "Wide"}));
        assert_eq!(family.schema().parse_text("amp", "yes"), Ok(json!(true)));
        let private = family.private().unwrap();
        assert_eq!(private.manifest.command_in(&private.folder), ["python3", "/opt/tiny/train.py"]);
        // It comes back from its own text.
        let text = serde_json::to_string(&manifest).unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), manifest);
    }

    #[test]
    fn what_is_not_known_is_refused_in_words() {
        let error = serde_json::from_value::<Manifest>(json!({"id": "a", "comand": []})).unwrap_err();
        assert!(error.to_string().contains("unknown field `comand`"), "{error}");
    }
}
