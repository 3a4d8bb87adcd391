//! What a training learns from, frozen when it starts.
//!
//! Must not know trainings beyond what they have chosen and the number of their snapshot.

use super::choices::{self, ReadChoice};
use super::datasets;
use super::frozen::{frozen_item, leaked};
use super::rows::{get, json, number, optional_json, parsed, to_json, to_number, word};
use crate::store::Store;
use crate::store::blobs::hex;
use crate::store::error::StoreError;
use crate::store::records::TrainingData;
use crate::store::writer::Tx;
use sha2::{Digest, Sha256};
use shared::dataset::{Dataset, Item, Subset, Task};
use shared::id::{DatasetId, ProjectId, TrainingId};
use shared::model::SubsetChoice;
use shared::snapshot::{FrozenService, SubsetContent, SubsetSnapshot, TrainingSnapshot, canonical_line};
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

/// Rows of one INSERT, with 14 values each.
const ROWS_PER_INSERT: usize = 500;

impl Store {
    /// What a training learns from, and by what it was chosen.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn training_snapshot(&self, id: TrainingId) -> Result<TrainingSnapshot, StoreError> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(
            "SELECT t.id, t.dataset_id, t.configuration, t.labels, t.train_choice, t.validation_choice, t.versions, \
             t.initial_weights_hash, t.secrets, t.service_settings, t.service_settings_revision, s.number, s.content_hash, s.subsets, \
             s.created_at_ms, d.name AS dataset_name, d.task, e.device \
             FROM trainings t JOIN executions e ON e.training_id = t.id JOIN snapshots s ON s.number = t.snapshot_number JOIN datasets d ON d.id = t.dataset_id \
             WHERE t.id = ?",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *reader)
        .await?
        .ok_or_else(|| StoreError::not_found("training", id))?;
        let labels: Vec<String> = json(&row, "labels")?;
        let snapshot_number: i64 = get(&row, "number")?;
        let mut contents: Vec<SubsetContent> = json(&row, "subsets")?;
        let mut content_hash: String = get(&row, "content_hash")?;
        if content_hash.is_empty() {
            contents = contents_of_earlier(&mut reader, snapshot_number, &labels).await?;
            content_hash = hash_over(&contents);
        }
        let task: Task = word(&row, "task")?;
        let mut subsets = Vec::new();
        for content in contents {
            let choice = match content.subset {
                Subset::Train => optional_json(&row, "train_choice")?,
                Subset::Validation => optional_json(&row, "validation_choice")?,
                Subset::Test => None,
            };
            let choice = choice.unwrap_or_else(|| SubsetChoice::tagged(content.subset));
            if content.subset != Subset::Test || content.item_count > 0 {
                subsets.push(subset_snapshot(&choice, content, task)?);
            }
        }
        let (leaked_count, leaked) = leaked(&mut reader, snapshot_number).await?;
        let configuration: serde_json::Value = json(&row, "configuration")?;
        Ok(TrainingSnapshot {
            training_id: parsed(&row, "id")?,
            dataset_id: parsed(&row, "dataset_id")?,
            dataset_name: get(&row, "dataset_name")?,
            content_hash,
            subsets,
            labels,
            seed: configuration.get("seed").and_then(serde_json::Value::as_u64).unwrap_or(0),
            configuration,
            versions: json(&row, "versions")?,
            initial_weights_hash: get(&row, "initial_weights_hash")?,
            created_at_ms: get(&row, "created_at_ms")?,
            service: frozen_service(&row)?,
            secrets: json(&row, "secrets")?,
            leaked_count,
            leaked,
            device: get(&row, "device")?,
        })
    }
}

/// Trainings of earlier versions froze none.
fn frozen_service(row: &SqliteRow) -> Result<Option<FrozenService>, StoreError> {
    let Some(settings) = optional_json(row, "service_settings")? else { return Ok(None) };
    Ok(Some(FrozenService { settings, settings_revision: number(row, "service_settings_revision")? }))
}

fn subset_snapshot(
    choice: &SubsetChoice,
    content: SubsetContent,
    task: Task,
) -> Result<SubsetSnapshot, StoreError> {
    let [canonical_filter, canonical_annotation_filter] =
        choices::read((content.subset, choice))?.canonical(task);
    Ok(SubsetSnapshot {
        subset: content.subset,
        mode: choice.mode,
        filter: choice.filter.clone(),
        canonical_filter,
        annotation_filter: choice.effective_annotation_filter(task),
        canonical_annotation_filter,
        content,
    })
}

/// Counts what earlier versions froze without counting it.
async fn contents_of_earlier(
    connection: &mut SqliteConnection,
    number: i64,
    labels: &[String],
) -> Result<Vec<SubsetContent>, StoreError> {
    let mut contents = Vec::new();
    for subset in Subset::ALL {
        let rows = sqlx::query(
            "SELECT * FROM snapshot_items WHERE snapshot_number = ? AND subset = ? ORDER BY position",
        )
        .bind(number)
        .bind(subset.name())
        .fetch_all(&mut *connection)
        .await?;
        let items = rows.iter().map(frozen_item).collect::<Result<Vec<_>, _>>()?;
        contents.push(SubsetContent::of(subset, &items, labels, hash_of(&items)));
    }
    Ok(contents)
}

