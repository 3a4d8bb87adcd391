//! `cargo xtask demo`: from an empty machine to a server that trains on generated scenes.
//!
//! Must not know what the demo is made of: that is `trainyard serve --demo`.

use crate::command::{self, describe};
use crate::project::Project;
use crate::{gpu, setup, ui};
use anyhow::{Context, Result};
use std::process::Command;

/// Sets up, builds, and becomes the server. `arguments` go to the server, but for `--features LIST`.
pub fn run(project: &Project, arguments: &[String]) -> Result<()> {
    let (features, arguments) = gpu::take_features(arguments);
    build(project, features.as_deref())?;
    let mut server = server_command(project, &arguments);
    println!("$ {}", describe(&server));
    become_command(&mut server)
}

/// Everything that the server needs to run with its UI.
pub fn build(project: &Project, features: Option<&str>) -> Result<()> {
    setup::prepare(project, setup::UI)?;
    gpu::print_hint(project, features);
    // One call for both programs, so that what they share is compiled once.
    let mut build =
        project.cargo(&["build", "--package", "backend", "--package", "wasm-bindgen-tool", "--bins"]);
    if let Some(features) = features {
        let features: Vec<String> = features.split(',').map(|feature| format!("backend/{feature}")).collect();
        build.args(["--features", &features.join(",")]);
    }
    command::run(&mut build)?;
    ui::build(project)
}

/// The demo keeps its data in the checkout unless the arguments say otherwise.
fn server_command(project: &Project, arguments: &[String]) -> Command {
    let mut server = Command::new(project.trainyard());
    server.current_dir(&project.root).args(["serve", "--demo"]);
    let names_data = arguments.iter().any(|argument| argument == "--data" || argument.starts_with("--data="));
    if !names_data {
        server.args(["--data", ".trainyard/demo"]);
    }
    server.args(arguments);
    server
}

/// Replaces this program, so that signals and the exit code are the server's own.
#[cfg(unix)]
fn become_command(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    Err(command.exec()).with_context(|| format!("cannot start `{}`", describe(command)))
}

#[cfg(not(unix))]
fn become_command(command: &mut Command) -> Result<()> {
    command::run(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_data_folder_that_is_named_wins() {
        let project = Project { root: "/checkout".into(), target: "/checkout/target".into() };
        let given = ["--data".to_owned(), "/elsewhere".to_owned()];
        assert_eq!(describe(&server_command(&project, &given)), "trainyard serve --demo --data /elsewhere");
        let none = describe(&server_command(&project, &[]));
        assert_eq!(none, "trainyard serve --demo --data .trainyard/demo");
    }
}
