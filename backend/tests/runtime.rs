//! Trainings through the real program: server, runner and Train function as processes of their own,
//! killed, stopped and started again. The Train functions here are small shell scripts, which can
//! misbehave on purpose.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "program/images.rs"]
mod images;
mod program;

use images::write_yolo;
use program::{PROGRAM, signal, until};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Says `count` samples, a tenth of a second apart, and ends well.
const COUNTS_TO_FORTY: &str = r#"
echo '{"type":"hello","protocol":1}'
i=0
while [ $i -lt 40 ]; do
  i=$((i+1))
  echo '{"type":"sample","figure":"box_loss","legend":"train","x":'$i',"y":1.5}'
  echo '{"type":"log","level":"info","text":"line '$i'"}'
  sleep 0.1
done
echo '{"type":"end","outcome":"succeeded"}'
"#;

/// A data folder with a server, one dataset and one model version.
struct Site {
    folder: tempfile::TempDir,
    function: Option<String>,
    server: Option<Child>,
}

impl Site {
    fn new(script: &str) -> Self {
        Self::with_function(&serde_json::json!(["/bin/sh", "-c", script]))
    }

    fn with_function(function: &Value) -> Self {
        Self::with(Some(function.to_string()))
    }

    fn with(function: Option<String>) -> Self {
        let mut site = Self { folder: tempfile::tempdir().unwrap(), function, server: None };
        let images = site.folder.path().join("images");
        write_yolo(&images);
        site.start();
        let path = images.to_string_lossy().into_owned();
        site.call(&["dataset", "import", &path, "--format", "yolo", "--name", "dots"]);
        site.call(&["model", "create", "--architecture", "yolov8n", "--dataset", "dots", "--name", "m"]);
        site
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn start(&mut self) {
        let log =
            std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut command = Command::new(PROGRAM);
        command.envs(self.function.iter().map(|function| ("TRAINYARD_TRAIN_FUNCTION", function)));
        command.env("TRAINYARD_DATA", self.data()).stdout(Stdio::null()).stderr(log);
        self.server = Some(program::serve(&mut command, &self.data(), "127.0.0.1:0").0);
    }

    fn kill_server(&mut self) {
        program::kill(self.server.take().unwrap());
    }

    fn call(&self, arguments: &[&str]) -> String {
        let output = Command::new(PROGRAM).arg("--data").arg(self.data()).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn training(&self) -> Value {
        let list: Value = serde_json::from_str(&self.call(&["trainings", "--json"])).unwrap();
        list[0].clone()
    }

    fn samples(&self) -> Vec<f64> {
        let list: Value = serde_json::from_str(&self.call(&["metrics", "m", "--json"])).unwrap();
        list.as_array().unwrap().iter().map(|sample| sample["x"].as_f64().unwrap()).collect()
    }

    fn until_status(&self, status: &str) -> Value {
        until(&format!("the training is {status}"), || {
            let training = self.training();
            let is_final =
                ["success", "failed", "aborted", "terminated"].iter().any(|end| training["status"] == **end);
            assert!(!is_final || training["status"] == status, "{training}\n{}", self.log());
            (training["status"] == status).then_some(training)
        })
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn processes(&self, part: &str) -> Vec<i32> {
        program::processes(&self.data(), part)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        program::end(self.server.take(), &self.data());
    }
}

#[test]
fn a_training_outlives_its_server_and_reports_everything_once() {
    let mut site = Site::new(COUNTS_TO_FORTY);
    site.call(&["train", "m"]);
    until("some samples are stored", || (site.samples().len() >= 3).then_some(()));
    let runner = site.processes("runner");
    site.kill_server();
    // The function needs four seconds, so most of what it says, it says to nobody.
    until("the function has ended without a server", || site.processes("sleep 0.1").is_empty().then_some(()));
    site.start();
    let training = site.until_status("success");
    assert_eq!(training["attempt"], 1);
    let expected: Vec<f64> = (1..=40).map(f64::from).collect();
    assert_eq!(site.samples(), expected);
    assert_eq!(site.call(&["logs", "m", "--json"]).matches("\"line ").count(), 40);
    assert_eq!(site.processes("runner"), runner, "the same runner goes on");
}

#[test]
fn a_restart_in_mid_training_changes_nothing() {
    let mut site = Site::new(COUNTS_TO_FORTY);
    site.call(&["train", "m"]);
    for _ in 0..3 {
        let before = site.samples().len();
        until("more samples are stored", || (site.samples().len() > before).then_some(()));
        site.kill_server();
        site.start();
    }
    let training = site.until_status("success");
    assert_eq!(training["attempt"], 1);
    assert_eq!(site.samples(), (1..=40).map(f64::from).collect::<Vec<_>>());
}

#[test]
fn an_abort_ends_the_most_stubborn_function_within_ten_seconds() {
    let site = Site::new("trap '' TERM INT HUP; echo stubborn; while true; do sleep 0.2; done");
    site.call(&["train", "m"]);
    until("it runs", || site.call(&["logs", "m", "--json"]).contains("stubborn").then_some(()));
    let asked = Instant::now();
    site.call(&["abort", "m"]);
    site.until_status("terminated");
    assert!(asked.elapsed() < Duration::from_secs(10), "it took {:?}", asked.elapsed());
    until("its processes are gone", || site.processes("stubborn").is_empty().then_some(()));
    assert!(!site.processes("runner").is_empty(), "the instance stays for the next training");
}

#[test]
fn a_function_that_listens_stops_at_once() {
    let site =
        Site::new(r#"echo ready; read order; echo "got $order"; echo '{"type":"end","outcome":"stopped"}'"#);
    site.call(&["train", "m"]);
    until("it runs", || site.call(&["logs", "m", "--json"]).contains("ready").then_some(()));
    let asked = Instant::now();
    site.call(&["abort", "m"]);
    let training = site.until_status("terminated");
    assert!(asked.elapsed() < Duration::from_secs(3), "it took {:?}", asked.elapsed());
    assert_eq!(training["cause"]["kind"], "person");
}

#[test]
fn a_killed_runner_takes_its_function_along_and_the_attempt_goes_round_again() {
    let script = r#"
if grep -q '"attempt": 1' "$TRAINYARD_JOB"; then
  echo first attempt; sleep 600
fi
echo '{"type":"end","outcome":"succeeded"}'
"#;
    let site = Site::new(script);
    site.call(&["train", "m"]);
    until("it runs", || site.call(&["logs", "m", "--json"]).contains("first attempt").then_some(()));
    let runner = site.processes("runner");
    assert_eq!(runner.len(), 1);
    signal(runner[0], rustix::process::Signal::KILL);
    let training = site.until_status("success");
    assert_eq!(training["attempt"], 2);
    until("nothing of the first attempt is left", || site.processes("sleep 600").is_empty().then_some(()));
    assert_ne!(site.processes("runner"), runner);
}

/// Kills server and runner at once, so that nobody is left to clean up, and looks that nothing goes on.
fn nothing_outlives_its_runner(site: &mut Site, part: &str) {
    until("it runs", || (!site.processes(part).is_empty()).then_some(()));
    let runners = site.processes("runner");
    site.kill_server();
    for runner in runners {
        signal(runner, rustix::process::Signal::KILL);
    }
    let killed = Instant::now();
    until("everything of the instance is gone", || site.processes("").is_empty().then_some(()));
    assert!(killed.elapsed() < Duration::from_secs(2), "it took {:?}", killed.elapsed());
}

#[test]
fn a_program_and_what_it_started_end_with_a_killed_runner() {
    let mut site = Site::new("trap '' TERM HUP; sleep 601 & echo up; sleep 602; wait");
    site.call(&["train", "m"]);
    until("it said so", || site.call(&["logs", "m", "--json"]).contains("up").then_some(()));
    nothing_outlives_its_runner(&mut site, "601");
}

#[test]
fn the_built_in_function_ends_with_a_killed_runner() {
    let mut site = Site::with(None);
    site.call(&["train", "m", "--set", "epochs=500", "--set", "imgsz=32", "--set", "batch_size=2"]);
    nothing_outlives_its_runner(&mut site, "train-function");
}

#[test]
fn a_function_that_dies_says_with_its_last_words_why() {
    let site = Site::new("echo loading; echo 'ValueError: no such layer' >&2; exit 7");
    site.call(&["train", "m"]);
    let training = site.until_status("failed");
    let message = training["cause"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("exit code 7") && message.contains("no such layer"), "{message}");
    assert_eq!(training["cause"]["kind"], "train-function");
}

#[test]
fn a_runner_told_to_end_gives_its_attempt_back() {
    let script = r#"
if grep -q '"attempt": 1' "$TRAINYARD_JOB"; then
  echo first attempt; read order; echo '{"type":"end","outcome":"stopped"}'; exit 0
fi
echo '{"type":"end","outcome":"succeeded"}'
"#;
    let site = Site::new(script);
    site.call(&["train", "m"]);
    until("it runs", || site.call(&["logs", "m", "--json"]).contains("first attempt").then_some(()));
    signal(site.processes("runner")[0], rustix::process::Signal::TERM);
    let training = site.until_status("success");
    assert_eq!(training["attempt"], 2);
}

#[test]
fn a_runner_told_twice_to_end_kills_the_most_stubborn_function() {
    let site = Site::new("trap '' TERM INT HUP; echo stubborn; while true; do sleep 0.2; done");
    site.call(&["train", "m"]);
    until("it runs", || site.call(&["logs", "m", "--json"]).contains("stubborn").then_some(()));
    let runner = site.processes("runner")[0];
    let others: Vec<i32> = site.processes("stubborn");
    assert!(!others.is_empty());
    signal(runner, rustix::process::Signal::TERM);
    until("it drains", || {
        let logs = std::fs::read_dir(site.data().join("instances")).unwrap().flatten();
        let said = |log: PathBuf| std::fs::read_to_string(log).unwrap_or_default().contains("told to end");
        logs.into_iter().any(|instance| said(instance.path().join("runner.log"))).then_some(())
    });
    assert!(others.iter().all(|id| Path::new(&format!("/proc/{id}")).exists()), "it has its drain time");
    signal(runner, rustix::process::Signal::TERM);
    let asked = Instant::now();
    until("they are gone", || {
        let mut ids = others.iter().chain([&runner]);
        ids.all(|id| !Path::new(&format!("/proc/{id}")).exists()).then_some(())
    });
    assert!(asked.elapsed() < Duration::from_secs(2), "it took {:?}", asked.elapsed());
}

#[test]
fn a_service_that_cannot_start_keeps_its_training_waiting_and_says_why() {
    // A runner cannot make sense of this, and ends before it registers.
    let site = Site::with_function(&serde_json::json!({"not": "a list"}));
    site.call(&["train", "m"]);
    let training = until("the trouble is named", || {
        let training = site.training();
        training["waiting"].to_string().contains("CrashLoopBackOff").then_some(training)
    });
    assert_eq!(training["status"], "created");
    assert!(training["waiting"].to_string().contains("TRAINYARD_TRAIN_FUNCTION"), "{training}");
    site.call(&["abort", "m"]);
    assert_eq!(site.training()["status"], "terminated");
}

#[test]
fn a_killed_function_goes_round_until_its_attempts_are_used_up() {
    let site = Site::new("echo started; kill -KILL $$");
    site.call(&["train", "m"]);
    let training = site.until_status("failed");
    assert_eq!(training["attempt"], training["max_attempts"]);
    assert!(training["cause"]["message"].as_str().unwrap().contains("signal 9"), "{training}");
}

#[test]
fn a_clone_with_weights_starts_from_them_and_learns_its_own_labels() {
    let script = r#"
if grep -q initial_weights "$TRAINYARD_JOB"; then
  echo "started from: $(cat initial.safetensors)"
  grep -q '"other"' "$TRAINYARD_JOB" && echo "other labels arrived"
else
  echo "weights of the first" > output/best.safetensors
  echo '{"type":"artifact","path":"output/best.safetensors","name":"best.safetensors","kind":"weights"}'
fi
for device in "abacus (2 hands)" "another"; do echo "{\"type\":\"device\",\"name\":\"$device\"}"; done
echo '{"type":"end","outcome":"succeeded"}'
"#;
    let site = Site::new(script);
    site.call(&["train", "m"]);
    site.until_status("success");
    let clone = site.call(&["model", "clone", "m", "--name", "n", "--with-weights", "--json"]);
    let clone: Value = serde_json::from_str(&clone).unwrap();
    assert_eq!(clone["status"], "pre-trained");
    site.call(&["train", "n", "--labels", "other,dot"]);
    site.until_status("success");
    let log = site.call(&["logs", "n", "--json"]);
    for part in ["started from: weights of the first", "other labels arrived"] {
        assert!(log.contains(part), "{log}");
    }
    let snapshot = site.call(&["trainings", "snapshot", "n", "--json"]);
    let snapshot: Value = serde_json::from_str(&snapshot).unwrap();
    assert_eq!(snapshot["initial_weights_hash"], clone["initial_weights_hash"]);
    assert_eq!(snapshot["labels"], serde_json::json!(["other", "dot"]));
    assert_eq!(snapshot["device"], "abacus (2 hands)");

    // The same again, without a word about labels or weights.
    site.call(&["train", "again", "--repeat", "n"]);
    site.until_status("success");
    let log = site.call(&["logs", "again", "--json"]);
    for part in ["started from: weights of the first", "other labels arrived"] {
        assert!(log.contains(part), "{log}");
    }
    let again = site.call(&["trainings", "snapshot", "again", "--json"]);
    let again: Value = serde_json::from_str(&again).unwrap();
    for key in
        ["content_hash", "subsets", "labels", "configuration", "seed", "initial_weights_hash", "service"]
    {
        assert_eq!(again[key], snapshot[key], "{key}");
    }
}

#[test]
fn a_version_starts_from_a_file_of_weights_that_its_command_sends() {
    let site = Site::new("true");
    let file = site.folder.path().join("start.safetensors");
    let device = trainer::device::DeviceChoice::Cpu.open().unwrap().device;
    let model = trainer::model::yolov8::YoloV8::new(trainer::Variant::N, 1, 0, &device);
    std::fs::write(&file, trainer::weights::to_bytes(&model, []).unwrap()).unwrap();
    let create = |name: &str| {
        let path = file.to_string_lossy();
        let line = ["model", "create", "--architecture", "yolov8n", "--dataset", "dots", "--json", "--name"];
        let made = site.call(&[line.as_slice(), &[name, "--weights", path.as_ref()]].concat());
        serde_json::from_str::<Value>(&made).unwrap()
    };
    // The second one finds the file stored.
    let [first, second] = ["first", "second"].map(create);
    assert_eq!((&first["status"], &second["status"]), (&"pre-trained".into(), &"pre-trained".into()));
    let hash = first["initial_weights_hash"].as_str().unwrap();
    assert_eq!((hash.len(), &second["initial_weights_hash"]), (64, &hash.into()));
}

#[test]
fn the_built_in_function_trains_and_goes_on_after_its_runner_was_killed() {
    let site = Site::with(None);
    let settings = ["--set", "epochs=4", "--set", "imgsz=32", "--set", "batch_size=2", "--set", "mosaic=0"];
    site.call(&[["train", "m"].as_slice(), &settings].concat());
    until("its first checkpoint is stored", || {
        site.call(&["artifacts", "list", "m", "--json"]).contains("checkpoint.safetensors").then_some(())
    });
    for runner in site.processes("runner") {
        signal(runner, rustix::process::Signal::KILL);
    }
    let training = site.until_status("success");
    assert!(training["attempt"].as_u64().unwrap() <= 2);
    let artifacts = site.call(&["artifacts", "list", "m", "--json"]);
    for name in ["best.safetensors", "last.safetensors", "results.json"] {
        assert!(artifacts.contains(name), "{artifacts}");
    }
    let progress = &training["progress"];
    assert_eq!(
        (progress["epoch"].as_u64(), progress["step"] == progress["steps"]),
        (Some(4), true),
        "{progress}"
    );
    // The figures of every epoch are there; those that a second attempt repeats stand beside the first.
    let epochs: std::collections::BTreeSet<u64> = site.samples().iter().map(|x| *x as u64).collect();
    assert_eq!(epochs, (1..=4).collect());

    // Its weights are the start of a version that is cloned from it; of other classes, the head is made anew.
    let settings = [&["--set", "epochs=1"], &settings[2..]].concat();
    for (name, labels, is_anew) in [("warm", "dot", false), ("other", "dot,line", true)] {
        site.call(&["model", "clone", "m", "--name", name, "--labels", labels, "--with-weights"]);
        site.call(&[["train", name].as_slice(), &settings].concat());
        site.until_status("success");
        let log = site.call(&["logs", name, "--json"]);
        assert!(log.contains(" taken") && log.contains("layers made anew") == is_anew, "{log}");
    }
}
