//! Subsets by chance, for data sets that bring none.
//!
//! Must not know where the items come from.

use super::error::ImportError;
use crate::store::NewItem;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use shared::dataset::Subset;

/// Shares of the subsets, and what starts the random choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// Train, validation and test, in percent; together 100.
    pub percentages: [u32; 3],
    /// The same seed gives the same split of the same items.
    pub seed: u64,
}

impl Split {
    pub(super) fn check(&self) -> Result<(), ImportError> {
        let total: u64 = self.percentages.iter().copied().map(u64::from).sum();
        if total == 100 { Ok(()) } else { Err(ImportError::Split(self.percentages)) }
    }

    /// Puts each item into a subset, unless the data set brought a split of its own for any of them.
    pub(super) fn assign(&self, items: &mut [NewItem]) {
        if items.iter().any(|item| item.subset.is_some()) {
            return;
        }
        let mut order: Vec<usize> = (0..items.len()).collect();
        // The order must not depend on how a folder happens to be listed.
        order.sort_by(|a, b| (&items[*a].dir, &items[*a].name).cmp(&(&items[*b].dir, &items[*b].name)));
        for (index, subset) in order.into_iter().zip(self.parts(items.len())) {
            items[index].subset = Some(subset);
        }
    }

    /// The subset of each of so many items, which stand by folder and name.
    #[must_use]
    pub fn parts(&self, count: usize) -> Vec<Subset> {
        let mut order: Vec<usize> = (0..count).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(self.seed));
        let [train, validation, test] = self.counts(count);
        let subsets = [(Subset::Train, train), (Subset::Validation, validation), (Subset::Test, test)];
        let tags = subsets.into_iter().flat_map(|(subset, count)| std::iter::repeat_n(subset, count));
        let mut parts = vec![Subset::Train; count];
        for (index, subset) in order.into_iter().zip(tags) {
            parts[index] = subset;
        }
        parts
    }

    /// Whole numbers that add up to the total: what rounding leaves over goes to the largest remainders.
    fn counts(&self, total: usize) -> [usize; 3] {
        let exact = self.percentages.map(|percent| percent as usize * total);
        let mut counts = exact.map(|share| share / 100);
        let mut by_remainder = [0, 1, 2];
        by_remainder.sort_by_key(|index: &usize| std::cmp::Reverse(exact[*index] % 100));
        let left_over = total - counts.iter().sum::<usize>();
        for index in by_remainder.into_iter().take(left_over) {
            counts[index] += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn items(count: usize) -> Vec<NewItem> {
        (0..count)
            .map(|index| NewItem {
                dir: "/".into(),
                name: format!("{index:05}.jpg"),
                content_hash: String::new(),
                mimetype: String::new(),
                size_bytes: 0,
                width: 1,
                height: 1,
                subset: None,
                annotations: Vec::new(),
                metadata: None,
            })
            .collect()
    }

    #[test]
    fn the_same_seed_splits_alike_however_the_items_are_listed() {
        let split = Split { percentages: [80, 20, 0], seed: 7 };
        let mut listed = items(50);
        let mut reversed: Vec<_> = items(50).into_iter().rev().collect();
        split.assign(&mut listed);
        split.assign(&mut reversed);
        reversed.reverse();
        assert_eq!(listed, reversed);
        let mut other = items(50);
        Split { seed: 8, ..split }.assign(&mut other);
        assert_ne!(listed, other);
    }

    #[test]
    fn a_split_of_its_own_wins() {
        let mut mixed = items(10);
        mixed[3].subset = Some(Subset::Test);
        Split { percentages: [100, 0, 0], seed: 1 }.assign(&mut mixed);
        assert_eq!(mixed.iter().filter(|item| item.subset.is_some()).count(), 1);
    }

    proptest! {
        #[test]
        fn every_item_gets_one_subset_and_shares_are_within_one(
            count in 0_usize..500, train in 0_u32..=100, rest in 0_u32..=100, seed: u64,
        ) {
            let validation = (100 - train) * rest / 100;
            let percentages = [train, validation, 100 - train - validation];
            let split = Split { percentages, seed };
            let mut split_items = items(count);
            split.assign(&mut split_items);
            for (subset, percent) in Subset::ALL.into_iter().zip(percentages) {
                let got = split_items.iter().filter(|item| item.subset == Some(subset)).count();
                let exact = f64::from(percent) * count as f64 / 100.0;
                prop_assert!((got as f64 - exact).abs() < 1.0, "{subset:?}: {got} of {count} at {percent}%");
            }
            prop_assert!(split_items.iter().all(|item| item.subset.is_some()));
        }
    }
}
