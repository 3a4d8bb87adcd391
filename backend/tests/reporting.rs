//! Whether reporting slows a training down: images a second of the same training by itself, under a server, and under one that is
//! killed after the first epoch and stays away. Measured and printed for `cargo xtask bench`, and not asserted: how fast something is
//! depends on what else the machine does.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "program/processor.rs"]
mod processor;
mod program;

use processor::time_of;
use program::{PROGRAM, until};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Each round trains once in each way, so that what else the machine does meets all of them.
const ROUNDS: usize = 4;
const EPOCHS: usize = 3;
/// An epoch takes some ten seconds; what is done once an epoch, files above all, weighs less in the longer ones of real work.
const IMAGES: u32 = 512;
const SETTINGS: [&str; 5] = ["imgsz=64", "batch_size=8", "workers=1", "mosaic=0", "epochs=3"];

/// A server on a data folder of its own. Dropped, it and everything it started are ended.
struct Site {
    folder: tempfile::TempDir,
    server: Option<Child>,
}

impl Site {
    fn new(images: &Path) -> Self {
        let mut site = Self { folder: tempfile::tempdir().unwrap(), server: None };
        site.start();
        site.call(&["dataset", "import", &images.to_string_lossy(), "--format", "yolo", "--name", "shapes"]);
        site.call(&["model", "create", "--architecture", "yolov8n", "--dataset", "shapes", "--name", "m"]);
        site
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn start(&mut self) {
        let mut command = Command::new(PROGRAM);
        command.env("TRAINYARD_DATA", self.data()).stdout(Stdio::null()).stderr(Stdio::null());
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

    fn train(&self) {
        let mut arguments = vec!["train", "m"];
        arguments.extend(SETTINGS.iter().flat_map(|setting| ["--set", setting]));
        self.call(&arguments);
    }

    /// Waits for the end of the Train function without asking the server, which would take a part of what is measured.
    /// How long the server and the runner computed meanwhile, and the Train function.
    fn until_trained(&self) -> [Duration; 2] {
        let server = self.server.as_ref().and_then(|server| i32::try_from(server.id()).ok());
        let serving: Vec<i32> = self.processes("\0runner").into_iter().chain(server).collect();
        let training = self.processes("train-function");
        let times =
            || [&serving, &training].map(|ids| ids.iter().filter_map(|id| time_of(*id)).sum::<Duration>());
        let began = times();
        let mut ended = began;
        until("the training has ended", || {
            let is_over = training.iter().all(|id| time_of(*id).is_none());
            if !is_over {
                ended = times();
            }
            is_over.then_some(())
        });
        [ended[0] - began[0], ended[1] - began[1]]
    }

    /// Of each epoch that is reported.
    fn speeds(&self) -> Vec<f64> {
        let list = self.call(&["metrics", "m", "--figure", "images_per_second", "--json"]);
        let list: Value = serde_json::from_str(&list).unwrap();
        list.as_array().unwrap().iter().map(|sample| sample["y"].as_f64().unwrap()).collect()
    }

    fn until_success(&self) {
        until("the training has succeeded", || {
            let list: Value = serde_json::from_str(&self.call(&["trainings", "--json"])).unwrap();
            (list[0]["status"] == "success").then_some(())
        });
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

/// Bright squares on dark ground, each with its box.
fn write_images(folder: &Path) {
    for (subset, count) in [("train", IMAGES), ("valid", 4)] {
        let (images, labels) = (folder.join(subset).join("images"), folder.join(subset).join("labels"));
        std::fs::create_dir_all(&images).unwrap();
        std::fs::create_dir_all(&labels).unwrap();
        for number in 0..count {
            let (left, top) = (number * 7 % 40, number * 11 % 40);
            let picture = image::RgbImage::from_fn(64, 64, |x, y| {
                let is_inside = (left..left + 24).contains(&x) && (top..top + 24).contains(&y);
                image::Rgb([if is_inside { 220 } else { (number % 50) as u8 }; 3])
            });
            picture.save(images.join(format!("{number}.png"))).unwrap();
            let middle = |from: u32| f64::from(from + 12) / 64.0;
            let label = format!("0 {} {} 0.375 0.375\n", middle(left), middle(top));
            std::fs::write(labels.join(format!("{number}.txt")), label).unwrap();
        }
    }
    let yaml = "train: train/images\nval: valid/images\nnc: 1\nnames: [square]\n";
    std::fs::write(folder.join("data.yaml"), yaml).unwrap();
}

/// Without a server: the trainer logs the speed of each epoch.
fn alone(images: &Path) -> Vec<f64> {
    let out = tempfile::tempdir().unwrap();
    // A runner lets its Train function give way to others by as much.
    let mut command = Command::new("nice");
    command
        .args([
            "-n",
            "5",
            PROGRAM,
            "trainer",
            "fit",
            "--format",
            "yolo",
            "--architecture",
            "yolov8n",
            "--data",
        ])
        .arg(images);
    command.arg("--out").arg(out.path());
    command.args(SETTINGS.iter().flat_map(|setting| ["--set", setting]));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let speed = |line: &str| line.split_once(" images/s")?.0.rsplit(' ').next()?.parse().ok();
    said.lines().filter_map(speed).collect()
}

fn under_a_server(images: &Path) -> Vec<f64> {
    let site = Site::new(images);
    site.train();
    until("the first epoch is reported", || (!site.speeds().is_empty()).then_some(()));
    let [serving, training] = site.until_trained();
    println!(
        "beside {training:.1?} of the Train function, server and runner computed for {serving:.2?}: {:.2}%",
        100.0 * serving.div_duration_f64(training)
    );
    site.until_success();
    site.speeds()
}

fn under_a_server_that_is_killed(images: &Path) -> Vec<f64> {
    let mut site = Site::new(images);
    site.train();
    until("the first epoch is reported", || (!site.speeds().is_empty()).then_some(()));
    site.kill_server();
    site.until_trained();
    site.start();
    site.until_success();
    site.speeds()
}

/// The middle one, and the best, which what else the machine does has disturbed the least.
fn middle_and_best(mut speeds: Vec<f64>) -> [f64; 2] {
    speeds.sort_by(f64::total_cmp);
    [speeds[speeds.len() / 2], speeds[speeds.len() - 1]]
}

#[test]
#[ignore = "a measurement: `cargo xtask bench metrics` runs it"]
fn images_a_second_with_and_without_a_server() {
    type Way = (&'static str, fn(&Path) -> Vec<f64>);
    let ways: [Way; 3] = [
        ("alone", alone),
        ("under a server", under_a_server),
        ("under a server that is killed and stays away", under_a_server_that_is_killed),
    ];
    let folder = tempfile::tempdir().unwrap();
    write_images(folder.path());
    let mut speeds = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for ((name, train), speeds) in ways.iter().zip(&mut speeds) {
            let measured = train(folder.path());
            assert_eq!(measured.len(), EPOCHS, "{name}: {measured:?}");
            // The first epoch warms up, and in the third way has a server.
            speeds.extend(&measured[1..]);
        }
    }
    let speeds = speeds.map(middle_and_best);
    for ((name, _), [middle, best]) in ways.iter().zip(speeds) {
        println!(
            "| yolov8n, 64 px, {name} | {middle:.1} images/s, ratio {:.3}; best epoch {best:.1}, ratio {:.3} |",
            middle / speeds[0][0],
            best / speeds[0][1]
        );
    }
}
