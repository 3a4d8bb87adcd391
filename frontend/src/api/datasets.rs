//! Datasets and their items.
//!
//! Must not know what is shown.

use super::{ApiError, Transport, transport};
use proto::convert::{SplitPercentages, subset_to_wire};
use proto::v1::dataset_service_client::DatasetServiceClient;
use proto::v1::import_dataset_event::Event;
use proto::v1::{
    DeleteItemsRequest, Folder, GetDatasetRequest, GetItemRequest, ImportDatasetRequest, ItemEvent,
    ItemSelection, ItemsChange, ListDatasetsRequest, ListFoldersRequest, ListItemsChangesRequest,
    ListItemsRequest, MoveItemsRequest, PastItemsChange, SplitItemsRequest, TagItemsRequest,
    UndoItemsChangeRequest,
};
use shared::dataset::{Dataset, ImportReport, Item, Subset};
use shared::dql::Query;

fn client() -> DatasetServiceClient<Transport> {
    DatasetServiceClient::new(transport())
}

fn parsed(dataset: proto::v1::Dataset) -> Result<Dataset, ApiError> {
    Dataset::try_from(dataset).map_err(|error| ApiError::malformed(&error))
}

/// All datasets.
pub async fn list() -> Result<Vec<Dataset>, ApiError> {
    let mut client = client();
    let mut datasets = Vec::new();
    let mut page_token = String::new();
    loop {
        let page =
            client.list_datasets(ListDatasetsRequest { page_size: 100, page_token }).await?.into_inner();
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
    parsed(client().get_dataset(GetDatasetRequest { dataset }).await?.into_inner())
}

/// All folders that hold items or lead to some.
pub async fn folders(dataset: String) -> Result<Vec<Folder>, ApiError> {
    Ok(client().list_folders(ListFoldersRequest { dataset }).await?.into_inner().folders)
}

/// Page `page`, from 0, of `size` items that a query finds.
pub async fn items(dataset: String, query: &Query, page: u64, size: u64) -> Result<Vec<Item>, ApiError> {
    let query = Query { page: Some(page), page_size: Some(size), ..query.clone() };
    let request =
        ListItemsRequest { dataset, filter: query.to_string(), without_total: true, ..Default::default() };
    let found = client().list_items(request).await?.into_inner().items;
    found.into_iter().map(|item| Item::try_from(item).map_err(|error| ApiError::malformed(&error))).collect()
}

/// How many items a query finds.
pub async fn count(dataset: String, query: &Query) -> Result<u64, ApiError> {
    let request =
        ListItemsRequest { dataset, filter: query.to_string(), count_only: true, ..Default::default() };
    Ok(client().list_items(request).await?.into_inner().total_count)
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
    let detail = client().get_item(GetItemRequest { item_id }).await?.into_inner();
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

fn changed(change: tonic::Response<ItemsChange>) -> Result<Changed, ApiError> {
    let change = change.into_inner();
    let dataset = change.dataset.ok_or_else(|| ApiError::malformed(&"there is no dataset in it"))?;
    Ok(Changed { change_id: change.change_id, count: change.changed_count, dataset: parsed(dataset)? })
}

/// Gives items to one subset; to none takes them out of all.
pub async fn tag(selection: ItemSelection, subset: Option<Subset>) -> Result<Changed, ApiError> {
    let request = TagItemsRequest { selection: Some(selection), subset: subset_to_wire(subset).into() };
    changed(client().tag_items(request).await?)
}

/// Parts items into subsets by chance.
pub async fn split(selection: ItemSelection, split: SplitPercentages) -> Result<Changed, ApiError> {
    let request = SplitItemsRequest { selection: Some(selection), split: Some(split.into()) };
    changed(client().split_items(request).await?)
}

/// Moves items into a folder.
pub async fn move_to(selection: ItemSelection, dir: String) -> Result<Changed, ApiError> {
    changed(client().move_items(MoveItemsRequest { selection: Some(selection), dir }).await?)
}

pub async fn delete(selection: ItemSelection) -> Result<Changed, ApiError> {
    changed(client().delete_items(DeleteItemsRequest { selection: Some(selection) }).await?)
}

/// The latest changes of items, newest first.
pub async fn changes(dataset: String) -> Result<Vec<PastItemsChange>, ApiError> {
    let request = ListItemsChangesRequest { dataset, page_size: 20 };
    Ok(client().list_items_changes(request).await?.into_inner().changes)
}

/// Takes a change back.
pub async fn undo(change_id: String) -> Result<Changed, ApiError> {
    changed(client().undo_items_change(UndoItemsChangeRequest { change_id }).await?)
}

/// Imports a folder on the server's machine, and tells how far it is: files done and files in all.
pub async fn import(
    request: ImportDatasetRequest,
    on_progress: impl Fn(u64, u64),
) -> Result<ImportReport, ApiError> {
    let mut events = client().import_dataset(request).await?.into_inner();
    while let Some(event) = events.message().await? {
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
