//! The architectures that this server can train, with the form of their settings.
//!
//! Must not know how one is trained.

use super::error::Problem;
use proto::v1;
use proto::v1::architecture_service_server::ArchitectureService;
use shared::architecture::{ARCHITECTURES, Architecture, DeclaredSecret, UnknownArchitecture};
use shared::config::{Field, Kind};
use shared::dataset::Task;
use tonic::{Code, Request, Response, Status};

/// Classes of the data set whose numbers of parameters are usually published.
const PUBLISHED_CLASSES: u64 = 80;

pub(super) struct Architectures;

#[tonic::async_trait]
impl ArchitectureService for Architectures {
    async fn list_architectures(
        &self,
        _request: Request<v1::ListArchitecturesRequest>,
    ) -> Result<Response<v1::ListArchitecturesResponse>, Status> {
        let architectures = ARCHITECTURES.iter().map(architecture_to_wire).collect();
        Ok(Response::new(v1::ListArchitecturesResponse { architectures }))
    }
}

impl From<UnknownArchitecture> for Problem {
    fn from(error: UnknownArchitecture) -> Self {
        let message = error.to_string();
        let mut problem = Self::new(Code::InvalidArgument, "ARCHITECTURE_UNKNOWN", message.clone());
        problem.violations.push(("architecture".to_owned(), message));
        problem
    }
}

fn architecture_to_wire(architecture: &Architecture) -> v1::Architecture {
    let variants = architecture
        .variants
        .iter()
        .map(|variant| v1::ArchitectureVariant {
            name: variant.name.to_owned(),
            title: variant.title.to_owned(),
            parameters: architecture.parameters(variant.name, PUBLISHED_CLASSES).unwrap_or_default(),
        })
        .collect();
    let task = match architecture.task {
        Task::Detection => "detection",
        Task::Classification => "classification",
    };
    v1::Architecture {
        id: architecture.id.to_owned(),
        title: architecture.name.to_owned(),
        task: task.to_owned(),
        variants,
        fields: architecture.schema().fields.iter().map(field_to_wire).collect(),
        labels: architecture.labels.iter().map(|&label| label.to_owned()).collect(),
        secrets: architecture.secrets.iter().map(secret_to_wire).collect(),
    }
}

fn secret_to_wire(declared: &DeclaredSecret) -> v1::DeclaredSecret {
    v1::DeclaredSecret {
        name: declared.name.to_owned(),
        description: declared.description.to_owned(),
        required: declared.is_required,
    }
}

fn field_to_wire(field: &Field) -> v1::ConfigurationField {
    let (kind, minimum, maximum, choices) = match field.kind {
        Kind::Integer { min, max, .. } => ("integer", Some(min as f64), Some(max as f64), Vec::new()),
        Kind::Number { min, max } => ("number", Some(min), Some(max), Vec::new()),
        Kind::Choice { options } => {
            ("choice", None, None, options.iter().map(|&option| option.to_owned()).collect())
        }
    };
    v1::ConfigurationField {
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
        choices,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_has_every_setting_with_its_range() {
        let wire = architecture_to_wire(&ARCHITECTURES[0]);
        assert_eq!((wire.id.as_str(), wire.task.as_str(), wire.variants.len()), ("yolov8", "detection", 5));
        let epochs = wire.fields.iter().find(|field| field.key == "epochs").unwrap();
        assert_eq!(
            (epochs.kind.as_str(), epochs.minimum, epochs.default_json.as_str()),
            ("integer", Some(1.0), "100")
        );
        let optimizer = wire.fields.iter().find(|field| field.key == "optimizer").unwrap();
        assert_eq!(optimizer.choices, ["auto", "sgd", "adamw"]);
        assert_eq!((wire.labels.len(), wire.secrets.len()), (80, 0));
    }
}
