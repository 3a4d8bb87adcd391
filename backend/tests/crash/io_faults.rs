//! The system refuses some of the server's writes, flushes and renames: who called is told so in a typed way, the server
//! lives, nothing is done by half, and what was refused goes well when it is sent again.
//!
//! `strace` makes the system calls fail, and only those that touch the database or the files that are about to be stored:
//! no socket is hit. It counts for each thread and each call by itself: the writer of the database has one thread, so
//! there the numbers go on through a whole start; files are stored by many threads.

use crate::chance;
use crate::client::{Client, Sameness};
use crate::deeds::{Deed, new_folder};
use crate::house::{House, instant, until_async};
use crate::kill_server::compare;
use crate::stored::{age, expect_single_effects, expect_whole_uploads, until_swept};
use sha2::Digest as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tonic::{Code, Status};

/// Faults after which the next kind has its turn, and deeds at most until then.
const FAULTS_A_START: usize = 12;
const DEEDS_A_START: usize = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Database,
    Files,
}

/// One way to fail.
#[derive(Debug, Clone, Copy)]
struct Kind {
    place: Place,
    calls: &'static str,
    error: &'static str,
    /// How many calls go well between two that fail: more than one deed takes, so that it goes well when it is sent again.
    spacing: usize,
    /// What a caller may be told.
    codes: &'static [Code],
}

const KINDS: &[Kind] = &[
    Kind {
        place: Place::Database,
        calls: "pwrite64",
        error: "ENOSPC",
        spacing: 151,
        codes: &[Code::ResourceExhausted],
    },
    Kind {
        place: Place::Files,
        calls: "write",
        error: "ENOSPC",
        spacing: 3,
        codes: &[Code::ResourceExhausted],
    },
    Kind { place: Place::Database, calls: "pwrite64", error: "EIO", spacing: 139, codes: &[Code::Internal] },
    Kind { place: Place::Files, calls: "write", error: "EIO", spacing: 3, codes: &[Code::Internal] },
    // SQLite does not say why a flush failed.
    Kind {
        place: Place::Database,
        calls: "fsync,fdatasync",
        error: "EIO",
        spacing: 4,
        codes: &[Code::Internal],
    },
    Kind {
        place: Place::Files,
        calls: "fsync,fdatasync",
        error: "EIO",
        spacing: 5,
        codes: &[Code::Internal],
    },
    Kind {
        place: Place::Files,
        calls: "link,linkat,rename,renameat,renameat2",
        error: "ENOSPC",
        spacing: 3,
        codes: &[Code::ResourceExhausted],
    },
    Kind {
        place: Place::Files,
        calls: "link,linkat,rename,renameat,renameat2",
        error: "EIO",
        spacing: 3,
        codes: &[Code::Internal],
    },
    Kind {
        place: Place::Files,
        calls: "openat,mkdir",
        error: "ENOSPC",
        spacing: 4,
        codes: &[Code::ResourceExhausted],
    },
];

impl Kind {
    fn expect_typed(&self, status: &Status) {
        assert!(self.codes.contains(&status.code()), "{self:?} was told as {status:?}");
        assert!(status.message().len() > 20, "{self:?} was told as {status:?}");
    }
}

