//! Which items and annotations a training would learn from.
//!
//! Must not know trainings, nor where the answer is kept: a check shows it, and a snapshot freezes it.

use super::datasets;
use super::previews::{Counted, Key};
use super::queries::{all_annotations, item_numbers, items_by_number, revision_of};
use super::rows::to_json;
use crate::store::Store;
use crate::store::blobs::hex;
use crate::store::error::StoreError;
use crate::store::records::{TrainingData, TrainingPreview};
use sha2::{Digest, Sha256};
use shared::check::SubsetCheck;
use shared::dataset::{Dataset, Item, Subset, Task};
use shared::dql::{Query, Resource, annotations_query, canonical_text, parse};
use shared::id::{AnnotationId, ProjectId};
use shared::model::{ChoiceMode, SubsetChoice};
use shared::snapshot::{LabelCount, SubsetContent};
use sqlx::{Connection, SqliteConnection};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// The items of a subset, by folder and name, with the annotations that take part.
pub(super) struct Chosen {
    pub(super) items: Vec<Item>,
    /// The numbers of their rows.
    numbers: Vec<i64>,
    /// Of labels that the training does not have.
    unknown_labels: BTreeMap<String, (u64, u64)>,
}

/// A choice whose queries have been read.
pub(super) struct ReadChoice<'a> {
    subset: Subset,
    choice: &'a SubsetChoice,
    items: Query,
    /// `None` for the annotations that take part when nothing is said.
    annotations: Option<Query>,
}

impl Store {
    /// What a training on this data would learn from, in numbers, and what refuses it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown dataset, or if the database fails.
    pub async fn preview_training(&self, data: &TrainingData) -> Result<TrainingPreview, StoreError> {
        let mut reader = self.reader().await?;
        let mut transaction = reader.begin().await?;
        let dataset = datasets::by_id(&mut transaction, data.dataset_id).await?;
        let revision = revision_of(&mut transaction, data.dataset_id).await?;
        let mut preview =
            TrainingPreview { train: None, validation: None, overlap_count: 0, refusals: Vec::new() };
        let mut found: Vec<Arc<Counted>> = Vec::new();
        for (subset, choice) in [(Subset::Train, &data.train), (Subset::Validation, &data.validation)] {
            let counted = match read((subset, choice)) {
                Ok(read) => self
                    .counted(&mut transaction, (&dataset, revision), &read, &data.labels)
                    .await
                    .map(|counted| (read, counted)),
                Err(refusal) => Err(refusal),
            };
            match counted {
                Ok((read, counted)) => {
                    let of_subset = counted.of(subset);
                    found.push(counted);
                    let refusal = refuse_untrainable(&dataset, &read, &of_subset.content).err();
                    preview.refusals.extend(refusal);
                    match subset {
                        Subset::Train => preview.train = Some(of_subset),
                        Subset::Validation | Subset::Test => preview.validation = Some(of_subset),
                    }
                }
                Err(refusal @ StoreError::RefusedField { .. }) => preview.refusals.push(refusal),
                Err(error) => return Err(error),
            }
        }
        if let [train, validation] = found.as_slice() {
            preview.overlap_count = train.overlap_count(validation);
        }
        Ok(preview)
    }

    /// What a choice comes to at a revision of a dataset: as it was counted lately, or else counted now. A check is asked
    /// for with each change of a form, and few of them change what is chosen.
    async fn counted(
        &self,
        connection: &mut SqliteConnection,
        (dataset, revision): (&Dataset, i64),
        choice: &ReadChoice<'_>,
        labels: &[String],
    ) -> Result<Arc<Counted>, StoreError> {
        let digest = digest_of(std::slice::from_ref(choice), labels, dataset.task)?;
        let key = Key { dataset_id: dataset.id, revision, digest };
        if let Some(known) = self.previews().get(&key) {
            return Ok(known);
        }
        let chosen = choose(connection, self.project_id(), dataset, choice, labels).await?;
        let counted = Arc::new(chosen.counted(choice.subset, labels));
        self.previews().keep(key, Arc::clone(&counted));
        Ok(counted)
    }
}

