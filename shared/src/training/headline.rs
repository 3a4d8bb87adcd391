//! The one figure that tells of a training how good it is, small enough to stand in its row.
//!
//! Must not know where samples are stored: a row holds this beside them.

use crate::metric::MetricSample;
use serde::{Deserialize, Serialize};

/// Values that are kept of the course at most.
const MOST: usize = 32;

/// The best value of the figure by which a training is judged, and its course in a few values: mAP50-95 of a detector,
/// top-1 accuracy of a classifier.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Headline {
    /// The highest value, 0 to 1.
    pub best: f64,
    /// The epoch that it belongs to, counted from 1.
    pub best_epoch: f64,
    /// The course of the whole training: evenly spread, at most 32 values.
    pub course: Vec<f64>,
    /// How many epochs apart the values of the course are.
    pub stride: u32,
    /// Epochs that were counted.
    pub count: u32,
    /// The last of them.
    pub last_epoch: f64,
}

impl Headline {
    /// The figure of a detector.
    pub const FIGURE: &'static str = "mAP50-95(B)";
    /// The figure of a classifier.
    pub const CLASS_FIGURE: &'static str = "accuracy_top1";

    /// Whether it follows this figure; a training has one of them.
    #[must_use]
    pub fn follows(figure: &str) -> bool {
        figure == Self::FIGURE || figure == Self::CLASS_FIGURE
    }

    /// With one sample more; those of other figures and values that are no numbers change nothing. An epoch that comes
    /// again, after an attempt was lost, does not lengthen the course.
    ///
    /// ```
    /// use shared::metric::MetricSample;
    /// use shared::training::Headline;
    ///
    /// let sample = |x, y| MetricSample { figure: Headline::FIGURE.into(), legend: "metrics".into(), x, y };
    /// let first = Headline::after(None, &sample(1.0, 0.25)).unwrap();
    /// let second = Headline::after(Some(first), &sample(2.0, 0.125)).unwrap();
    /// assert_eq!((second.best, second.best_epoch), (0.25, 1.0));
    /// assert_eq!(second.course, [0.25, 0.125]);
    /// ```
    #[must_use]
    pub fn after(before: Option<Self>, sample: &MetricSample) -> Option<Self> {
        if !Self::follows(&sample.figure) || !sample.y.is_finite() {
            return before;
        }
        let is_first = before.is_none();
        let mut headline = before.unwrap_or_default();
        if is_first || sample.y > headline.best {
            (headline.best, headline.best_epoch) = (sample.y, sample.x);
        }
        if is_first || sample.x > headline.last_epoch {
            headline.last_epoch = sample.x;
            headline.stride = headline.stride.max(1);
            if headline.count.is_multiple_of(headline.stride) {
                headline.course.push(sample.y);
            }
            headline.count += 1;
            if headline.course.len() > MOST {
                let mut place = 0;
                headline.course.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                headline.stride *= 2;
            }
        }
        Some(headline)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(x: f64, y: f64) -> MetricSample {
        MetricSample { figure: Headline::FIGURE.into(), legend: "metrics".into(), x, y }
    }

    #[test]
    fn a_long_course_stays_short_and_keeps_its_shape() {
        let mut headline = None;
        for epoch in 1..=1_000u32 {
            headline = Headline::after(headline, &sample(epoch.into(), f64::from(epoch) / 1_000.0));
            let seen = headline.as_ref().unwrap();
            assert!(seen.course.len() <= MOST && seen.course.is_sorted());
        }
        let headline = headline.unwrap();
        assert_eq!((headline.best, headline.best_epoch, headline.count), (1.0, 1_000.0, 1_000));
        let gaps: Vec<f64> = headline.course.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(gaps.iter().all(|gap| (gap - f64::from(headline.stride) / 1_000.0).abs() < 1e-9), "{gaps:?}");
    }

    #[test]
    fn what_comes_again_or_is_no_number_changes_little() {
        let first = Headline::after(None, &sample(5.0, 0.5));
        assert_eq!(Headline::after(first.clone(), &sample(6.0, f64::NAN)), first);
        let other = MetricSample { figure: "box_loss".into(), ..sample(6.0, 0.9) };
        assert_eq!(Headline::after(first.clone(), &other), first);
        let again = Headline::after(first, &sample(4.0, 0.75)).unwrap();
        assert_eq!((again.best, again.course.len()), (0.75, 1));
        assert_eq!(Headline::after(None, &other), None);
        let accuracy = MetricSample { figure: Headline::CLASS_FIGURE.into(), ..sample(1.0, 0.75) };
        assert_eq!(Headline::after(None, &accuracy).unwrap().best, 0.75);
    }
}
