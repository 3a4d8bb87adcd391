//! How long to wait before something that failed is tried again.
//!
//! Must not know clocks or randomness: what is random is given.

/// The wait before the first repetition.
const FIRST_MS: i64 = 1_000;
/// The longest wait.
pub const LONGEST_MS: i64 = 300_000;

/// The wait after so many failures in a row: 1 s, doubling, at most 5 minutes, as a kubelet restarts containers
/// (Kubernetes: pod lifecycle, "restarts with exponential back-off delay", with a shorter start).
///
/// ```
/// use shared::retry::back_off_ms;
/// assert_eq!([1, 2, 3, 10].map(back_off_ms), [1_000, 2_000, 4_000, 300_000]);
/// ```
#[must_use]
pub fn back_off_ms(failures: u32) -> i64 {
    let doublings = failures.saturating_sub(1).min(20);
    (FIRST_MS << doublings).min(LONGEST_MS)
}

/// Whether a wait until `at_ms` is over. No wait is longer than five minutes: one that seems to be was begun by a clock that
/// was put back since, and is over, too.
///
/// ```
/// use shared::retry::is_due;
/// assert_eq!([999, 1_001, 400_000].map(|at| is_due(at, 1_000)), [true, false, true]);
/// ```
#[must_use]
pub const fn is_due(at_ms: i64, now_ms: i64) -> bool {
    at_ms <= now_ms || at_ms.saturating_sub(now_ms) > LONGEST_MS
}

/// The wait before the attempt after `attempt`. `share` (0 to 1) of the full wait keeps many that failed together from
/// coming back together.
///
/// ```
/// assert_eq!(shared::retry::retry_after_ms(2, 0.5), 1_000);
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "at most five minutes")]
pub fn retry_after_ms(attempt: u32, share: f64) -> i64 {
    (back_off_ms(attempt) as f64 * share.clamp(0.0, 1.0)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes() {
        let waits = [0, 1, 2, 3, 9, 10, 200].map(back_off_ms);
        assert_eq!(waits, [1_000, 1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
        assert_eq!(
            [(1, 0.0), (1, 2.0), (1, f64::NAN)].map(|(n, share)| retry_after_ms(n, share)),
            [0, 1_000, 0]
        );
    }
}
