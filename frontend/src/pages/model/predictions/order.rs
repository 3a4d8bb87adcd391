//! In which order pictures stand.
//!
//! Must not know boxes: it compares counts and losses.

use crate::arrange::sort_by;
use shared::metrics::BoxCounts;

/// What the pictures are sorted by, the worst ones first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Wrong and missed boxes together.
    #[default]
    Errors,
    Loss,
    Missed,
    Wrong,
    /// As they stand in the validation subset.
    Subset,
}

impl Order {
    pub const ALL: [Self; 5] = [Self::Errors, Self::Loss, Self::Missed, Self::Wrong, Self::Subset];

    /// The word in the URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Loss => "loss",
            Self::Missed => "missed",
            Self::Wrong => "wrong",
            Self::Subset => "subset",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Errors => "Most errors first",
            Self::Loss => "Highest loss first",
            Self::Missed => "Most missed first",
            Self::Wrong => "Most wrong first",
            Self::Subset => "As in the subset",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.name() == name)
    }
}

/// What a picture is sorted by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Its place among those that were evaluated.
    pub place: usize,
    /// Its place in the subset.
    pub index: u32,
    /// NaN where it is not known.
    pub loss: f32,
    pub counts: BoxCounts,
}

/// The places of the pictures, sorted; equal ones stand as in the subset, and an unknown loss comes last.
pub fn sorted(mut pictures: Vec<Standing>, order: Order) -> Vec<usize> {
    let count = |standing: &Standing| {
        let BoxCounts { false_positives, false_negatives, .. } = standing.counts;
        match order {
            Order::Errors => false_positives + false_negatives,
            Order::Missed => false_negatives,
            Order::Wrong => false_positives,
            Order::Loss | Order::Subset => 0,
        }
    };
    let loss = |standing: &Standing| {
        let is_asked = order == Order::Loss && !standing.loss.is_nan();
        if is_asked { standing.loss } else { f32::NEG_INFINITY }
    };
    sort_by(&mut pictures, |left, right| {
        let by_count = count(right).cmp(&count(left));
        by_count.then(loss(right).total_cmp(&loss(left))).then(left.index.cmp(&right.index))
    });
    pictures.into_iter().map(|standing| standing.place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_come_first() {
        let standing = |place: usize, index: u32, loss: f32, wrong: u64, missed: u64| Standing {
            place,
            index,
            loss,
            counts: BoxCounts { true_positives: 1, false_positives: wrong, false_negatives: missed },
        };
        let pictures = vec![
            standing(0, 7, 0.5, 1, 0),
            standing(1, 2, f32::NAN, 0, 1),
            standing(2, 5, 2.0, 3, 0),
            standing(3, 1, 1.0, 0, 0),
        ];
        for (order, places) in [
            (Order::Errors, [2, 1, 0, 3]),
            (Order::Loss, [2, 3, 0, 1]),
            (Order::Missed, [1, 3, 2, 0]),
            (Order::Wrong, [2, 0, 3, 1]),
            (Order::Subset, [3, 1, 2, 0]),
        ] {
            assert_eq!(sorted(pictures.clone(), order), places, "{order:?}");
            assert_eq!(Order::from_name(order.name()), Some(order));
        }
    }
}
