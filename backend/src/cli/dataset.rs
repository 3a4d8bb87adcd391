//! `trainyard dataset ...`.
//!
//! Must not know any format of datasets.

use super::args::{DatasetCommand, Format, Import, Items, Output, Place, SubsetName};
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::items;
use super::print;
use super::query::{self, QueryFile};
use super::upload;
use indicatif::{ProgressBar, ProgressStyle};
use proto::convert::SplitPercentages;
use proto::v1;
use proto::v1::import_dataset_event::Event;
use shared::dataset::{Dataset, ImportReport, Item, ItemSelection, Subset, full_name};
use std::path::Path;

/// Rejections shown one by one; the rest is counted.
const SHOWN_REJECTIONS: usize = 50;

pub(super) async fn run(place: &Place, command: DatasetCommand) -> Result<(), Failure> {
    // What cannot be done is told before any server is asked.
    let read = Read::of(&command)?;
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let result = Box::pin(dispatch(&connection, command, read)).await;
    connection.close().await;
    result
}

async fn dispatch(connection: &Connection, command: DatasetCommand, read: Read) -> Result<(), Failure> {
    match (command, read) {
        (DatasetCommand::Import(import), _) => run_import(connection, import).await,
        (DatasetCommand::List(output), _) => list(connection, output).await,
        (DatasetCommand::Create(create), _) => items::create(connection, create).await,
        (DatasetCommand::Folders(one), _) => items::folders(connection, one).await,
        (DatasetCommand::Item(one), _) => items::item(connection, one).await,
        (DatasetCommand::Changes(changes), _) => items::changes(connection, changes).await,
        (DatasetCommand::Undo(undo), _) => items::undo(connection, undo).await,
        (DatasetCommand::Items(arguments), Read::Filter(filter)) => {
            list_items(connection, arguments, Filter::of(*filter)).await
        }
        (DatasetCommand::Preview(preview), Read::Filter(filter)) => {
            items::preview(connection, preview, *filter).await
        }
        (DatasetCommand::Tag(tag), Read::Chosen(chosen)) => items::tag(connection, tag, chosen).await,
        (DatasetCommand::Split(split), Read::Chosen(chosen)) => items::split(connection, split, chosen).await,
        (DatasetCommand::Move(to), Read::Chosen(chosen)) => items::relocate(connection, to, chosen).await,
        (DatasetCommand::Delete(delete), Read::Chosen(chosen)) => {
            items::delete(connection, delete, chosen).await
        }
        // Each command reads what it needs.
        (_, Read::Filter(_) | Read::Chosen(_)) => Ok(()),
    }
}

/// What a command has read from files and arguments.
enum Read {
    Filter(Box<Option<QueryFile>>),
    Chosen(ItemSelection),
}

impl Read {
    fn of(command: &DatasetCommand) -> Result<Self, Failure> {
        let filter =
            |path: Option<&Path>| path.map(query::read).transpose().map(|file| Self::Filter(Box::new(file)));
        let chosen = |dataset: &str, chosen| items::selection(dataset, chosen).map(Self::Chosen);
        match command {
            DatasetCommand::Import(import) if import.upload => {
                upload::check(&import.path).map(|()| Self::Filter(Box::default()))
            }
            DatasetCommand::Import(import) => {
                check_folder(&import.path).map(|()| Self::Filter(Box::default()))
            }
            DatasetCommand::Items(items) => filter(items.filter.as_deref()),
            DatasetCommand::Preview(preview) => filter(preview.filter.as_deref()),
            DatasetCommand::Tag(tag) => chosen(&tag.dataset, &tag.chosen),
            DatasetCommand::Split(split) => chosen(&split.dataset, &split.chosen),
            DatasetCommand::Move(to) => chosen(&to.dataset, &to.chosen),
            DatasetCommand::Delete(delete) => chosen(&delete.dataset, &delete.chosen),
            DatasetCommand::List(_)
            | DatasetCommand::Create(_)
            | DatasetCommand::Folders(_)
            | DatasetCommand::Item(_)
            | DatasetCommand::Changes(_)
            | DatasetCommand::Undo(_) => Ok(Self::Filter(Box::default())),
        }
    }
}

