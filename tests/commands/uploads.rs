//! Data sets that are sent to the server instead of being read on its machine.
//!
//! Must not know the product's code.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::process::Command;
use tests::dataset::{self, Size};
use tests::server::Server;
use tests::training::rows;

#[test]
fn folders_and_archives_are_sent_and_their_format_is_found_out() -> Result<()> {
    let server = Server::start()?;
    let folder = server.folder().join("shapes");
    dataset::write_yolo(&folder, Size { train: 4, validation: 2 })?;
    let archive = server.folder().join("shapes.tar.gz");
    let packed = Command::new("tar")
        .arg("-czf")
        .arg(&archive)
        .arg("-C")
        .arg(server.folder())
        .arg("shapes")
        .status()?;
    ensure!(packed.success(), "tar does not pack");
    for (name, path) in [("folder", &folder), ("archive", &archive)] {
        let path = path.to_str().context("the temporary folder's name is not UTF-8")?;
        server.call(&["dataset", "import", path, "--name", name, "--upload"])?.succeeded()?;
        let items = server.json(&["dataset", "items", "--dataset", name, "--subset", "train"])?;
        ensure!(rows(&items, "items")?.len() == 4, "{name}: {items}");
    }
    let left = fs::read_dir(server.data().join("uploads"))?.count();
    ensure!(left == 0, "{left} uploads are left");
    Ok(())
}

#[test]
fn an_archive_that_is_refused_says_why_and_leaves_nothing() -> Result<()> {
    let server = Server::start()?;
    let archive = server.folder().join("shapes.zip");
    fs::write(&archive, b"PK\x03\x04 and then nothing that a zip has")?;
    let path = archive.to_str().context("the temporary folder's name is not UTF-8")?;
    let call = server.call(&["dataset", "import", path, "--name", "shapes", "--upload"])?;
    ensure!(call.code == Some(2) && call.errors.contains("shapes.zip"), "{:?}: {}", call.code, call.errors);
    ensure!(rows(&server.json(&["dataset", "list"])?, "datasets")?.is_empty());
    ensure!(fs::read_dir(server.data().join("uploads"))?.count() == 0, "the upload is left");
    Ok(())
}
