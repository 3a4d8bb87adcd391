//! `cargo xtask dev`: the server, and the UI rebuilt at every change.
//!
//! Must not know what either does.

use crate::command::describe;
use crate::project::Project;
use crate::{demo, gpu, ui};
use anyhow::{Context, Result, bail};
use std::process::{Child, Command};
use std::time::Duration;

/// How often the two processes are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Runs both until one of them ends, then ends the other.
pub fn run(project: &Project, arguments: &[String]) -> Result<()> {
    let (features, arguments) = gpu::take_features(arguments);
    demo::build(project, features.as_deref())?;
    // From here on `dist/` is what was watched last, which no other command may take for its own build.
    ui::forget(project)?;
    let mut server = Command::new(project.trainyard());
    server.current_dir(&project.root).args(["serve", "--data", ".trainyard/dev"]).args(&arguments);
    let mut watch = project.command("trunk");
    watch
        .args(["watch", "--features", ui::FOR_DEVELOPERS])
        .env("CARGO_TARGET_DIR", &project.target)
        .env_remove("NO_COLOR");
    let mut running = Vec::new();
    let result = start(&mut server, &mut running)
        .and_then(|()| start(&mut watch, &mut running))
        .and_then(|()| wait_for_first(&mut running));
    for (_, child) in &mut running {
        // One that has ended already cannot be ended again, which is fine.
        let _ = child.kill();
        let _ = child.wait();
    }
    result
}

fn start(command: &mut Command, running: &mut Vec<(String, Child)>) -> Result<()> {
    let text = describe(command);
    println!("$ {text}");
    let child = command.spawn().with_context(|| format!("cannot start `{text}`"))?;
    running.push((text, child));
    Ok(())
}

fn wait_for_first(running: &mut [(String, Child)]) -> Result<()> {
    loop {
        for (text, child) in running.iter_mut() {
            match child.try_wait()? {
                Some(status) if !status.success() => bail!("`{text}` ended: {status}"),
                Some(_) => return Ok(()),
                None => {}
            }
        }
        std::thread::sleep(LOOK_EVERY);
    }
}
