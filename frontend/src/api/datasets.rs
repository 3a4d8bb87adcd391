//! Datasets and their items.
//!
//! Must not know what is shown.

use super::ApiError;
use super::call::{calls, stream};
use proto::convert::{SplitPercentages, subset_to_wire};
use proto::v1::import_dataset_event::Event;
use proto::v1::{
    DeleteItemsRequest, Folder, GetDatasetRequest, GetItemRequest, ImportDatasetEvent, ImportDatasetRequest,
    ItemEvent, ItemSelection, ItemsChange, ListDatasetsRequest, ListFoldersRequest, ListItemsChangesRequest,
    ListItemsRequest, MoveItemsRequest, PastItemsChange, SplitItemsRequest, TagItemsRequest,
    UndoItemsChangeRequest,
};
use shared::dataset::{Dataset, ImportReport, Item, Subset};
use shared::dql::Query;

calls! {
    list_datasets(ListDatasetsRequest) -> ListDatasetsResponse = "DatasetService/ListDatasets";
    get_dataset(GetDatasetRequest) -> Dataset = "DatasetService/GetDataset";
    list_folders(ListFoldersRequest) -> ListFoldersResponse = "DatasetService/ListFolders";
    list_items(ListItemsRequest) -> ListItemsResponse = "DatasetService/ListItems";
    get_item(GetItemRequest) -> ItemDetail = "DatasetService/GetItem";
    tag_items(TagItemsRequest) -> ItemsChange = "DatasetService/TagItems";
    split_items(SplitItemsRequest) -> ItemsChange = "DatasetService/SplitItems";
    move_items(MoveItemsRequest) -> ItemsChange = "DatasetService/MoveItems";
    delete_items(DeleteItemsRequest) -> ItemsChange = "DatasetService/DeleteItems";
    list_items_changes(ListItemsChangesRequest) -> ListItemsChangesResponse = "DatasetService/ListItemsChanges";
    undo_items_change(UndoItemsChangeRequest) -> ItemsChange = "DatasetService/UndoItemsChange";
}

fn parsed(dataset: proto::v1::Dataset) -> Result<Dataset, ApiError> {
    Dataset::try_from(dataset).map_err(|error| ApiError::malformed(&error))
}

/// All datasets.
pub async fn list() -> Result<Vec<Dataset>, ApiError> {
    let mut datasets = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = rpc::list_datasets(ListDatasetsRequest { page_size: 100, page_token }).await?;
        for dataset in page.datasets {
            datasets.push(parsed(dataset)?);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(datasets);
        }
    }
}

/// The dataset with this id or name.
pub async fn get(dataset: String) -> Result<Dataset, ApiError> {
    parsed(rpc::get_dataset(GetDatasetRequest { dataset }).await?)
}

/// All folders that hold items or lead to some.
pub async fn folders(dataset: String) -> Result<Vec<Folder>, ApiError> {
    Ok(rpc::list_folders(ListFoldersRequest { dataset }).await?.folders)
}

/// Page `page`, from 0, of `size` items that a query finds.
pub async fn items(dataset: String, query: &Query, page: u64, size: u64) -> Result<Vec<Item>, ApiError> {
    let query = Query { page: Some(page), page_size: Some(size), ..query.clone() };
    let request =
        ListItemsRequest { dataset, filter: query.to_string(), without_total: true, ..Default::default() };
    let found = rpc::list_items(request).await?.items;
    found.into_iter().map(|item| Item::try_from(item).map_err(|error| ApiError::malformed(&error))).collect()
}

/// How many items a query finds.
pub async fn count(dataset: String, query: &Query) -> Result<u64, ApiError> {
    let request =
        ListItemsRequest { dataset, filter: query.to_string(), count_only: true, ..Default::default() };
    Ok(rpc::list_items(request).await?.total_count)
}

/// One item with all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemDetail {
    pub item: Item,
    /// As queries see it, as JSON.
    pub document_json: String,
    /// Newest first.
    pub history: Vec<ItemEvent>,
}

/// The item with this id.
pub async fn item(item_id: String) -> Result<ItemDetail, ApiError> {
    let detail = rpc::get_item(GetItemRequest { item_id }).await?;
    let item = detail.item.ok_or_else(|| ApiError::malformed(&"there is no item in it"))?;
    let item = Item::try_from(item).map_err(|error| ApiError::malformed(&error))?;
    Ok(ItemDetail { item, document_json: detail.document_json, history: detail.history })
}

/// What a change did.
#[derive(Debug, Clone)]
pub struct Changed {
    pub change_id: String,
    /// Items that are different now.
    pub count: u64,
    /// As it stands now.
    pub dataset: Dataset,
}

fn changed(change: ItemsChange) -> Result<Changed, ApiError> {
    let dataset = change.dataset.ok_or_else(|| ApiError::malformed(&"there is no dataset in it"))?;
    Ok(Changed { change_id: change.change_id, count: change.changed_count, dataset: parsed(dataset)? })
}

/// Gives items to one subset; to none takes them out of all.
pub async fn tag(selection: ItemSelection, subset: Option<Subset>) -> Result<Changed, ApiError> {
    let request = TagItemsRequest { selection: Some(selection), subset: subset_to_wire(subset).into() };
    changed(rpc::tag_items(request).await?)
}

/// Parts items into subsets by chance.
pub async fn split(selection: ItemSelection, split: SplitPercentages) -> Result<Changed, ApiError> {
    let request = SplitItemsRequest { selection: Some(selection), split: Some(split.into()) };
    changed(rpc::split_items(request).await?)
}

/// Moves items into a folder.
pub async fn move_to(selection: ItemSelection, dir: String) -> Result<Changed, ApiError> {
    changed(rpc::move_items(MoveItemsRequest { selection: Some(selection), dir }).await?)
}

pub async fn delete(selection: ItemSelection) -> Result<Changed, ApiError> {
    changed(rpc::delete_items(DeleteItemsRequest { selection: Some(selection) }).await?)
}

/// The latest changes of items, newest first.
pub async fn changes(dataset: String) -> Result<Vec<PastItemsChange>, ApiError> {
    let request = ListItemsChangesRequest { dataset, page_size: 20 };
    Ok(rpc::list_items_changes(request).await?.changes)
}

/// Takes a change back.
pub async fn undo(change_id: String) -> Result<Changed, ApiError> {
    changed(rpc::undo_items_change(UndoItemsChangeRequest { change_id }).await?)
}

/// Imports a folder on the server's machine, and tells how far it is: files done and files in all.
pub async fn import(
    request: ImportDatasetRequest,
    on_progress: impl Fn(u64, u64),
) -> Result<ImportReport, ApiError> {
    let mut events =
        stream::<ImportDatasetEvent>("/trainyard.v1.DatasetService/ImportDataset", request).await?;
    while let Some(event) = events.next().await? {
        match event.event {
            Some(Event::Progress(progress)) => on_progress(progress.files_done, progress.files_total),
            Some(Event::Report(report)) => {
                return ImportReport::try_from(report).map_err(|error| ApiError::malformed(&error));
            }
            None => {}
        }
    }
    Err(ApiError::malformed(&"the import ended without a report"))
}