fn check_folder(path: &Path) -> Result<(), Failure> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Failure::usage(format!(
            "{} is a file; name the folder that holds the images and annotations, or send an archive with --upload",
            path.display()
        ))),
        Err(error) => Err(Failure::usage(format!(
            "the folder {} cannot be read ({error}); check the path",
            path.display()
        ))),
    }
}

/// A query from a file.
#[derive(Debug, Default)]
struct Filter {
    text: String,
    /// It asks for one page, and gets no more.
    chooses_page: bool,
}

impl Filter {
    fn of(file: Option<QueryFile>) -> Self {
        // The server warns of what is probably not meant.
        let Some(QueryFile { text, parsed }) = file else { return Self::default() };
        let chooses_page = parsed.query.page.is_some() || parsed.query.page_size.is_some();
        Self { text, chooses_page }
    }
}

async fn run_import(connection: &Connection, import: Import) -> Result<(), Failure> {
    let path = import.path.canonicalize()?;
    let format = match import.format {
        None => v1::DatasetFormat::Unspecified,
        Some(Format::Voc) => v1::DatasetFormat::Voc,
        Some(Format::Coco) => v1::DatasetFormat::Coco,
        Some(Format::Yolo) => v1::DatasetFormat::Yolo,
        Some(Format::Folder) => v1::DatasetFormat::Folder,
    };
    let split = import.split.map(|[train, validation, test]| {
        SplitPercentages { train, validation, test, seed: import.seed }.into()
    });
    let mut request =
        v1::ImportDatasetRequest { format: format.into(), name: import.name, split, ..Default::default() };
    if import.upload {
        request.upload_id = upload::send(connection, &path).await?;
    } else {
        let text = path.to_str().ok_or_else(|| {
            Failure::usage(format!("the path {} is not UTF-8; rename the folder", path.display()))
        })?;
        request.path = text.to_owned();
    }
    let upload_id = request.upload_id.clone();
    let imported = follow_import(connection, request).await;
    if imported.is_err() && !upload_id.is_empty() {
        // It is swept away after a day; until then it would only take room.
        upload::discard(connection, &upload_id).await;
    }
    let report = imported?;
    if import.output.json { print::json(&report) } else { print_report(&report) }
}

/// Sends the request and draws its progress on standard error.
pub(super) async fn follow_import(
    connection: &Connection,
    request: v1::ImportDatasetRequest,
) -> Result<ImportReport, Failure> {
    let bar = ProgressBar::new(0).with_message("importing");
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} files, {eta} left") {
        bar.set_style(style);
    }
    let mut events = connection.datasets().import_dataset(request).await?.into_inner();
    let mut report = None;
    loop {
        match events.message().await {
            Ok(Some(v1::ImportDatasetEvent { event: Some(Event::Progress(progress)) })) => {
                bar.set_length(progress.files_total);
                bar.set_position(progress.files_done);
            }
            Ok(Some(v1::ImportDatasetEvent { event: Some(Event::Report(wire)) })) => {
                report = Some(ImportReport::try_from(wire)?);
            }
            Ok(Some(v1::ImportDatasetEvent { event: None })) => {}
            Ok(None) => break,
            Err(status) => {
                bar.finish_and_clear();
                return Err(status.into());
            }
        }
    }
    bar.finish_and_clear();
    report.ok_or_else(|| {
        Failure::failed("the server ended before the import was done; start it again, it is repeatable")
    })
}

fn print_report(report: &ImportReport) -> Result<(), Failure> {
    let dataset = &report.dataset;
    let [train, validation, test] = dataset.subset_counts;
    print::line(&format!("dataset {} ({})", print::plain(&dataset.name), dataset.id))?;
    print::line(&format!(
        "  items: {} added, {} unchanged, {} in all",
        report.items_added, report.items_unchanged, dataset.item_count
    ))?;
    print::line(&format!(
        "  annotations: {} added, {} in all",
        report.annotations_added, dataset.annotation_count
    ))?;
    print::line(&format!("  subsets: {train} train, {validation} validation, {test} test"))?;
    let labels: Vec<String> = dataset.labels.iter().map(|label| print::plain(&label.name)).collect();
    print::line(&format!("  labels: {}", labels.join(", ")))?;
    if !report.rejections.is_empty() {
        print::line(&format!("  left out: {}", report.rejections.len()))?;
    }
    for rejection in report.rejections.iter().take(SHOWN_REJECTIONS) {
        print::line(&format!("    {}: {}", print::plain(&rejection.file), print::plain(&rejection.reason)))?;
    }
    if let Some(more) = report.rejections.len().checked_sub(SHOWN_REJECTIONS).filter(|more| *more > 0) {
        print::line(&format!("    and {more} more; --json names them all"))?;
    }
    Ok(())
}

