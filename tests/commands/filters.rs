//! Items by a filter from the command line: the same numbers as the folders hold, and refusals that a person can use.

use super::{Wrong, expect_refused};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::Write;
use std::process::Stdio;
use tests::dataset::Size;
use tests::server::Server;
use tests::training::{self, rows};

fn written(server: &Server, name: &str, text: &str) -> Result<String> {
    let path = server.folder().join(name);
    fs::write(&path, text)?;
    Ok(path.display().to_string())
}

#[test]
fn items_are_listed_and_counted_by_a_filter() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 5, validation: 3 })?;
    for (name, text, expected) in [
        ("all.json", "{}", 8),
        (
            "tagged.json",
            r#"{"filter":{"$and":[{"hidden":false},{"type":"file"},{"metadata.system.tags.train":true}]},"page":0,"pageSize":1000,"resource":"items"}"#,
            5,
        ),
        ("folder.json", r#"{"filename": "/images/val/**"}"#, 3),
        ("name.json", r#"{"name": "train000?.png"}"#, 0),
        ("wildcard.json", r#"{"name": "train000*.png"}"#, 5),
        ("boxes.json", r#"{"annotated": true, "metadata.system.width": {"$gte": 96}}"#, 8),
        (
            "join.json",
            r#"{"filter": {}, "join": {"on": {"resource": "annotations", "local": "itemId", "forigen": "id"}, "filter": {"label": "no such"}}}"#,
            0,
        ),
        ("regex.json", r#"{"name": {"$regex": "^val"}}"#, 3),
    ] {
        let file = written(&server, name, text)?;
        let arguments = ["dataset", "items", "--dataset", "shapes", "--filter", &file];
        let counted = server.json(&[&arguments[..], &["--count"]].concat())?;
        assert_eq!(counted["count"], expected, "{text}");
        assert_eq!(rows(&server.json(&arguments)?, "items")?.len(), expected, "{text}");
    }
    let page = written(
        &server,
        "page.json",
        r#"{"filter": {}, "page": 1, "pageSize": 3, "sort": {"name": "descending"}}"#,
    )?;
    let call = server
        .call(&["dataset", "items", "--dataset", "shapes", "--filter", &page, "--json"])?
        .succeeded()?;
    ensure!(call.errors.contains("3 of 8"), "the rest is not mentioned: {}", call.errors);
    assert_eq!(rows(&call.json()?, "items")?[0]["name"], "train0004.png");
    Ok(())
}

#[test]
fn a_filter_is_read_from_standard_input_and_slips_are_told() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 2, validation: 1 })?;
    let mut command =
        server.command(&["dataset", "items", "--dataset", "shapes", "--filter", "-", "--count"])?;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    child.stdin.take().context("no standard input")?.write_all(br#"{"nam": {"$ne": "x"}}"#)?;
    let output = child.wait_with_output()?;
    assert_eq!(String::from_utf8(output.stdout)?.trim(), "3");
    let errors = String::from_utf8(output.stderr)?;
    ensure!(
        errors.contains("warning: line 1, column") && errors.contains("did you mean `name`?"),
        "{errors}"
    );
    Ok(())
}

#[test]
fn filters_that_cannot_be_used_are_refused_with_every_problem() -> Result<()> {
    let server = Server::start()?;
    training::import(&server, "shapes", Size { train: 2, validation: 1 })?;
    let two = written(&server, "two.json", "{\"name\": {\"$equals\": 1},\n \"dir\": {\"$foo\": 2}}")?;
    let broken = written(&server, "broken.json", "{\"name\": ")?;
    let long = written(&server, "long.json", &format!("{{\"name\": \"{}\"}}", "x".repeat(2 << 20)))?;
    let sorted =
        written(&server, "sorted.json", r#"{"filter": {}, "sort": {"metadata.user.x": "ascending"}}"#)?;
    let missing = server.folder().join("missing.json").display().to_string();
    let cases: [(&str, &str, &[&str]); 5] = [
        ("two problems", &two, &["line 1, column 11", "$equals", "line 2, column", "$foo"]),
        ("no JSON", &broken, &["line 1", "not JSON"]),
        ("a long text", &long, &["larger than the limit"]),
        ("an order of one's own", &sorted, &["metadata.user.x", "createdAt"]),
        ("a file that is not there", &missing, &["missing.json"]),
    ];
    for (what, file, says) in cases {
        let arguments = ["dataset", "items", "--dataset", "shapes", "--filter", file];
        expect_refused(&server, &[Wrong { what, arguments: &arguments, codes: &[2], says }])?;
    }
    Ok(())
}
