//! Datasets, labels, items and annotations.
//!
//! Must not know file formats: what comes in is checked already.

use super::browse::insert_dataset;
use super::rows::{get, item, number, parsed, region, to_number, to_optional_json, to_word, word};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::{ImportOutcome, NewImport, NewItem, Page};
use crate::store::writer::Tx;
use shared::dataset::{Annotation, Dataset, Item, Label, PixelBox, Subset, Task, full_name, normal_dir};
use shared::id::{AnnotationId, DatasetId, ItemId};
use shared::labels::label_colour;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use std::collections::{BTreeMap, HashMap};

/// Rows of one INSERT: SQLite takes 32,766 values in a statement, and an item has 13.
const ROWS_PER_INSERT: usize = 500;

impl Store {
    /// Stores a data set in one transaction. When there is one of this name, new items are added to
    /// it, items with the same place and content stay as they are, and items that differ from the
    /// one in their place are left out and named.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the dataset of this name is about another task.
    pub async fn import_dataset(&self, mut import: NewImport) -> Result<ImportOutcome, StoreError> {
        import.items.iter_mut().for_each(normalise_place);
        refuse_null_letters(&import)?;
        let project_id = self.project_id();
        self.write_once(async move |tx: &mut Tx| {
            let (dataset_id, fresh) = find_or_make(tx, &project_id.to_string(), &import).await?;
            let labels_before = labels(&mut tx.connection, dataset_id).await?;
            let labels_added = add_labels(tx, dataset_id, &import.labels).await?;
            super::recipes::follow_labels(tx, dataset_id, &labels_before).await?;
            let known = if fresh { HashMap::new() } else { known_items(tx, dataset_id).await? };
            let mut added = Vec::new();
            let (mut items_unchanged, mut conflicts) = (0, Vec::new());
            for new in &import.items {
                match known.get(&(new.dir.clone(), new.name.clone())) {
                    None => added.push(new),
                    Some(present) => match difference(present, new) {
                        None => items_unchanged += 1,
                        Some(reason) => conflicts.push((path_of(new), reason.to_owned())),
                    },
                }
            }
            let annotations_added = insert_items(tx, dataset_id, &added).await?;
            if !added.is_empty() || labels_added {
                let revision = tx.next_revision();
                sqlx::query("UPDATE datasets SET revision = ? WHERE id = ?")
                    .bind(revision)
                    .bind(dataset_id.to_string())
                    .execute(&mut tx.connection)
                    .await?;
            }
            let dataset = by_id(&mut tx.connection, dataset_id).await?;
            let items_added = added.len() as u64;
            Ok(ImportOutcome { dataset, items_added, items_unchanged, annotations_added, conflicts })
        })
        .await
    }

    /// The dataset with this id or name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn dataset(&self, id_or_name: &str) -> Result<Dataset, StoreError> {
        let mut reader = self.reader().await?;
        let id = id_of(&mut reader, id_or_name).await?;
        by_id(&mut reader, id).await
    }

    /// The id of the dataset with this id or name, without counting what it holds.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn dataset_id(&self, id_or_name: &str) -> Result<DatasetId, StoreError> {
        id_of(&mut *self.reader().await?, id_or_name).await
    }

    /// Datasets by name, and how many there are in all.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn datasets(&self, page: Page) -> Result<(Vec<Dataset>, u64), StoreError> {
        let mut reader = self.reader().await?;
        let total: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM datasets").fetch_one(&mut *reader).await?;
        let rows = sqlx::query("SELECT id FROM datasets ORDER BY name, id LIMIT ? OFFSET ?")
            .bind(i64::from(page.limit))
            .bind(to_number(page.offset)?)
            .fetch_all(&mut *reader)
            .await?;
        let mut datasets = Vec::with_capacity(rows.len());
        for row in &rows {
            datasets.push(by_id(&mut reader, parsed(row, "id")?).await?);
        }
        Ok((datasets, u64::try_from(total).unwrap_or(0)))
    }
}

