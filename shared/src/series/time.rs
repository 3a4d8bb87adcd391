//! Where the labels of a time axis stand.
//!
//! Must not know clocks, calendars or how a time is written: times and their offset are given.

const SECOND: f64 = 1e3;
const MINUTE: f64 = 60.0 * SECOND;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// Steps that a person counts in, in milliseconds; beyond a day they go on as 1, 2, 5, 10, 20, 50 days.
const STEPS_MS: [f64; 27] = [
    1.0,
    2.0,
    5.0,
    10.0,
    20.0,
    50.0,
    100.0,
    200.0,
    500.0,
    SECOND,
    2.0 * SECOND,
    5.0 * SECOND,
    10.0 * SECOND,
    15.0 * SECOND,
    30.0 * SECOND,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    10.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
    12.0 * HOUR,
    DAY,
];

/// Times beyond which neighbouring milliseconds cannot be told apart: 2^53.
const LARGEST_MS: f64 = 9_007_199_254_740_992.0;

/// Where the labels of a time axis stand.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeTicks {
    /// Rising, within the range, in milliseconds.
    pub values: Vec<f64>,
    /// Distance of neighbours in milliseconds; says which units a label needs. 0 without values.
    pub step_ms: f64,
}

/// Round times within `[low_ms, high_ms]`, about `wanted` of them: whole multiples of 1, 2, 5, 10, 20,
/// 50, 100, 200, 500 ms, 1, 2, 5, 10, 15, 30 s, the same of minutes, 1, 2, 3, 6, 12 h, 1 day, or 1, 2, 5
/// times a power of ten days. The step is the least that makes no more than `wanted` steps.
///
/// For time since a start `offset_ms` is 0. For wall time, in UTC milliseconds since 1970, it is what a
/// clock on the wall is ahead of UTC, so that days begin at its midnight; one offset holds for the
/// whole axis. Empty when the range is not finite, is not rising, lies beyond 2^53 ms, the offset is
/// not finite or none are wanted; at most `wanted + 1` values.
///
/// ```
/// use shared::series::time_ticks;
///
/// let minutes = time_ticks(0.0, 150_000.0, 5, 0.0);
/// assert_eq!(minutes.values, [0.0, 30_000.0, 60_000.0, 90_000.0, 120_000.0, 150_000.0]);
/// assert_eq!(minutes.step_ms, 30_000.0);
/// // Two hours ahead of UTC, midnight comes two hours earlier.
/// let hour = 3_600_000.0;
/// let days = time_ticks(0.0, 48.0 * hour, 2, 2.0 * hour);
/// assert_eq!(days.values, [22.0 * hour, 46.0 * hour]);
/// ```
#[must_use]
pub fn time_ticks(low_ms: f64, high_ms: f64, wanted: usize, offset_ms: f64) -> TimeTicks {
    let span = high_ms - low_ms;
    let holds = |time: f64| time.abs() <= LARGEST_MS;
    let usable = holds(low_ms + offset_ms) && holds(high_ms + offset_ms) && span > 0.0 && wanted > 0;
    if !usable || !offset_ms.is_finite() {
        return TimeTicks { values: Vec::new(), step_ms: 0.0 };
    }
    let step_ms = step_of_at_least(span / wanted as f64);
    let first = libm::ceil((low_ms + offset_ms) / step_ms);
    let values: Vec<f64> = (0..=wanted)
        .map(|offset| (first + offset as f64) * step_ms - offset_ms + 0.0)
        .filter(|value| (low_ms..=high_ms).contains(value))
        .collect();
    let step_ms = if values.is_empty() { 0.0 } else { step_ms };
    TimeTicks { values, step_ms }
}

fn step_of_at_least(rough_ms: f64) -> f64 {
    STEPS_MS.into_iter().find(|&step| step >= rough_ms).unwrap_or_else(|| {
        let mut days = 1.0;
        loop {
            if let Some(digit) = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * days * DAY >= rough_ms) {
                return digit * days * DAY;
            }
            days *= 10.0;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn steps_are_those_of_a_clock() {
        for (span, wanted, step) in [
            (4.0, 5, 1.0),
            (90.0, 5, 20.0),
            (4_000.0, 5, 1_000.0),
            (70.0 * SECOND, 5, 15.0 * SECOND),
            (130.0 * SECOND, 5, 30.0 * SECOND),
            (20.0 * MINUTE, 5, 5.0 * MINUTE),
            (3.0 * HOUR, 4, HOUR),
            (14.0 * HOUR, 5, 3.0 * HOUR),
            (20.0 * HOUR, 4, 6.0 * HOUR),
            (4.0 * DAY, 4, DAY),
            (30.0 * DAY, 4, 10.0 * DAY),
            (400.0 * DAY, 4, 100.0 * DAY),
        ] {
            assert_eq!(time_ticks(0.0, span, wanted, 0.0).step_ms, step, "{span} ms in {wanted}");
        }
    }

    #[test]
    fn ranges_without_ticks() {
        for (low, high, wanted, offset) in [
            (0.0, 0.0, 5, 0.0),
            (9.0, 1.0, 5, 0.0),
            (f64::NAN, 9.0, 5, 0.0),
            (0.0, f64::INFINITY, 5, 0.0),
            (0.0, 1e300, 5, 0.0),
            (0.0, 9.0, 0, 0.0),
            (0.0, 9.0, 5, f64::NAN),
            (0.2, 0.8, 5, 0.0),
        ] {
            let ticks = time_ticks(low, high, wanted, offset);
            assert_eq!(ticks, TimeTicks { values: vec![], step_ms: 0.0 }, "{low} to {high}");
        }
    }

    proptest! {
        #[test]
        fn ticks_are_round_on_the_wall_and_rise_within(
            low in -1e12..2e12f64, log_span in 1.0..11.0f64, wanted in 1usize..12, quarters in -48i32..56,
        ) {
            let (high, offset) = (low + 10f64.powf(log_span), f64::from(quarters) * 15.0 * MINUTE);
            let TimeTicks { values, step_ms } = time_ticks(low, high, wanted, offset);
            prop_assert!(values.len() <= wanted + 1);
            prop_assert!(values.windows(2).all(|pair| pair[1] - pair[0] == step_ms));
            for &value in &values {
                prop_assert!(value >= low && value <= high);
                prop_assert_eq!((value + offset) % step_ms, 0.0);
            }
            // A step is at most two and a half times the rough one, so some ticks always fit.
            prop_assert!(values.len() + 1 >= (wanted as f64 / 2.5) as usize, "{values:?}");
        }
    }
}
