//! Twenty secrets with values that occur nowhere else, many mixed operations, failures and a killed server: afterwards
//! no value may be found anywhere but in the environment of the Train functions.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod program;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use program::{PROGRAM, until};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECRETS: usize = 20;

/// Says its secrets in every way that it can think of, and fails because of one.
const TELLTALE: &str = r#"
echo '{"type":"hello","protocol":1}'
env | grep '^CANARY_'
env | grep '^CANARY_' >&2
for name in $(env | grep -o '^CANARY_[0-9]*'); do
  eval "value=\$$name"
  printf '%s' "$value" | base64 -w0; echo
  printf 'user:%s' "$value" | base64 -w0 >&2; echo >&2
  printf 'https://x/?q=%s\n' "$(printf '%s' "$value" | sed 's/%/%25/g; s/ /%20/g; s,/,%2F,g; s/+/%2B/g; s/=/%3D/g')"
  printf '%.9s' "$value"; sleep 0.01; printf '%s\n' "${value#?????????}"
  echo '{"type":"log","level":"info","text":"in JSON: '"$value"'"}'
  echo '{"type":"sample","figure":"'"$value"'","legend":"train","x":1,"y":0.5}'
done
eval "value=\$CANARY_03"
sleep 1
echo '{"type":"end","outcome":"failed","cause":{"kind":"train-function","message":"refused: '"$value"'","next_step":"use '"$value"' again"}}'
exit 1
"#;

struct Site {
    folder: tempfile::TempDir,
    server: Option<Child>,
    /// Everything that any call has printed.
    said: Mutex<Vec<u8>>,
}

impl Site {
    fn new() -> Self {
        let mut site = Self { folder: tempfile::tempdir().unwrap(), server: None, said: Mutex::default() };
        let images = site.folder.path().join("images");
        write_yolo(&images);
        site.start();
        let path = images.to_string_lossy().into_owned();
        site.call(&["dataset", "import", &path, "--format", "yolo", "--name", "dots"], None);
        site
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .env_remove("TRAINYARD_URL")
            .env_remove("TRAINYARD_TOKEN")
            .env("TRAINYARD_DATA", self.data())
            .env("TRAINYARD_SECRETS_KEY_FILE", self.folder.path().join("keys/secrets.key"))
            .env("TRAINYARD_LOG", "trace");
        command
    }

    fn start(&mut self) {
        let log =
            std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let function = serde_json::json!(["/bin/sh", "-c", TELLTALE]).to_string();
        let mut command = self.command();
        command.env("TRAINYARD_TRAIN_FUNCTION", function).stdout(log.try_clone().unwrap()).stderr(log);
        self.server = Some(program::serve(&mut command, &self.data(), "127.0.0.1:0").0);
    }

    fn kill_server(&mut self) {
        program::kill(self.server.take().unwrap());
    }

