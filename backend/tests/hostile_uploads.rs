//! Archives, images and annotations that lie, made here by hand: each ends in an error that names file and reason, and
//! leaves nothing behind. This file is a process of its own, so that its memory can be told.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "hostile/corpus/mod.rs"]
mod corpus;
#[path = "hostile/raw.rs"]
mod raw;

use backend::clock::SystemClock;
use backend::datasets::upload::{self, UploadImport};
use backend::store::{AnnouncedFile, Page, Store};
use corpus::{Case, cases};
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Memory that the whole of it may take at its highest.
const MOST_KIB: u64 = 256 * 1024;
/// Time that one of them may take.
const MOST_TIME: Duration = Duration::from_secs(10);

/// Every file and folder below, but for the database and the uploads themselves.
fn places(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("trainyard.db")) {
            continue;
        }
        found.insert(path.to_string_lossy().into_owned());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            places(&path, found);
        }
    }
}

fn highest_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// What is wrong with how one case ended; nothing, if all is well.
async fn complaints_about(store: &Store, case: &Case) -> Vec<String> {
    let announced = case
        .files
        .iter()
        .map(|(name, content)| AnnouncedFile { name: name.clone(), size_bytes: content.len() as u64 })
        .collect();
    let id = store.uploads().create(announced).unwrap().id;
    for (index, (_, content)) in case.files.iter().enumerate() {
        store.uploads().open_file(id, index).unwrap().file.write_all(content).unwrap();
    }
    let started = Instant::now();
    let request = UploadImport { upload_id: id, format: case.format, name: case.what.clone(), split: None };
    let imported = upload::run(store, request, |_, _| {}).await.map(|(report, _)| report);
    let mut complaints = Vec::new();
    if started.elapsed() > MOST_TIME {
        complaints.push(format!("took {:?}", started.elapsed()));
    }
    match imported {
        // What is wrong with one file of many is told beside what was imported.
        Ok(report) if case.may_be_rejected_alone => {
            let told = report
                .rejections
                .iter()
                .any(|rejection| rejection.file.contains(&case.names) && !rejection.reason.is_empty());
            if !told {
                complaints.push(format!("`{}` is not named in {:?}", case.names, report.rejections));
            }
        }
        Ok(report) => complaints.push(format!("was imported: {report:?}")),
        Err(error) => {
            let text = error.to_string();
            for part in [&case.names, &case.says] {
                if !text.to_lowercase().contains(&part.to_lowercase()) {
                    complaints.push(format!("does not say `{part}`: {text}"));
                }
            }
            if text.contains("/uploads/") || text.len() > 2_000 {
                complaints.push(format!("tells where it lies, or too much: {text}"));
            }
            store.uploads().delete(id).unwrap();
        }
    }
    complaints
}

#[tokio::test]
async fn every_one_is_refused_with_file_and_reason_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = Store::open(&data, Arc::new(SystemClock::new())).await.unwrap();
    let mut before = BTreeSet::new();
    places(folder.path(), &mut before);
    let mut wrong = Vec::new();
    let mut count = 0;
    for case in cases() {
        let case = case();
        count += 1;
        let complaints = complaints_about(&store, &case).await;
        wrong.extend(complaints.into_iter().map(|complaint| format!("{}: {complaint}", case.what)));
        if !case.may_be_rejected_alone {
            let mut after = BTreeSet::new();
            places(folder.path(), &mut after);
            // Folders of stored files stay; they hold nothing.
            let left: Vec<&String> =
                after.difference(&before).filter(|place| !Path::new(place.as_str()).is_dir()).collect();
            if !left.is_empty() {
                wrong.push(format!("{}: left {left:?}", case.what));
            }
        }
    }
    assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 150, "only {count} cases");
    let (datasets, _) = store.datasets(Page::default()).await.unwrap();
    assert!(datasets.iter().all(|dataset| dataset.name.starts_with("annotations ")), "{datasets:?}");
    let memory = highest_memory_kib();
    assert!(memory < MOST_KIB, "{} MiB of memory were taken", memory >> 10);
    store.close().await;
}
