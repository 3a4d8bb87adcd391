//! `trainyard dql`: filters match and compare on files, and wrong ones are refused with their places.
//!
//! Must not know the product's code. The reference cases lie beside the checkout; without them a test says so.

use super::complaints_about;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use tests::program::{self, Call};

const ITEMS: &str = r#"{"id": "a", "dir": "/train", "createdAt": "2024-03-01T00:00:00.000Z"}

{"id": "b", "dir": "/train/x", "metadata": {"user": {"score": 0.5}}}
{"id": "c", "dir": "/test"}
"#;
const ANNOTATIONS: &str = r#"{"id": "1", "itemId": "b", "label": "cat"}
{"id": "2", "itemId": "c", "label": "dog"}"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Result<Self> {
        let folder = Self(tempfile::tempdir()?);
        folder.write("items.jsonl", ITEMS)?;
        folder.write("annotations.jsonl", ANNOTATIONS)?;
        Ok(folder)
    }

    fn write(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.0.path().join(name);
        fs::write(&path, content)?;
        Ok(path)
    }

    fn call(&self, arguments: &[&str]) -> Result<Call> {
        Call::run(program::command()?.current_dir(self.0.path()).arg("dql").args(arguments))
    }

    fn matching(&self, filter: &str, more: &[&str]) -> Result<Call> {
        self.write("filter.json", filter)?;
        let arguments = ["match", "--items", "items.jsonl", "--filter", "filter.json"];
        self.call(&[&arguments, more].concat())
    }
}

#[test]
fn filters_match_in_the_order_of_the_file() -> Result<()> {
    let folder = Folder::new()?;
    let join = r#""join": {"on": {"resource": "annotations", "local": "itemId", "forigen": "id"}, "filter": {"label": "cat"}}"#;
    let all = ["--json", "--annotations", "annotations.jsonl"];
    for (filter, expected) in [
        ("{}", json!(["a", "b", "c"])),
        (r#"{"dir": {"$glob": "/train/**"}}"#, json!(["a", "b"])),
        (
            r#"{"filter": {"dir": "/test"}, "sort": {"id": "descending"}, "page": 0, "pageSize": 1}"#,
            json!(["c"]),
        ),
        (r#"{"metadata.user.score": {"$gt": 1}}"#, json!([])),
        (&format!(r#"{{"filter": {{}}, {join}}}"#), json!(["b"])),
        (
            &format!(r#"{{"filter": {{}}, "except": {{"query": {{"filter": {{}}, {join}}}}}}}"#),
            json!(["a", "c"]),
        ),
        (r#"{"filter": {"label": "dog"}, "resource": "annotations"}"#, json!(["2"])),
    ] {
        let found = folder.matching(filter, &all)?.json()?;
        ensure!(found == expected, "{filter}: {found}");
    }
    let call = folder.matching("{}", &[])?.succeeded()?;
    ensure!(call.output == "a\nb\nc\n" && call.errors.contains("3 of 3 match"), "{call:?}");
    let call = folder.matching(r#"{"dirr": "/test"}"#, &["--json"])?.succeeded()?;
    ensure!(call.output == "[]\n", "{call:?}");
    ensure!(
        call.errors.contains("warning: filter.json, line 1, column 2") && call.errors.contains("`dir`"),
        "{call:?}"
    );
    Ok(())
}

#[test]
fn what_cannot_be_used_is_refused_with_its_place() -> Result<()> {
    let folder = Folder::new()?;
    folder.write("broken.jsonl", "{\"id\": \"a\"}\n{\"id\": }\n")?;
    let mut complaints = Vec::new();
    for (filter, says) in [
        (
            r#"{"dir": {"$inn": ["/a"]}}"#,
            "line 1, column 10: there is no operator `$inn`; did you mean `$in`?",
        ),
        ("{", "line 1, column 1"),
        (r#"{"$and": []}"#, "at least one clause"),
        (r#"{"name": {"$regex": "("}}"#, "unclosed group"),
        (r#"{"filter": {}, "resource": "annotations"}"#, "--annotations FILE"),
    ] {
        let call = folder.matching(filter, &["--json"])?;
        ensure!(call.output.is_empty(), "{filter}: {call:?}");
        complaints.extend(complaints_about(filter, &call, &[2], &[says]));
    }
    for (arguments, code, says) in [
        (&["match", "--items", "broken.jsonl", "--filter", "filter.json"][..], 2, "broken.jsonl, line 2"),
        (
            &["match", "--items", "nothing.jsonl", "--filter", "filter.json"],
            1,
            "nothing.jsonl cannot be read",
        ),
        (&["match", "--filter", "filter.json"], 2, "--items"),
        (&["compare", "filter.json", "broken.jsonl"], 2, "the filter in broken.jsonl is refused"),
    ] {
        folder.write("filter.json", "{}")?;
        complaints.extend(complaints_about(&arguments.join(" "), &folder.call(arguments)?, &[code], &[says]));
    }
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}

#[test]
fn filters_are_compared_by_text_and_by_meaning() -> Result<()> {
    let folder = Folder::new()?;
    folder.write("a.json", r#"{"filter": {"dir": "/a", "type": "file"}, "page": 0}"#)?;
    for (other, expected) in [
        ("{\"filter\":{\"dir\":\"/a\",\n\"type\":\"file\"},\"page\":0}", "textually-equal"),
        (r#"{"$and": [{"dir": {"$eq": "/a"}}]}"#, "canonically-equal"),
        (r#"{"dir": "/b"}"#, "different"),
    ] {
        folder.write("b.json", other)?;
        let call = folder.call(&["compare", "a.json", "b.json"])?.succeeded()?;
        ensure!(call.output.trim() == expected, "{other}: {}", call.output);
        let found = folder.call(&["compare", "a.json", "b.json", "--json"])?.json()?;
        ensure!(found == json!({ "comparison": expected }), "{other}: {found}");
    }
    Ok(())
}

#[test]
fn help_shows_the_whole_reference() -> Result<()> {
    let help = Folder::new()?.call(&["--help"])?.succeeded()?.output;
    for part in ["# Filter language", "`$glob`", "What surprises people"] {
        ensure!(help.contains(part), "no {part} in the help");
    }
    Ok(())
}

#[test]
fn the_reference_cases_find_what_other_engines_find() -> Result<()> {
    let reference = program::checkout().join("../shared/reference/dql");
    if !reference.is_dir() {
        eprintln!("skipped: {} is not there", reference.display());
        return Ok(());
    }
    let read = |name: &str| -> Result<Vec<Value>> {
        let text = fs::read_to_string(reference.join(name)).with_context(|| format!("cannot read {name}"))?;
        Ok(serde_json::from_str(&text)?)
    };
    let folder = Folder::new()?;
    let items = reference.join("items.jsonl");
    let find = |filter: &Value| -> Result<Call> {
        let filter = folder.write("case.json", &filter.to_string())?;
        find(&items, &filter)
    };
    for case in read("cases.json")? {
        let found = find(&case["filter"])?.json()?;
        ensure!(found == case["expected"] || found == case["also_accepted"], "{}: {found}", case["id"]);
    }
    for case in read("rejected.json")? {
        let call = find(&case["filter"])?;
        ensure!(
            call.code == Some(2) && call.output.is_empty() && call.errors.len() > 40,
            "{}: {call:?}",
            case["what"]
        );
    }
    Ok(())
}

fn find(items: &Path, filter: &Path) -> Result<Call> {
    Call::run(
        program::command()?
            .args(["dql", "match", "--json", "--items"])
            .arg(items)
            .arg("--filter")
            .arg(filter),
    )
}
