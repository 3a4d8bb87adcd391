//! What a Train function says, made into what is reported: bounded, valid, and not too often.
//!
//! Must not know processes or the line to the server.

use super::artifacts;
use super::child::Pipe;
use super::hidden::HiddenLines;
use super::lines::{FloodGate, Line, text_to_keep};
use super::protocol::{ArtifactMessage, EndOutcome, Message, PROTOCOL_VERSION, Said, said_from_line};
use super::report::Voice;
use super::spool::{Body, Outcome};
use crate::secrets::redact::Patterns;
use proto::convert::metric_sample_to_wire;
use shared::metric::{LogLevel, MetricSample};
use shared::model::ArtifactKind;
use shared::table::Table;
use shared::training::{Cause, Progress};
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Lines of text that are quoted when it ends without a word.
const LAST_WORDS: usize = 5;

/// The name of a device is cut there: the server refuses a whole report for a longer one.
const MAX_DEVICE_CHARS: usize = 200;

/// Progress is reported no more often than this, but for a new epoch or phase.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// A checkpoint serves to go on from; one of the same name is kept no more often than this.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(20);

/// Of a table of the same name, one is kept this often at most, and the newest one at the end.
const TABLE_INTERVAL: Duration = Duration::from_secs(2);

/// Tables of different names at most.
const MOST_TABLES: usize = 100;

/// Listens to one Train function.
pub struct Listener {
    voice: Voice,
    work: PathBuf,
    outbox: PathBuf,
    started: Instant,
    logs: FloodGate,
    samples: FloodGate,
    progress: Option<(Progress, Instant)>,
    unsaid_progress: Option<Progress>,
    has_told_device: bool,
    checkpoints: BTreeMap<String, Instant>,
    skipped_checkpoint: Option<ArtifactMessage>,
    tables: BTreeMap<String, Instant>,
    skipped_tables: BTreeMap<String, Table>,
    last_words: VecDeque<String>,
    patterns: Arc<Patterns>,
    output: HiddenLines,
    errors: HiddenLines,
    end: Option<(EndOutcome, Option<Cause>)>,
}

impl Listener {
    /// A listener for a function that works in `work` and whose files go to `outbox`. What the patterns
    /// find is hidden in everything that is reported.
    #[must_use]
    pub fn new(voice: Voice, work: PathBuf, outbox: PathBuf, patterns: Arc<Patterns>) -> Self {
        Self {
            voice,
            work,
            outbox,
            started: Instant::now(),
            logs: FloodGate::new(5_000.0, 500.0),
            samples: FloodGate::new(50_000.0, 2_000.0),
            progress: None,
            unsaid_progress: None,
            has_told_device: false,
            checkpoints: BTreeMap::new(),
            skipped_checkpoint: None,
            tables: BTreeMap::new(),
            skipped_tables: BTreeMap::new(),
            last_words: VecDeque::new(),
            output: HiddenLines::new(Arc::clone(&patterns)),
            errors: HiddenLines::new(Arc::clone(&patterns)),
            patterns,
            end: None,
        }
    }

    /// Takes one line.
    pub async fn hear(&mut self, pipe: Pipe, line: Line) {
        if pipe == Pipe::Output
            && let Said::Message(message) = said_from_line(&line.text)
        {
            // A message stands between two texts, so no value goes on behind it.
            for Line { text, dropped_bytes } in self.output.rest() {
                self.text(text.trim_end(), dropped_bytes);
            }
            let message = self.hidden(message);
            return self.take(message).await;
        }
        let lines = match pipe {
            Pipe::Output => self.output.push(line),
            Pipe::Error => self.errors.push(line),
        };
        for Line { text, dropped_bytes } in lines {
            self.text(text.trim_end(), dropped_bytes);
        }
    }

    /// Takes what was held back because it looked like the beginning of a value, once the function has ended.
    pub fn hear_the_rest(&mut self) {
        for Line { text, dropped_bytes } in self.output.rest().into_iter().chain(self.errors.rest()) {
            self.text(text.trim_end(), dropped_bytes);
        }
    }