async fn id_of(connection: &mut SqliteConnection, id_or_name: &str) -> Result<DatasetId, StoreError> {
    let id: Option<String> = sqlx::query_scalar("SELECT id FROM datasets WHERE id = ? OR name = ?")
        .bind(id_or_name)
        .bind(id_or_name)
        .fetch_optional(connection)
        .await?;
    let id = id.ok_or_else(|| StoreError::not_found("dataset", id_or_name))?;
    id.parse().map_err(|error| StoreError::corrupt("datasets.id", error))
}

/// Folders are stored from `/` without a slash at the end, and names hold none: queries rely on it.
fn normalise_place(item: &mut NewItem) {
    let path = full_name(&normal_dir(&item.dir), item.name.trim_matches('/'));
    if let Some((dir, name)) = path.rsplit_once('/') {
        (item.dir, item.name) = (normal_dir(dir), name.to_owned());
    }
}

/// Databases end a text at this letter in one place and not in another.
fn refuse_null_letters(import: &NewImport) -> Result<(), StoreError> {
    let mut texts = import.items.iter().flat_map(|item| {
        let labels = item.annotations.iter().map(|annotation| &annotation.label);
        labels.chain([&item.dir, &item.name, &item.mimetype])
    });
    match texts.find(|text| text.contains('\0')) {
        Some(text) => Err(StoreError::refused(
            format!("the name {text:?} has a null letter in it"),
            "take it out of the file that names it, and import again",
        )),
        None => Ok(()),
    }
}

fn path_of(item: &NewItem) -> String {
    format!("{}/{}", item.dir.trim_matches('/'), item.name).trim_start_matches('/').to_owned()
}

async fn find_or_make(
    tx: &mut Tx,
    project_id: &str,
    import: &NewImport,
) -> Result<(DatasetId, bool), StoreError> {
    let row = sqlx::query("SELECT id, task FROM datasets WHERE project_id = ? AND name = ?")
        .bind(project_id)
        .bind(&import.name)
        .fetch_optional(&mut tx.connection)
        .await?;
    if let Some(row) = row {
        let task: Task = word(&row, "task")?;
        if task != import.task {
            return Err(StoreError::Conflict(format!(
                "the dataset `{}` is about {}, and this import brings {}: choose another name",
                import.name,
                to_word(&task)?,
                to_word(&import.task)?
            )));
        }
        return Ok((parsed(&row, "id")?, false));
    }
    let id = insert_dataset(tx, project_id, &import.name, import.task).await?;
    Ok((id, true))
}

/// Adds the labels that the dataset does not have, after those that it has: class indices never move.
async fn add_labels(tx: &mut Tx, dataset_id: DatasetId, names: &[String]) -> Result<bool, StoreError> {
    let mut known: Vec<String> =
        labels(&mut tx.connection, dataset_id).await?.into_iter().map(|label| label.name).collect();
    let before = known.len();
    for name in names {
        if known.contains(name) {
            continue;
        }
        sqlx::query("INSERT INTO labels (dataset_id, position, name, colour) VALUES (?, ?, ?, ?)")
            .bind(dataset_id.to_string())
            .bind(to_number(known.len() as u64)?)
            .bind(name)
            .bind(label_colour(known.len()))
            .execute(&mut tx.connection)
            .await?;
        known.push(name.clone());
    }
    Ok(known.len() > before)
}

/// What decides whether an item is the same: its content, its subset and its annotations.
struct KnownItem {
    content_hash: String,
    subset: Option<Subset>,
    annotations: Vec<(String, Option<PixelBox>)>,
}

