//! Datasets in memory, as far as counting asks for them: folders, names, subsets, times, labels, and on demand the rest.
//!
//! Must not know how a preview is shown. An item is a place in the order of pages, so a folder is a range, and a set of
//! items is a bitmap. What is here is a copy: it is used only for the revision of the dataset that it was read at.

mod answer;
mod complete;
mod count;
mod load;

pub(super) use answer::Missing;
pub(super) use complete::Tally;
pub(super) use count::Counts;

use crate::store::error::StoreError;
use crate::store::sqlite::rows::get;
use roaring::RoaringBitmap;
use shared::dataset::{Subset, full_name};
use shared::dql::{Documents, Query};
use shared::id::{DatasetId, ProjectId};
use sqlx::SqliteConnection;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

/// Datasets that are kept at the same time: a person looks at one, maybe compares it with another. A million items take
/// about 100 MB.
const MOST_KEPT: usize = 2;

/// The datasets that were looked at lately.
#[derive(Debug, Default)]
pub(in crate::store) struct Indices {
    /// The latest last.
    kept: Mutex<Vec<(DatasetId, Arc<Index>)>>,
}

/// The right to read a dataset anew. Whoever waits for it holds no connection.
pub(super) struct Turn<'a>(MutexGuard<'a, Vec<(DatasetId, Arc<Index>)>>);

impl Indices {
    pub(super) async fn turn(&self) -> Turn<'_> {
        Turn(self.kept.lock().await)
    }

    /// The index of a dataset with its details, if it was read at this revision and nobody reads one anew: who holds a
    /// connection does not wait for those who want one.
    pub(super) fn complete(&self, dataset_id: DatasetId, revision: i64) -> Option<Arc<Index>> {
        let kept = self.kept.try_lock().ok()?;
        let (_, index) = kept.iter().find(|(id, _)| *id == dataset_id)?;
        (index.revision == revision && index.details.get().is_some()).then(|| Arc::clone(index))
    }
}

impl Turn<'_> {
    /// The index of a dataset as the connection's transaction sees it.
    pub(super) async fn index(
        mut self,
        connection: &mut SqliteConnection,
        dataset_id: DatasetId,
    ) -> Result<Arc<Index>, StoreError> {
        let kept = &mut self.0;
        // It stays where it is until there is a newer one: who asks may give up while that is read.
        let known = kept.iter().find(|(id, _)| *id == dataset_id).map(|(_, index)| Arc::clone(index));
        let revision = revision_of(connection, dataset_id).await?;
        let index = match known {
            Some(index) if index.revision == revision => index,
            Some(index) => match load::tagged_since(connection, dataset_id, &index, revision).await? {
                Some(subsets) => Arc::new(Index {
                    revision,
                    subsets,
                    base: Arc::clone(&index.base),
                    details: Arc::clone(&index.details),
                }),
                None => Arc::new(load::index(connection, dataset_id, revision).await?),
            },
            None => Arc::new(load::index(connection, dataset_id, revision).await?),
        };
        kept.retain(|(id, _)| *id != dataset_id);
        if kept.len() >= MOST_KEPT {
            kept.remove(0);
        }
        kept.push((dataset_id, Arc::clone(&index)));
        Ok(index)
    }
}

pub(in crate::store::sqlite) async fn revision_of(
    connection: &mut SqliteConnection,
    dataset_id: DatasetId,
) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT revision FROM datasets WHERE id = ?")
        .bind(dataset_id.to_string())
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| StoreError::not_found("dataset", dataset_id))?;
    get(&row, "revision")
}

/// Whether a query can be answered in memory, apart from its `skip` and `limit`. That is so for all datasets or for none,
/// the empty one among them.
pub(super) fn is_answerable(query: &Query, dataset_id: DatasetId, project_id: ProjectId) -> bool {
    let empty = Index {
        revision: 0,
        subsets: Default::default(),
        base: Arc::default(),
        details: Arc::new(OnceCell::new_with(Some(Details::default()))),
    };
    let all = Query { skip: None, limit: None, ..query.clone() };
    empty.answer(&all, dataset_id, project_id, &AtomicBool::new(true)).is_ok()
}

/// A dataset at a revision.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) revision: i64,
    /// In the order of [`Subset::ALL`].
    subsets: [RoaringBitmap; 3],
    base: Arc<Base>,
    details: Arc<OnceCell<Details>>,
}

/// What tags do not change.
#[derive(Debug, Default)]
struct Base {
    /// The number of each item's row.
    numbers: Vec<i64>,
    /// The places of the items in the order of their numbers.
    by_number: OnceLock<Vec<u32>>,
    names: Texts,
    dirs: Vec<Dir>,
    times_ms: Vec<i64>,
    annotation_counts: Vec<i64>,
    annotated: RoaringBitmap,
    labels: BTreeMap<String, Labelled>,
}