    /// A call, and whether it went well. Its output is kept for the search.
    fn call(&self, arguments: &[&str], input: Option<&str>) -> (bool, String) {
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // One that refuses before it reads has closed its end already.
        let _ = stdin.write_all(input.unwrap_or_default().as_bytes());
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let mut said = self.said.lock().unwrap();
        said.extend(&output.stdout);
        said.extend(&output.stderr);
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn well(&self, arguments: &[&str], input: Option<&str>) -> String {
        let (went_well, said) = self.call(arguments, input);
        assert!(went_well, "{arguments:?} failed");
        said
    }

    /// Every training gets every secret, however it is started.
    fn give_secrets_to_every_training(&self, names: &[String]) {
        use sqlx::{ConnectOptions, Connection};
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(self.data().join("trainyard.db"))
            .busy_timeout(Duration::from_secs(20));
        let names = serde_json::to_string(names).unwrap();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut database = options.connect().await.unwrap();
            let columns: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM pragma_table_info('trainings') WHERE name = 'secrets'",
            )
            .fetch_one(&mut database)
            .await
            .unwrap();
            if columns == 0 {
                let add = "ALTER TABLE trainings ADD COLUMN secrets TEXT NOT NULL DEFAULT '[]'";
                sqlx::query(add).execute(&mut database).await.unwrap();
            }
            let trigger = format!(
                "CREATE TRIGGER give_secrets AFTER INSERT ON trainings BEGIN \
                 UPDATE trainings SET secrets = '{names}' WHERE id = NEW.id; END"
            );
            sqlx::query(sqlx::AssertSqlSafe(trigger)).execute(&mut database).await.unwrap();
            database.close().await.unwrap();
        });
    }

    fn train(&self, model: &str) {
        let create = ["model", "create", "--architecture", "yolov8n", "--dataset", "dots", "--name", model];
        self.well(&create, None);
        self.well(&["train", model, "--set", "epochs=1"], None);
    }

    fn until_status(&self, model: &str, wanted: &[&str]) -> Value {
        until(&format!("the training of {model} is one of {wanted:?}"), || {
            let list: Value =
                serde_json::from_str(&self.well(&["trainings", "--search", model, "--json"], None)).unwrap();
            let status = list[0]["status"].as_str().unwrap_or_default();
            wanted.contains(&status).then(|| list[0].clone())
        })
    }

    /// Where a value shows up: files, logs, answers.
    fn search(&self, forms: &[(String, Vec<u8>)], found: &mut BTreeSet<String>) {
        let mut waiting = vec![self.data(), self.folder.path().join("log")];
        while let Some(place) = waiting.pop() {
            if place.is_dir() {
                // A folder may go away meanwhile, as those of attempts do.
                waiting.extend(
                    std::fs::read_dir(&place).into_iter().flatten().flatten().map(|entry| entry.path()),
                );
                continue;
            }
            note(&std::fs::read(&place).unwrap_or_default(), &place.display().to_string(), forms, found);
        }
        note(&self.said.lock().unwrap(), "an answer", forms, found);
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        program::end(self.server.take(), &self.data());
    }
}

fn note(bytes: &[u8], place: &str, forms: &[(String, Vec<u8>)], found: &mut BTreeSet<String>) {
    for (what, form) in forms {
        if memchr::memmem::find(bytes, form).is_some() {
            found.insert(format!("{what} in {place}"));
        }
    }
}

fn write_yolo(folder: &Path) {
    for (subset, names) in [("train", ["a", "b"]), ("val", ["c", "d"])] {
        let (images, labels) = (folder.join("images").join(subset), folder.join("labels").join(subset));
        std::fs::create_dir_all(&images).unwrap();
        std::fs::create_dir_all(&labels).unwrap();
        for name in names {
            image::RgbImage::new(32, 32).save(images.join(format!("{name}.png"))).unwrap();
            std::fs::write(labels.join(format!("{name}.txt")), "0 0.5 0.5 0.4 0.4\n").unwrap();
        }
    }
    std::fs::write(folder.join("data.yaml"), "train: images/train\nval: images/val\nnames: [dot]\n").unwrap();
}

/// A value that occurs nowhere else, with letters that every encoding changes.
fn canary(number: usize, round: usize) -> String {
    format!("cnry {number:02}/{round}+{:032x}=", rand::random::<u128>())
}

/// A way of writing a value, and what it then looks like.
type Form = (String, Vec<u8>);

fn forms_of(name: &str, value: &str) -> Vec<Form> {
    let percent: String = value
        .bytes()
        .map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    // Of a base64 text that it is only a part of, the middle is enough.
    let middle = |before: &str| {
        let text = STANDARD.encode(format!("{before}{value}"));
        text[8..text.len() - 8].to_owned()
    };
    let forms = [
        ("clear", value.to_owned()),
        ("its random part", value[value.len() - 33..value.len() - 1].to_owned()),
        ("base64", STANDARD.encode(value).trim_end_matches('=').to_owned()),
        ("base64 for URLs", URL_SAFE.encode(value).trim_end_matches('=').to_owned()),
        ("base64 within", middle("user:")),
        ("percent-encoded", percent.clone()),
        ("percent-encoded, small", percent.to_lowercase()),
    ];
    forms.into_iter().map(|(how, form)| (format!("{name} {how}"), form.into_bytes())).collect()
}

