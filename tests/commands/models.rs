//! Versions, recipes, checks and snapshots from the command line, as a person and a script use them.

use super::{Wrong, expect_refused};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::time::Duration;
use tests::dataset::Size;
use tests::server::Server;
use tests::training::{self, rows, text};

fn written(server: &Server, name: &str, content: &str) -> Result<String> {
    let path = server.folder().join(name);
    fs::write(&path, content)?;
    Ok(path.display().to_string())
}

fn names(list: &Value) -> Result<Vec<String>> {
    Ok(rows(list, "models")?.iter().map(|row| text(row, &["name"])).collect())
}

#[test]
fn versions_are_made_found_changed_cloned_deleted_and_restored() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 4, validation: 2 })?;
    let filter = written(&server, "train.json", r#"{"name": "*.png"}"#)?;
    let tagged = written(&server, "tagged.json", r#"{ "metadata.system.tags.validation": true }"#)?;
    let create = ["model", "create", "--architecture", "yolov8n", "--dataset", "shapes", "--name", "m"];
    let more = [
        "--description",
        "by night",
        "--tag",
        "night",
        "--tag",
        "small",
        "--labels",
        "red,green,blue",
        "--train-filter",
        &filter,
        "--validation-filter",
        &tagged,
    ];
    let model = server.json(&[&create[..], &more].concat())?;
    assert_eq!((&model["description"], &model["status"]), (&"by night".into(), &"created".into()));
    assert_eq!(model["labels"], serde_json::json!(["red", "green", "blue"]));
    assert_eq!(
        (&model["train"]["mode"], &model["validation"]["mode"]),
        (&"dql-filter".into(), &"tagged-items".into())
    );

    let clone = server.json(&["model", "clone", "m", "--name", "n", "--labels", "green"])?;
    assert_eq!((&clone["parent"]["name"], &clone["labels"]), (&"m".into(), &serde_json::json!(["green"])));
    let changed = server.json(&["model", "update", "n", "--name", "o", "--no-tags"])?;
    assert_eq!((&changed["name"], &changed["tags"]), (&"o".into(), &serde_json::json!([])));
    assert_eq!(names(&server.json(&["model", "list", "--tag", "night", "--tag", "small"])?)?, ["m"]);
    assert_eq!(
        names(&server.json(&["model", "list", "--status", "created", "--dataset", "shapes"])?)?,
        ["o", "m"]
    );
    server.json(&["model", "delete", "o"])?;
    assert_eq!(names(&server.json(&["model", "list"])?)?, ["m"]);
    let deleted = server.call(&["model", "list", "--deleted"])?.succeeded()?;
    ensure!(deleted.output.contains("created (deleted)"), "{}", deleted.output);
    server.json(&["model", "restore", clone["id"].as_str().context("no id")?])?;
    assert_eq!(names(&server.json(&["model", "list"])?)?, ["o", "m"]);

    let broken = written(&server, "broken.json", "{\"a\": {\"$foo\": 1}}")?;
    let with = |rest: &[&'static str]| {
        [&["model", "create", "--dataset", "shapes", "--name", "x", "--architecture", "yolov8n"], rest]
            .concat()
    };
    let mut broken_filter = with(&["--train-filter"]);
    broken_filter.push(&broken);
    expect_refused(
        &server,
        &[
            Wrong {
                what: "a broken filter",
                arguments: &broken_filter,
                codes: &[2],
                says: &["line 1", "$foo"],
            },
            Wrong {
                what: "a label twice",
                arguments: &with(&["--labels", "a,a"]),
                codes: &[1, 2],
                says: &["labels", "twice"],
            },
            Wrong {
                what: "weights of nothing",
                arguments: &with(&["--weights-of", "m"]),
                codes: &[1, 2],
                says: &["has none"],
            },
            Wrong {
                what: "a name that is taken",
                arguments: &["model", "clone", "m", "--name", "o"],
                codes: &[1, 2],
                says: &["another name"],
            },
            Wrong {
                what: "nothing to change",
                arguments: &["model", "update", "m"],
                codes: &[2],
                says: &["--name"],
            },
            Wrong {
                what: "no id",
                arguments: &["model", "restore", "m"],
                codes: &[1, 2],
                says: &["not a model id"],
            },
        ],
    )?;
    assert_eq!(names(&server.json(&["model", "list"])?)?, ["o", "m"]);
    Ok(())
}

#[test]
fn recipes_are_made_listed_changed_and_deleted() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 2, validation: 1 })?;
    let list = || server.json(&["recipe", "list", "--dataset", "shapes"]);
    let first = list()?;
    assert_eq!(
        (first[0]["title"].as_str(), first[0]["labels"][1]["name"].as_str()),
        (Some("Default"), Some("green"))
    );
    let labels = "vehicle.car=#112233,bus";
    let made =
        server.json(&["recipe", "create", "--dataset", "shapes", "--title", "mine", "--labels", labels])?;
    assert_eq!(
        (&made["labels"][0]["colour"], &made["labels"][1]["name"]),
        (&"#112233".into(), &"bus".into())
    );
    let changed = server.json(&["recipe", "update", "mine", "--dataset", "shapes", "--title", "ours"])?;
    assert_eq!((&changed["title"], &changed["labels"]), (&"ours".into(), &made["labels"]));
    let shown = server.call(&["recipe", "list", "--dataset", "shapes"])?.succeeded()?;
    ensure!(shown.output.contains("vehicle.car, bus"), "{}", shown.output);
    server.json(&["recipe", "delete", "Default", "--dataset", "shapes"])?;
    expect_refused(
        &server,
        &[
            Wrong {
                what: "the last recipe",
                arguments: &["recipe", "delete", "ours", "--dataset", "shapes"],
                codes: &[1],
                says: &["only one", "make another one"],
            },
            Wrong {
                what: "an unknown recipe",
                arguments: &["recipe", "update", "none", "--dataset", "shapes", "--title", "x"],
                codes: &[2],
                says: &["none", "ours"],
            },
            Wrong {
                what: "an empty part of a label",
                arguments: &["recipe", "create", "--dataset", "shapes", "--title", "x", "--labels", "a..b"],
                codes: &[1, 2],
                says: &["a..b", "empty part"],
            },
        ],
    )?;
    assert_eq!(rows(&list()?, "recipes")?.len(), 1);
    Ok(())
}

