//! What a filter finds, counted by all that a person may ask of it.
//!
//! Must not know the text of the filter. A dataset is counted in memory, and what cannot be told there is found by
//! statements first.

use super::index::{Counts, Index, Missing, revision_of};
use super::{Search, Table, items_by_number};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::Page;
use crate::store::sqlite::datasets::{attach_annotations, labels};
use crate::store::sqlite::interrupt::Interruptible;
use shared::dataset::Item;
use shared::dql::Query;
use shared::filter::{FilterPreview, LabelCount};
use shared::id::{DatasetId, ProjectId};
use sqlx::{Connection, SqliteConnection};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

impl Store {
    /// What a query finds, after its `skip` and `limit`: counts, and the first of the items. There are no warnings in
    /// it, because only the text of a query has any. The work ends when the caller goes away.
    ///
    /// # Errors
    /// As [`find_items`](Self::find_items).
    pub async fn preview_items(
        &self,
        dataset_id: DatasetId,
        query: &Query,
        item_limit: u32,
    ) -> Result<FilterPreview, StoreError> {
        let turn = self.indices().turn().await;
        let mut reading = Interruptible::new(self.reader().await?).await?;
        let project_id = self.project_id();
        let preview = async {
            let mut transaction = reading.connection()?.begin().await?;
            let index = turn.index(&mut transaction, dataset_id).await?;
            preview(&mut transaction, &index, (dataset_id, project_id), query, item_limit).await
        };
        let preview: Result<_, StoreError> = Box::pin(preview).await;
        reading.give_back().await?;
        preview
    }

    /// Whether a query is answered in memory alone, with details or without.
    #[cfg(test)]
    pub(in crate::store) async fn is_answered_in_memory(&self, dataset_id: DatasetId, query: &Query) -> bool {
        let turn = self.indices().turn().await;
        let mut reader = self.reader().await.unwrap();
        let index = turn.index(&mut reader, dataset_id).await.unwrap();
        index.read_details(&mut reader, dataset_id).await.unwrap();
        index.answer(query, dataset_id, self.project_id(), &AtomicBool::new(true)).is_ok()
    }

    /// How many items a query finds, before its `skip` and `limit`, counted in memory where that can tell.
    pub(super) async fn count_in_memory(
        &self,
        dataset_id: DatasetId,
        query: &Query,
    ) -> Result<u64, StoreError> {
        let turn = self.indices().turn().await;
        let mut reading = Interruptible::new(self.reader().await?).await?;
        let ids = (dataset_id, self.project_id());
        let counted = async {
            let mut transaction = reading.connection()?.begin().await?;
            let index = turn.index(&mut transaction, dataset_id).await?;
            let all = Query { skip: None, limit: None, ..query.clone() };
            match answer(&mut transaction, &index, ids, &all).await? {
                Some(found) => Ok(found.len()),
                None => {
                    let search = Search::of(&mut transaction, dataset_id, query, Table::Items, ids.1).await?;
                    search.count(&mut transaction).await
                }
            }
        };
        let counted: Result<_, StoreError> = Box::pin(counted).await;
        reading.give_back().await?;
        counted
    }

    /// A page of what a query finds, and whether there is more, if the dataset is in memory with all its details.
    pub(super) async fn page_in_memory(
        &self,
        connection: &mut SqliteConnection,
        dataset_id: DatasetId,
        query: &Query,
        page: Page,
    ) -> Result<Option<(Vec<i64>, bool)>, StoreError> {
        if !query.sort.is_empty() {
            return Ok(None);
        }
        let revision = revision_of(connection, dataset_id).await?;
        let Some(index) = self.indices().complete(dataset_id, revision) else { return Ok(None) };
        let found = answer(connection, &index, (dataset_id, self.project_id()), query).await?;
        Ok(found.map(|found| {
            let first = usize::try_from(page.offset).unwrap_or(usize::MAX);
            let numbers = index.numbers_of(&found, first, page.limit as usize);
            let end = page.offset.saturating_add(numbers.len() as u64);
            (numbers, page.limit > 0 && end < found.len())
        }))
    }
}

/// Ends the work on another thread when nobody waits for it any more: the next letter of a filter is typed.
struct Wanted(Arc<AtomicBool>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// The items that a query finds, unless only statements can tell.
async fn answer(
    connection: &mut SqliteConnection,
    index: &Arc<Index>,
    (dataset_id, project_id): (DatasetId, ProjectId),
    query: &Query,
) -> Result<Option<roaring::RoaringBitmap>, StoreError> {
    let wanted = Wanted(Arc::new(AtomicBool::new(true)));
    loop {
        let (index_here, query, is_wanted) = (Arc::clone(index), query.clone(), Arc::clone(&wanted.0));
        // A million items take a tenth of a second, in which this thread would answer nobody else.
        let work = move || index_here.answer(&query, dataset_id, project_id, &is_wanted);
        let answered = tokio::task::spawn_blocking(work).await;
        let answered = answered
            .map_err(|error| StoreError::Io { action: "running a query".into(), source: Arc::new(error) })?;
        match answered {
            Ok(found) => return Ok(Some(found)),
            Err(Missing::Details) => index.read_details(connection, dataset_id).await?,
            Err(Missing::Rows) => return Ok(None),
        }
    }
}

async fn preview(
    connection: &mut SqliteConnection,
    index: &Arc<Index>,
    (dataset_id, project_id): (DatasetId, ProjectId),
    query: &Query,
    item_limit: u32,
) -> Result<FilterPreview, StoreError> {
    // Refuses what cannot be asked, in whichever way it is answered.
    let search = Search::of(connection, dataset_id, query, Table::Items, project_id).await?;
    let found = answer(connection, index, (dataset_id, project_id), query).await?;
    let in_order = found.is_some() && query.sort.is_empty();
    let found = match found {
        Some(found) => found,
        None => {
            let all = Page { offset: 0, limit: u32::MAX };
            index.of_numbers(&search.page(connection, query, all).await?.0)
        }
    };
    let numbers = if in_order {
        index.numbers_of(&found, 0, item_limit as usize)
    } else {
        search.page(connection, query, Page { offset: 0, limit: item_limit }).await?.0
    };
    let items = items_by_number(connection, &numbers).await?;
    told(connection, dataset_id, index.count(&found), items).await
}

/// With annotations, and labels in class order.
async fn told(
    connection: &mut SqliteConnection,
    dataset_id: DatasetId,
    counts: Counts,
    mut items: Vec<Item>,
) -> Result<FilterPreview, StoreError> {
    attach_annotations(connection, &mut items).await?;
    let classes = labels(connection, dataset_id).await?;
    let places: HashMap<&str, usize> =
        classes.iter().enumerate().map(|(place, label)| (label.name.as_str(), place)).collect();
    let mut labels = counts.labels;
    let place = |count: &LabelCount| places.get(count.label.as_str()).copied().unwrap_or(usize::MAX);
    labels.sort_by_key(place);
    Ok(FilterPreview {
        total_count: counts.total,
        subset_counts: counts.subsets,
        unannotated_count: counts.unannotated,
        labels,
        items,
        warnings: Vec::new(),
    })
}