/// Equal for choices that find the same of the same dataset.
pub(super) fn digest_of(
    read: &[ReadChoice<'_>],
    labels: &[String],
    task: Task,
) -> Result<String, StoreError> {
    let canonical: Vec<[String; 2]> = read.iter().map(|choice| choice.canonical(task)).collect();
    Ok(hex(&Sha256::digest(to_json(&(canonical, labels))?)))
}

impl Chosen {
    fn counted(self, subset: Subset, labels: &[String]) -> Counted {
        let check = SubsetCheck {
            content: SubsetContent::of(subset, &self.items, labels, String::new()),
            unknown_labels: self
                .unknown_labels
                .into_iter()
                .map(|(label, (item_count, annotation_count))| LabelCount {
                    label,
                    item_count,
                    annotation_count,
                })
                .collect(),
        };
        Counted::new(check, &self.numbers)
    }
}

/// Reads the queries of a choice.
///
/// # Errors
/// [`StoreError::RefusedField`], with the place of each mistake.
pub(super) fn read((subset, choice): (Subset, &SubsetChoice)) -> Result<ReadChoice<'_>, StoreError> {
    let parsed = |field: &str, text: &str| {
        let refused = |refusal: shared::dql::Refusal| {
            StoreError::refused_field(
                format!("{}.{field}", subset.name()),
                format!("the filter of the {} subset is refused: {refusal}", subset.name()),
                "correct it",
            )
        };
        parse(text).map(|parsed| parsed.query).map_err(refused)
    };
    let items = parsed("filter", &choice.filter)?;
    let annotations = match &choice.annotation_filter {
        None => None,
        Some(text) => {
            let mut query = parsed("annotation_filter", text)?;
            // A bare filter says nothing of the resource, and here it can only mean one.
            query.resource.get_or_insert(Resource::Annotations);
            Some(query)
        }
    };
    Ok(ReadChoice { subset, choice, items, annotations })
}

impl ReadChoice<'_> {
    /// The normal forms of both filters: what is equal in them chooses the same of the same dataset.
    pub(super) fn canonical(&self, task: Task) -> [String; 2] {
        let annotations = self.annotations.clone().unwrap_or_else(|| annotations_query(task));
        [canonical_text(&self.items), canonical_text(&annotations)]
    }

    fn field(&self, name: &str) -> String {
        format!("{}.{name}", self.subset.name())
    }

    /// A query that cannot be run is the fault of its field.
    fn unsupported(&self, name: &str) -> impl FnOnce(StoreError) -> StoreError {
        let field = self.field(name);
        move |error| match error {
            StoreError::UnsupportedQuery { reason, next_step } => {
                StoreError::refused_field(field, reason, next_step)
            }
            other => other,
        }
    }

    /// The next step of a person whose choice finds nothing.
    fn next_step(&self, what: &str) -> String {
        match self.choice.mode {
            ChoiceMode::TaggedItems => format!(
                "import {what} with a split (--split 80/20/0 --seed 1), tag items, or choose the subset by a filter"
            ),
            ChoiceMode::DqlFilter => format!("change its filter, which is {}", self.choice.filter),
            ChoiceMode::Folder => format!("choose another folder; its filter is {}", self.choice.filter),
        }
    }
}

/// Runs a choice over a dataset as it is now.
///
/// # Errors
/// [`StoreError::RefusedField`] if one of its queries cannot be run.
pub(super) async fn choose(
    connection: &mut SqliteConnection,
    project_id: ProjectId,
    dataset: &Dataset,
    choice: &ReadChoice<'_>,
    labels: &[String],
) -> Result<Chosen, StoreError> {
    let numbers = item_numbers(connection, dataset.id, &choice.items, project_id)
        .await
        .map_err(choice.unsupported("filter"))?;
    let mut items = items_by_number(connection, &numbers).await?;
    // The order of what is learnt must not depend on how it was found.
    items.sort_by(|a, b| (&a.dir, &a.name).cmp(&(&b.dir, &b.name)));
    datasets::attach_annotations(connection, &mut items).await?;
    match &choice.annotations {
        Some(query) => {
            let found = all_annotations(connection, dataset.id, query, project_id)
                .await
                .map_err(choice.unsupported("annotation_filter"))?;
            let kept: HashSet<AnnotationId> =
                found.into_iter().map(|(_, annotation)| annotation.id).collect();
            for item in &mut items {
                item.annotations.retain(|annotation| kept.contains(&annotation.id));
            }
        }
        // What `annotations_query` says, without looking at each annotation again: nothing is a prediction yet.
        None => {
            for item in &mut items {
                item.annotations
                    .retain(|annotation| annotation.region.is_some() == (dataset.task == Task::Detection));
            }
        }
    }
    let known: HashSet<&str> = labels.iter().map(String::as_str).collect();
    let unknown_labels = leave_out_unknown(&mut items, &known);
    Ok(Chosen { items, numbers, unknown_labels })
}