#[test]
fn a_check_says_what_a_training_would_do_and_its_snapshot_what_it_did() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 4, validation: 2 })?;
    training::create_model(&server, "shapes", "tiny")?;
    let every = written(&server, "every.json", r#"{"name": "*.png"}"#)?;
    let none = written(&server, "none.json", r#"{"dir": "/none"}"#)?;
    let check = server.json(&["train", "tiny", "--check", "--train-filter", &every, "--set", "epochs=2"])?;
    assert_eq!((&check["train"]["item_count"], &check["validation"]["item_count"]), (&6.into(), &2.into()));
    assert_eq!(
        (&check["warnings"][0]["kind"], &check["configuration"]["epochs"]),
        (&"overlap".into(), &2.into())
    );
    let shown = server.call(&["train", "tiny", "--check", "--labels", "red,green,blue"])?.succeeded()?;
    ensure!(
        shown.output.contains("warning (class-absent)") && shown.output.contains("time: about"),
        "{}",
        shown.output
    );
    let call = server.call(&["train", "tiny", "--check", "--train-filter", &none, "--set", "epochs=0"])?;
    ensure!(call.code == Some(2), "{call:?}");
    let call = server.call(&["train", "tiny", "--check", "--train-filter", &none])?;
    ensure!(call.code == Some(1) && call.output.contains("problem (train)"), "{call:?}");
    assert_eq!(super::count(&server, &["trainings"], "trainings")?, 0);

    let start = [
        "train",
        "tiny",
        "--train-filter",
        &every,
        "--set",
        "epochs=1",
        "--set",
        "imgsz=32",
        "--set",
        "mosaic=0",
    ];
    server.call(&start)?.succeeded()?;
    let snapshot = server.json(&["trainings", "snapshot", "tiny"])?;
    assert_eq!(
        (&snapshot["subsets"][0]["mode"], &snapshot["subsets"][0]["content"]["item_count"]),
        (&"dql-filter".into(), &6.into())
    );
    ensure!(snapshot["content_hash"].as_str().is_some_and(|hash| hash.len() == 64), "{snapshot}");
    let shown = server.call(&["trainings", "snapshot", "tiny"])?.succeeded()?;
    ensure!(shown.output.contains("train filter (dql-filter)"), "{}", shown.output);
    // Every picture of the validation subset was asked for in the train subset too.
    ensure!(shown.output.contains("leaks: 2 pictures are both in train"), "{}", shown.output);
    let items = server.json(&["trainings", "snapshot", "tiny", "--items", "train"])?;
    assert_eq!(items.as_array().map(Vec::len), Some(6));
    training::expect_status(&server, "tiny", "success", Duration::from_secs(120))?;
    server.call(&["train", "twin", "--repeat", "tiny"])?.succeeded()?;
    training::expect_status(&server, "twin", "success", Duration::from_secs(120))?;
    let twin = server.json(&["trainings", "snapshot", "twin"])?;
    ensure!(twin["device"].as_str().is_some_and(|device| device.starts_with("cpu (")), "{twin}");
    let figures =
        |model: &str| server.json(&["metrics", model, "--figure", "box_loss", "--figure", "mAP50(B)"]);
    assert_eq!(figures("twin")?, figures("tiny")?, "the same training gives the same figures");
    // The next one of this kind is told by how long this one took.
    let clone = server.json(&["model", "clone", "tiny", "--name", "again", "--with-weights"])?;
    assert_eq!(clone["status"], "pre-trained");
    let check = server.json(&[
        "train", "again", "--check", "--set", "epochs=1", "--set", "imgsz=32", "--set", "mosaic=0",
    ])?;
    ensure!(
        check["duration_secs"].as_u64().is_some_and(|secs| secs > 0) && check["service_exists"] == true,
        "{check}"
    );
    Ok(())
}
