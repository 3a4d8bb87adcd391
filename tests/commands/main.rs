//! The command line as a person and a script meet it: wrong input of every kind is refused with a reason and a next
//! step, and leaves nothing half-made; output for scripts is JSON alone.
//!
//! Must not know the product's code.

mod dql;
mod evaluate;
mod filters;
mod items;
mod measure;
mod models;
mod secrets;
mod uploads;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use tests::dataset::{self, Size};
use tests::program::{self, Call};
use tests::server::{Server, can_make_disks};
use tests::training::{self, rows};

/// A call that must be refused.
struct Wrong<'a> {
    what: &'a str,
    arguments: &'a [&'a str],
    /// 1: it failed; 2: wrong usage or input.
    codes: &'a [i32],
    /// What the message must contain, in any case: the thing that is wrong, and the next step.
    says: &'a [&'a str],
}

/// Runs each call, and collects what is wrong with all of them.
fn expect_refused(server: &Server, cases: &[Wrong]) -> Result<()> {
    let mut complaints = Vec::new();
    for case in cases {
        let call = server.call(case.arguments)?;
        complaints.extend(complaints_about(case.what, &call, case.codes, case.says));
    }
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}

fn complaints_about(what: &str, call: &Call, codes: &[i32], says: &[&str]) -> Vec<String> {
    let mut complaints = Vec::new();
    if !call.code.is_some_and(|code| codes.contains(&code)) {
        complaints.push(format!("{what}: ended with {:?}, not {codes:?}: {}", call.code, call.errors));
    }
    let message = call.errors.to_lowercase();
    for part in says {
        if !message.contains(&part.to_lowercase()) {
            complaints.push(format!("{what}: does not say `{part}`: {}", call.errors));
        }
    }
    if message.contains("panicked") {
        complaints.push(format!("{what}: panicked: {}", call.errors));
    }
    complaints
}

/// How many there are of what a list command lists.
fn count(server: &Server, arguments: &[&str], name: &str) -> Result<usize> {
    Ok(rows(&server.json(arguments)?, name)?.len())
}

#[test]
fn wrong_imports_are_refused_and_make_nothing() -> Result<()> {
    let server = Server::start()?;
    let folder = server.folder();
    let missing = folder.join("nowhere").display().to_string();
    let empty = folder.join("empty");
    fs::create_dir(&empty)?;
    let empty = empty.display().to_string();
    let file = folder.join("file");
    fs::write(&file, "text")?;
    let file = file.display().to_string();
    let unreadable = folder.join("unreadable");
    dataset::write_yolo(&unreadable, Size { train: 2, validation: 1 })?;
    for split in ["train", "val"] {
        for entry in fs::read_dir(unreadable.join("images").join(split))? {
            fs::write(entry?.path(), b"\x89PNG\r\n\x1a\nnot a picture")?;
        }
    }
    let unreadable = unreadable.display().to_string();
    expect_refused(
        &server,
        &[
            Wrong {
                what: "a folder that is not there",
                arguments: &["dataset", "import", &missing, "--format", "yolo", "--name", "a"],
                codes: &[1, 2],
                says: &["nowhere"],
            },
            Wrong {
                what: "an empty folder",
                arguments: &["dataset", "import", &empty, "--format", "yolo", "--name", "a"],
                codes: &[1, 2],
                says: &["data.yaml"],
            },
            Wrong {
                what: "a file instead of a folder",
                arguments: &["dataset", "import", &file, "--format", "voc", "--name", "a"],
                codes: &[1, 2],
                says: &["folder"],
            },
            Wrong {
                what: "pictures that cannot be read",
                arguments: &["dataset", "import", &unreadable, "--format", "yolo", "--name", "a"],
                codes: &[1, 2],
                says: &["train0000.png"],
            },
            Wrong {
                what: "an unknown format",
                arguments: &["dataset", "import", &empty, "--format", "tar", "--name", "a"],
                codes: &[2],
                says: &["voc", "coco", "yolo", "folder"],
            },
            Wrong {
                what: "a split that does not add up",
                arguments: &[
                    "dataset", "import", &empty, "--format", "yolo", "--name", "a", "--split", "80/30/0",
                ],
                codes: &[2],
                says: &["100"],
            },
        ],
    )?;
    assert_eq!(count(&server, &["dataset", "list"], "datasets")?, 0);
    Ok(())
}

