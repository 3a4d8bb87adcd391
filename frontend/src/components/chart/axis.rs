//! What the horizontal axis of charts counts: epochs, steps, or time.
//!
//! Must not know the browser's clock: the caller says what the wall clock is ahead of UTC.

use crate::state::time_zone;
use crate::text;
use shared::series::{nice_ticks, time_ticks, whole_ticks};

const SECOND_MS: f64 = 1_000.0;
const DAY_MS: f64 = 86_400_000.0;

/// A horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum XAxis {
    #[default]
    Epoch,
    Step,
    /// Time since the training started, in milliseconds.
    Elapsed,
    /// UTC milliseconds since 1970.
    Clock,
}

/// What turns the place of a value into one on any axis.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RunScale {
    pub started_at_ms: i64,
    /// `None` while it is not known.
    pub steps_per_epoch: Option<f64>,
}

impl XAxis {
    pub const ALL: [Self; 4] = [Self::Epoch, Self::Step, Self::Elapsed, Self::Clock];

    /// As it stands in URLs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Step => "step",
            Self::Elapsed => "elapsed",
            Self::Clock => "clock",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|axis| axis.name() == name)
    }

    /// As a person reads it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Epoch => "Epoch",
            Self::Step => "Step",
            Self::Elapsed => "Relative time",
            Self::Clock => "Wall time",
        }
    }

    /// Where a value stands that was reported for an epoch at a time; nowhere while the axis is not known.
    pub fn place(self, epoch: f64, at_ms: i64, run: RunScale) -> Option<f64> {
        match self {
            Self::Epoch => Some(epoch),
            Self::Step => run.steps_per_epoch.map(|steps| epoch * steps),
            Self::Elapsed => Some((at_ms - run.started_at_ms) as f64),
            Self::Clock => Some(at_ms as f64),
        }
    }

    /// The least width that a chart has, so that a single value stands somewhere.
    pub const fn least_width(self) -> f64 {
        match self {
            Self::Epoch | Self::Step => 1.0,
            Self::Elapsed | Self::Clock => SECOND_MS,
        }
    }

    /// Places of the marks within a range, and what stands at them; `ahead_ms` is what the wall clock is ahead of UTC.
    pub fn marks(self, (low, high): (f64, f64), wanted: usize, ahead_ms: f64) -> Vec<(f64, String)> {
        match self {
            Self::Epoch | Self::Step => {
                let mut ticks = whole_ticks(low, high, wanted);
                // Between two epochs there are only fractions.
                if ticks.values.len() < 2 {
                    ticks = nice_ticks(low, high, wanted);
                }
                ticks.values.into_iter().map(|x| (x, format!("{x:.*}", ticks.decimals))).collect()
            }
            Self::Elapsed => {
                let ticks = time_ticks(low, high, wanted, 0.0);
                ticks.values.into_iter().map(|x| (x, elapsed(x, ticks.step_ms))).collect()
            }
            Self::Clock => {
                let ticks = time_ticks(low, high, wanted, ahead_ms);
                ticks.values.into_iter().map(|x| (x, wall(x + ahead_ms, ticks.step_ms))).collect()
            }
        }
    }

    /// A place in words, for example `Epoch 3`, `1 min 5 s` or `14:05:09 UTC+01:00`.
    pub fn words(self, x: f64, ahead_ms: f64) -> String {
        match self {
            Self::Epoch | Self::Step => format!("{} {}", self.label(), text::position(x)),
            Self::Elapsed => format!("After {}", elapsed(x, SECOND_MS)),
            Self::Clock => wall_with_offset(x, ahead_ms),
        }
    }
}

impl XAxis {
    /// A place within a sentence, for example `at epoch 3`, `after 1:05` or `at 14:05:09 UTC+01:00`.
    pub fn at(self, x: f64, ahead_ms: f64) -> String {
        match self {
            Self::Epoch | Self::Step => format!("at {} {}", self.name(), text::position(x)),
            Self::Elapsed => format!("after {}", elapsed(x, SECOND_MS)),
            Self::Clock => format!("at {}", wall_with_offset(x, ahead_ms)),
        }
    }
}

