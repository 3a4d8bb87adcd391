//! `trainyard dataset folders|item|tag|split|move|delete|changes|undo|preview`.
//!
//! Must not know how items are stored or searched.

use super::args::{Output, SubsetName};
use super::connect::Connection;
use super::dataset::warn;
use super::failure::Failure;
use super::item_args::{
    Changes, Chosen, CreateDataset, Delete, Move, OneDataset, OneItem, Preview, SplitCommand, Tag, TaskName,
    Undo,
};
use super::print;
use super::query::{self, QueryFile};
use proto::convert::SplitPercentages;
use proto::v1;
use shared::dataset::{
    Dataset, Folder, ItemDetail, ItemSelection, ItemsChange, PastItemsChange, SelectedItems, Subset,
    full_name,
};
use shared::filter::FilterPreview;
use shared::format;

/// Items of a preview that are printed.
const SHOWN_ITEMS: u32 = 24;

/// The items that a person means, read before any server is asked.
pub(super) fn selection(dataset: &str, chosen: &Chosen) -> Result<ItemSelection, Failure> {
    let items = match &chosen.filter {
        Some(path) => SelectedItems::ByFilter(query::read(path)?.text),
        None => {
            let id =
                |text: &String| text.parse().map_err(|error| Failure::usage(format!("--items: {error}")));
            SelectedItems::ById(chosen.items.iter().map(id).collect::<Result<_, _>>()?)
        }
    };
    Ok(ItemSelection { dataset: dataset.to_owned(), items })
}

pub(super) async fn create(connection: &Connection, arguments: CreateDataset) -> Result<(), Failure> {
    let task = match arguments.task {
        TaskName::Detection => v1::Task::Detection,
        TaskName::Classification => v1::Task::Classification,
    };
    let request =
        v1::CreateDatasetRequest { name: arguments.name, task: task.into(), idempotency_key: String::new() };
    let dataset: Dataset = connection.datasets().create_dataset(request).await?.into_inner().try_into()?;
    if arguments.output.json {
        return print::json(&dataset);
    }
    print::line(&format!("dataset {} ({}), empty", print::plain(&dataset.name), dataset.id))
}

pub(super) async fn folders(connection: &Connection, arguments: OneDataset) -> Result<(), Failure> {
    let request = v1::ListFoldersRequest { dataset: arguments.dataset };
    let answer = connection.datasets().list_folders(request).await?.into_inner();
    let folders: Vec<Folder> = answer.folders.into_iter().map(Into::into).collect();
    if arguments.output.json {
        return print::json(&folders);
    }
    let row =
        |folder: &Folder| [folder.dir.clone(), folder.item_count.to_string(), folder.total_count.to_string()];
    print::table(["FOLDER", "ITEMS", "WITH SUB-FOLDERS"], &folders.iter().map(row).collect::<Vec<_>>())
}

pub(super) async fn item(connection: &Connection, arguments: OneItem) -> Result<(), Failure> {
    let request = v1::GetItemRequest { item_id: arguments.item };
    let detail: ItemDetail = connection.datasets().get_item(request).await?.into_inner().try_into()?;
    if arguments.output.json {
        return print::json(&detail);
    }
    let item = &detail.item;
    print::line(&format!("item {} ({})", print::plain(&full_name(&item.dir, &item.name)), item.id))?;
    print::line(&format!(
        "  {} x {} pixels, {}, {}",
        item.width,
        item.height,
        print::plain(&item.mimetype),
        format::bytes(item.size_bytes)
    ))?;
    print::line(&format!("  subset: {}", item.subset.map_or("none", Subset::name)))?;
    print::line(&format!("  annotations: {}", item.annotations.len()))?;
    let rows: Vec<[String; 3]> = detail
        .history
        .iter()
        .map(|event| {
            let at = shared::dql::iso_text(event.at_ms.saturating_mul(1_000)).unwrap_or_default();
            [at, event.kind.name().to_owned(), event.detail.clone()]
        })
        .collect();
    print::table(["AT", "WHAT", ""], &rows)
}

pub(super) async fn tag(
    connection: &Connection,
    arguments: Tag,
    items: ItemSelection,
) -> Result<(), Failure> {
    let subset = arguments.subset.map_or(v1::Subset::Unspecified, SubsetName::to_wire);
    let request = v1::TagItemsRequest { selection: Some(items.into()), subset: subset.into() };
    let change = connection.datasets().tag_items(request).await?.into_inner();
    told(change, "tagged", arguments.output)
}