#[test]
fn a_picture_that_cannot_be_read_is_named_and_the_rest_is_imported_once() -> Result<()> {
    let server = Server::start()?;
    let folder = server.folder().join("mixed");
    dataset::write_yolo(&folder, Size { train: 4, validation: 2 })?;
    let whole = fs::read(folder.join("images/train/train0001.png"))?;
    fs::write(folder.join("images/train/train0001.png"), &whole[..whole.len() / 2])?;
    let path = folder.to_str().context("the folder's name is not UTF-8")?;
    for round in 1..=2 {
        let call =
            server.call(&["dataset", "import", path, "--format", "yolo", "--name", "mixed"])?.succeeded()?;
        let said = format!("{}{}", call.output, call.errors);
        ensure!(said.contains("train0001.png"), "round {round}: the bad picture is not named: {said}");
        let items = server.json(&["dataset", "items", "--dataset", "mixed"])?;
        assert_eq!(rows(&items, "items")?.len(), 5, "round {round}: {items}");
    }
    Ok(())
}

#[test]
fn wrong_models_and_trainings_are_refused_and_make_nothing() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 4, validation: 2 })?;
    let create = ["model", "create", "--dataset", "shapes", "--name"];
    let with = |rest: &[&'static str]| [&create, rest].concat();
    let unknown_architecture = with(&["a", "--architecture", "yolov99x"]);
    let no_epochs = with(&["a", "--architecture", "yolov8n", "--set", "epochs=0"]);
    let unknown_setting = with(&["a", "--architecture", "yolov8n", "--set", "epoch=3"]);
    let not_a_number = with(&["a", "--architecture", "yolov8n", "--set", "epochs=many"]);
    expect_refused(
        &server,
        &[
            Wrong {
                what: "an unknown architecture",
                arguments: &unknown_architecture,
                codes: &[1, 2],
                says: &["yolov99x", "yolov8n"],
            },
            Wrong {
                what: "an unknown dataset",
                arguments: &[
                    "model",
                    "create",
                    "--architecture",
                    "yolov8n",
                    "--dataset",
                    "none",
                    "--name",
                    "a",
                ],
                codes: &[1, 2],
                says: &["none"],
            },
            Wrong { what: "no epochs", arguments: &no_epochs, codes: &[1, 2], says: &["epochs", "1"] },
            Wrong {
                what: "an unknown setting",
                arguments: &unknown_setting,
                codes: &[1, 2],
                says: &["epoch"],
            },
            Wrong {
                what: "a text for a number",
                arguments: &not_a_number,
                codes: &[1, 2],
                says: &["epochs"],
            },
        ],
    )?;
    assert_eq!(count(&server, &["model", "list"], "models")?, 0);

    training::create_model(&server, "shapes", "tiny")?;
    expect_refused(
        &server,
        &[
            Wrong {
                what: "a model that is not there",
                arguments: &["train", "none"],
                codes: &[1, 2],
                says: &["none"],
            },
            Wrong {
                what: "no epochs for one training",
                arguments: &["train", "tiny", "--set", "epochs=0"],
                codes: &[1, 2],
                says: &["epochs"],
            },
            Wrong {
                what: "a size that no network has",
                arguments: &["train", "tiny", "--set", "imgsz=33"],
                codes: &[1, 2],
                says: &["imgsz", "32"],
            },
            Wrong {
                what: "no training to abort",
                arguments: &["abort", "tiny"],
                codes: &[1, 2],
                says: &["tiny"],
            },
            Wrong {
                what: "a model that has learnt nothing",
                arguments: &["predict", "tiny", "picture.png"],
                codes: &[1, 2],
                says: &[],
            },
        ],
    )?;
    assert_eq!(count(&server, &["trainings"], "trainings")?, 0);
    Ok(())
}