async fn known_items(
    tx: &mut Tx,
    dataset_id: DatasetId,
) -> Result<HashMap<(String, String), KnownItem>, StoreError> {
    let rows = sqlx::query("SELECT * FROM items WHERE dataset_id = ?")
        .bind(dataset_id.to_string())
        .fetch_all(&mut tx.connection)
        .await?;
    let mut items = rows.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    attach_annotations(&mut tx.connection, &mut items).await?;
    Ok(items
        .into_iter()
        .map(|item| {
            let annotations = item.annotations.into_iter().map(|each| (each.label, each.region)).collect();
            let known = KnownItem { content_hash: item.content_hash, subset: item.subset, annotations };
            ((item.dir, item.name), known)
        })
        .collect())
}

fn difference(known: &KnownItem, new: &NewItem) -> Option<&'static str> {
    if known.content_hash != new.content_hash {
        return Some(
            "the data set has another image of this name: rename it, or import under another data set name",
        );
    }
    let same = known.annotations.len() == new.annotations.len()
        && known
            .annotations
            .iter()
            .zip(&new.annotations)
            .all(|((label, region), other)| *label == other.label && *region == other.region);
    if !same {
        return Some(
            "the data set has this image with other annotations: import under another data set name",
        );
    }
    (known.subset != new.subset)
        .then_some("the data set has this image in another subset: import under another data set name")
}

async fn insert_items(tx: &mut Tx, dataset_id: DatasetId, items: &[&NewItem]) -> Result<u64, StoreError> {
    let now_ms = tx.now_ms();
    let (mut annotations, mut labelled) = (Vec::new(), Vec::new());
    for chunk in items.chunks(ROWS_PER_INSERT) {
        let mut rows = Vec::with_capacity(chunk.len());
        for new in chunk {
            let id: ItemId = tx.new_id();
            for (position, annotation) in new.annotations.iter().enumerate() {
                let annotation_id: AnnotationId = tx.new_id();
                annotations.push((
                    annotation_id.to_string(),
                    id.to_string(),
                    to_number(position as u64)?,
                    annotation,
                ));
            }
            labelled.extend(
                labels_of(new).into_iter().map(|(label, count)| (label, count, *new, id.to_string())),
            );
            let counts = (to_number(new.size_bytes)?, to_number(new.annotations.len() as u64)?);
            rows.push((id.to_string(), *new, counts, to_optional_json(new.metadata.as_ref())?));
        }
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO items (id, dataset_id, dir, name, content_hash, mimetype, size_bytes, width, height, \
             subset, created_at_ms, annotations_count, metadata) ",
        );
        insert.push_values(rows, |mut row, (id, new, (size_bytes, annotations_count), metadata)| {
            row.push_bind(id)
                .push_bind(dataset_id.to_string())
                .push_bind(new.dir.clone())
                .push_bind(new.name.clone())
                .push_bind(new.content_hash.clone())
                .push_bind(new.mimetype.clone())
                .push_bind(size_bytes)
                .push_bind(i64::from(new.width))
                .push_bind(i64::from(new.height))
                .push_bind(new.subset.map(Subset::name))
                .push_bind(now_ms)
                .push_bind(annotations_count)
                .push_bind(metadata);
        });
        insert.build().persistent(false).execute(&mut tx.connection).await?;
    }
    insert_labels(tx, dataset_id, &labelled).await?;
    for chunk in annotations.chunks(ROWS_PER_INSERT) {
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO annotations (id, item_id, position, label, x1, y1, x2, y2) ",
        );
        insert.push_values(chunk, |mut row, (id, item_id, position, annotation)| {
            let region = annotation.region;
            row.push_bind(id.clone())
                .push_bind(item_id.clone())
                .push_bind(*position)
                .push_bind(annotation.label.clone())
                .push_bind(region.map(|edges| edges.x1))
                .push_bind(region.map(|edges| edges.y1))
                .push_bind(region.map(|edges| edges.x2))
                .push_bind(region.map(|edges| edges.y2));
        });
        insert.build().persistent(false).execute(&mut tx.connection).await?;
    }
    Ok(annotations.len() as u64)
}

