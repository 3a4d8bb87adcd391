//! The counters of the kernel read back, and a real limit where the system lets one be made.

use super::*;
use std::process::{Command, Stdio};

#[test]
fn counters_are_read_from_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    assert_eq!((v1::evidence(folder.path()), v2::evidence(folder.path())), Default::default());
    write("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n");
    write("memory.max_usage_in_bytes", "4096\n");
    write("memory.events", "low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\noom_group_kill 0\n");
    write("memory.peak", "8192\n");
    assert_eq!(v1::evidence(folder.path()), Evidence { kills: 3, peak_bytes: Some(4096) });
    assert_eq!(v2::evidence(folder.path()), Evidence { kills: 1, peak_bytes: Some(8192) });
}

#[test]
fn a_kill_is_told_with_limit_and_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let watched = MemoryControl::Watched.limit("x", folder.path(), 512 << 20).unwrap();
    let because = watched.because(1);
    assert!(
        because.starts_with("it passed the memory limit of 512 MiB (OOMKilled; the limit was watched"),
        "{because}"
    );
    let place =
        Place::Ended { evidence: Evidence { kills: 2, peak_bytes: Some(512 << 20) }, was_watched: false };
    let because = MemoryLimit { limit_bytes: 512 << 20, place }.because(1);
    assert_eq!(
        because,
        "it passed the memory limit of 512 MiB (OOMKilled; the kernel counted 1 kill, at most 512 MiB were in use at once)"
    );
}

/// With the real kernel, where it lets groups be written.
#[test]
fn the_kernel_ends_what_passes_its_limit_and_counts_it() {
    let control = MemoryControl::discover();
    if control == MemoryControl::Watched {
        println!("skipped: this system gives no control group to write");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = format!("trainyard-test-{}", std::process::id());
    let limit = control.limit(&name, folder.path(), 32 << 20).unwrap();
    // It waits for its group before it grows; its parent stays small.
    let script = r#"read go; /bin/sh -c 'x=$(head -c 90000000 /dev/zero | tr "\0" a); echo grown'; echo ended with $?; sleep 600 & disown; exit 0"#;
    let mut shell = Command::new("/bin/sh")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    limit.admit(shell.id()).unwrap();
    std::io::Write::write_all(&mut shell.stdin.take().unwrap(), b"go\n").unwrap();
    let mut said = String::new();
    let mut output = std::io::BufReader::new(shell.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut said).unwrap();
    shell.wait().unwrap();
    let evidence = limit.evidence();
    // What it left behind ends with the group.
    let ended = limit.ended();
    assert!(said.contains("137") || said.contains("ended with"), "{said}");
    assert!(!said.contains("grown"), "{control:?}: {said}");
    assert!(evidence.kills >= 1, "{control:?}: {evidence:?}");
    assert!(evidence.peak_bytes.is_some_and(|peak| peak >= 16 << 20), "{evidence:?}");
    assert!(ended.because(1).contains("the kernel counted 1 kill"));
    let (MemoryControl::V1(base) | MemoryControl::V2(base)) = control else { return };
    assert!(!base.join(name).exists(), "the group is left");
}
