//! `trainyard trainings snapshot`: what a training learns from, frozen when it started.
//!
//! Must not know how it is frozen.

use super::args::SubsetName;
use super::check::print_contents;
use super::connect::Connection;
use super::failure::Failure;
use super::print;
use super::train_args::ShowSnapshot;
use proto::v1;
use shared::dataset::{Item, full_name};
use shared::snapshot::{FrozenService, SubsetContent, TrainingSnapshot};

/// Items of one page that is fetched.
const PAGE_SIZE: u32 = 1_000;

pub(super) async fn show(connection: &Connection, wanted: ShowSnapshot) -> Result<(), Failure> {
    match wanted.items {
        Some(subset) => items(connection, wanted.training, subset, wanted.output.json).await,
        None => summary(connection, wanted.training, wanted.output.json).await,
    }
}

async fn summary(connection: &Connection, training: String, json: bool) -> Result<(), Failure> {
    let answer = connection.trainings().get_snapshot(v1::GetSnapshotRequest { training }).await?;
    let snapshot = TrainingSnapshot::try_from(answer.into_inner())?;
    if json {
        return print::json(&snapshot);
    }
    let contents: Vec<&SubsetContent> = snapshot.subsets.iter().map(|subset| &subset.content).collect();
    print_contents(&contents)?;
    for subset in &snapshot.subsets {
        let name = subset.subset.name();
        print::line(&format!("{name} filter ({}): {}", subset.mode.name(), print::plain(&subset.filter)))?;
        print::line(&format!("{name} annotations: {}", print::plain(&subset.annotation_filter)))?;
    }
    print_leaked(&snapshot)?;
    print::line(&format!("dataset: {}", print::plain(&snapshot.dataset_name)))?;
    print::line(&format!("labels: {}", print::plain(&snapshot.labels.join(", "))))?;
    print::line(&format!("content: {}", snapshot.content_hash))?;
    if let Some(hash) = &snapshot.initial_weights_hash {
        print::line(&format!("started from weights: {hash}"))?;
    }
    if let Some(service) = &snapshot.service {
        print_service(service)?;
    }
    if !snapshot.secrets.is_empty() {
        print::line(&format!("secrets: {}", print::plain(&snapshot.secrets.join(", "))))?;
    }
    if let Some(device) = &snapshot.device {
        print::line(&format!("device: {}", print::plain(device)))?;
    }
    let versions: Vec<String> =
        snapshot.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    print::line(&format!("seed: {}; {}", snapshot.seed, print::plain(&versions.join(", "))))
}

fn print_leaked(snapshot: &TrainingSnapshot) -> Result<(), Failure> {
    match snapshot.leaked_count {
        0 => return print::line("leaks: no picture is both in train and in validation"),
        1 => print::line("leaks: one picture is both in train and in validation")?,
        count => print::line(&format!("leaks: {count} pictures are both in train and in validation"))?,
    }
    for item in &snapshot.leaked {
        print::line(&format!("  {}", print::plain(&full_name(&item.dir, &item.name))))?;
    }
    Ok(())
}

/// The settings as `trainyard train --service` takes them.
fn print_service(service: &FrozenService) -> Result<(), Failure> {
    let settings = serde_json::to_value(&service.settings).map_err(|error| {
        Failure::failed(format!("the settings of the service cannot be written: {error}"))
    })?;
    let words: Vec<String> = settings
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| {
            format!("{key}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect();
    let revision = service.settings_revision;
    print::line(&format!("service settings (revision {revision}): {}", print::plain(&words.join(" "))))
}

async fn items(
    connection: &Connection,
    training: String,
    subset: SubsetName,
    json: bool,
) -> Result<(), Failure> {
    let mut client = connection.trainings();
    let mut items: Vec<Item> = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListSnapshotItemsRequest {
            training: training.clone(),
            subset: subset.to_wire().into(),
            page_size: PAGE_SIZE,
            page_token,
            skip: 0,
        };
        let page = client.list_snapshot_items(request).await?.into_inner();
        for item in page.items {
            items.push(item.try_into()?);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    if json {
        return print::json(&items);
    }
    let row = |item: &Item| {
        let size = format!("{} x {}", item.width, item.height);
        [
            full_name(&item.dir, &item.name),
            size,
            item.annotations.len().to_string(),
            item.content_hash.clone(),
        ]
    };
    let rows: Vec<[String; 4]> = items.iter().map(row).collect();
    print::table(["ITEM", "SIZE", "ANNOTATIONS", "CONTENT"], &rows)
}
