//! Whether reporting slows a training down: images a second of the same training by itself, under a server, and under one that is
//! killed after the first epoch and stays away. Measured and printed for `cargo xtask bench`, and not asserted: how fast something is
//! depends on what else the machine does.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod program;

use program::{PROGRAM, until};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Each round trains once in each way, so that what else the machine does meets all of them.
const ROUNDS: usize = 3;
const EPOCHS: usize = 6;
const SETTINGS: [&str; 5] = ["imgsz=64", "batch_size=8", "workers=1", "mosaic=0", "epochs=6"];

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
    for (subset, count) in [("train", 128_u32), ("valid", 4)] {
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
    site.until_success();
    site.speeds()
}

fn under_a_server_that_is_killed(images: &Path) -> Vec<f64> {
    let mut site = Site::new(images);
    site.train();
    until("the first epoch is reported", || (!site.speeds().is_empty()).then_some(()));
    site.kill_server();
    until("the training ends without a server", || site.processes("train-function").is_empty().then_some(()));
    site.start();
    site.until_success();
    site.speeds()
}

fn middle(mut speeds: Vec<f64>) -> f64 {
    speeds.sort_by(f64::total_cmp);
    speeds[speeds.len() / 2]
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
    let middles = speeds.map(middle);
    for ((name, _), speed) in ways.iter().zip(middles) {
        println!("| yolov8n, 64 px, {name} | {speed:.1} images/s, ratio {:.3} |", speed / middles[0]);
    }
}
