//! The vectors: each a question of known number, made from that number alone.
//!
//! Must not know the right answers; other tests know those.

mod dql;
mod metrics;
mod series;

use crate::digest::Digest;
use crate::random::Random;

type Vector = fn(&mut Random, &mut Digest);

/// What is asked, and how often with other inputs.
const GROUPS: &[(&str, u32, Vector)] = &[
    ("iou", 150, metrics::overlap),
    ("detection evaluator", 60, metrics::detection),
    ("confusion matrix", 60, metrics::confusion),
    ("classification", 60, metrics::classification),
    ("coco", 60, metrics::coco),
    ("interactive evaluator", 60, metrics::interactive),
    ("min_max", 100, series::min_max),
    ("at_most", 40, series::at_most),
    ("largest_triangles", 100, series::largest_triangles),
    ("smooth", 100, series::smooth),
    ("axis_range", 80, series::axis),
    ("ticks", 100, series::ticks),
    ("dql parse, print and canonical text", 120, dql::texts),
    ("dql matching", 150, dql::matching),
    ("dql dates", 60, dql::dates),
    ("dql patterns", 100, dql::patterns),
];

/// How many vectors there are.
pub const COUNT: u32 = {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        count += GROUPS[group].1;
        group += 1;
    }
    count
};

fn find(number: u32) -> Option<(&'static str, u32, Vector)> {
    let mut first = 0;
    for &(name, count, vector) in GROUPS {
        if number < first + count {
            return Some((name, number - first, vector));
        }
        first += count;
    }
    None
}

/// What a vector is called in a message.
#[must_use]
pub fn name_of(number: u32) -> String {
    find(number).map_or_else(|| "none".to_owned(), |(name, at, _)| format!("{name} #{at}"))
}

/// The digest of a vector's answer; that of nothing for a number that no vector has.
#[must_use]
pub fn digest_of(number: u32) -> u64 {
    let mut digest = Digest::new();
    if let Some((_, _, vector)) = find(number) {
        vector(&mut Random::new(u64::from(number)), &mut digest);
    }
    digest.value()
}

const _: () = assert!(COUNT >= 1_000, "the proof is over a thousand vectors");

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_answers_differ() {
        let digests: HashSet<u64> = (0..COUNT).map(digest_of).collect();
        // Some questions have the same answer, such as one of two refusals.
        assert!(digests.len() > COUNT as usize * 9 / 10, "{} of {COUNT}", digests.len());
        assert_eq!(digest_of(COUNT), Digest::new().value());
    }

    #[test]
    fn a_vector_has_one_answer_and_a_name() {
        for number in (0..COUNT).step_by(7) {
            assert_eq!(digest_of(number), digest_of(number), "{}", name_of(number));
        }
        assert_eq!((name_of(0), name_of(150)), ("iou #0".to_owned(), "detection evaluator #0".to_owned()));
    }
}