/// What a training would learn from of a dataset, known again by its digest.
pub(super) struct Choices {
    labels: Vec<String>,
    /// Of the train, the validation and the test subset.
    chosen: [SubsetChoice; 3],
    /// For a dataset of detection, and one of classification.
    digests: [String; 2],
}

impl Choices {
    /// # Errors
    /// [`StoreError::RefusedField`] for a filter that cannot be read.
    pub(super) fn of(data: &TrainingData) -> Result<Self, StoreError> {
        let chosen = [data.train.clone(), data.validation.clone(), SubsetChoice::tagged(Subset::Test)];
        let digests = {
            let read = read_all(&chosen)?;
            let digest = |task| choices::digest_of(&read, &data.labels, task);
            [digest(Task::Detection)?, digest(Task::Classification)?]
        };
        Ok(Self { labels: data.labels.clone(), chosen, digests })
    }

    pub(super) fn digests(&self) -> [&str; 2] {
        self.digests.each_ref().map(String::as_str)
    }
}

fn read_all(chosen: &[SubsetChoice; 3]) -> Result<[ReadChoice<'_>; 3], StoreError> {
    let [train, validation, test] = chosen;
    Ok([
        choices::read((Subset::Train, train))?,
        choices::read((Subset::Validation, validation))?,
        choices::read((Subset::Test, test))?,
    ])
}

/// Freezes what was chosen of a dataset as it is now.
///
/// # Errors
/// [`StoreError::RefusedField`] for a subset that nothing can be learnt from; nothing is written then.
pub(super) async fn freeze(
    tx: &mut Tx,
    project_id: ProjectId,
    dataset_id: DatasetId,
    choices: &Choices,
) -> Result<i64, StoreError> {
    let dataset = datasets::by_id(&mut tx.connection, dataset_id).await?;
    let [detection, classification] = choices.digests();
    let digest = match dataset.task {
        Task::Detection => detection,
        Task::Classification => classification,
    };
    freeze_anew(tx, project_id, &dataset, &read_all(&choices.chosen)?, &choices.labels, digest).await
}

async fn freeze_anew(
    tx: &mut Tx,
    project_id: ProjectId,
    dataset: &Dataset,
    read: &[ReadChoice<'_>; 3],
    labels: &[String],
    digest: &str,
) -> Result<i64, StoreError> {
    let (mut frozen, mut contents) = (Vec::new(), Vec::new());
    for (subset, choice) in Subset::ALL.into_iter().zip(read) {
        let items = choices::choose(&mut tx.connection, project_id, dataset, choice, labels).await?.items;
        let content = SubsetContent::of(subset, &items, labels, hash_of(&items));
        if subset != Subset::Test {
            choices::refuse_untrainable(dataset, choice, &content)?;
        }
        contents.push(content);
        frozen.push((subset, items));
    }
    let number = tx.next_revision();
    let now_ms = tx.now_ms();
    sqlx::query(
        "INSERT INTO snapshots (number, dataset_id, dataset_revision, choices_digest, content_hash, subsets, created_at_ms) \
         SELECT ?, id, revision, ?, ?, ?, ? FROM datasets WHERE id = ?",
    )
    .bind(number)
    .bind(digest)
    .bind(hash_over(&contents))
    .bind(to_json(&contents)?)
    .bind(now_ms)
    .bind(dataset.id.to_string())
    .execute(&mut tx.connection)
    .await?;
    for (subset, items) in &frozen {
        insert_items(tx, number, *subset, items).await?;
    }
    Ok(number)
}

fn hash_of(items: &[Item]) -> String {
    let mut hasher = Sha256::new();
    for item in items {
        hasher.update(canonical_line(item));
        hasher.update(b"\n");
    }
    hex(&hasher.finalize())
}

fn hash_over(contents: &[SubsetContent]) -> String {
    let mut hasher = Sha256::new();
    for content in contents {
        hasher.update(format!("{} {}\n", content.subset.name(), content.content_hash));
    }
    hex(&hasher.finalize())
}

async fn insert_items(tx: &mut Tx, number: i64, subset: Subset, items: &[Item]) -> Result<(), StoreError> {
    let mut position = 0_i64;
    for chunk in items.chunks(ROWS_PER_INSERT) {
        let mut rows = Vec::with_capacity(chunk.len());
        for item in chunk {
            rows.push((item, to_json(&item.annotations)?, to_number(item.size_bytes)?));
        }
        let mut insert = QueryBuilder::<Sqlite>::new(
            "INSERT INTO snapshot_items (snapshot_number, subset, position, item_id, dataset_id, dir, name, \
             content_hash, mimetype, size_bytes, width, height, annotations, created_at_ms) ",
        );
        insert.push_values(rows, |mut row, (item, annotations, size_bytes)| {
            row.push_bind(number)
                .push_bind(subset.name())
                .push_bind(position)
                .push_bind(item.id.to_string())
                .push_bind(item.dataset_id.to_string())
                .push_bind(item.dir.clone())
                .push_bind(item.name.clone())
                .push_bind(item.content_hash.clone())
                .push_bind(item.mimetype.clone())
                .push_bind(size_bytes)
                .push_bind(i64::from(item.width))
                .push_bind(i64::from(item.height))
                .push_bind(annotations)
                .push_bind(item.created_at_ms);
            position += 1;
        });
        insert.build().persistent(false).execute(&mut tx.connection).await?;
    }
    Ok(())
}
