//! Reading a dataset into memory.
//!
//! Must not know what is asked of it. Many rows come as one: to hand a row over takes longer than to read it.

use super::{Base, Details, Dir, Index, Labelled};
use crate::store::error::StoreError;
use crate::store::sqlite::rows::{get, number};
use futures::TryStreamExt;
use roaring::RoaringBitmap;
use shared::dataset::Subset;
use shared::dql::Documents;
use shared::id::DatasetId;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Names hold no slash, so it can stand between them. The index has all these columns, in this order.
const ITEMS: &str = "SELECT dir, group_concat(name, '/') AS names, group_concat(rowid) AS numbers, \
    group_concat(created_at_ms) AS times, group_concat(annotations_count) AS counts, \
    group_concat(CASE subset WHEN 'train' THEN 0 WHEN 'validation' THEN 1 WHEN 'test' THEN 2 ELSE 3 END) AS subsets \
    FROM items INDEXED BY items_in_order WHERE dataset_id = ? GROUP BY dir";

const LABELS: &str = "SELECT label, dir, group_concat(name, '/') AS names, group_concat(annotations_count) AS counts \
    FROM item_labels WHERE dataset_id = ? GROUP BY label, dir";

/// JSON as it is stored has no line breaks.
const DETAILS: &str = "SELECT group_concat(rowid) AS numbers, group_concat(size_bytes) AS sizes, \
    group_concat(width) AS widths, group_concat(height) AS heights, group_concat(mimetype, char(10)) AS mimetypes, \
    group_concat(COALESCE(metadata, ''), char(10)) AS metadata, COUNT(*) AS amount \
    FROM items NOT INDEXED WHERE rowid BETWEEN ? AND ? AND dataset_id = ?";

/// Items whose details are read at once.
const DETAILS_AT_ONCE: usize = 8_192;

pub(super) async fn index(
    connection: &mut SqliteConnection,
    dataset_id: DatasetId,
    revision: i64,
) -> Result<Index, StoreError> {
    let (mut base, mut subsets) = (Base::default(), <[RoaringBitmap; 3]>::default());
    let mut rows = sqlx::query(ITEMS).bind(dataset_id.to_string()).fetch(&mut *connection);
    while let Some(row) = rows.try_next().await? {
        push_dir(&row, &mut base, &mut subsets)?;
    }
    drop(rows);
    let places = 0_u32..;
    let counts = places.zip(&base.annotation_counts);
    base.annotated = counts.filter(|(_, count)| **count > 0).map(|(place, _)| place).collect();
    let mut rows = sqlx::query(LABELS).bind(dataset_id.to_string()).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        push_labels(&row, &mut base)?;
    }
    drop(rows);
    Ok(Index { revision, subsets, base: Arc::new(base), details: Arc::new(OnceCell::new()) })
}

fn push_dir(row: &SqliteRow, base: &mut Base, subsets: &mut [RoaringBitmap; 3]) -> Result<(), StoreError> {
    let start = base.numbers.len();
    base.numbers.extend(list::<i64>(row, "numbers")?);
    base.times_ms.extend(list::<i64>(row, "times")?);
    base.annotation_counts.extend(list::<i64>(row, "counts")?);
    let names: Vec<&str> = get::<&str>(row, "names")?.split('/').collect();
    if names.len() != base.numbers.len() - start || !names.is_sorted() {
        return Err(StoreError::corrupt("items", "names of a folder are out of order or hold a slash"));
    }
    names.iter().for_each(|name| base.names.push(name));
    let places = place(start)?..place(base.numbers.len())?;
    for (place, subset) in places.clone().zip(list::<usize>(row, "subsets")?) {
        if let Some(items) = subsets.get_mut(subset) {
            items.insert(place);
        }
    }
    base.dirs.push(Dir { dir: get(row, "dir")?, places });
    Ok(())
}

fn push_labels(row: &SqliteRow, base: &mut Base) -> Result<(), StoreError> {
    let mut labelled = base.labels.remove(get::<&str>(row, "label")?).unwrap_or_default();
    if let Some(dir) = base.dir(get(row, "dir")?) {
        let mut from = dir.places.start;
        for (name, count) in get::<&str>(row, "names")?.split('/').zip(list::<u64>(row, "counts")?) {
            let Some(place) = base.place_in(dir, name, from) else { continue };
            labelled.add(place, count);
            from = place;
        }
    }
    base.labels.insert(get(row, "label")?, labelled);
    Ok(())
}

impl Labelled {
    fn add(&mut self, place: u32, count: u64) {
        self.items.insert(place);
        let bits = (0..u64::BITS).take_while(|bit| count >> bit > 0);
        for bit in bits {
            if self.bits.len() <= bit as usize {
                self.bits.push(RoaringBitmap::new());
            }
            if let Some(items) = self.bits.get_mut(bit as usize).filter(|_| count >> bit & 1 == 1) {
                items.insert(place);
            }
        }
    }
}

