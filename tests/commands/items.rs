//! Changing many items and keeping filters from the command line, and the way back.

use super::{Wrong, count, expect_refused};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use tests::dataset::Size;
use tests::server::Server;
use tests::training::{self, rows};

fn written(server: &Server, name: &str, text: &str) -> Result<String> {
    let path = server.folder().join(name);
    fs::write(&path, text)?;
    Ok(path.display().to_string())
}

fn subsets(server: &Server) -> Result<Value> {
    let datasets = server.json(&["dataset", "list"])?;
    Ok(rows(&datasets, "datasets")?.first().context("there is no dataset")?["subset_counts"].clone())
}

#[test]
fn items_are_changed_by_a_filter_and_the_change_is_taken_back() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 6, validation: 4 })?;
    let all = written(&server, "all.json", "{}")?;
    let some = written(&server, "some.json", r#"{"name": "train000*.png"}"#)?;
    let here = |words: &[&'static str]| -> Vec<&'static str> {
        [&["dataset"], words, &["--dataset", "shapes"]].concat()
    };
    let change = |words: &[&'static str], filter: &str, more: &[&str]| {
        server.json(&[&here(words)[..], &["--filter", filter], more].concat())
    };
    let take_back = |change: &Value| {
        let id = change["id"].as_str().context("the change has no id")?;
        server.json(&["dataset", "undo", id])
    };
    assert_eq!(subsets(&server)?, serde_json::json!([6, 4, 0]));
    let tagged = change(&["tag"], &some, &["--subset", "test"])?;
    assert_eq!(tagged["changed_count"], 6);
    assert_eq!(subsets(&server)?, serde_json::json!([0, 4, 6]));
    take_back(&tagged)?;
    assert_eq!(subsets(&server)?, serde_json::json!([6, 4, 0]));
    let split = change(&["split"], &all, &["--split", "50/30/20", "--seed", "7"])?;
    assert_eq!(subsets(&server)?, serde_json::json!([5, 3, 2]));
    take_back(&split)?;
    let moved = change(&["move"], &some, &["--to", "/day/one"])?;
    assert_eq!(moved["changed_count"], 6);
    let folders = server.json(&here(&["folders"]))?;
    let dirs: Vec<&str> =
        rows(&folders, "folders")?.iter().filter_map(|folder| folder["dir"].as_str()).collect();
    ensure!(dirs.contains(&"/day") && dirs.contains(&"/day/one") && dirs[0] == "/", "{dirs:?}");
    let items = server.json(&here(&["items"]))?;
    let id = rows(&items, "items")?[0]["id"].as_str().context("an item has no id")?.to_owned();
    let deleted = server.json(&[&here(&["delete"])[..], &["--items", &id]].concat())?;
    assert_eq!(deleted["changed_count"], 1);
    assert_eq!(count(&server, &here(&["items"]), "items")?, 9);
    take_back(&deleted)?;
    let detail = server.json(&["dataset", "item", &id])?;
    let kinds: Vec<&str> =
        rows(&detail["history"], "history")?.iter().filter_map(|event| event["kind"].as_str()).collect();
    ensure!(kinds.starts_with(&["restored", "deleted"]) && kinds.ends_with(&["added"]), "{kinds:?}");
    let listed = server.json(&here(&["changes"]))?;
    let changes = rows(&listed, "changes")?;
    assert_eq!(
        (&changes[0]["kind"], &changes[0]["is_undo"], &changes[1]["why_not"]),
        (&"restored".into(), &true.into(), &"it was taken back already".into())
    );
    let text = server.call(&here(&["changes"]))?.succeeded()?.output;
    ensure!(text.contains("trainyard dataset undo ") && text.contains("to /day/one"), "{text}");
    let preview = change(&["preview"], &some, &[])?;
    assert_eq!(
        (&preview["total_count"], &preview["subset_counts"]),
        (&6.into(), &serde_json::json!([6, 0, 0]))
    );
    let text = server.call(&here(&["preview"]))?.succeeded()?.output;
    ensure!(text.contains("10 items") && text.contains("LABEL"), "{text}");
    Ok(())
}

#[test]
fn an_empty_dataset_and_filters_are_kept() -> Result<()> {
    let server = Server::start()?;
    let made = server.json(&["dataset", "create", "later", "--task", "classification"])?;
    assert_eq!((&made["name"], &made["item_count"]), (&"later".into(), &0.into()));
    let file = written(&server, "cats.json", r#"{"name": "cat*"}"#)?;
    let first = server.json(&["filter", "save", "cats", "--filter", &file])?;
    let again = server.json(&["filter", "save", "cats", "--filter", &file])?;
    assert_eq!(first["id"], again["id"]);
    assert_eq!(count(&server, &["filter", "list"], "filters")?, 1);
    assert_eq!(count(&server, &["filter", "list", "--resource", "annotations"], "filters")?, 0);
    server.json(&["filter", "delete", "cats"])?;
    assert_eq!(count(&server, &["filter", "list"], "filters")?, 0);
    Ok(())
}

#[test]
fn changes_that_are_not_meant_are_refused_with_a_next_step() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 2, validation: 1 })?;
    let slip = written(&server, "slip.json", r#"{"nam": {"$ne": "x"}}"#)?;
    let broken = written(&server, "broken.json", r#"{"name": {"$foo": 1}}"#)?;
    let all = written(&server, "all.json", "{}")?;
    let delete = |more: &[&'static str]| [&["dataset", "delete", "--dataset", "shapes"], more].concat();
    let with = |file: &'static str| delete(&["--filter", file]);
    let (slip, broken, all) = (&*slip.leak(), &*broken.leak(), &*all.leak());
    let (nothing, a_slip, a_broken_one) = (delete(&[]), with(slip), with(broken));
    let bad_id = delete(&["--items", "nonsense"]);
    let no_subset = ["dataset", "tag", "--dataset", "shapes", "--filter", all];
    let no_folder = ["dataset", "move", "--dataset", "shapes", "--filter", all, "--to", "/a/../b"];
    expect_refused(
        &server,
        &[
            Wrong { what: "no items", arguments: &nothing, codes: &[2], says: &["--filter", "--items"] },
            Wrong {
                what: "a slip",
                arguments: &a_slip,
                codes: &[2],
                says: &["did you mean `name`?", "correct"],
            },
            Wrong { what: "a broken filter", arguments: &a_broken_one, codes: &[2], says: &["$foo"] },
            Wrong { what: "no id", arguments: &bad_id, codes: &[2], says: &["nonsense", "item id"] },
            Wrong { what: "no subset", arguments: &no_subset, codes: &[2], says: &["--subset"] },
            Wrong { what: "no folder", arguments: &no_folder, codes: &[2], says: &["`..`"] },
            Wrong {
                what: "an unknown change",
                arguments: &["dataset", "undo", "0190a5b0-0000-7000-8000-000000000001"],
                codes: &[1],
                says: &["there is no change of items"],
            },
            Wrong {
                what: "an unknown filter",
                arguments: &["filter", "delete", "none"],
                codes: &[1],
                says: &["`none`", "filter list"],
            },
        ],
    )?;
    assert_eq!(count(&server, &["dataset", "items", "--dataset", "shapes"], "items")?, 3);
    Ok(())
}
