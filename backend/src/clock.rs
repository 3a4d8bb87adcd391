//! Time as a value, so that tests own it.
//!
//! Must not know who asks. Stored times come from [`Clock::now_ms`]; whether a lease is over is
//! decided by [`Clock::monotonic`] alone, because a wall clock may jump.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A source of time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Wall clock: UTC milliseconds since 1970.
    fn now_ms(&self) -> i64;
    /// Time since some fixed moment; never goes back.
    fn monotonic(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug)]
pub struct ManualClock {
    hands: Mutex<(i64, Duration)>,
}

impl ManualClock {
    /// A clock that shows this wall time, and 0 as monotonic time.
    #[must_use]
    pub const fn new(now_ms: i64) -> Self {
        Self { hands: Mutex::new((now_ms, Duration::ZERO)) }
    }

    /// Moves both hands forward.
    pub fn advance(&self, by: Duration) {
        let mut hands = self.hands.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        hands.0 = hands.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
        hands.1 = hands.1.saturating_add(by);
    }

    /// Lets the wall clock jump, as a correction by the network or a person does; monotonic time stays.
    pub fn set_wall_ms(&self, now_ms: i64) {
        self.hands.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0 = now_ms;
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.hands.lock().unwrap_or_else(std::sync::PoisonError::into_inner).0
    }

    fn monotonic(&self) -> Duration {
        self.hands.lock().unwrap_or_else(std::sync::PoisonError::into_inner).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_that_jumps_back_leaves_monotonic_time_alone() {
        let clock = ManualClock::new(1_000_000);
        clock.advance(Duration::from_millis(1_500));
        clock.set_wall_ms(10);
        assert_eq!((clock.now_ms(), clock.monotonic()), (10, Duration::from_millis(1_500)));
    }
}
