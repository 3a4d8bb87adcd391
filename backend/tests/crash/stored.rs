//! What a data folder holds, seen from outside: rows by the database's file, stored files by their folders.

use crate::house::House;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Older than anything that a sweep leaves because it may still be on its way.
const LONG_AGO: Duration = Duration::from_hours(48);

async fn database(house: &House) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(house.data().join("trainyard.db")).read_only(true);
    options.disable_statement_logging().connect().await.unwrap()
}

/// Answers the first column of a query.
async fn column(house: &House, query: &'static str) -> Vec<String> {
    sqlx::query_scalar(query).fetch_all(&mut database(house).await).await.unwrap()
}

/// The files that rows speak of, by their hashes.
async fn spoken_of(house: &House) -> BTreeSet<String> {
    let query = "SELECT content_hash FROM items UNION SELECT content_hash FROM snapshot_items \
                 UNION SELECT content_hash FROM deleted_items UNION SELECT content_hash FROM artifacts \
                 UNION SELECT initial_weights_hash FROM models WHERE initial_weights_hash IS NOT NULL \
                 UNION SELECT initial_weights_hash FROM trainings WHERE initial_weights_hash IS NOT NULL";
    column(house, query).await.into_iter().collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Every file among the stored ones, also those that have no name yet.
fn stored(house: &House) -> BTreeSet<String> {
    let files = files_below(&house.data().join("blobs"));
    files.iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// Makes every stored file so old that the next sweep takes it unless a row speaks of it.
pub fn age(house: &House) {
    for path in files_below(&house.data().join("blobs")) {
        let file = std::fs::File::open(&path).unwrap();
        file.set_modified(SystemTime::now() - LONG_AGO).unwrap();
    }
}

/// Waits until files and rows are the same: the sweep of a server's start works beside it. To be asked for after
/// [`age`] and a start, while nobody brings files.
pub async fn until_swept(house: &House) {
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    loop {
        let (there, wanted) = (stored(house), spoken_of(house).await);
        if there == wanted {
            return;
        }
        let lost: Vec<_> = wanted.difference(&there).collect();
        let left: Vec<_> = there.difference(&wanted).collect();
        let is_late = std::time::Instant::now() > deadline;
        assert!(
            !is_late,
            "no row speaks of the files {left:?}; rows speak of these, which are not there: {lost:?}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Fails if a start has left a part of an upload: a folder without a list, or what an import unpacked.
pub fn expect_whole_uploads(house: &House) {
    let Ok(entries) = std::fs::read_dir(house.data().join("uploads")) else { return };
    for entry in entries {
        let folder = entry.unwrap().path();
        assert!(folder.join("upload.json").is_file(), "{} is half an upload", folder.display());
        assert!(!folder.join("unpacked").exists(), "{} was unpacked and left", folder.display());
    }
}

/// Nothing was done twice, and nothing by half.
pub async fn expect_single_effects(house: &House) {
    let twice = "SELECT name FROM models WHERE name LIKE 'm%' GROUP BY name HAVING COUNT(*) <> 1";
    assert_eq!(column(house, twice).await, [""; 0], "versions that were made twice");
    let half = "SELECT d.name || ': ' || COUNT(i.id) FROM datasets d LEFT JOIN items i ON i.dataset_id = d.id \
                GROUP BY d.id HAVING COUNT(i.id) <> 4";
    assert_eq!(column(house, half).await, [""; 0], "datasets without their four items");
}