/// The labels that an item has, each with how many annotations have it.
fn labels_of(item: &NewItem) -> BTreeMap<&str, i64> {
    let mut counts = BTreeMap::new();
    for annotation in &item.annotations {
        *counts.entry(annotation.label.as_str()).or_default() += 1;
    }
    counts
}

async fn insert_labels(
    tx: &mut Tx,
    dataset_id: DatasetId,
    labelled: &[(&str, i64, &NewItem, String)],
) -> Result<(), StoreError> {
    for chunk in labelled.chunks(ROWS_PER_INSERT) {
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO item_labels (dataset_id, label, dir, name, item_id, annotations_count) ",
        );
        insert.push_values(chunk, |mut row, (label, count, item, item_id)| {
            row.push_bind(dataset_id.to_string())
                .push_bind((*label).to_owned())
                .push_bind(item.dir.clone())
                .push_bind(item.name.clone())
                .push_bind(item_id.clone())
                .push_bind(*count);
        });
        insert.build().persistent(false).execute(&mut tx.connection).await?;
    }
    Ok(())
}

pub(super) async fn labels(
    connection: &mut SqliteConnection,
    dataset_id: DatasetId,
) -> Result<Vec<Label>, StoreError> {
    let rows = sqlx::query("SELECT name, colour FROM labels WHERE dataset_id = ? ORDER BY position")
        .bind(dataset_id.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(Label { name: get(row, "name")?, colour: get(row, "colour")? })).collect()
}

pub(super) async fn by_id(connection: &mut SqliteConnection, id: DatasetId) -> Result<Dataset, StoreError> {
    let row = sqlx::query("SELECT * FROM datasets WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or_else(|| StoreError::not_found("dataset", id))?;
    let counted = sqlx::query(
        "SELECT subset, COUNT(*) AS amount, SUM(annotations_count) AS annotations \
         FROM items INDEXED BY items_by_subset WHERE dataset_id = ? GROUP BY subset",
    )
    .bind(id.to_string())
    .fetch_all(&mut *connection)
    .await?;
    let (mut by_subset, mut annotation_count) = (BTreeMap::new(), 0);
    for each in &counted {
        by_subset.insert(get::<Option<String>>(each, "subset")?, number::<u64>(each, "amount")?);
        annotation_count += number::<u64>(each, "annotations")?;
    }
    Ok(Dataset {
        id,
        project_id: parsed(&row, "project_id")?,
        name: get(&row, "name")?,
        task: word(&row, "task")?,
        labels: labels(connection, id).await?,
        item_count: by_subset.values().sum(),
        annotation_count,
        subset_counts: Subset::ALL
            .map(|subset| by_subset.get(&Some(subset.name().to_owned())).copied().unwrap_or(0)),
        created_at_ms: get(&row, "created_at_ms")?,
        revision: get(&row, "revision")?,
    })
}

/// Reads the annotations of these items, in their order.
pub(super) async fn attach_annotations(
    connection: &mut SqliteConnection,
    items: &mut [Item],
) -> Result<(), StoreError> {
    for chunk in items.chunks_mut(ROWS_PER_INSERT) {
        let places: HashMap<ItemId, usize> =
            chunk.iter().enumerate().map(|(place, item)| (item.id, place)).collect();
        let mut select = QueryBuilder::<Sqlite>::new("SELECT * FROM annotations WHERE item_id IN (");
        let mut ids = select.separated(", ");
        for item in chunk.iter() {
            ids.push_bind(item.id.to_string());
        }
        select.push(") ORDER BY item_id, position");
        for row in &select.build().persistent(false).fetch_all(&mut *connection).await? {
            if let Some(&place) = places.get(&parsed(row, "item_id")?) {
                chunk[place].annotations.push(Annotation {
                    id: parsed(row, "id")?,
                    label: get(row, "label")?,
                    region: region(row)?,
                });
            }
        }
    }
    Ok(())
}