/// The program with some of its calls failing: the first at this number, then as the kind says.
fn failing(program: &Command, kind: &Kind, first: usize, paths: &[PathBuf], log: &Path) -> Command {
    let mut command = Command::new("strace");
    // As a grandchild, so that the server is the process that was started.
    command.args(["-D", "-f", "--seccomp-bpf", "-qqq", "-e", "signal=none", "-e"]);
    command.arg(format!("trace={}", kind.calls)).arg("-e");
    command.arg(format!("inject={}:error={}:when={first}+{}", kind.calls, kind.error, kind.spacing));
    command.arg("-o").arg(log);
    for path in paths {
        command.arg("-P").arg(path);
    }
    command.arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Why faults cannot be made here.
fn obstacle() -> Option<String> {
    let mut probe = Command::new("strace");
    probe.args(["-D", "-f", "--seccomp-bpf", "-qqq", "-o", "/dev/null", "-e", "trace=fsync"]);
    probe.args(["-e", "inject=fsync:error=EIO", "-P", "/", "true"]);
    match probe.stdin(Stdio::null()).output() {
        Err(error) => Some(format!("strace cannot be run: {error}")),
        Ok(output) if !output.status.success() => {
            Some(format!("strace: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
        Ok(_) => None,
    }
}

/// The database's files.
fn database(house: &House) -> Vec<PathBuf> {
    let name = |end: &str| house.data().join(format!("trainyard.db{end}"));
    vec![name(""), name("-wal"), name("-shm")]
}

/// Where the pictures of a data set are going to be stored, and where they lie before they have their names.
fn stored_places(house: &House, folder: &Path) -> Vec<PathBuf> {
    let mut places = Vec::new();
    for subset in ["train", "val"] {
        for entry in std::fs::read_dir(folder.join("images").join(subset)).unwrap() {
            let content = std::fs::read(entry.unwrap().path()).unwrap();
            let hash: String =
                sha2::Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
            let folder = house.data().join("blobs").join(&hash[..2]);
            places.extend([folder.join(&hash), folder.join(format!("{hash}#1")), folder]);
        }
    }
    places
}

fn faults_in(log: &Path) -> usize {
    std::fs::read_to_string(log).unwrap_or_default().matches("(INJECTED)").count()
}

/// What a start went through.
#[derive(Default)]
struct Tally {
    faults: usize,
    told: usize,
    refused_starts: usize,
}

/// One start with one kind of fault.
async fn suffer(house: &mut House, client: &mut Client, kind: &Kind, first: usize, tally: &mut Tally) {
    let log = house.folder().join(format!("faults-{}", client.next()));
    let sets: Vec<(String, PathBuf)> = (0..DEEDS_A_START)
        .map(|_| client.next())
        .map(|number| (format!("set-{number}"), new_folder(house, number)))
        .collect();
    let paths = match kind.place {
        Place::Database => database(house),
        Place::Files => sets.iter().flat_map(|(_, folder)| stored_places(house, folder)).collect(),
    };
    if house.start_as(|program| failing(&program, kind, first, &paths, &log)) {
        let clients = house.clients().await;
        let mut told = 0;
        let mut judge = |status: &Status| {
            kind.expect_typed(status);
            told += 1;
        };
        for (name, folder) in sets {
            if faults_in(&log) >= FAULTS_A_START {
                break;
            }
            match kind.place {
                Place::Files => {
                    client.insist(&clients, Deed::Import(name, folder), &mut judge).await;
                }
                Place::Database => {
                    let name = format!("m-{name}");
                    let model = client.insist(&clients, Deed::Model(name), &mut judge).await;
                    client.insist(&clients, Deed::Start(model, instant()), &mut judge).await;
                }
            }
            assert!(!house.has_ended(), "{kind:?} ended the server\n{}", house.log());
            compare(&clients, &client.journal).await;
        }
        tally.told += told;
        house.kill();
    } else {
        // It may refuse to start, but in words.
        let status = house.wait(Duration::from_secs(1));
        assert!(status.code().is_some(), "{kind:?}: {status}\n{}", house.log());
        tally.refused_starts += 1;
    }
    tally.faults += faults_in(&log);
    house.verify();
    age(house);
    house.start().await;
    until_swept(house).await;
    expect_whole_uploads(house);
    let clients = house.clients().await;
    client.send_again(&clients, Sameness::Effect).await;
    compare(&clients, &client.journal).await;
    expect_single_effects(house).await;
    house.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_the_system_that_fail_are_told_and_leave_nothing_half_done() {
    if let Some(why) = obstacle() {
        // Not `eprintln!`: the test harness would swallow what a passing test prints.
        let _ = writeln!(std::io::stderr(), "skipped: no calls of the system can be made to fail: {why}");
        return;
    }
    let wanted = chance::rounds(100);
    let mut house = House::open().await;
    house.kill();
    let mut client = Client::default();
    let mut tally = Tally::default();
    let mut starts = 0;
    while tally.faults < wanted {
        let kind = KINDS[starts % KINDS.len()];
        // A start writes a dozen times to the database itself: some of the first faults come within, others after it.
        let first = match kind.place {
            Place::Database => 1 + (starts * 7 + 15) % 31,
            Place::Files => 1 + starts % 4,
        };
        starts += 1;
        let (before, began) = (tally.faults, Instant::now());
        suffer(&mut house, &mut client, &kind, first, &mut tally).await;
        println!(
            "{kind:?} from number {first}: {} faults, {} ms",
            tally.faults - before,
            began.elapsed().as_millis()
        );
        assert!(starts <= wanted, "hardly any call fails");
    }
    house.start().await;
    let clients = house.clients().await;
    until_async("every training ends", async || {
        compare(&clients, &client.journal).await;
        client.journal.lock().unwrap().trainings.values().all(Option::is_some).then_some(())
    })
    .await;
    house.verify();
    println!(
        "{} faults in {starts} starts ({} refused), {} told to callers: nothing lost, nothing half done",
        tally.faults, tally.refused_starts, tally.told
    );
}
