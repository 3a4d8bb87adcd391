//! A private architecture whose Train function does everything that it should not: each ends in the right status with the
//! right cause, the server goes on, and no process is left.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "program/images.rs"]
mod images;
#[expect(dead_code, reason = "other tests end servers as a power cut does")]
mod program;

use images::write_yolo;
use program::{PROGRAM, until};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// What the Train function of this architecture does is chosen by a setting, so that one manifest serves all.
const MANIFEST: &str = r#"
id = "unruly"
name = "Unruly"
task = "detection"
command = ["/bin/sh", "{folder}/train.sh"]

[[settings]]
key = "case"
type = "text"
default = "none"

[service]
execution_timeout_secs = 120
drain_secs = 1
max_attempts = 1
"#;

/// What `/bin/sh` does in each case; `job` prints the configured one.
const SCRIPT: &str = r#"
case=$(sed -n 's/.*"case": *"\([a-z-]*\)".*/\1/p' "$TRAINYARD_JOB")
say() { printf '%s\n' "$1"; }
well() { say '{"type":"end","outcome":"succeeded"}'; }
say '{"type":"hello","protocol":1}'
echo "case $case begins"
case $case in
exits) echo "no luck today"; exit 1 ;;
is-killed) kill -9 $$ ;;
crashes) kill -SEGV $$ ;;
long-line) head -c 1000000000 /dev/zero | tr '\0' a; echo; well ;;
bad-bytes) printf 'before \377\376 after\n'; printf '{"type":"log","level":"info","text":"\303"}\n'; well ;;
not-a-number) say '{"type":"sample","figure":"loss","legend":"train","x":1,"y":"NaN"}'; well ;;
floods) awk 'BEGIN { for (i = 1; i <= 1000000; i++)
    print "{\"type\":\"sample\",\"figure\":\"loss\",\"legend\":\"train\",\"x\":" i ",\"y\":1}" }'; well ;;
stubborn) trap '' TERM INT HUP; while :; do sleep 0.2; done ;;
silent) sleep 600 ;;
forks) sleep 601 & (setsid sh -c 'exec sleep 602' >/dev/null 2>&1 &); (trap '' HUP TERM; sleep 603) & well ;;
links) ln -s /etc/passwd output/stolen; say '{"type":"artifact","path":"output/stolen","name":"stolen","kind":"weights"}'; well ;;
climbs) say '{"type":"artifact","path":"../../../../trainyard.db","name":"db","kind":"report"}'; well ;;
half-a-message) printf '{"type":"end","outcome":"succ'; exit 0 ;;
wrong-words) say '{"type":"end","outcome":"perhaps"}'; say '{"type":"unheard-of"}'; say '[1,2'; exit 0 ;;
talks-after) well; say '{"type":"end","outcome":"failed"}'; exit 3 ;;
tables) say '{"type":"matrix","figure":"confusion","legend":"val","epoch":2,"values":[[1,"NaN"],[0,3]]}'
    say '{"type":"summary","figure":"test","legend":"best","values":{"top1":0.5}}'
    say '{"type":"matrix","figure":"ragged","legend":"val","values":[[1],[0,3]]}'; well ;;
says-why) say '{"type":"end","outcome":"failed","cause":{"kind":"data","message":"item 3 has no box","next_step":"Label it"}}' ;;
esac
"#;

struct Site {
    folder: tempfile::TempDir,
    server: Option<Child>,
}

