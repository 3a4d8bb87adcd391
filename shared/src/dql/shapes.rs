//! What many documents have in common: the names of an object's fields, and short texts.
//!
//! Must not know what documents hold. Both tables only save memory, and with it the time to fetch it.

use std::collections::HashMap;

/// A number for each name of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(pub(super) u32);

/// Shapes in which the places of a name are known beforehand: those that came first, which most documents have.
const COMMON: usize = 32;
/// Stands for a name that a shape does not have.
const NOWHERE: u16 = u16::MAX;
/// Stands for a place that is too far for 16 bits.
const ELSEWHERE: u16 = NOWHERE - 1;

/// A name, and its places in the common shapes.
#[derive(Debug, Clone)]
pub(super) struct BoundName {
    key: Option<Key>,
    places: [u16; COMMON],
}

/// Lists of names, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Shapes {
    names: Vec<Key>,
    /// Where the names of each shape begin and end.
    ranges: Vec<(usize, usize)>,
    by_names: HashMap<Box<[Key]>, usize>,
    wanted: Vec<Key>,
}

impl Shapes {
    /// The number of the list of these names, in this order.
    pub(super) fn of(&mut self, names: impl Iterator<Item = Key>) -> usize {
        self.wanted.clear();
        self.wanted.extend(names);
        if let Some(&shape) = self.by_names.get(self.wanted.as_slice()) {
            return shape;
        }
        let (shape, start) = (self.ranges.len(), self.names.len());
        self.names.extend(&self.wanted);
        self.ranges.push((start, self.names.len()));
        self.by_names.insert(self.wanted.as_slice().into(), shape);
        shape
    }

    /// The names of a shape; none of one that there is not.
    #[inline]
    pub(super) fn names(&self, shape: usize) -> &[Key] {
        let (start, end) = self.ranges.get(shape).copied().unwrap_or_default();
        self.names.get(start..end).unwrap_or_default()
    }

    /// How many names there are.
    #[inline]
    pub(super) fn length(&self, shape: usize) -> usize {
        self.names(shape).len()
    }

    /// A name, ready to be looked up; `None` is one that no object has.
    pub(super) fn bound(&self, key: Option<Key>) -> BoundName {
        let mut places = [NOWHERE; COMMON];
        for (shape, slot) in places.iter_mut().enumerate() {
            if let Some(place) = key.and_then(|key| self.place(shape, key)) {
                *slot = u16::try_from(place).map_or(ELSEWHERE, |place| place.min(ELSEWHERE));
            }
        }
        BoundName { key, places }
    }

    /// The place of a name that was bound.
    #[inline]
    pub(super) fn place_of(&self, shape: usize, name: &BoundName) -> Option<usize> {
        match name.places.get(shape) {
            Some(&NOWHERE) => None,
            Some(&place) if place < ELSEWHERE => Some(usize::from(place)),
            _ => self.place(shape, name.key?),
        }
    }

    /// The place of a name.
    #[inline]
    pub(super) fn place(&self, shape: usize, key: Key) -> Option<usize> {
        self.names(shape).iter().position(|name| *name == key)
    }
}

/// Longer texts seldom stand twice.
const MOST_BYTES: usize = 32;
/// A power of two.
const SLOTS: usize = 1 << 10;

/// Where the short texts that were stored lately begin.
#[derive(Debug, Clone, Default)]
pub(super) struct RecentTexts {
    slots: Vec<usize>,
}

impl RecentTexts {
    /// Where this text is stored, if it was lately.
    pub(super) fn find(&self, text: &str, stored: &str) -> Option<usize> {
        let &start = self.slots.get(slot(text)?)?;
        // The slot may be another text's, and the end of what is stored may have been cut off since.
        (stored.get(start..start + text.len()) == Some(text)).then_some(start)
    }

    /// Remembers where a text was stored.
    pub(super) fn add(&mut self, text: &str, start: usize) {
        let Some(slot) = slot(text) else { return };
        self.slots.resize(SLOTS, 0);
        if let Some(remembered) = self.slots.get_mut(slot) {
            *remembered = start;
        }
    }
}

/// One of the slots, by the bytes of a short text (the FNV-1a hash).
fn slot(text: &str) -> Option<usize> {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mixed = || text.bytes().fold(0xcbf2_9ce4_8422_2325, hash);
    (text.len() <= MOST_BYTES).then(|| (mixed() >> 32) as usize % SLOTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lists_of_names_are_one_shape() {
        let mut shapes = Shapes::default();
        let lists: [&[u32]; 5] = [&[], &[1, 2], &[2, 1], &[1, 2], &[]];
        let numbers = lists.map(|list| shapes.of(list.iter().map(|&key| Key(key))));
        assert_eq!(numbers, [0, 1, 2, 1, 0]);
        for (shape, key, expected) in [(0, 1, None), (1, 2, Some(1)), (2, 2, Some(0)), (2, 3, None)] {
            assert_eq!(shapes.place(shape, Key(key)), expected, "{key} in {shape}");
            assert_eq!(shapes.place_of(shape, &shapes.bound(Some(Key(key)))), expected, "{key} in {shape}");
        }
        assert_eq!((shapes.length(0), shapes.length(2)), (0, 2));
    }

    #[test]
    fn names_are_found_in_rare_and_in_huge_shapes() {
        let mut shapes = Shapes::default();
        let huge = shapes.of((0..70_000).map(Key));
        for rare in 0..100 {
            shapes.of([Key(rare), Key(80_000)].into_iter());
        }
        for (shape, key, expected) in [
            (huge, 65_533, Some(65_533)),
            (huge, 65_534, Some(65_534)),
            (huge, 65_535, Some(65_535)),
            (huge, 69_999, Some(69_999)),
            (huge, 80_000, None),
            (100, 80_000, Some(1)),
            (100, 98, None),
            (100, 99, Some(0)),
        ] {
            let bound = shapes.bound(Some(Key(key)));
            assert_eq!(shapes.place_of(shape, &bound), expected, "{key} in {shape}");
        }
        assert_eq!(shapes.place_of(100, &shapes.bound(None)), None);
    }

    #[test]
    fn a_recent_text_is_found_only_where_it_stands() {
        let (mut recent, mut stored) = (RecentTexts::default(), String::new());
        let long = "x".repeat(MOST_BYTES + 1);
        for text in ["file", "b\u{e4}r", "", long.as_str()] {
            assert_eq!(recent.find(text, "file"), (text.is_empty() && !stored.is_empty()).then_some(0));
            recent.add(text, stored.len());
            stored.push_str(text);
        }
        assert_eq!(recent.find("file", &stored), Some(0));
        assert_eq!(recent.find("b\u{e4}r", &stored), Some(4));
        assert_eq!(recent.find(&long, &stored), None);
        // Cut off, and then written over with something else.
        assert_eq!(recent.find("b\u{e4}r", "file"), None);
        assert_eq!(recent.find("b\u{e4}r", "file\u{e4}\u{e4}\u{e4}"), None);
    }
}
