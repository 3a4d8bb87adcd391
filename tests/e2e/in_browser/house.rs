//! A server with something on every page, under names that nothing was made for, and the table of its pages.
//!
//! Must not know what is checked.

use super::pages::TRAINING_DEADLINE;
use anyhow::{Context, Result, ensure};
use std::io::Write;
use std::process::Stdio;
use tests::dataset::Size;
use tests::server::Server;
use tests::training;

/// The service of the only architecture.
pub const SERVICE: &str = "mgmt-train-yolov8";

/// A page: its path, and what is visible there once it is drawn.
#[derive(Debug, Clone)]
pub struct Page {
    pub path: String,
    pub role: &'static str,
    pub name: String,
}

fn page(path: impl Into<String>, role: &'static str, name: impl Into<String>) -> Page {
    Page { path: path.into(), role, name: name.into() }
}

/// Names that break what was not made for them.
fn hostile_names() -> Vec<String> {
    vec![
        "Wahnsinnig".repeat(50),
        "Wahnsinnig".repeat(12),
        "very long ".repeat(12).trim().to_owned(),
        "\u{634}\u{628}\u{643}\u{629} \u{5e8}\u{5e9}\u{5ea} 2/3 (v1)".to_owned(),
        "\u{1f469}\u{200d}\u{1f52c} \u{1f1e9}\u{1f1ea}".to_owned(),
        "<img src=x onerror=alert(1)>&amp;".to_owned(),
        "bell\u{7} escape\u{1b}[31m".to_owned(),
    ]
}

/// Makes something of each of these names, and answers those that were taken.
fn made(what: &str, make: impl Fn(&str) -> Result<bool>) -> Result<Vec<String>> {
    let mut taken = Vec::new();
    for name in hostile_names() {
        if make(&name)? {
            taken.push(name);
        }
    }
    ensure!(!taken.is_empty(), "no {what} takes a name that is out of the ordinary");
    Ok(taken)
}

fn keep_secret(server: &Server, name: &str) -> Result<bool> {
    let mut command = server.command(&["secret", "create", name, "--description", &"w".repeat(400)])?;
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    process.stdin.take().context("standard input is piped")?.write_all(b"canary-5ecret\n")?;
    Ok(process.wait()?.success())
}

/// What the pages are about.
#[derive(Debug)]
pub struct House {
    pub server: Server,
    /// Id of a trained model.
    pub trained: String,
    /// Id of a dataset with items.
    pub dataset: String,
}

impl House {
    /// A dataset, a trained version, one that is not, and as many hostile names as the server takes.
    pub fn build() -> Result<Self> {
        let server = Server::start()?;
        training::import(&server, "shapes", Size { train: 8, validation: 4 })?;
        training::create_model(&server, "shapes", "tiny")?;
        training::start(&server, "tiny", 2)?;
        let done = training::expect_status(&server, "tiny", "success", TRAINING_DEADLINE)?;
        let trained = training::text(&done, &["model_id", "modelId"]);
        training::create_model(&server, "shapes", "fresh")?;
        let source = server.folder().join("shapes-source");
        let source = source.to_str().context("the folder's name is no text")?.to_owned();
        made("dataset", |name| {
            let arguments = ["dataset", "import", &source, "--format", "yolo", "--name", name];
            Ok(server.call(&arguments)?.succeeded().is_ok())
        })?;
        made("model", |name| Ok(training::create_model(&server, "shapes", name).is_ok()))?;
        for name in ["HUB_TOKEN".to_owned(), "W".repeat(64), "W".repeat(128)] {
            keep_secret(&server, &name)?;
        }
        let list = server.json(&["dataset", "list"])?;
        let of_name = |row: &&serde_json::Value| training::text(row, &["name"]) == "shapes";
        let dataset = training::rows(&list, "datasets")?.iter().find(of_name).context("no dataset")?;
        let dataset = training::text(dataset, &["id"]);
        Ok(Self { server, trained, dataset })
    }

    /// Every page that has something on it.
    pub fn pages(&self) -> Vec<Page> {
        let (model, dataset) = (&self.trained, &self.dataset);
        let mut pages = common_pages();
        pages.push(page(format!("/datasets/{dataset}"), "heading", "shapes"));
        pages.push(page(format!("/datasets/{dataset}?view=table"), "heading", "shapes"));
        pages.push(page(format!("/datasets/{dataset}/recipes"), "button", "~Edit"));
        for tab in ["explore", "predictions", "logs", "data", "artifacts", "config"] {
            pages.push(page(format!("/models/{model}/{tab}"), "heading", "tiny"));
        }
        for (step, heading) in [
            ("data", "Validation subset"),
            ("config", "Configuration"),
            ("service", "Execution configuration"),
        ] {
            pages.push(page(format!("/models/fresh/train/{step}"), "heading", heading));
        }
        for (tab, role, name) in [
            ("executions", "link", "tiny"),
            ("instances", "button", "Show log"),
            ("errors", "heading", "No errors"),
            ("configuration", "heading", "Revisions"),
        ] {
            pages.push(page(format!("/services/{SERVICE}/{tab}"), role, name));
        }
        pages
    }
}

/// The pages that are there without anything on them.
pub fn common_pages() -> Vec<Page> {
    [
        ("/models/training", "heading", "Training"),
        ("/models", "heading", "Versions"),
        ("/models/architectures", "heading", "Models"),
        ("/models/compare", "heading", "Nothing to compare yet"),
        ("/models/new", "heading", "Create version"),
        ("/services", "heading", "Services"),
        ("/services/machines", "heading", "Machine types"),
        ("/settings/secrets", "heading", "Secrets"),
        ("/settings/appearance", "combobox", "Time zone"),
        ("/datasets", "heading", "Datasets"),
        ("/help/filters", "row", "~$exists"),
    ]
    .map(|(path, role, name)| page(path, role, name))
    .into()
}

/// Addresses that lead to nothing, each with what is said of it.
pub fn missing_pages() -> Vec<Page> {
    const NONE: &str = "01a2203c-6457-7000-9efc-a8d8b43a010a";
    vec![
        page("/no/such/page", "heading", "Page not found"),
        page(format!("/models/{NONE}"), "heading", "Model not found"),
        page(format!("/models/{NONE}/train"), "heading", "Model not found"),
        page("/models/tiny/nonsense", "heading", "Page not found"),
        page(format!("/datasets/{NONE}"), "heading", "Dataset not found"),
        page(format!("/datasets/{NONE}/recipes"), "heading", "Dataset not found"),
        page("/services/none", "heading", "Service not found"),
    ]
}
