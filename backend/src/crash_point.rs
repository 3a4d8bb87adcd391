//! Named places at which a test lets the server die, as abruptly as by `kill -9`: between two steps whose order matters.
//!
//! Nothing of it is in a release. Must not know what happens at the places.

/// Defines the points together with the list of all of them, so that a test that goes over the list misses none.
macro_rules! points {
    ($($(#[doc = $text:literal])+ $point:ident = $name:literal,)+) => {
        /// A place at which the program may be made to die.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum CrashPoint {
            $($(#[doc = $text])+ $point,)+
        }

        impl CrashPoint {
            /// Every point there is.
            pub const ALL: &[Self] = &[$(Self::$point,)+];

            /// What the environment calls it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)+
                }
            }
        }
    };
}

points! {
    /// The requests of a batch have run, and nothing of them is durable.
    StoreBeforeCommit = "store.before-commit",
    /// A batch is durable, and nobody was told.
    StoreAfterCommit = "store.after-commit",
    /// The effects of a call with a key are durable, and its answer is not journaled.
    CallAfterEffect = "call.after-effect",
    /// The answer of a call with a key is journaled, and was not sent.
    CallBeforeReply = "call.before-reply",
    /// A file has come in and is flushed, and has no name.
    FileBeforeName = "file.before-name",
    /// A file has its name, and no row speaks of it.
    FileAfterName = "file.after-name",
    /// An upload has a folder, and no list.
    UploadBeforeList = "upload.before-list",
    /// A piece of an upload is written, and not flushed.
    UploadAfterPiece = "upload.after-piece",
    /// All files of an import are stored, and no row speaks of them.
    ImportBeforeRows = "import.before-rows",
    /// The rows of an import are there, and what it was unpacked into, too.
    ImportAfterRows = "import.after-rows",
    /// The rows of an import are there, and its answer is not journaled.
    ImportBeforeAnswer = "import.before-answer",
    /// The answer of an import is journaled, and was not sent.
    ImportBeforeReply = "import.before-reply",
    /// An upload that was imported has lost its list, and not its files.
    UploadHalfForgotten = "upload.half-forgotten",
    /// A report is stored, and its runner does not know.
    ReportBeforeReply = "report.before-reply",
    /// A report is stored, and the file that its artifact replaces is still there.
    ReportBeforeForgotten = "report.before-forgotten",
    /// An instance has its row, and no process.
    InstanceBeforeStart = "instance.before-start",
    /// An instance has its process, and its handle is not stored.
    InstanceAfterStart = "instance.after-start",
    /// The end of an instance is stored, and what follows from it is not.
    InstanceAfterEnd = "instance.after-end",
    /// A runner has registered, and was not told its session.
    RunnerBeforeSession = "runner.before-session",
    /// A runner has renewed the lease of an attempt that it works on.
    LeaseRenewed = "lease.renewed",
    /// An attempt was leased, and its runner does not know.
    LeaseBeforeReply = "lease.before-reply",
    /// The server answers calls, and has not written down where.
    ServerBeforeAnnounced = "server.before-announced",
}

/// The point to die at, and, after a colon, at which of its passings if not at the first.
pub const VARIABLE: &str = "TRAINYARD_CRASH_AT";

/// Dies here, if the environment says so.
#[cfg(debug_assertions)]
pub(crate) fn pass(point: CrashPoint) {
    use rustix::process::{Signal, getpid, kill_process};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static TARGET: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSINGS: AtomicU64 = AtomicU64::new(0);
    let target = TARGET.get_or_init(|| std::env::var(VARIABLE).ok().map(|text| target_of(&text)));
    let Some((name, number)) = target else { return };
    if name == point.name() && PASSINGS.fetch_add(1, Ordering::Relaxed) + 1 == *number {
        eprintln!("{VARIABLE}: dying at {name}");
        let _ = kill_process(getpid(), Signal::KILL);
    }
}

/// Nothing, in a release.
#[cfg(not(debug_assertions))]
pub(crate) const fn pass(_point: CrashPoint) {}

#[cfg(debug_assertions)]
fn target_of(text: &str) -> (String, u64) {
    match text.split_once(':') {
        Some((name, number)) => (name.to_owned(), number.parse().unwrap_or(1)),
        None => (text.to_owned(), 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_point_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = CrashPoint::ALL.iter().map(|point| point.name()).collect();
        assert_eq!(names.len(), CrashPoint::ALL.len());
    }

    #[cfg(debug_assertions)]
    #[test]
    fn a_target_may_say_at_which_passing() {
        assert_eq!(target_of("store.after-commit"), ("store.after-commit".to_owned(), 1));
        assert_eq!(target_of("store.after-commit:7"), ("store.after-commit".to_owned(), 7));
    }
}