fn leave_out_unknown(items: &mut [Item], known: &HashSet<&str>) -> BTreeMap<String, (u64, u64)> {
    let mut unknown: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for item in items {
        let mut of_item = HashSet::new();
        item.annotations.retain(|annotation| {
            if known.contains(annotation.label.as_str()) {
                return true;
            }
            let counts = unknown.entry(annotation.label.clone()).or_default();
            counts.0 += u64::from(of_item.insert(annotation.label.clone()));
            counts.1 += 1;
            false
        });
    }
    unknown
}

/// Refuses a subset that nothing can be learnt from.
///
/// # Errors
/// [`StoreError::RefusedField`] for the subset.
pub(super) fn refuse_untrainable(
    dataset: &Dataset,
    choice: &ReadChoice<'_>,
    content: &SubsetContent,
) -> Result<(), StoreError> {
    let subset = choice.subset.name();
    if content.item_count == 0 {
        let reason = format!("the {subset} subset of dataset `{}` has no items", dataset.name);
        return Err(StoreError::refused_field(subset, reason, choice.next_step("it")));
    }
    if content.annotation_count == 0 {
        let (one, many) = match dataset.task {
            Task::Detection => ("a box", "boxes"),
            Task::Classification => ("a class", "classes"),
        };
        let reason = format!("no item in the {subset} subset of dataset `{}` has {one}", dataset.name);
        let next_step = format!(
            "import {many} for it, choose other items, or look at its labels and annotation filter ({})",
            choice.choice.effective_annotation_filter(dataset.task)
        );
        return Err(StoreError::refused_field(subset, reason, next_step));
    }
    if dataset.task == Task::Classification
        && let Some((what, next_step)) = unclear_classes(content)
    {
        let reason = format!("{what} in the {subset} subset of dataset `{}`", dataset.name);
        return Err(StoreError::refused_field(subset, reason, next_step));
    }
    Ok(())
}

/// What is wrong with the classes of a subset, and what to do about it. A classifier learns one class of each item; one
/// with none, or with several, would silently become something else than what its owner meant.
fn unclear_classes(content: &SubsetContent) -> Option<(String, &'static str)> {
    let without = content.unannotated_count;
    let more = content.annotation_count.saturating_sub(content.item_count);
    if without > 0 {
        let items = if without == 1 { "1 item has".to_owned() } else { format!("{without} items have") };
        let next_step = "give each item a class that the model has, or choose only such items by a filter";
        return Some((format!("{items} no class that the model has"), next_step));
    }
    let next_step = "keep one class of each item, or choose other items or annotations by a filter";
    let reason = || format!("{more} more classes than items, where a classifier learns one of each");
    (more > 0).then(|| (reason(), next_step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_without_or_with_several_classes_are_told() {
        let content = |items, annotations, without| SubsetContent {
            subset: Subset::Train,
            content_hash: String::new(),
            item_count: items,
            annotation_count: annotations,
            unannotated_count: without,
            labels: Vec::new(),
        };
        for (content, expected) in [
            (content(4, 4, 0), None),
            (content(4, 3, 1), Some("1 item has no class that the model has")),
            // As many classes as items, and still not one of each.
            (content(4, 4, 2), Some("2 items have no class that the model has")),
            (content(4, 6, 0), Some("2 more classes than items, where a classifier learns one of each")),
        ] {
            assert_eq!(unclear_classes(&content).map(|(what, _)| what).as_deref(), expected);
        }
    }
}