async fn list(connection: &Connection, output: Output) -> Result<(), Failure> {
    let mut client = connection.datasets();
    let mut datasets: Vec<Dataset> = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListDatasetsRequest { page_size: 0, page_token };
        let page = client.list_datasets(request).await?.into_inner();
        for dataset in page.datasets {
            datasets.push(dataset.try_into()?);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if output.json {
        return print::json(&datasets);
    }
    let rows: Vec<[String; 6]> = datasets
        .iter()
        .map(|dataset| {
            let [train, validation, test] = dataset.subset_counts;
            [
                dataset.name.clone(),
                dataset.item_count.to_string(),
                dataset.annotation_count.to_string(),
                format!("{train}/{validation}/{test}"),
                dataset.labels.len().to_string(),
                dataset.id.to_string(),
            ]
        })
        .collect();
    print::table(["NAME", "ITEMS", "ANNOTATIONS", "TRAIN/VALIDATION/TEST", "LABELS", "ID"], &rows)
}

async fn list_items(connection: &Connection, items: Items, filter: Filter) -> Result<(), Failure> {
    let subset = items.subset.map_or(v1::Subset::Unspecified, SubsetName::to_wire);
    let request = v1::ListItemsRequest {
        dataset: items.dataset,
        subset: subset.into(),
        page_size: if filter.chooses_page { 0 } else { 1_000 },
        page_token: String::new(),
        filter: filter.text,
        count_only: items.count,
        without_total: !filter.chooses_page,
    };
    if items.count {
        return count_items(connection, request, items.output).await;
    }
    let found = fetch_items(connection, request, filter.chooses_page).await?;
    if items.output.json {
        return print::json(&found);
    }
    let rows: Vec<[String; 4]> = found
        .iter()
        .map(|item| {
            [
                full_name(&item.dir, &item.name),
                format!("{} x {}", item.width, item.height),
                item.subset.map_or("-", Subset::name).to_owned(),
                item.annotations.len().to_string(),
            ]
        })
        .collect();
    print::table(["FILE", "PIXELS", "SUBSET", "ANNOTATIONS"], &rows)
}

async fn count_items(
    connection: &Connection,
    request: v1::ListItemsRequest,
    output: Output,
) -> Result<(), Failure> {
    let answer = connection.datasets().list_items(request).await?.into_inner();
    warn(&answer.warnings);
    let count = answer.total_count;
    if output.json {
        print::json(&serde_json::json!({ "count": count }))
    } else {
        print::line(&count.to_string())
    }
}

/// All pages, or the one that the query asks for.
async fn fetch_items(
    connection: &Connection,
    mut request: v1::ListItemsRequest,
    is_one_page: bool,
) -> Result<Vec<Item>, Failure> {
    let mut client = connection.datasets();
    let mut found: Vec<Item> = Vec::new();
    loop {
        let page = client.list_items(request.clone()).await?.into_inner();
        if request.page_token.is_empty() {
            warn(&page.warnings);
        }
        for item in page.items {
            found.push(item.try_into()?);
        }
        if is_one_page && page.total_count > found.len() as u64 {
            eprintln!(
                "note: the query asks for one page, so these are {} of {}; leave out `page` and `pageSize` for all",
                found.len(),
                page.total_count
            );
        }
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() || is_one_page {
            return Ok(found);
        }
    }
}

pub(super) fn warn(warnings: &[String]) {
    for warning in warnings {
        eprintln!("warning: {}", print::plain(warning));
    }
}