/// Looks at the command lines of all processes until it is told to stop.
fn watch_command_lines(
    forms: Arc<Mutex<Vec<Form>>>,
    stop: Arc<AtomicBool>,
) -> std::thread::JoinHandle<BTreeSet<String>> {
    std::thread::spawn(move || {
        let mut found = BTreeSet::new();
        while !stop.load(Ordering::Relaxed) {
            let forms = forms.lock().unwrap().clone();
            for entry in std::fs::read_dir("/proc").unwrap().flatten() {
                if let Ok(line) = std::fs::read(entry.path().join("cmdline")) {
                    note(&line, "a command line", &forms, &mut found);
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        found
    })
}

fn run(operations: usize, trainings: usize) {
    let mut site = Site::new();
    let all_forms = Arc::new(Mutex::new(Vec::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let watch = watch_command_lines(Arc::clone(&all_forms), Arc::clone(&stop));
    let names: Vec<String> = (0..SECRETS).map(|number| format!("CANARY_{number:02}")).collect();
    let value_of = |number: usize, round: usize| {
        let value = canary(number, round);
        all_forms.lock().unwrap().extend(forms_of(&format!("CANARY_{number:02}"), &value));
        value
    };
    for (number, name) in names.iter().enumerate() {
        let value = value_of(number, 0);
        site.well(&["secret", "create", name, "--description", "a canary", "--json"], Some(&value));
    }
    site.give_secrets_to_every_training(&names);
    let mut found = BTreeSet::new();
    let mut training = 0;
    for round in 0..operations {
        let number = round % SECRETS;
        let name = names[number].as_str();
        match round % 8 {
            0 => drop(site.well(&["secret", "list", "--json"], None)),
            1 => drop(site.well(&["secret", "replace", name, "--json"], Some(&value_of(number, round)))),
            // Refused, each for another reason.
            2 => assert!(!site.call(&["secret", "create", name], Some(&value_of(number, round))).0),
            3 => assert!(!site.call(&["secret", "create", "LD_PRELOAD"], Some(&value_of(number, round))).0),
            4 => assert!(!site.call(&["secret", "replace", "nobody"], Some(&value_of(number, round))).0),
            5 => drop(site.well(&["secret", "rotate-key", "--json"], None)),
            6 => drop(site.call(&["logs", "m0", "--json"], None)),
            _ => drop(site.well(&["trainings", "--json"], None)),
        }
        if round * trainings / operations >= training && training < trainings {
            let model = format!("m{training}");
            site.train(&model);
            site.until_status(&model, &["in-progress", "failed"]);
            if training % 2 == 1 {
                site.kill_server();
                site.search(&all_forms.lock().unwrap().clone(), &mut found);
                site.start();
            }
            site.search(&all_forms.lock().unwrap().clone(), &mut found);
            let ended = site.until_status(&model, &["failed"]);
            let cause = ended["cause"]["message"].as_str().unwrap();
            assert!(cause.contains("refused: [redacted CANARY_03]"), "{ended}");
            let log = site.well(&["logs", &model], None);
            for name in &names {
                assert!(
                    log.contains(&format!("{name}=[redacted {name}]")),
                    "the function had no {name}:\n{log}"
                );
            }
            training += 1;
        }
    }
    for name in &names {
        site.well(&["secret", "delete", name], None);
    }
    site.search(&all_forms.lock().unwrap().clone(), &mut found);
    stop.store(true, Ordering::Relaxed);
    found.extend(watch.join().unwrap());
    assert_eq!(training, trainings);
    assert!(found.is_empty(), "{} values show: {found:#?}", found.len());
}

#[test]
fn no_value_is_found_anywhere() {
    run(40, 2);
}

#[test]
#[ignore = "takes minutes; before a release: cargo test -p backend --test canary -- --ignored"]
fn no_value_is_found_anywhere_after_a_thousand_operations() {
    run(1_000, 12);
}
