//! Builds the guide from `docs/` with the API reference from the `.proto` files, and checks every link in it, every link
//! in the other Markdown files, and every message that the troubleshooting page quotes.
//!
//! Called by `cargo xtask guide` with the root of the checkout and the folder to write into. Must not know what any page
//! says.

mod api;
mod book;
mod html_links;
mod in_book;
mod markdown_links;
mod proto;
mod quotes;

use anyhow::{Context, Result, bail};
use std::path::{PathBuf, absolute};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (root, target) = arguments
        .next()
        .zip(arguments.next())
        .context("call it as `guide <checkout> <folder to write into>`")?;
    let (root, target) = (root.canonicalize()?, absolute(target)?);
    let pages = book::build(&root, &target)?;
    let mut complaints = Vec::new();
    let links = html_links::check(&target, &mut complaints)? + markdown_links::check(&root, &mut complaints)?;
    let messages = quotes::check(&root, &mut complaints)?;
    if !complaints.is_empty() {
        bail!("{} things are wrong with the guide:\n{}", complaints.len(), complaints.join("\n"));
    }
    println!(
        "{pages} pages, {links} links that lead somewhere, {messages} quoted messages that stand in the code"
    );
    Ok(())
}
