//! `trainyard model ...`.
//!
//! Must not know how a model is trained.

use super::args::{CreateModel, ListModels, ModelCommand, Place, object_from_settings};
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::print;
use proto::v1;
use shared::model::Model;

pub(super) async fn run(place: &Place, command: ModelCommand) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let result = match command {
        ModelCommand::Create(create) => run_create(&connection, create).await,
        ModelCommand::List(list) => run_list(&connection, list).await,
    };
    connection.close().await;
    result
}

async fn run_create(connection: &Connection, create: CreateModel) -> Result<(), Failure> {
    let settings = object_from_settings(&create.settings).map_err(Failure::usage)?;
    let request = v1::CreateModelRequest {
        name: create.name,
        architecture: create.architecture,
        dataset: create.dataset,
        configuration_json: serde_json::Value::Object(settings).to_string(),
        idempotency_key: uuid_text(),
    };
    let model = Model::try_from(connection.models().create_model(request).await?.into_inner())?;
    if create.output.json {
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
        let request = v1::ListModelsRequest { search: list.search.clone(), page_size: 0, page_token };
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
    let rows: Vec<[String; 4]> = models
        .iter()
        .map(|model| {
            [
                model.name.clone(),
                format!("{}{}", model.architecture_id, model.variant),
                model.status.name().to_owned(),
                model.id.to_string(),
            ]
        })
        .collect();
    print::table(["NAME", "ARCHITECTURE", "STATUS", "ID"], &rows)
}

/// A key under which one press of Enter has one effect, however often the call is sent.
pub(super) fn uuid_text() -> String {
    format!("{:032x}", rand::random::<u128>())
}
