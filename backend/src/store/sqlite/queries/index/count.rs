//! What a set of items holds.
//!
//! Must not know how the set was found.

use super::Index;
use roaring::RoaringBitmap;
use shared::dataset::Subset;
use shared::filter::LabelCount;

/// What a set of items holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::store::sqlite::queries) struct Counts {
    pub(in crate::store::sqlite::queries) total: u64,
    /// In the order of [`Subset::ALL`].
    pub(in crate::store::sqlite::queries) subsets: [u64; 3],
    pub(in crate::store::sqlite::queries) unannotated: u64,
    /// By name; labels without items are left out.
    pub(in crate::store::sqlite::queries) labels: Vec<LabelCount>,
}

impl Index {
    /// Counts some of the items.
    pub(in crate::store::sqlite::queries) fn count(&self, items: &RoaringBitmap) -> Counts {
        let labels = self.base.labels.iter().map(|(label, labelled)| LabelCount {
            label: label.clone(),
            item_count: labelled.items.intersection_len(items),
            annotation_count: labelled
                .bits
                .iter()
                .enumerate()
                .map(|(bit, having)| having.intersection_len(items) << bit)
                .sum(),
        });
        Counts {
            total: items.len(),
            subsets: Subset::ALL.map(|subset| self.subset(subset).intersection_len(items)),
            unannotated: items.len() - self.base.annotated.intersection_len(items),
            labels: labels.filter(|count| count.item_count > 0).collect(),
        }
    }
}
