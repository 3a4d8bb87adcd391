//! Named steps with durations, and the table that closes a run.
//!
//! Must not know what the steps do.

use crate::command::Transcript;
use anyhow::{Result, bail};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// How a step ended.
#[derive(Debug)]
enum Ending {
    Passed,
    Skipped(String),
    Failed(String),
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    took: Duration,
    ending: Ending,
}

/// The steps of a run so far.
#[derive(Debug, Default)]
pub struct Steps {
    finished: Vec<Step>,
    /// Lines of the test runner that say how many tests passed, each under what was tested.
    summaries: Vec<String>,
}

impl Steps {
    /// Runs a step, says how it went, and answers whether it passed.
    pub fn run(&mut self, name: &'static str, work: impl FnOnce(&mut Vec<String>) -> Result<()>) -> bool {
        println!("\n==> {name}");
        let started = Instant::now();
        let result = work(&mut self.summaries);
        let took = started.elapsed();
        let ending = match result {
            Ok(()) => Ending::Passed,
            Err(error) => Ending::Failed(format!("{error:#}")),
        };
        match &ending {
            Ending::Failed(reason) => println!("==> {name}: FAILED after {}: {reason}", seconds(took)),
            _ => println!("==> {name}: passed in {}", seconds(took)),
        }
        let passed = matches!(ending, Ending::Passed);
        self.finished.push(Step { name, took, ending });
        passed
    }

    /// Notes that a step was not run, and why.
    pub fn skip(&mut self, name: &'static str, reason: &str) {
        println!("\n==> {name}: skipped: {reason}");
        self.finished.push(Step { name, took: Duration::ZERO, ending: Ending::Skipped(reason.to_owned()) });
    }

    /// Prints the closing table and the test runner's summary lines; fails if any step failed.
    pub fn finish(&self) -> Result<()> {
        print!("\n{}", self.table());
        let failed: Vec<&str> = self
            .finished
            .iter()
            .filter(|step| matches!(step.ending, Ending::Failed(_)))
            .map(|step| step.name)
            .collect();
        if !failed.is_empty() {
            bail!("failed: {}", failed.join(", "));
        }
        Ok(())
    }

    /// How the run went as a whole; what was skipped did not pass.
    fn verdict(&self) -> String {
        let count = |is_meant: fn(&Ending) -> bool| {
            self.finished.iter().filter(|step| is_meant(&step.ending)).count()
        };
        let failed = count(|ending| matches!(ending, Ending::Failed(_)));
        let skipped = count(|ending| matches!(ending, Ending::Skipped(_)));
        let word = if failed == 0 { "passed".to_owned() } else { format!("{failed} FAILED") };
        if skipped == 0 { word } else { format!("{word}, {skipped} skipped") }
    }

    fn table(&self) -> String {
        let width = self.finished.iter().map(|step| step.name.len()).max().unwrap_or(0);
        let mut table = String::new();
        let mut total = Duration::ZERO;
        for step in &self.finished {
            total += step.took;
            let word = match &step.ending {
                Ending::Passed => "passed".to_owned(),
                Ending::Skipped(reason) => format!("skipped: {reason}"),
                Ending::Failed(reason) => format!("FAILED: {}", reason.lines().next().unwrap_or_default()),
            };
            let _ = writeln!(table, "{:width$}  {:>8}  {word}", step.name, seconds(step.took));
        }
        let _ = writeln!(table, "{:width$}  {:>8}  {}", "in all", seconds(total), self.verdict());
        // Last, as they are what a reader of the end of a long output looks for.
        for line in &self.summaries {
            let _ = writeln!(table, "{line}");
        }
        table
    }
}

/// The lines of `cargo test` that say how many tests passed, each after the line that says what was tested.
pub fn test_summaries(transcript: &Transcript) -> Vec<String> {
    let mut summaries = Vec::new();
    let mut subject = "";
    for line in transcript.lines.iter().map(|line| line.trim()) {
        if line.starts_with("Running ") || line.starts_with("Doc-tests ") {
            subject = line;
        } else if line.starts_with("test result:") {
            // Targets without a test are of no interest.
            if !line.contains(" 0 passed; 0 failed; 0 ignored;") {
                summaries.push(format!("{}\n{line}", short(subject)));
            }
        } else if line.starts_with("test ") && line.ends_with("FAILED") {
            summaries.push(line.to_owned());
        }
    }
    summaries
}

/// `Running tests/a.rs (a)` of `Running tests/a.rs (target/debug/deps/a-0123)`: the file alone does not name the crate.
fn short(subject: &str) -> String {
    let Some((what, program)) = subject.split_once(" (") else { return subject.to_owned() };
    let name = program.trim_end_matches(')').rsplit('/').next().unwrap_or(program);
    let name = name.rsplit_once('-').map_or(name, |(name, _)| name);
    format!("{what} ({name})")
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_tells_passed_skipped_and_failed_apart() {
        let mut steps = Steps::default();
        assert!(steps.run("good", |_| Ok(())));
        assert!(!steps.run("bad", |_| bail!("it broke\nwith detail")));
        steps.skip("later", "needs a browser");
        let table = steps.table();
        assert!(table.contains("passed"), "{table}");
        assert!(table.contains("FAILED: it broke\n"), "{table}");
        assert!(table.contains("skipped: needs a browser"), "{table}");
        assert_eq!(steps.finish().unwrap_err().to_string(), "failed: bad");
    }

    #[test]
    fn the_verdict_counts_what_was_skipped() {
        let mut steps = Steps::default();
        steps.run("good", |summaries| {
            summaries.push("test result: ok. 1 passed".to_owned());
            Ok(())
        });
        assert_eq!(steps.verdict(), "passed");
        steps.skip("later", "needs a browser");
        assert_eq!(steps.verdict(), "passed, 1 skipped");
        assert!(steps.finish().is_ok());
        steps.run("bad", |_| bail!("it broke"));
        assert_eq!(steps.verdict(), "1 FAILED, 1 skipped");
        let table = steps.table();
        assert!(table.contains("1 FAILED, 1 skipped\ntest result: ok. 1 passed\n"), "{table}");
        assert!(table.ends_with("test result: ok. 1 passed\n"), "{table}");
    }

    #[test]
    fn summaries_name_what_was_tested_and_leave_out_empty_targets() {
        let lines = [
            "     Running unittests src/lib.rs (target/debug/deps/a-1)",
            "test fine ... ok",
            "test broken ... FAILED",
            "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "     Running unittests src/main.rs (target/debug/deps/b-2)",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ];
        let transcript = Transcript { lines: lines.map(str::to_owned).to_vec(), succeeded: false };
        let summaries = test_summaries(&transcript);
        assert_eq!(summaries.len(), 2, "{summaries:?}");
        assert_eq!(summaries[0], "test broken ... FAILED");
        assert!(summaries[1].starts_with("Running unittests src/lib.rs (a)\ntest result: FAILED. 1 passed"));
    }
}