/// A dataset of more items than have places has no index.
fn place(count: usize) -> Result<u32, StoreError> {
    u32::try_from(count).map_err(|_| {
        StoreError::refused(
            "the dataset has more than 4,294,967,295 items, and they cannot be counted by a filter",
            "divide it into several datasets",
        )
    })
}

fn list<T: FromStr>(row: &SqliteRow, column: &str) -> Result<Vec<T>, StoreError> {
    let texts = get::<&str>(row, column)?.split(',');
    let parsed =
        texts.map(|text| text.parse().map_err(|_| StoreError::corrupt(format!("column {column}"), text)));
    parsed.collect()
}

/// The subsets as they are now, if nothing but tags is different from the index.
pub(super) async fn tagged_since(
    connection: &mut SqliteConnection,
    dataset_id: DatasetId,
    index: &Index,
    revision: i64,
) -> Result<Option<[RoaringBitmap; 3]>, StoreError> {
    let row = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM items WHERE dataset_id = ?1) AS amount, \
         (SELECT COUNT(*) FROM items_changes WHERE dataset_id = ?1 AND number > ?2 AND kind <> 'tagged') AS others, \
         (SELECT MAX(number) FROM items_changes WHERE dataset_id = ?1) AS latest",
    )
    .bind(dataset_id.to_string())
    .bind(index.revision)
    .fetch_one(&mut *connection)
    .await?;
    let amount: usize = number(&row, "amount")?;
    let others: u64 = number(&row, "others")?;
    // An import changes the revision too, and is no change of items.
    if amount != index.base.numbers.len()
        || others > 0
        || get::<Option<i64>>(&row, "latest")? != Some(revision)
    {
        return Ok(None);
    }
    let mut subsets = index.subsets.clone();
    let mut rows = sqlx::query(
        "SELECT i.rowid AS row_number, i.subset FROM items_changes m CROSS JOIN changed_items c ON c.change_number = m.number \
         CROSS JOIN items i ON i.id = c.item_id WHERE m.dataset_id = ? AND m.number > ?",
    )
    .bind(dataset_id.to_string())
    .bind(index.revision)
    .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let Some(place) = index.base.place_of(get(&row, "row_number")?) else { continue };
        let subset: Option<&str> = get(&row, "subset")?;
        for (items, each) in subsets.iter_mut().zip(Subset::ALL) {
            if subset == Some(each.name()) {
                items.insert(place)
            } else {
                items.remove(place)
            };
        }
    }
    Ok(Some(subsets))
}

pub(super) async fn details(
    connection: &mut SqliteConnection,
    dataset_id: DatasetId,
    base: &Base,
) -> Result<Details, StoreError> {
    let count = base.numbers.len();
    let mut details = Details {
        sizes: vec![0; count],
        widths: vec![0; count],
        heights: vec![0; count],
        mimetypes: Vec::new(),
        mimetype_of: vec![0; count],
        documents: Documents::new(),
        document_of: vec![None; count],
    };
    let mut mimetypes = HashMap::new();
    for places in base.by_number().chunks(DETAILS_AT_ONCE) {
        let (Some(first), Some(last)) = (places.first(), places.last()) else { continue };
        let row = sqlx::query(DETAILS)
            .bind(base.number(*first))
            .bind(base.number(*last))
            .bind(dataset_id.to_string())
            .fetch_one(&mut *connection)
            .await?;
        push_details(&row, base, &mut details, &mut mimetypes)?;
    }
    Ok(details)
}

fn push_details(
    row: &SqliteRow,
    base: &Base,
    details: &mut Details,
    mimetypes: &mut HashMap<String, u32>,
) -> Result<(), StoreError> {
    let numbers = list::<i64>(row, "numbers")?;
    let (sizes, widths, heights) =
        (list::<i64>(row, "sizes")?, list::<i64>(row, "widths")?, list::<i64>(row, "heights")?);
    let words: Vec<&str> = get::<&str>(row, "mimetypes")?.split('\n').collect();
    let metadata: Vec<&str> = get::<&str>(row, "metadata")?.split('\n').collect();
    if words.len() != numbers.len() || metadata.len() != numbers.len() {
        return Err(StoreError::corrupt("items", "metadata or a mimetype holds a line break"));
    }
    for (at, number) in numbers.into_iter().enumerate() {
        let Some(place) = base.place_of(number).map(|place| place as usize) else { continue };
        details.sizes[place] = sizes[at];
        details.widths[place] = widths[at];
        details.heights[place] = heights[at];
        details.mimetype_of[place] = match mimetypes.get(words[at]) {
            Some(known) => *known,
            None => {
                let new = self::place(details.mimetypes.len())?;
                details.mimetypes.push(words[at].to_owned());
                mimetypes.insert(words[at].to_owned(), new);
                new
            }
        };
        if !metadata[at].is_empty() {
            details.document_of[place] = Some(self::place(details.documents.len())?);
            let document = format!("{{\"metadata\":{{\"user\":{}}}}}", metadata[at]);
            details
                .documents
                .push_json(&document)
                .map_err(|error| StoreError::corrupt("column metadata", error))?;
        }
    }
    Ok(())
}
