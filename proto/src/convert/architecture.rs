//! Architectures, and the catalog that a client makes of them.

use super::ConvertError;
use crate::v1;
use shared::architecture::{Architecture, Catalog, DeclaredSecret, Manifest};
use shared::config::{Field, Kind};
use shared::dataset::Task;

/// Classes of the data set whose numbers of parameters are usually published.
const PUBLISHED_CLASSES: u64 = 80;

impl From<&Architecture> for v1::Architecture {
    fn from(family: &Architecture) -> Self {
        let variant = |variant: &shared::architecture::Variant| v1::ArchitectureVariant {
            name: variant.name.to_owned(),
            title: variant.title.to_owned(),
            parameters: family.parameters(variant.name, PUBLISHED_CLASSES).unwrap_or_default(),
        };
        Self {
            id: family.id.to_owned(),
            title: family.name.to_owned(),
            task: task_word(family.task).to_owned(),
            variants: family.variants.iter().map(variant).collect(),
            fields: family.schema().fields.iter().map(Into::into).collect(),
            labels: family.labels.iter().map(|&label| label.to_owned()).collect(),
            secrets: family.secrets.iter().map(Into::into).collect(),
            description: family.title.to_owned(),
            service_name: family.service_name(),
            service_defaults: Some(family.service_defaults().into()),
            private: family.private().map(|private| v1::PrivateArchitecture {
                revision: private.revision,
                manifest_json: manifest_to_wire(&private.manifest),
                folder: private.folder.clone(),
            }),
        }
    }
}

/// A manifest as JSON.
#[must_use]
pub fn manifest_to_wire(manifest: &Manifest) -> String {
    // A struct of texts and numbers always becomes JSON.
    serde_json::to_string(manifest).unwrap_or_default()
}

/// What a client knows of architectures: the built-in ones, and the private ones of an answer. Those that are `known`
/// already are the same ones.
///
/// # Errors
/// If a manifest cannot be read, which a server of another version may have taken.
pub fn catalog_from_wire(
    known: &Catalog,
    architectures: Vec<v1::Architecture>,
) -> Result<Catalog, ConvertError> {
    let mut catalog = Catalog::default();
    for architecture in architectures {
        let Some(private) = architecture.private else { continue };
        if catalog.keep(known, &architecture.id, private.revision) {
            continue;
        }
        let broken = |problem: String| ConvertError::new("private.manifest_json", problem);
        let manifest: Manifest = serde_json::from_str(&private.manifest_json)
            .map_err(|error| broken(format!("cannot be read: {error}")))?;
        catalog.put(&manifest, &private.folder, private.revision).map_err(|errors| {
            let problem = errors.first().map_or_else(String::new, ToString::to_string);
            broken(format!("cannot be used: {problem}"))
        })?;
    }
    Ok(catalog)
}

const fn task_word(task: Task) -> &'static str {
    match task {
        Task::Detection => "detection",
        Task::Classification => "classification",
    }
}

impl From<&DeclaredSecret> for v1::DeclaredSecret {
    fn from(declared: &DeclaredSecret) -> Self {
        Self {
            name: declared.name.to_owned(),
            description: declared.description.to_owned(),
            required: declared.is_required,
        }
    }
}

impl From<&Field> for v1::ConfigurationField {
    fn from(field: &Field) -> Self {
        let (kind, minimum, maximum, choices) = match field.kind {
            Kind::Integer { min, max, .. } => ("integer", Some(min as f64), Some(max as f64), &[][..]),
            Kind::Number { min, max } => ("number", Some(min), Some(max), &[][..]),
            Kind::Choice { options } => ("choice", None, None, options),
            Kind::Boolean => ("boolean", None, None, &[][..]),
            Kind::Text { max_chars } => ("text", None, Some(f64::from(max_chars)), &[][..]),
        };
        Self {
            key: field.key.to_owned(),
            label: field.label.to_owned(),
            help: field.help.to_owned(),
            unit: field.unit.unwrap_or_default().to_owned(),
            group: field.group.label().to_owned(),
            advanced: field.advanced,
            default_json: field.default.to_string(),
            kind: kind.to_owned(),
            minimum,
            maximum,
            choices: choices.iter().map(|&option| option.to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_has_every_setting_with_its_range() {
        let family = Catalog::default().family("yolov8").unwrap();
        let wire = v1::Architecture::from(family);
        assert_eq!((wire.id.as_str(), wire.task.as_str(), wire.variants.len()), ("yolov8", "detection", 5));
        let epochs = wire.fields.iter().find(|field| field.key == "epochs").unwrap();
        assert_eq!(
            (epochs.kind.as_str(), epochs.minimum, epochs.default_json.as_str()),
            ("integer", Some(1.0), "100")
        );
        let optimizer = wire.fields.iter().find(|field| field.key == "optimizer").unwrap();
        assert_eq!(optimizer.choices, ["auto", "sgd", "adamw"]);
        assert_eq!((wire.labels.len(), wire.secrets.len(), wire.private), (80, 0, None));
    }

    #[test]
    fn a_private_one_comes_back_as_it_went() {
        let written = r#"{"id": "tiny", "name": "Tiny", "task": "classification", "command": ["{folder}/train"],
            "variants": [{"name": "-s", "title": "Small"}],
            "settings": [{"key": "amp", "type": "boolean", "default": true}]}"#;
        let mut catalog = Catalog::default();
        let manifest: Manifest = serde_json::from_str(written).unwrap();
        let family = catalog.put(&manifest, "/opt/tiny", 4).unwrap();
        let wire: Vec<v1::Architecture> = catalog.families().map(Into::into).collect();
        let back = catalog_from_wire(&catalog, wire.clone()).unwrap();
        assert!(std::ptr::eq(back.family("tiny").unwrap(), family), "it was made again");
        let back = catalog_from_wire(&Catalog::default(), wire.clone()).unwrap();
        let (found, size) = back.resolve("tiny-s").unwrap();
        assert_eq!((found.revision(), size.title), (4, "Small"));
        assert_eq!(found.private().unwrap().manifest, manifest);
        assert_eq!(v1::Architecture::from(found), v1::Architecture::from(family));
        for broken in ["{", r#"{"id": "A", "name": "a", "task": "detection", "command": ["a"]}"#] {
            let mut wire = wire.clone();
            wire.last_mut().unwrap().private.as_mut().unwrap().manifest_json = broken.to_owned();
            assert_eq!(
                catalog_from_wire(&Catalog::default(), wire).unwrap_err().field(),
                "private.manifest_json"
            );
        }
    }
}
