//! Sorting, compiled once.
//!
//! The standard library's sort is compiled anew for each type and each order, four kilobytes a time; here one sort of
//! numbers decides which elements change places, and maps are filled without one.
//!
//! Must not know what is sorted.

use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Sorts by `compare`; what is equal stays in its order.
pub fn sort_by<T>(items: &mut [T], mut compare: impl FnMut(&T, &T) -> Ordering) {
    let swaps = swaps(items.len(), &mut |one, other| compare(&items[one], &items[other]));
    for (place, from) in swaps.into_iter().enumerate() {
        items.swap(place, from);
    }
}

/// Sorts by what `key` says of each; what is equal stays in its order.
pub fn sort_by_key<T, K: Ord>(items: &mut [T], mut key: impl FnMut(&T) -> K) {
    sort_by(items, |one, other| key(one).cmp(&key(other)));
}

/// A map of these; of equal keys the last counts. To `collect` one sorts first.
pub fn map_of<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    map.extend(pairs);
    map
}

/// For each place in turn, the place with which it changes.
fn swaps(count: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|one, other| compare(*one, *other));
    // Who lies where, and where everyone lies, while they change places.
    let mut lies_here: Vec<usize> = (0..count).collect();
    let mut lies_at = lies_here.clone();
    order
        .into_iter()
        .enumerate()
        .map(|(place, wanted)| {
            let from = lies_at[wanted];
            let moved = lies_here[place];
            lies_here.swap(place, from);
            lies_at.swap(wanted, moved);
            from
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sorts_as_the_standard_library() {
        // A full cycle of the numbers below a prime, with many that are equal in their tens.
        for count in [0, 1, 2, 3, 10, 97] {
            let mut items: Vec<u32> = (0..count).map(|number| number * 37 % 97).collect();
            let mut expected = items.clone();
            expected.sort_by_key(|number| number / 10);
            sort_by_key(&mut items, |number| number / 10);
            assert_eq!(items, expected);
            expected.sort_by(|one, other| other.cmp(one));
            sort_by(&mut items, |one, other| other.cmp(one));
            assert_eq!(items, expected);
        }
    }
}
