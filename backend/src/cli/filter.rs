//! `trainyard filter ...`.
//!
//! Must not know how filters are stored.

use super::args::Place;
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::item_args::{DeleteFilter, FilterCommand, ListFilters, SaveFilter};
use super::{dataset, print, query};
use proto::v1;
use shared::filter::SavedFilter;

pub(super) async fn run(place: &Place, command: FilterCommand) -> Result<(), Failure> {
    // What cannot be read is told before any server is asked.
    let query = match &command {
        FilterCommand::Save(save) => Some(query::read(&save.filter)?),
        FilterCommand::List(_) | FilterCommand::Delete(_) => None,
    };
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let result = match command {
        FilterCommand::Save(save) => save_filter(&connection, save, query).await,
        FilterCommand::List(list) => list_filters(&connection, list).await,
        FilterCommand::Delete(delete) => delete_filter(&connection, delete).await,
    };
    connection.close().await;
    result
}

async fn save_filter(
    connection: &Connection,
    save: SaveFilter,
    query: Option<query::QueryFile>,
) -> Result<(), Failure> {
    let mut request = v1::SaveFilterRequest {
        name: save.name,
        resource: save.resource.name().into(),
        query: String::new(),
    };
    if let Some(query::QueryFile { text, parsed }) = query {
        let warnings: Vec<String> = parsed.warnings.iter().map(ToString::to_string).collect();
        dataset::warn(&warnings);
        request.query = text;
    }
    let saved = connection.filters().save_filter(request).await?.into_inner();
    let saved = SavedFilter::try_from(saved)?;
    if save.output.json {
        return print::json(&saved);
    }
    print::line(&format!("filter {} of {} ({})", print::plain(&saved.name), saved.resource.name(), saved.id))
}

async fn all(connection: &Connection, resource: &str) -> Result<Vec<SavedFilter>, Failure> {
    let request = v1::ListFiltersRequest { resource: resource.to_owned() };
    let answer = connection.filters().list_filters(request).await?.into_inner();
    answer.filters.into_iter().map(|filter| Ok(filter.try_into()?)).collect()
}

async fn list_filters(connection: &Connection, list: ListFilters) -> Result<(), Failure> {
    let filters = all(connection, list.resource.map_or("", super::item_args::ResourceName::name)).await?;
    if list.output.json {
        return print::json(&filters);
    }
    let row = |filter: &SavedFilter| {
        let models = filter.used_by.len().to_string();
        [
            filter.name.clone(),
            filter.resource.name().to_owned(),
            models,
            filter.id.to_string(),
            filter.query.clone(),
        ]
    };
    let rows: Vec<[String; 5]> = filters.iter().map(row).collect();
    print::table(["NAME", "RESOURCE", "USED BY", "ID", "QUERY"], &rows)
}

async fn delete_filter(connection: &Connection, delete: DeleteFilter) -> Result<(), Failure> {
    let wanted = |filter: &SavedFilter| {
        filter.id.to_string() == delete.filter
            || (filter.name == delete.filter && filter.resource.name() == delete.resource.name())
    };
    let found = all(connection, "").await?.into_iter().find(wanted).ok_or_else(|| {
        Failure::failed(format!(
            "there is no filter `{}` of {}; `trainyard filter list` names them all",
            print::plain(&delete.filter),
            delete.resource.name()
        ))
    })?;
    connection.filters().delete_filter(v1::DeleteFilterRequest { id: found.id.to_string() }).await?;
    if delete.output.json {
        return print::json(&serde_json::json!({ "id": found.id, "deleted": true }));
    }
    print::line(&format!("filter {} is forgotten", print::plain(&found.name)))
}
