//! What the end of an attempt comes to.
//!
//! Must not know who noticed the end.

use super::Event;
use crate::service::OnReset;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The Train function ended well.
    Succeeded,
    /// The Train function, its configuration or its resources failed.
    Failed,
    /// It was killed from outside, or its execution timeout passed.
    Reset,
    /// Its runner or machine was lost.
    Lost,
    /// Its instance had to end although nothing was wrong: other settings, a restart, a server that stops.
    Drained,
    /// It gave way to a more urgent one, or a person had it go round again.
    GaveWay,
}

impl Ending {
    /// All endings.
    pub const ALL: [Self; 6] =
        [Self::Succeeded, Self::Failed, Self::Reset, Self::Lost, Self::Drained, Self::GaveWay];

    /// The event that an execution takes, given whether a person asked to end it, what its service says of resets, and
    /// whether there are attempts left.
    ///
    /// ```
    /// use shared::service::OnReset;
    /// use shared::status::{Ending, Event};
    /// assert_eq!(Ending::Lost.event(false, OnReset::Rerun, true), Event::AttemptReset);
    /// assert_eq!(Ending::Lost.event(false, OnReset::Rerun, false), Event::AttemptLost);
    /// assert_eq!(Ending::Lost.event(true, OnReset::Rerun, true), Event::Terminated);
    /// ```
    #[must_use]
    pub const fn event(self, abort_requested: bool, on_reset: OnReset, attempts_left: bool) -> Event {
        match (self, abort_requested, on_reset, attempts_left) {
            // What was done before the stop order reached it stays done.
            (Self::Succeeded, ..) => Event::AttemptSucceeded,
            (_, true, ..) => Event::Terminated,
            (Self::Failed, ..) => Event::AttemptFailed,
            (Self::GaveWay, ..) | (Self::Drained, false, OnReset::Rerun, _) => Event::AttemptReset,
            (Self::Reset | Self::Lost | Self::Drained, false, OnReset::Fail, _) => Event::AttemptFailed,
            (Self::Reset | Self::Lost, false, OnReset::Rerun, true) => Event::AttemptReset,
            (Self::Reset, false, OnReset::Rerun, false) => Event::AttemptFailed,
            (Self::Lost, false, OnReset::Rerun, false) => Event::AttemptLost,
        }
    }

    /// Whether the execution gets one more attempt for it: nothing was wrong with this one.
    #[must_use]
    pub const fn costs_no_attempt(self) -> bool {
        matches!(self, Self::Drained | Self::GaveWay)
    }
}
