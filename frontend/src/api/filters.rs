//! Saved filters, and what a filter finds before it is used.
//!
//! Must not know what is shown.

use super::{ApiError, call::calls};
use proto::v1::{
    CompleteFilterRequest, Completion, DeleteFilterRequest, ListFiltersRequest, PreviewFilterRequest,
    PreviewFilterResponse, SaveFilterRequest, SavedFilter,
};
use shared::dql::Query;

calls! {
    list_filters(ListFiltersRequest) -> ListFiltersResponse = "FilterService/ListFilters";
    save_filter(SaveFilterRequest) -> SavedFilter = "FilterService/SaveFilter";
    delete_filter(DeleteFilterRequest) -> DeleteFilterResponse = "FilterService/DeleteFilter";
    preview_filter(PreviewFilterRequest) -> PreviewFilterResponse = "FilterService/PreviewFilter";
    complete_filter(CompleteFilterRequest) -> CompleteFilterResponse = "FilterService/CompleteFilter";
}

/// Filters of items: the only ones that the browser uses.
const ITEMS: &str = "items";

/// All saved filters of items, by name.
pub async fn list() -> Result<Vec<SavedFilter>, ApiError> {
    Ok(rpc::list_filters(ListFiltersRequest { resource: ITEMS.into() }).await?.filters)
}

/// Makes one, or replaces the one of the same name.
pub async fn save(name: String, query: String) -> Result<SavedFilter, ApiError> {
    let request = SaveFilterRequest { name, resource: ITEMS.into(), query };
    rpc::save_filter(request).await
}

pub async fn delete(id: String) -> Result<(), ApiError> {
    rpc::delete_filter(DeleteFilterRequest { id }).await?;
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
    rpc::preview_filter(request).await
}

/// Fields, or values of a field, that begin with what is written already.
pub async fn complete(dataset: String, field: String, prefix: String) -> Result<Vec<Completion>, ApiError> {
    let request = CompleteFilterRequest { dataset, field, prefix, limit: 20 };
    Ok(rpc::complete_filter(request).await?.completions)
}
