//! Whether work may go on while renewals fail. The server hands an attempt out again once its lease has
//! ended, so work stops before; a server that does not run hands out nothing, and work goes on.
//!
//! Must not know how renewals travel.

use super::child::Pressure;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

/// What is known of the server while it does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerState {
    /// A process holds the lock of its data folder.
    Alive,
    /// Nobody does.
    Gone,
    /// It cannot be told from here.
    Unknown,
}

/// What to do about the work at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The lease is good, or nobody can give the work away.
    GoOn,
    /// It has to be over before the lease is.
    StopNow,
}

/// Decides. `silence` is the time since the sending of the last renewal that was confirmed, or since the
/// server was last seen gone: one that starts counts a lease from then on.
#[must_use]
pub fn decide(silence: Duration, lease: Duration, server: ServerState) -> Decision {
    match server {
        ServerState::Gone => Decision::GoOn,
        ServerState::Alive | ServerState::Unknown if silence + time_to_stop(lease) >= lease => {
            Decision::StopNow
        }
        ServerState::Alive | ServerState::Unknown => Decision::GoOn,
    }
}

/// What is kept of a lease to stop in.
fn time_to_stop(lease: Duration) -> Duration {
    (lease / 3).min(Duration::from_secs(3))
}

/// How work is stopped within that time: a third of it by itself, a third by a polite signal.
#[must_use]
pub fn pressure(lease: Duration) -> Pressure {
    let part = time_to_stop(lease) / 3;
    Pressure { grace: part, patience: part }
}

/// What the lock beside the file of the server's address tells.
#[must_use]
pub fn server_state(server_file: Option<&Path>) -> ServerState {
    let lock = server_file.map(|path| File::open(path.with_file_name("lock")));
    let Some(Ok(lock)) = lock else { return ServerState::Unknown };
    match lock.try_lock_shared() {
        Ok(()) => ServerState::Gone,
        Err(TryLockError::WouldBlock) => ServerState::Alive,
        Err(TryLockError::Error(_)) => ServerState::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DataFolder;

    #[test]
    fn work_stops_before_its_lease_ends_unless_nobody_can_give_it_away() {
        use Decision::{GoOn, StopNow};
        use ServerState::{Alive, Gone, Unknown};
        for (silence_ms, lease_secs, server, expected) in [
            (0, 15, Alive, GoOn),
            (11_900, 15, Alive, GoOn),
            (12_000, 15, Alive, StopNow),
            (11_900, 15, Unknown, GoOn),
            (12_000, 15, Unknown, StopNow),
            (12_000, 15, Gone, GoOn),
            (86_400_000, 15, Gone, GoOn),
            // A runner that was paused for longer than its lease.
            (60_000, 15, Alive, StopNow),
            (1_900, 3, Alive, GoOn),
            (2_000, 3, Alive, StopNow),
        ] {
            let decision = decide(Duration::from_millis(silence_ms), Duration::from_secs(lease_secs), server);
            assert_eq!(decision, expected, "{silence_ms} ms of {lease_secs} s, {server:?}");
        }
        for lease in [1, 3, 15, 600].map(Duration::from_secs) {
            let Pressure { grace, patience } = pressure(lease);
            assert!(grace + patience < time_to_stop(lease), "{lease:?}");
        }
    }

    #[test]
    fn the_lock_tells_whether_a_server_runs() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(folder.path());
        let server_file = data.server_file();
        assert_eq!(server_state(None), ServerState::Unknown);
        assert_eq!(server_state(Some(&server_file)), ServerState::Unknown, "there is no lock");
        let lock = File::create(data.lock_file()).unwrap();
        assert_eq!(server_state(Some(&server_file)), ServerState::Gone);
        lock.lock().unwrap();
        assert_eq!(server_state(Some(&server_file)), ServerState::Alive);
        drop(lock);
        assert_eq!(server_state(Some(&server_file)), ServerState::Gone);
    }
}
