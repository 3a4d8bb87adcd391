//! Running commands: say what runs, stream what it prints, and fail with its name.
//!
//! Must not know which commands there are.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Write, pipe};
use std::process::{Command, Stdio};

/// Runs a command to its end; what it prints goes straight through.
pub fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| start_failure(command))?;
    if !status.success() {
        bail!("`{}` failed: {status}", describe(command));
    }
    Ok(())
}

/// What a command printed (both streams in order), and whether it succeeded.
pub struct Transcript {
    pub lines: Vec<String>,
    pub succeeded: bool,
}

/// Runs a command to its end, printing its lines as they come and keeping them.
pub fn run_and_keep(command: &mut Command) -> Result<Transcript> {
    announce(command);
    let (reader, writer) = pipe().context("cannot make a pipe")?;
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| start_failure(command))?;
    // The command holds writing ends of the pipe; without them the reader below sees the end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut lines = Vec::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        writeln!(std::io::stdout(), "{line}")?;
        lines.push(line);
    }
    let status = child.wait()?;
    Ok(Transcript { lines, succeeded: status.success() })
}

/// What a short command prints, without the line break at the end; `None` if it cannot run or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// The command as a person would type it.
pub fn describe(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy();
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    std::iter::once(name).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn announce(command: &Command) {
    println!("$ {}", describe(command));
}

fn start_failure(command: &Command) -> String {
    format!("cannot start `{}`", describe(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_are_kept_in_order_and_failure_is_seen() {
        let transcript =
            run_and_keep(Command::new("sh").args(["-c", "echo one; echo two >&2; echo three; exit 3"]))
                .unwrap();
        assert_eq!(transcript.lines, ["one", "two", "three"]);
        assert!(!transcript.succeeded);
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = run(Command::new("sh").args(["-c", "exit 4"])).unwrap_err().to_string();
        assert!(error.contains("sh -c exit 4"), "{error}");
        let error = format!("{:#}", run(&mut Command::new("no-such-program-here")).unwrap_err());
        assert!(error.contains("no-such-program-here"), "{error}");
    }

    #[test]
    fn the_output_of_a_failing_command_is_none() {
        assert_eq!(output(Command::new("sh").args(["-c", "echo hello"])).as_deref(), Some("hello"));
        assert_eq!(output(Command::new("sh").args(["-c", "echo hello; exit 1"])), None);
    }
}
