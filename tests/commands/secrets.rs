//! Secrets from the command line: values come by standard input, and come out nowhere.
//!
//! Must not know the product's code.

use anyhow::{Context, Result, ensure};
use std::io::Write as _;
use std::process::Stdio;
use tests::program::Call;
use tests::server::Server;
use tests::training::rows;

/// Runs a call with this on its standard input.
fn call_with(server: &Server, arguments: &[&str], input: &str) -> Result<Call> {
    let mut file = tempfile::tempfile()?;
    file.write_all(input.as_bytes())?;
    std::io::Seek::rewind(&mut file)?;
    Call::run(server.command(arguments)?.stdin(Stdio::from(file)))
}

#[test]
fn a_secret_is_made_listed_replaced_and_deleted_and_its_value_never_shown() -> Result<()> {
    let server = Server::start()?;
    let made =
        call_with(&server, &["secret", "create", "API_TOKEN", "--description", "registry"], "hunter22\n")?;
    let made = made.succeeded()?;
    ensure!(!made.output.contains("hunter22"), "{}", made.output);
    let list = server.json(&["secret", "list"])?;
    let row = rows(&list, "secrets")?.first().context("it is not listed")?.clone();
    ensure!(row["name"] == "API_TOKEN" && row["description"] == "registry", "{row}");
    let replaced =
        call_with(&server, &["secret", "replace", "API_TOKEN", "--json"], "another value")?.json()?;
    ensure!(replaced["fingerprint"] != row["fingerprint"], "{replaced}");
    let rotated = server.json(&["secret", "rotate-key"])?;
    ensure!(rotated["resealed_count"] == 1, "{rotated}");
    server.call(&["secret", "delete", "API_TOKEN"])?.succeeded()?;
    ensure!(rows(&server.json(&["secret", "list"])?, "secrets")?.is_empty());
    ensure!(!server.log().contains("hunter22") && !server.log().contains("another value"));
    Ok(())
}

#[test]
fn what_cannot_be_a_secret_is_refused_without_being_quoted() -> Result<()> {
    let server = Server::start()?;
    for (name, value, says) in [
        ("PATH", "canary-value", "PATH"),
        ("LD_PRELOAD", "canary-value", "LD_PRELOAD"),
        ("A-B", "canary-value", "letters"),
        ("TOKEN", "abc", "4 bytes"),
        ("TOKEN", "", "empty"),
    ] {
        let call = call_with(&server, &["secret", "create", name], value)?;
        ensure!(call.code == Some(2), "{name}: {:?}", call.code);
        ensure!(call.errors.contains(says) && !call.errors.contains("canary"), "{name}: {}", call.errors);
    }
    ensure!(rows(&server.json(&["secret", "list"])?, "secrets")?.is_empty());
    Ok(())
}