/// A time since the start, as fine as its step: `90 ms`, `45 s`, `2:30`, `1:02:30`, `3 d`.
fn elapsed(ms: f64, step_ms: f64) -> String {
    if step_ms < SECOND_MS {
        return format!("{:.3} s", ms / SECOND_MS);
    }
    let seconds = (ms / SECOND_MS).round() as i64;
    if step_ms >= DAY_MS {
        return format!("{} d", seconds / 86_400);
    }
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, (seconds % 60).abs());
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, minutes) => format!("{minutes}:{rest:02}"),
        (hours, minutes) => format!("{hours}:{:02}:{rest:02}", minutes.abs()),
    }
}

/// A time of day on a wall that says which wall, for example `14:05:09 UTC+01:00`.
fn wall_with_offset(x: f64, ahead_ms: f64) -> String {
    format!("{} {}", wall(x + ahead_ms, SECOND_MS), time_zone::offset(ahead_ms as i64))
}

/// A time of day on a wall, as fine as its step.
fn wall(local_ms: f64, step_ms: f64) -> String {
    let day_ms = local_ms.rem_euclid(DAY_MS);
    let seconds = (day_ms / SECOND_MS) as i64;
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if step_ms < SECOND_MS {
        return format!("{hours:02}:{minutes:02}:{rest:02}.{:03}", day_ms as i64 % 1_000);
    }
    if step_ms >= DAY_MS || (step_ms >= 60.0 * SECOND_MS && day_ms == 0.0) {
        return text::date((local_ms - day_ms) as i64);
    }
    if step_ms < 60.0 * SECOND_MS {
        format!("{hours:02}:{minutes:02}:{rest:02}")
    } else {
        format!("{hours:02}:{minutes:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stands_on_every_axis() {
        let run = RunScale { started_at_ms: 1_000, steps_per_epoch: Some(40.0) };
        let places = XAxis::ALL.map(|axis| axis.place(2.0, 61_000, run));
        assert_eq!(places, [Some(2.0), Some(80.0), Some(60_000.0), Some(61_000.0)]);
        assert_eq!(XAxis::Step.place(2.0, 0, RunScale::default()), None);
        for axis in XAxis::ALL {
            assert_eq!(XAxis::from_name(axis.name()), Some(axis));
        }
    }

    #[test]
    fn marks_are_written_as_fine_as_they_stand() {
        let words = |axis: XAxis, range, ahead_ms| -> Vec<String> {
            axis.marks(range, 4, ahead_ms).into_iter().map(|(_, words)| words).collect()
        };
        let minute = 60_000.0;
        assert_eq!(words(XAxis::Epoch, (1.0, 4.0), 0.0), ["1", "2", "3", "4"]);
        assert_eq!(words(XAxis::Epoch, (1.0, 1.5), 0.0), ["1.0", "1.2", "1.4"]);
        assert_eq!(words(XAxis::Elapsed, (0.0, 2.0 * minute), 0.0), ["0 s", "30 s", "1:00", "1:30", "2:00"]);
        assert_eq!(
            words(XAxis::Elapsed, (0.0, 120.0 * minute), 0.0),
            ["0 s", "30:00", "1:00:00", "1:30:00", "2:00:00"]
        );
        assert_eq!(
            words(XAxis::Clock, (0.0, 60.0 * minute), 30.0 * minute),
            ["00:30", "00:45", "01:00", "01:15", "01:30"]
        );
        let day = 1_440.0 * minute;
        assert_eq!(words(XAxis::Clock, (0.0, 2.0 * day), 0.0)[0], "1970-01-01");
    }

    #[test]
    fn a_place_is_said_in_words() {
        assert_eq!(XAxis::Epoch.words(3.0, 0.0), "Epoch 3");
        assert_eq!(XAxis::Elapsed.words(65_000.0, 0.0), "After 1:05");
        assert_eq!(XAxis::Clock.words(0.0, 3_600_000.0), "01:00:00 UTC+01:00");
    }
}