    /// The message with every value in its texts hidden.
    fn hidden(&self, message: Message) -> Message {
        if self.patterns.is_empty() {
            return message;
        }
        let hide = |text: String| self.patterns.redacted(&text);
        match message {
            Message::Log { level, text } => Message::Log { level, text: hide(text) },
            Message::Device { name } => Message::Device { name: hide(name) },
            Message::Sample(sample) => Message::Sample(MetricSample {
                figure: hide(sample.figure),
                legend: hide(sample.legend),
                ..sample
            }),
            Message::Table(table) => Message::Table(self.hidden_table(table)),
            Message::Artifact(artifact) => {
                Message::Artifact(ArtifactMessage { name: hide(artifact.name), ..artifact })
            }
            Message::End { outcome, cause } => Message::End {
                outcome,
                cause: cause.map(|cause| Cause {
                    message: hide(cause.message),
                    next_step: hide(cause.next_step),
                    ..cause
                }),
            },
            Message::Hello { .. } | Message::Progress(_) => message,
        }
    }

    /// The last things, once nothing more is said: what is complete stands at its end, and what goes
    /// round again keeps its newest checkpoint.
    pub async fn finish(&mut self, outcome: Outcome) {
        let last = self.unsaid_progress.take().or_else(|| self.progress.map(|(progress, _)| progress));
        match (outcome, last) {
            (Outcome::Succeeded, Some(last)) => {
                self.voice.say(Body::Progress(Progress { epoch: last.epochs, step: 1, steps: 1, ..last }));
            }
            (_, Some(last)) => self.voice.say(Body::Progress(last)),
            (_, None) => {}
        }
        if let Some(checkpoint) = self.skipped_checkpoint.take().filter(|_| outcome == Outcome::Reset) {
            self.keep(checkpoint).await;
        }
        for (_, table) in std::mem::take(&mut self.skipped_tables) {
            self.keep_table(table).await;
        }
        self.tell_what_was_held_back();
    }

    /// How it said that it ended, if it did.
    #[must_use]
    pub fn end(&self) -> Option<(EndOutcome, Option<Cause>)> {
        self.end.clone()
    }

    /// Its last lines of text.
    #[must_use]
    pub fn last_words(&self) -> Vec<String> {
        self.last_words.iter().cloned().collect()
    }

    async fn take(&mut self, message: Message) {
        match message {
            Message::Hello { protocol } if protocol == PROTOCOL_VERSION => {}
            Message::Hello { protocol } => self.voice.log(
                LogLevel::Warning,
                format!(
                    "the Train function speaks version {protocol} of the protocol, this runner {PROTOCOL_VERSION}"
                ),
            ),
            Message::Log { level, text } => self.log(level, &text, 0),
            Message::Device { name } => self.device(&name),
            Message::Progress(progress) => self.progress(progress),
            Message::Sample(sample) => self.sample(sample),
            Message::Table(table) => self.table(table).await,
            Message::Artifact(artifact) => self.artifact(artifact).await,
            Message::End { outcome, cause } => self.end = Some((outcome, cause)),
        }
    }

    fn text(&mut self, text: &str, dropped_bytes: usize) {
        if text.trim().is_empty() {
            return;
        }
        if self.last_words.len() == LAST_WORDS {
            self.last_words.pop_front();
        }
        self.last_words.push_back(text.chars().take(300).collect());
        self.log(LogLevel::Info, text, dropped_bytes);
    }

    fn log(&mut self, level: LogLevel, text: &str, dropped_bytes: usize) {
        if self.logs.admit(self.started.elapsed()) {
            self.tell_what_was_held_back();
            self.voice.log(level, text_to_keep(text, dropped_bytes));
        }
    }

    fn tell_what_was_held_back(&mut self) {
        for (count, what) in
            [(self.logs.take_held_back(), "log lines"), (self.samples.take_held_back(), "metric samples")]
        {
            if count > 0 {
                let text = format!("{count} {what} were left out because they came too fast");
                self.voice.log(LogLevel::Warning, text);
            }
        }
    }

