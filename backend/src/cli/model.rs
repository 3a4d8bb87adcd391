//! `trainyard model ...`.
//!
//! Must not know how a model is trained.

use super::args::{Place, object_from_settings};
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::model_args::{CloneModel, CreateModel, ListModels, ModelCommand, UpdateModel};
use super::train_args::Subsets;
use super::{print, query, upload};
use proto::v1;
use shared::architecture::{architecture, resolve_architecture};
use shared::config::detection_schema;
use shared::dataset::Subset;
use shared::dql::{SelectionMode, default_selection, tagged_items_query};
use shared::model::{ChoiceMode, Model, SubsetChoice};
use std::path::Path;

pub(super) async fn run(place: &Place, command: ModelCommand) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let result = dispatch(&connection, command).await;
    connection.close().await;
    result
}

async fn dispatch(connection: &Connection, command: ModelCommand) -> Result<(), Failure> {
    let mut client = connection.models();
    let (answer, json, done) = match command {
        ModelCommand::Create(create) => {
            let mut request = request_of(&create)?;
            if let Some(file) = &create.weights {
                request.weights_hash = upload::store(connection, file).await?;
            }
            return run_create(connection, request, create.output.json).await;
        }
        ModelCommand::List(list) => return run_list(connection, list).await,
        ModelCommand::Clone(clone) => {
            let json = clone.output.json;
            (
                client.clone_model(clone_request(clone)).await?,
                json,
                "is made; train it with `trainyard train`",
            )
        }
        ModelCommand::Update(update) => {
            let json = update.output.json;
            (client.update_model(update_request(update)).await?, json, "is changed")
        }
        ModelCommand::Delete(one) => {
            let request = v1::DeleteModelRequest { model: one.model };
            let done = "is out of the lists; `trainyard model restore` with its id puts it back";
            (client.delete_model(request).await?, one.output.json, done)
        }
        ModelCommand::Restore(restore) => {
            let request = v1::RestoreModelRequest { model_id: restore.model_id };
            (client.restore_model(request).await?, restore.output.json, "is back in the lists")
        }
    };
    let model = Model::try_from(answer.into_inner())?;
    if json {
        return print::json(&model);
    }
    print::line(&format!("model {} ({}) {done}", print::plain(&model.name), model.id))
}

fn request_of(create: &CreateModel) -> Result<v1::CreateModelRequest, Failure> {
    let settings = object_from_settings(detection_schema(), &create.settings).map_err(Failure::usage)?;
    Ok(v1::CreateModelRequest {
        name: create.name.clone(),
        architecture: create.architecture.clone(),
        dataset: create.dataset.clone(),
        configuration_json: serde_json::Value::Object(settings).to_string(),
        idempotency_key: uuid_text(),
        description: create.description.clone(),
        tags: create.tags.clone(),
        labels: labels_of(create)?,
        train: choice_from_files(Subset::Train, &create.subsets)?,
        validation: choice_from_files(Subset::Validation, &create.subsets)?,
        weights_of_model: create.weights_of.clone().unwrap_or_default(),
        weights_hash: String::new(),
    })
}

/// The labels that were named; none stands for those of the dataset.
fn labels_of(create: &CreateModel) -> Result<Vec<String>, Failure> {
    if !create.predefined_labels {
        return Ok(create.labels.clone());
    }
    let (id, _) =
        resolve_architecture(&create.architecture).map_err(|error| Failure::usage(error.to_string()))?;
    let labels = architecture(&id.0).map_or(&[][..], |family| family.labels);
    if labels.is_empty() {
        return Err(Failure::usage(format!("`{id}` has no predefined labels: name them with --labels")));
    }
    Ok(labels.iter().map(|&label| label.to_owned()).collect())
}

/// The choice that queries in files make: *Tagged items* if they say no more than that.
///
/// # Errors
/// If a file cannot be read or a query is refused: wrong input.
pub(super) fn choice_from_files(
    subset: Subset,
    files: &Subsets,
) -> Result<Option<v1::SubsetChoice>, Failure> {
    let (items, annotations) = match subset {
        Subset::Train => (&files.train_filter, &files.train_annotations),
        Subset::Validation => (&files.validation_filter, &files.validation_annotations),
        Subset::Test => return Ok(None),
    };
    if items.is_none() && annotations.is_none() {
        return Ok(None);
    }
    // A file ends with a line break, which is no part of what is kept and shown.
    let text_of = |path: &Path| query::read(path).map(|read| read.text.trim().to_owned());
    let filter = match items {
        Some(path) => text_of(path)?,
        None => tagged_items_query(subset).to_string(),
    };
    let annotation_filter = annotations.as_deref().map(text_of).transpose()?;
    let mode = match default_selection(Some(&filter), subset).mode {
        SelectionMode::TaggedItems => ChoiceMode::TaggedItems,
        SelectionMode::DqlFilter => ChoiceMode::DqlFilter,
    };
    Ok(Some(SubsetChoice { mode, filter, annotation_filter, saved_filter_id: None }.into()))
}

fn clone_request(clone: CloneModel) -> v1::CloneModelRequest {
    v1::CloneModelRequest {
        model: clone.model,
        name: clone.name,
        dataset: clone.dataset,
        labels: clone.labels,
        with_weights: clone.with_weights,
        same_start: clone.same_start,
        idempotency_key: uuid_text(),
    }
}

fn update_request(update: UpdateModel) -> v1::UpdateModelRequest {
    v1::UpdateModelRequest {
        model: update.model,
        name: update.name,
        description: update.description,
        set_tags: update.no_tags || !update.tags.is_empty(),
        tags: update.tags,
    }
}

async fn run_create(
    connection: &Connection,
    request: v1::CreateModelRequest,
    json: bool,
) -> Result<(), Failure> {
    let model = Model::try_from(connection.models().create_model(request).await?.into_inner())?;
    if json {
        return print::json(&model);
    }
    print::line(&format!(
        "model {} ({}) of {}{} with {} labels; train it with `trainyard train {}`",
        print::plain(&model.name),
        model.id,
        model.architecture_id,
        model.variant,
        model.labels.len(),
        print::plain(&model.name)
    ))
}

async fn run_list(connection: &Connection, list: ListModels) -> Result<(), Failure> {
    let mut client = connection.models();
    let mut models: Vec<Model> = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListModelsRequest {
            search: list.search.clone(),
            page_size: 0,
            page_token,
            statuses: list.status.iter().map(|status| status.name().to_owned()).collect(),
            architecture_ids: list.architecture.clone(),
            dataset: list.dataset.clone(),
            tags: list.tags.clone(),
            include_deleted: list.deleted,
        };
        let page = client.list_models(request).await?.into_inner();
        for model in page.models {
            models.push(model.try_into()?);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if list.output.json {
        return print::json(&models);
    }
    let rows: Vec<[String; 5]> = models
        .iter()
        .map(|model| {
            let deleted = if model.deleted_at_ms.is_some() { " (deleted)" } else { "" };
            [
                model.name.clone(),
                format!("{}{}", model.architecture_id, model.variant),
                format!("{}{deleted}", model.status.name()),
                model.tags.join(", "),
                model.id.to_string(),
            ]
        })
        .collect();
    print::table(["NAME", "ARCHITECTURE", "STATUS", "TAGS", "ID"], &rows)
}

/// A key under which one press of Enter has one effect, however often the call is sent.
pub(super) fn uuid_text() -> String {
    format!("{:032x}", rand::random::<u128>())
}
