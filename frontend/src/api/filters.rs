//! Saved filters, and what a filter finds before it is used.
//!
//! Must not know what is shown.

use super::{ApiError, Transport, transport};
use proto::v1::filter_service_client::FilterServiceClient;
use proto::v1::{
    CompleteFilterRequest, Completion, DeleteFilterRequest, ListFiltersRequest, PreviewFilterRequest,
    PreviewFilterResponse, SaveFilterRequest, SavedFilter,
};
use shared::dql::Query;

/// Filters of items: the only ones that the browser uses.
const ITEMS: &str = "items";

fn client() -> FilterServiceClient<Transport> {
    FilterServiceClient::new(transport())
}

/// All saved filters of items, by name.
pub async fn list() -> Result<Vec<SavedFilter>, ApiError> {
    Ok(client().list_filters(ListFiltersRequest { resource: ITEMS.into() }).await?.into_inner().filters)
}

/// Makes one, or replaces the one of the same name.
pub async fn save(name: String, query: String) -> Result<SavedFilter, ApiError> {
    let request = SaveFilterRequest { name, resource: ITEMS.into(), query };
    Ok(client().save_filter(request).await?.into_inner())
}

pub async fn delete(id: String) -> Result<(), ApiError> {
    client().delete_filter(DeleteFilterRequest { id }).await?;
    Ok(())
}

/// Counts what a query finds.
pub async fn preview(dataset: String, query: &Query) -> Result<PreviewFilterResponse, ApiError> {
    preview_with_items(dataset, query.to_string(), 0).await
}

/// Counts what a filter finds, and brings the first items of it.
pub async fn preview_with_items(
    dataset: String,
    filter: String,
    item_limit: u32,
) -> Result<PreviewFilterResponse, ApiError> {
    let request = PreviewFilterRequest { dataset, filter, item_limit };
    Ok(client().preview_filter(request).await?.into_inner())
}

/// Fields, or values of a field, that begin with what is written already.
pub async fn complete(dataset: String, field: String, prefix: String) -> Result<Vec<Completion>, ApiError> {
    let request = CompleteFilterRequest { dataset, field, prefix, limit: 20 };
    Ok(client().complete_filter(request).await?.into_inner().completions)
}