/// What few queries ask for.
#[derive(Debug, Default)]
struct Details {
    sizes: Vec<i64>,
    widths: Vec<i64>,
    heights: Vec<i64>,
    mimetypes: Vec<String>,
    /// Which of the mimetypes.
    mimetype_of: Vec<u32>,
    /// As much of the documents as filters on `metadata.user` look at, of items that have any.
    documents: Documents,
    /// Which of the documents.
    document_of: Vec<Option<u32>>,
}

/// A folder and the places of the items in it.
#[derive(Debug)]
struct Dir {
    dir: String,
    places: Range<u32>,
}

/// The items with a label. How many annotations of an item have it is written in binary: the first set has those whose
/// count has the lowest bit, and so on, so that counts of many items are added up by a few intersections.
#[derive(Debug, Default)]
struct Labelled {
    items: RoaringBitmap,
    bits: Vec<RoaringBitmap>,
}

/// Many texts in one.
#[derive(Debug, Default)]
struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len());
    }

    fn get(&self, place: u32) -> &str {
        let place = place as usize;
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(place).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }
}

impl Base {
    /// The places of all items.
    fn all(&self) -> RoaringBitmap {
        let mut all = RoaringBitmap::new();
        if let Ok(count) = u32::try_from(self.numbers.len()) {
            all.insert_range(0..count);
        }
        all
    }

    fn dir(&self, dir: &str) -> Option<&Dir> {
        let place = self.dirs.binary_search_by(|each| each.dir.as_str().cmp(dir)).ok()?;
        self.dirs.get(place)
    }

    /// The place of an item, which is at or after `from` in its folder.
    fn place_in(&self, dir: &Dir, name: &str, from: u32) -> Option<u32> {
        let (mut low, mut high) = (from.max(dir.places.start), dir.places.end);
        // Names that are looked up in their order are near each other.
        let mut step = 1;
        while low.saturating_add(step) < high && self.names.get(low + step) <= name {
            low += step;
            step *= 2;
        }
        high = high.min(low.saturating_add(step));
        while low < high {
            let middle = low + (high - low) / 2;
            match self.names.get(middle).cmp(name) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    fn by_number(&self) -> &[u32] {
        self.by_number.get_or_init(|| {
            let mut places: Vec<u32> =
                (0..self.numbers.len()).filter_map(|place| u32::try_from(place).ok()).collect();
            places.sort_unstable_by_key(|place| self.number(*place));
            places
        })
    }

    fn number(&self, place: u32) -> i64 {
        self.numbers.get(place as usize).copied().unwrap_or_default()
    }

    /// The place of the row with this number.
    fn place_of(&self, number: i64) -> Option<u32> {
        let by_number = self.by_number();
        let at = by_number.binary_search_by_key(&number, |place| self.number(*place)).ok()?;
        by_number.get(at).copied()
    }
}

impl Index {
    /// The items that a query finds; anything, once that is not wanted any more.
    ///
    /// # Errors
    /// What is missing to say it.
    pub(super) fn answer(
        &self,
        query: &Query,
        dataset_id: DatasetId,
        project_id: ProjectId,
        is_wanted: &AtomicBool,
    ) -> Result<RoaringBitmap, Missing> {
        answer::answer(self, query, (dataset_id, project_id), is_wanted)
    }

    /// Reads what few queries ask for, unless it is there.
    pub(super) async fn read_details(
        &self,
        connection: &mut SqliteConnection,
        dataset_id: DatasetId,
    ) -> Result<(), StoreError> {
        self.details.get_or_try_init(|| load::details(connection, dataset_id, &self.base)).await?;
        Ok(())
    }

    /// The items of rows with these numbers.
    pub(super) fn of_numbers(&self, numbers: &[i64]) -> RoaringBitmap {
        numbers.iter().filter_map(|number| self.base.place_of(*number)).collect()
    }

    /// The numbers of the rows of some of the items, in the order of pages.
    pub(super) fn numbers_of(&self, items: &RoaringBitmap, first: usize, most: usize) -> Vec<i64> {
        items.iter().skip(first).take(most).map(|place| self.base.number(place)).collect()
    }

    fn subset(&self, subset: Subset) -> &RoaringBitmap {
        let [train, validation, test] = &self.subsets;
        match subset {
            Subset::Train => train,
            Subset::Validation => validation,
            Subset::Test => test,
        }
    }

    fn file_name(&self, dir: &Dir, place: u32) -> String {
        full_name(&dir.dir, self.base.names.get(place))
    }
}