impl Site {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let data = folder.path().join("data");
        let mut command = Command::new(PROGRAM);
        command.env("TRAINYARD_DATA", &data).stdout(Stdio::null()).stderr(log);
        let server = program::serve(&mut command, &data, "127.0.0.1:0").0;
        let site = Self { folder, server: Some(server) };
        let function = site.folder.path().join("unruly");
        std::fs::create_dir(&function).unwrap();
        std::fs::write(function.join("trainyard.toml"), MANIFEST).unwrap();
        std::fs::write(function.join("train.sh"), SCRIPT).unwrap();
        let images = site.folder.path().join("images");
        write_yolo(&images);
        site.call(&["architecture", "add", function.to_str().unwrap()]);
        site.call(&["dataset", "import", images.to_str().unwrap(), "--format", "yolo", "--name", "dots"]);
        site
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn call(&self, arguments: &[&str]) -> String {
        let output = Command::new(PROGRAM).arg("--data").arg(self.data()).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a training of this name that misbehaves in this way.
    fn train(&self, name: &str, case: &str) {
        let setting = format!("case={case}");
        let version = ["--architecture", "unruly", "--dataset", "dots", "--name", name, "--set", &setting];
        self.call(&[&["model", "create"], &version[..]].concat());
        self.call(&["train", name]);
    }

    fn training(&self, case: &str) -> Value {
        let list: Value =
            serde_json::from_str(&self.call(&["trainings", "--search", case, "--json"])).unwrap();
        let named = |training: &&Value| training["model_name"] == case;
        list.as_array().unwrap().iter().find(named).unwrap().clone()
    }

    fn log(&self, case: &str) -> String {
        self.call(&["logs", case, "--json"])
    }

    fn until_final(&self, case: &str) -> Value {
        until(&format!("{case} has ended"), || {
            let training = self.training(case);
            let status = training["status"].as_str().unwrap().to_owned();
            ["success", "failed", "aborted", "terminated"].contains(&status.as_str()).then_some(training)
        })
    }

    /// Nothing that the function started runs any more.
    fn nothing_is_left(&self, case: &str) {
        until(&format!("nothing of {case} is left"), || {
            let left = ["sleep", "awk", "train.sh", "train-function"]
                .map(|part| program::processes(&self.data(), part));
            left.iter().all(Vec::is_empty).then_some(())
        });
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        program::end(self.server.take(), &self.data());
    }
}

/// How a case ends: status, kind of its cause, a part of its message, and a part of its log.
struct Case {
    name: &'static str,
    status: &'static str,
    cause: Option<(&'static str, &'static str)>,
    log: &'static str,
}

const fn well(name: &'static str, log: &'static str) -> Case {
    Case { name, status: "success", cause: None, log }
}

const fn badly(name: &'static str, kind: &'static str, part: &'static str) -> Case {
    Case { name, status: "failed", cause: Some((kind, part)), log: "" }
}

#[test]
fn each_ends_in_the_right_status_with_the_right_cause() {
    let site = Site::open();
    for case in [
        badly("exits", "train-function", "exit code 1"),
        badly("is-killed", "train-function", "signal 9"),
        badly("crashes", "train-function", "signal 11"),
        badly("half-a-message", "train-function", "exit code 0"),
        badly("wrong-words", "train-function", "exit code 0"),
        badly("says-why", "data", "item 3 has no box"),
        // Of two ends the last one counts.
        badly("talks-after", "train-function", "failed without saying why"),
        well("long-line", "bytes"),
        well("bad-bytes", "before \u{fffd}"),
        well("not-a-number", ""),
        well("floods", "were left out because they came too fast"),
        well("forks", ""),
        well("links", "is not inside the job's folder"),
        well("climbs", "is not kept"),
        well("tables", "a table was left out: its rows are empty or of different lengths"),
    ] {
        let name = case.name;
        site.train(name, name);
        let training = site.until_final(name);
        assert_eq!(training["status"], case.status, "{name}: {training}\n{}", site.log(name));
        if let Some((kind, part)) = case.cause {
            assert_eq!(training["cause"]["kind"], kind, "{name}: {training}");
            let message = training["cause"]["message"].as_str().unwrap();
            assert!(message.contains(part), "{name}: {message}");
            assert!(!training["cause"]["next_step"].as_str().unwrap().is_empty(), "{name}: {training}");
        }
        assert!(site.log(name).contains(case.log), "{name}: {}", site.log(name));
        site.nothing_is_left(name);
    }
    let exits = site.training("exits");
    assert!(exits["cause"]["message"].as_str().unwrap().contains("no luck today"), "{exits}");
    let metrics = site.call(&["metrics", "not-a-number", "--json"]);
    assert!(metrics.contains("NaN"), "{metrics}");
    for (name, kinds) in [("links", &[][..]), ("climbs", &[]), ("tables", &["table", "table"])] {
        let list: Value = serde_json::from_str(&site.call(&["artifacts", "list", name, "--json"])).unwrap();
        let found: Vec<&str> =
            list.as_array().unwrap().iter().map(|artifact| artifact["kind"].as_str().unwrap()).collect();
        assert_eq!(found, kinds, "{name}: {list}");
    }
}

#[test]
fn what_does_not_stop_by_itself_is_made_to() {
    let site = Site::open();
    site.train("stubborn", "stubborn");
    until("it runs", || site.log("stubborn").contains("begins").then_some(()));
    site.call(&["abort", "stubborn"]);
    assert_eq!(site.until_final("stubborn")["status"], "terminated");
    site.nothing_is_left("stubborn");

    site.call(&["service", "set", "mgmt-train-unruly", "execution_timeout_secs=2"]);
    for (name, case) in [("silent", "silent"), ("stubborn-again", "stubborn")] {
        site.train(name, case);
        let training = site.until_final(name);
        assert_eq!(training["status"], "failed", "{name}: {training}");
        let message = training["cause"]["message"].as_str().unwrap();
        assert!(message.contains("2 s"), "{name}: {message}");
        site.nothing_is_left(name);
    }
}
