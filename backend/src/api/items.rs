//! Folders, single items, and changes of many of them, as the dataset service offers them.
//!
//! Must not know how items are stored.

use super::datasets::{refused_filter, with_place};
use super::error::Problem;
use crate::datasets::Split;
use crate::store::{ChosenItems, Store};
use proto::convert::{
    SplitPercentages, dir_from_wire, id_from_wire, name_from_wire, subset_filter_from_wire,
};
use proto::v1;
use shared::dataset::{Dataset, ItemDetail, ItemSelection, ItemsChange, SelectedItems};
use shared::dql::{Query, parse};
use shared::id::DatasetId;
use tonic::Code;

/// Past changes of one answer.
const MOST_CHANGES: u32 = 100;

pub(super) async fn create_dataset(
    store: &Store,
    request: v1::CreateDatasetRequest,
) -> Result<Dataset, Problem> {
    let name = name_from_wire("name", &request.name)?;
    let task = request.task().try_into()?;
    Ok(store.create_dataset(name, task).await?)
}

pub(super) async fn list_folders(
    store: &Store,
    request: v1::ListFoldersRequest,
) -> Result<v1::ListFoldersResponse, Problem> {
    let dataset_id = store.dataset_id(&request.dataset).await?;
    let folders = store.folders(dataset_id).await?.into_iter().map(Into::into).collect();
    Ok(v1::ListFoldersResponse { folders })
}

pub(super) async fn get_item(store: &Store, request: v1::GetItemRequest) -> Result<ItemDetail, Problem> {
    Ok(store.item_detail(id_from_wire("item_id", &request.item_id)?).await?)
}

pub(super) async fn tag_items(store: &Store, request: v1::TagItemsRequest) -> Result<ItemsChange, Problem> {
    let subset = subset_filter_from_wire("subset", request.subset)?;
    let (dataset_id, items) = chosen(store, request.selection).await?;
    Ok(store.tag_items(dataset_id, items, subset).await?)
}

pub(super) async fn split_items(
    store: &Store,
    request: v1::SplitItemsRequest,
) -> Result<ItemsChange, Problem> {
    let split = request.split.ok_or_else(|| Problem::field("split", "is missing"))?;
    let split = SplitPercentages::try_from(split).map_err(|error| error.within("split"))?;
    let split = Split { percentages: [split.train, split.validation, split.test], seed: split.seed };
    let (dataset_id, items) = chosen(store, request.selection).await?;
    Ok(store.split_items(dataset_id, items, move |count| split.parts(count)).await?)
}

pub(super) async fn move_items(store: &Store, request: v1::MoveItemsRequest) -> Result<ItemsChange, Problem> {
    let dir = dir_from_wire("dir", &request.dir)?;
    let (dataset_id, items) = chosen(store, request.selection).await?;
    Ok(store.move_items(dataset_id, items, dir).await?)
}

pub(super) async fn delete_items(
    store: &Store,
    request: v1::DeleteItemsRequest,
) -> Result<ItemsChange, Problem> {
    let (dataset_id, items) = chosen(store, request.selection).await?;
    Ok(store.delete_items(dataset_id, items).await?)
}

pub(super) async fn undo_items_change(
    store: &Store,
    request: v1::UndoItemsChangeRequest,
) -> Result<ItemsChange, Problem> {
    Ok(store.undo_items_change(id_from_wire("change_id", &request.change_id)?).await?)
}

pub(super) async fn list_items_changes(
    store: &Store,
    request: v1::ListItemsChangesRequest,
) -> Result<v1::ListItemsChangesResponse, Problem> {
    let limit = match request.page_size {
        0 => MOST_CHANGES,
        wanted => wanted.min(MOST_CHANGES),
    };
    let dataset_id = store.dataset_id(&request.dataset).await?;
    let changes = store.past_items_changes(dataset_id, limit).await?;
    Ok(v1::ListItemsChangesResponse { changes: changes.into_iter().map(Into::into).collect() })
}

/// The items that a change is about.
async fn chosen(
    store: &Store,
    selection: Option<v1::ItemSelection>,
) -> Result<(DatasetId, ChosenItems), Problem> {
    let selection = selection.ok_or_else(|| Problem::field("selection", "is missing"))?;
    let selection = ItemSelection::try_from(selection).map_err(|error| error.within("selection"))?;
    let items = match selection.items {
        SelectedItems::ById(ids) => ChosenItems::ById(ids),
        SelectedItems::ByFilter(text) => ChosenItems::ByQuery(Box::new(meant_query(&text)?)),
    };
    Ok((store.dataset_id(&selection.dataset).await?, items))
}

/// A query by which items are changed. What is only warned of elsewhere is refused here: a misspelt field beside `$ne`
/// finds every item.
fn meant_query(text: &str) -> Result<Query, Problem> {
    let parsed = parse(text).map_err(|refusal| refused_filter(text, &refusal.problems))?;
    if parsed.warnings.is_empty() {
        return Ok(parsed.query);
    }
    let told: Vec<String> = parsed.warnings.iter().map(|warning| with_place(warning, text)).collect();
    let message = format!("the filter is probably not meant as it is written:\n{}", told.join("\n"));
    let mut problem = Problem::new(Code::InvalidArgument, "FILTER_DOUBTFUL", message)
        .next("nothing was changed; correct the filter");
    problem.violations = told.into_iter().map(|told| ("selection.filter".to_owned(), told)).collect();
    Err(problem)
}
