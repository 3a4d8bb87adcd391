//! What choices came to when they were counted lately.
//!
//! Must not know how it is counted. What is here is a copy: it is used only for the revision of the dataset that it was
//! counted at.

use roaring::RoaringTreemap;
use shared::check::SubsetCheck;
use shared::dataset::Subset;
use shared::id::DatasetId;
use std::sync::{Arc, Mutex, PoisonError};

/// Counted choices that are kept at the same time: two for each of a few forms. One of a million items takes a few
/// hundred kilobytes at most, since only the numbers of the rows are kept.
const MOST_KEPT: usize = 8;

/// What equal counts follow from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) dataset_id: DatasetId,
    pub(super) revision: i64,
    /// Of the normal forms of the filters, and of the labels.
    pub(super) digest: String,
}

/// A choice in numbers.
#[derive(Debug)]
pub(super) struct Counted {
    check: SubsetCheck,
    rows: RoaringTreemap,
}

/// The choices that were counted lately.
#[derive(Debug, Default)]
pub(in crate::store) struct Previews {
    /// The latest last.
    kept: Mutex<Vec<(Key, Arc<Counted>)>>,
}

impl Counted {
    pub(super) fn new(check: SubsetCheck, numbers: &[i64]) -> Self {
        Self { check, rows: numbers.iter().filter_map(|number| u64::try_from(*number).ok()).collect() }
    }

    /// The numbers for a subset, which may be another one than they were counted for.
    pub(super) fn of(&self, subset: Subset) -> SubsetCheck {
        let mut check = self.check.clone();
        check.content.subset = subset;
        check
    }

    /// Items that are in both.
    pub(super) fn overlap_count(&self, other: &Self) -> u64 {
        self.rows.intersection_len(&other.rows)
    }
}

impl Previews {
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Counted>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| known == key)?;
        let latest = kept.remove(place);
        let counted = Arc::clone(&latest.1);
        kept.push(latest);
        Some(counted)
    }

    pub(super) fn keep(&self, key: Key, counted: Arc<Counted>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody asks for an earlier revision again, and another call may have counted the same.
        kept.retain(|(known, _)| {
            known != &key && (known.dataset_id != key.dataset_id || known.revision >= key.revision)
        });
        if kept.len() >= MOST_KEPT {
            kept.remove(0);
        }
        kept.push((key, counted));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::snapshot::SubsetContent;

    fn key(revision: i64, digest: usize) -> Key {
        let dataset_id = "0190a5b0-0000-7000-8000-000000000001".parse().unwrap();
        Key { dataset_id, revision, digest: digest.to_string() }
    }

    fn counted(numbers: &[i64]) -> Arc<Counted> {
        let content = SubsetContent::of(Subset::Train, &[], &[], String::new());
        Arc::new(Counted::new(SubsetCheck { content, unknown_labels: Vec::new() }, numbers))
    }

    #[test]
    fn the_latest_few_are_kept_and_none_of_an_earlier_revision() {
        let previews = Previews::default();
        for digest in 0..MOST_KEPT {
            previews.keep(key(1, digest), counted(&[1, 2]));
        }
        assert!(previews.get(&key(1, 0)).is_some(), "which makes it the latest");
        previews.keep(key(1, MOST_KEPT), counted(&[]));
        let known = |revision, digest| previews.get(&key(revision, digest)).is_some();
        assert!(known(1, 0) && known(1, MOST_KEPT) && !known(1, 1) && !known(2, 0));
        previews.keep(key(2, 0), counted(&[]));
        assert!(known(2, 0) && !known(1, 0) && !known(1, 2));
        // A call that began before the change is no reason to forget what came after it.
        previews.keep(key(1, 0), counted(&[]));
        assert!(known(2, 0));
    }

    #[test]
    fn overlap_is_counted_by_rows_and_the_subset_is_that_which_is_asked_for() {
        let (a, b) = (counted(&[1, 2, 5_000_000_000]), counted(&[2, 3, 5_000_000_000]));
        assert_eq!((a.overlap_count(&b), a.overlap_count(&counted(&[]))), (2, 0));
        assert_eq!(a.of(Subset::Validation).content.subset, Subset::Validation);
    }
}