    /// An attempt computes on one device, so only the first that it names is told.
    fn device(&mut self, name: &str) {
        let name: String =
            name.trim().chars().filter(|letter| !letter.is_control()).take(MAX_DEVICE_CHARS).collect();
        if !name.is_empty() && !self.has_told_device {
            self.has_told_device = true;
            self.voice.say(Body::Device { name });
        }
    }

    fn progress(&mut self, progress: Progress) {
        let due = self.progress.is_none_or(|(last, at)| {
            last.epoch != progress.epoch || last.phase != progress.phase || at.elapsed() >= PROGRESS_INTERVAL
        });
        if due {
            self.progress = Some((progress, Instant::now()));
            self.unsaid_progress = None;
            self.voice.say(Body::Progress(progress));
        } else {
            self.unsaid_progress = Some(progress);
        }
    }

    fn sample(&mut self, sample: MetricSample) {
        // The server refuses a whole report for one sample that it cannot store.
        match MetricSample::try_from(metric_sample_to_wire(sample, 0, 0)) {
            Ok(sample) if self.samples.admit(self.started.elapsed()) => self.voice.say(Body::Sample(sample)),
            Ok(_) => {}
            Err(error) => self.log(LogLevel::Warning, &format!("a metric sample was left out: {error}"), 0),
        }
    }

    /// The table with every value in its texts hidden.
    fn hidden_table(&self, table: Table) -> Table {
        table.with_texts(|text| self.patterns.redacted(&text))
    }

    async fn table(&mut self, table: Table) {
        if let Err(problem) = table.check() {
            return self.log(LogLevel::Warning, &format!("a table was left out: {problem}"), 0);
        }
        let name = table.file_name();
        let is_known = self.tables.contains_key(&name);
        if !is_known && self.tables.len() == MOST_TABLES {
            let text = format!("a table was left out: there are {MOST_TABLES} others already");
            return self.log(LogLevel::Warning, &text, 0);
        }
        if self.tables.get(&name).is_some_and(|at| at.elapsed() < TABLE_INTERVAL) {
            self.skipped_tables.insert(name, table);
            return;
        }
        self.skipped_tables.remove(&name);
        self.tables.insert(name, Instant::now());
        self.keep_table(table).await;
    }

    async fn keep_table(&mut self, table: Table) {
        let (outbox, name) = (self.outbox.clone(), table.file_name());
        match tokio::task::spawn_blocking(move || artifacts::keep_table(&table, &outbox)).await {
            Ok(Ok(body)) => self.voice.say(body),
            Ok(Err(error)) => self.not_kept(&name, &error.to_string()),
            Err(error) => self.not_kept(&name, &error.to_string()),
        }
    }

    async fn artifact(&mut self, artifact: ArtifactMessage) {
        if artifact.kind == ArtifactKind::Checkpoint {
            let recent =
                self.checkpoints.get(&artifact.name).is_some_and(|at| at.elapsed() < CHECKPOINT_INTERVAL);
            if recent {
                self.skipped_checkpoint = Some(artifact);
                return;
            }
            self.checkpoints.insert(artifact.name.clone(), Instant::now());
            self.skipped_checkpoint = None;
        }
        self.keep(artifact).await;
    }

    async fn keep(&mut self, artifact: ArtifactMessage) {
        let (work, outbox, name) = (self.work.clone(), self.outbox.clone(), artifact.name.clone());
        let taken = tokio::task::spawn_blocking(move || artifacts::take(&artifact, &work, &outbox)).await;
        match taken {
            Ok(Ok(body)) => self.voice.say(body),
            Ok(Err(error)) => self.not_kept(&name, &error.to_string()),
            Err(error) => self.not_kept(&name, &error.to_string()),
        }
    }

    fn not_kept(&self, name: &str, why: &str) {
        // The reason may quote the path, which is the function's own choice.
        let text = self.patterns.redacted(&format!("the file {name:?} is not kept: {why}"));
        self.voice.log(LogLevel::Error, text);
    }
}
