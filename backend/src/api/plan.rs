//! What a request to train comes to: the training it asks for, and everything that refuses it, found out at once.
//!
//! Must not know whether it is then started or only checked, nor whether the version can be trained now: a call that is
//! sent again meets the version in training, and has its answer.

use super::choices::{Choice, checked, choice_of_request};
use super::compute::refuse;
use super::error::Problem;
use super::models::{canonical, refuse_other_task};
use super::trainings::priority_from_wire;
use crate::store::{NewTraining, Store, TrainingData, TrainingSubject};
use proto::convert::{json_object_from_wire, label_names_from_wire};
use proto::v1;
use serde_json::{Map, Value};
use shared::architecture::{Architecture, Catalog};
use shared::check::{TrainingWarning, WarningKind};
use shared::dataset::Subset;
use shared::dql::Query;
use shared::id::TrainingId;
use shared::machine::MachineType;
use shared::model::{Model, SubsetChoice};
use shared::permission::{Permission, Permissions};
use shared::service::ServiceSettings;
use std::collections::BTreeMap;

/// The execution timeout of a service that is made without asking: five days. The field's usual hour
/// would cut most trainings on a processor, and nobody was asked to raise it.
const UNASKED_TIMEOUT_SECS: u32 = 432_000;

/// A request, understood.
pub(super) struct Plan {
    pub(super) model: Model,
    /// What its versions share; `None` for a private one that is there no more.
    pub(super) family: Option<&'static Architecture>,
    /// The resolved configuration; `None` where it cannot be used.
    pub(super) config: Option<Map<String, Value>>,
    pub(super) new: NewTraining,
    /// The query of items of each subset; `None` where it cannot be read.
    pub(super) train: Option<Query>,
    pub(super) validation: Option<Query>,
    /// Each names its fields.
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<TrainingWarning>,
    /// What its service may run on.
    pub(super) machine_types: Vec<MachineType>,
}

impl Plan {
    /// Reads a request.
    ///
    /// # Errors
    /// If there is no such version or dataset, so that nothing more can be said.
    pub(super) async fn of(
        store: &Store,
        request: v1::StartTrainingRequest,
        permissions: &Permissions,
    ) -> Result<Self, Problem> {
        let mut problems = Vec::new();
        let frozen = frozen_data(store, &request, &mut problems).await?;
        let frozen_dataset = frozen.as_ref().map(|(_, data)| data.dataset_id.to_string());
        let named_dataset = Some(request.dataset.as_str()).filter(|named| !named.is_empty());
        let TrainingSubject { model, dataset, machine_types } =
            store.training_subject(&request.model, frozen_dataset.as_deref().or(named_dataset)).await?;
        problems.extend(refuse_secrets(&request.secrets, permissions));
        let mut warnings = Vec::new();
        let catalog = store.catalog();
        let family = taken(family_of(&catalog, &model), &mut problems);
        problems.extend(family.and_then(|family| refuse_missing_secrets(family, &request.secrets)));
        problems.extend(family.and_then(|family| {
            refuse_other_task(family, &model.variant, (&dataset.name, dataset.task)).err()
        }));
        let (config, overrides) = family
            .and_then(|family| {
                let known = known_settings(family, &model.configuration, &mut warnings);
                config_of(family, known, &request.configuration_json, &mut problems)
            })
            .unzip();
        let configuration = config.clone().map(Value::Object);
        let labels = taken(label_names_from_wire("labels", request.labels), &mut problems);
        let labels = labels.filter(|labels| !labels.is_empty());
        let settings = request.service_settings.map(ServiceSettings::try_from).transpose();
        let settings = taken(settings.map_err(|error| error.within("service_settings")), &mut problems);
        let settings = settings.flatten();
        problems.extend(settings.iter().filter_map(|settings| refuse_settings(settings, &machine_types)));
        let priority = taken(priority_from_wire(request.priority), &mut problems).unwrap_or_default();
        let (snapshot_of, mut data) = match frozen {
            Some((id, data)) => (Some(id), data),
            None => {
                let labels = labels.unwrap_or_else(|| model.labels.clone());
                (None, TrainingData { dataset_id: dataset.id, labels, ..TrainingData::of(&model) })
            }
        };
        let mut queries = [None, None];
        let subsets = [
            (Subset::Train, request.train, &mut data.train),
            (Subset::Validation, request.validation, &mut data.validation),
        ];
        for ((subset, wire, kept), query) in subsets.into_iter().zip(&mut queries) {
            let Some(choice) = taken(choice_of(subset, wire, kept), &mut problems) else { continue };
            *kept = choice.choice;
            *query = Some(choice.query);
            warnings.extend(choice.warnings);
        }
        let [train, validation] = queries;
        let new = NewTraining {
            data,
            snapshot_of,
            overrides: overrides.unwrap_or_default(),
            settings_given: settings.is_some(),
            secrets: request.secrets,
            priority,
            versions: versions(),
            architecture_revision: family.map_or(0, Architecture::revision),
            ..NewTraining::of(
                &model,
                configuration.unwrap_or_default(),
                settings.unwrap_or_else(|| unasked_settings(family)),
            )
        };
        Ok(Self { model, family, config, new, train, validation, problems, warnings, machine_types })
    }