#[test]
fn a_server_that_cannot_start_says_why_and_leaves_nothing() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let data = folder.path().join("data");
    let call = Call::run(program::command()?.args(["serve", "--listen", &address, "--data"]).arg(&data))?;
    let complaints = complaints_about("a port that is taken", &call, &[1, 2], &[&address, "--listen"]);
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(!data.join("server.json").exists(), "it says where it can be reached, but it cannot");

    let call = Call::run(program::command()?.args(["serve", "--listen", "0.0.0.0:0", "--data"]).arg(&data))?;
    let complaints = complaints_about("an open address", &call, &[1, 2], &["--allow-remote"]);
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));

    let blocked = folder.path().join("blocked");
    fs::write(&blocked, "a file where a folder should be")?;
    let call =
        Call::run(program::command()?.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&blocked))?;
    let complaints = complaints_about("a file as data folder", &call, &[1, 2], &["blocked"]);
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}

#[test]
fn a_full_disk_is_told_and_nothing_is_half_imported() -> Result<()> {
    if !can_make_disks() {
        // Not `eprintln!`: the test harness would swallow what a passing test prints.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: this machine does not let its users make a small disk (unshare, mount)"
        );
        return Ok(());
    }
    let server = Server::start_on_small_disk(12)?;
    let large = server.folder().join("large");
    dataset::write_yolo(&large, Size { train: 1200, validation: 200 })?;
    let large = large.to_str().context("the folder's name is not UTF-8")?;
    let call = server.call(&["dataset", "import", large, "--format", "yolo", "--name", "large"])?;
    let complaints = complaints_about("a full disk", &call, &[1], &["disk", "space"]);
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    // Reading goes on, and there is nothing of what did not fit.
    assert_eq!(count(&server, &["dataset", "list"], "datasets")?, 0);
    training::import(&server, "small", Size { train: 3, validation: 1 })?;
    assert_eq!(count(&server, &["dataset", "items", "--dataset", "small"], "items")?, 4);
    Ok(())
}

#[test]
fn one_server_a_data_folder() -> Result<()> {
    let server = Server::start()?;
    let call = server.call(&["serve", "--listen", "127.0.0.1:0"])?;
    let complaints = complaints_about("a folder that is in use", &call, &[1, 2], &["data"]);
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    // The first one goes on as if nothing had been.
    server.json(&["dataset", "list"])?;
    Ok(())
}

#[test]
fn without_the_right_token_nothing_is_told() -> Result<()> {
    let server = Server::start()?;
    for (what, token) in [("a wrong token", Some("not-the-token")), ("no token", None)] {
        let mut command = program::command()?;
        command.args(["trainings", "--json", "--server", &server.url]).current_dir(server.folder());
        // No data folder to find a token in.
        command.env("HOME", server.folder().join("nobody")).env_remove("XDG_DATA_HOME");
        if let Some(token) = token {
            command.env("TRAINYARD_TOKEN", token);
        }
        let call = Call::run(&mut command)?;
        let complaints = complaints_about(what, &call, &[1, 2], &["token"]);
        ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
        assert_eq!(call.output, "", "{what}");
    }
    Ok(())
}

#[test]
fn without_a_server_the_data_can_be_read_and_for_the_rest_the_next_step_is_named() -> Result<()> {
    let mut server = Server::start()?;
    training::import(&server, "shapes", Size { train: 4, validation: 2 })?;
    training::create_model(&server, "shapes", "tiny")?;
    server.stop()?;
    assert_eq!(count(&server, &["dataset", "list"], "datasets")?, 1);
    let address = server.url.clone();
    for arguments in [&["train", "tiny"][..], &["trainings", "--server", &address]] {
        let call = server.call(arguments)?;
        let complaints = complaints_about("no server", &call, &[1], &["trainyard serve"]);
        ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
    assert_eq!(count(&server, &["trainings"], "trainings")?, 0);
    Ok(())
}

#[test]
fn the_owners_token_is_for_the_owner_alone() -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start()?;
    let mode = fs::metadata(server.data().join("local.token"))?.permissions().mode();
    assert_eq!(mode & 0o077, 0, "others may read the token: {mode:o}");
    ensure!(!server.log().contains(fs::read_to_string(server.data().join("local.token"))?.trim()));
    Ok(())
}

#[test]
fn a_server_that_is_asked_to_stop_does_so_in_good_order() -> Result<()> {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start()?;
        assert_eq!(server.stop_by(signal)?, Some(0), "{signal:?}: {}", server.log());
        assert!(
            !server.data().join("server.json").exists(),
            "{signal:?}: it still says where it can be reached"
        );
    }
    Ok(())
}