pub(super) async fn split(
    connection: &Connection,
    arguments: SplitCommand,
    items: ItemSelection,
) -> Result<(), Failure> {
    let [train, validation, test] = arguments.split;
    let split = SplitPercentages { train, validation, test, seed: arguments.seed };
    let request = v1::SplitItemsRequest { selection: Some(items.into()), split: Some(split.into()) };
    let change = connection.datasets().split_items(request).await?.into_inner();
    told(change, "put into another subset", arguments.output)
}

pub(super) async fn relocate(
    connection: &Connection,
    arguments: Move,
    items: ItemSelection,
) -> Result<(), Failure> {
    let request = v1::MoveItemsRequest { selection: Some(items.into()), dir: arguments.to };
    let change = connection.datasets().move_items(request).await?.into_inner();
    told(change, "moved", arguments.output)
}

pub(super) async fn delete(
    connection: &Connection,
    arguments: Delete,
    items: ItemSelection,
) -> Result<(), Failure> {
    let request = v1::DeleteItemsRequest { selection: Some(items.into()) };
    let change = connection.datasets().delete_items(request).await?.into_inner();
    told(change, "deleted", arguments.output)
}

pub(super) async fn changes(connection: &Connection, arguments: Changes) -> Result<(), Failure> {
    let request = v1::ListItemsChangesRequest { dataset: arguments.dataset, page_size: arguments.limit };
    let answer = connection.datasets().list_items_changes(request).await?.into_inner();
    let changes: Vec<PastItemsChange> =
        answer.changes.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    if arguments.output.json {
        return print::json(&changes);
    }
    let row = |change: &PastItemsChange| {
        let what = format!("{} {}", change.kind.name(), print::plain(&change.detail));
        let undo = match &change.why_not {
            Some(why_not) => format!("no: {}", print::plain(why_not)),
            None => format!("trainyard dataset undo {}", change.id),
        };
        let at = shared::dql::iso_text(change.at_ms.saturating_mul(1_000)).unwrap_or_default();
        [at, what.trim_end().to_owned(), format::count(change.changed_count), undo]
    };
    print::table(["WHEN", "WHAT", "ITEMS", "TO TAKE IT BACK"], &changes.iter().map(row).collect::<Vec<_>>())
}

pub(super) async fn undo(connection: &Connection, arguments: Undo) -> Result<(), Failure> {
    let request = v1::UndoItemsChangeRequest { change_id: arguments.change };
    let change = connection.datasets().undo_items_change(request).await?.into_inner();
    told(change, "as before", arguments.output)
}

fn told(change: v1::ItemsChange, done: &str, output: Output) -> Result<(), Failure> {
    let change = ItemsChange::try_from(change)?;
    if output.json {
        return print::json(&change);
    }
    let [train, validation, test] = change.dataset.subset_counts;
    print::line(&format!("{} items {done}", format::count(change.changed_count)))?;
    print::line(&format!(
        "  dataset {}: {} items, {train} train, {validation} validation, {test} test",
        print::plain(&change.dataset.name),
        change.dataset.item_count
    ))?;
    match change.id {
        Some(id) => print::line(&format!("  to take it back: trainyard dataset undo {id}")),
        None => Ok(()),
    }
}

pub(super) async fn preview(
    connection: &Connection,
    arguments: Preview,
    filter: Option<QueryFile>,
) -> Result<(), Failure> {
    let request = v1::PreviewFilterRequest {
        dataset: arguments.dataset,
        filter: filter.map(|filter| filter.text).unwrap_or_default(),
        item_limit: SHOWN_ITEMS,
    };
    let answer = connection.filters().preview_filter(request).await?.into_inner();
    let preview = FilterPreview::try_from(answer)?;
    warn(&preview.warnings);
    if arguments.output.json {
        return print::json(&preview);
    }
    let [train, validation, test] = preview.subset_counts;
    print::line(&format!("{} items", format::count(preview.total_count)))?;
    print::line(&format!("  subsets: {train} train, {validation} validation, {test} test"))?;
    print::line(&format!("  without annotations: {}", preview.unannotated_count))?;
    let labels: Vec<[String; 3]> = preview
        .labels
        .iter()
        .map(|count| [count.label.clone(), count.item_count.to_string(), count.annotation_count.to_string()])
        .collect();
    print::table(["LABEL", "ITEMS", "ANNOTATIONS"], &labels)?;
    for item in &preview.items {
        print::line(&print::plain(&full_name(&item.dir, &item.name)))?;
    }
    Ok(())
}