    /// The training, if nothing refuses it.
    ///
    /// # Errors
    /// The first problem, with the fields of all.
    pub(super) fn accepted(self) -> Result<NewTraining, Problem> {
        let mut problems = self.problems.into_iter();
        let Some(mut first) = problems.next() else { return Ok(self.new) };
        for other in problems {
            first.message = format!("{}\n{}", first.message, other.text());
            first.violations.extend(other.violations);
        }
        Err(first)
    }
}

/// Who may not see secrets cannot find out by trying which there are.
fn refuse_secrets(named: &[String], permissions: &Permissions) -> Option<Problem> {
    let is_refused = !named.is_empty() && !permissions.has(Permission::ViewSecrets);
    is_refused.then(|| Problem::field("secrets", Permission::ViewSecrets.lack()))
}

/// What the Train function would ask for in vain.
fn refuse_missing_secrets(family: &Architecture, given: &[String]) -> Option<Problem> {
    let missing: Vec<String> =
        family.missing_secrets(given).map(|declared| format!("`{}`", declared.name)).collect();
    (!missing.is_empty()).then(|| {
        let problem =
            format!("lack {}, which {} asks for: pick or add it", missing.join(" and "), family.name);
        Problem::field("secrets", problem)
    })
}

/// What no machine here can do.
fn refuse_settings(settings: &ServiceSettings, machines: &[MachineType]) -> Option<Problem> {
    refuse("service_settings", settings, machines).err()
}

/// What the training froze that is to be learnt from again, if there is one. What a request says beside it is refused,
/// because it would have no effect.
async fn frozen_data(
    store: &Store,
    request: &v1::StartTrainingRequest,
    problems: &mut Vec<Problem>,
) -> Result<Option<(TrainingId, TrainingData)>, Problem> {
    if request.snapshot_of.is_empty() {
        return Ok(None);
    }
    let said = [
        ("dataset", !request.dataset.is_empty()),
        ("labels", !request.labels.is_empty()),
        ("train", request.train.is_some()),
        ("validation", request.validation.is_some()),
    ];
    for (field, _) in said.into_iter().filter(|(_, is_said)| *is_said) {
        problems.push(Problem::field(field, "is given beside `snapshot_of`; leave one of them out"));
    }
    let id = store.training(&request.snapshot_of).await?.id;
    Ok(Some((id, store.training_data(id).await?)))
}

/// Keeps what went well, and what refuses the rest.
fn taken<T, E: Into<Problem>>(result: Result<T, E>, problems: &mut Vec<Problem>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(error) => {
            problems.push(error.into());
            None
        }
    }
}

/// What is asked for, or what the version brings.
fn choice_of(
    subset: Subset,
    wire: Option<v1::SubsetChoice>,
    brought: &SubsetChoice,
) -> Result<Choice, Problem> {
    match choice_of_request(subset, wire)? {
        Some(choice) => Ok(choice),
        None => checked(subset, brought.clone()),
    }
}

/// The configuration, and what of it somebody asked for: for the version, or for this training, which wins.
fn config_of(
    family: &Architecture,
    mut overrides: Map<String, Value>,
    given: &str,
    problems: &mut Vec<Problem>,
) -> Option<(Map<String, Value>, Map<String, Value>)> {
    overrides.extend(taken(json_object_from_wire("configuration_json", given), problems)?);
    let config = taken(family.schema().resolve(&overrides), problems)?;
    let overrides = canonical(&overrides, &config);
    Some((config, overrides))
}

/// The settings of a version that its architecture has; a later manifest may have others.
fn known_settings(
    family: &Architecture,
    of_version: &Map<String, Value>,
    warnings: &mut Vec<TrainingWarning>,
) -> Map<String, Value> {
    let is_known = |key: &str| family.private().is_none() || family.schema().field(key).is_some();
    let (known, gone): (Map<_, _>, Map<_, _>) =
        of_version.clone().into_iter().partition(|(key, _)| is_known(key));
    if !gone.is_empty() {
        let keys: Vec<String> = gone.keys().map(|key| format!("`{key}`")).collect();
        let message = format!("{} has no setting {} any more: left out", family.name, keys.join(", "));
        warnings.push(TrainingWarning { kind: WarningKind::Configuration, message, filter: None });
    }
    known
}

/// What the version is one of.
///
/// # Errors
/// If its architecture was taken out.
pub(super) fn family_of(catalog: &Catalog, model: &Model) -> Result<&'static Architecture, Problem> {
    catalog
        .family(&model.architecture_id)
        .filter(|family| family.variant(&model.variant).is_some())
        .ok_or_else(|| {
            let problem = format!(
                "is of the architecture `{}{}`, which is there no more; add it again",
                model.architecture_id, model.variant
            );
            Problem::field("model", problem)
        })
}

/// How a service runs that is made without asking.
pub(super) fn unasked_settings(family: Option<&Architecture>) -> ServiceSettings {
    match family.and_then(Architecture::private) {
        // Its author may have said how long it may take.
        Some(private) if private.manifest.service.contains_key("execution_timeout_secs") => {
            family.map(Architecture::service_defaults).unwrap_or_default()
        }
        _ => ServiceSettings {
            execution_timeout_secs: UNASKED_TIMEOUT_SECS,
            ..family.map(Architecture::service_defaults).unwrap_or_default()
        },
    }
}

fn versions() -> BTreeMap<String, String> {
    [("trainyard", env!("CARGO_PKG_VERSION")), ("trainer", trainer::VERSION)]
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .into()
}
