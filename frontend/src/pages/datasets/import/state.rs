//! An import from its form to its report. It lives as long as a person is signed in, so that leaving the page does not
//! end it.
//!
//! Must not know how any of it looks.

use super::super::split_fields::SplitForm;
use super::picked::Picked;
use super::sending::{self, Progress};
use super::{format_of, names};
use crate::api::{self, ApiError, ErrorKind};
use crate::state::session::Session;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use proto::v1::ImportDatasetRequest;
use shared::dataset::ImportReport;
use web_sys::AbortController;

/// Where the files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Computer,
    Server,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    Asking,
    /// Files go to the server.
    Sending,
    /// Files done and files in all.
    Importing(u64, u64),
    Failed(ApiError),
    Done(Box<ImportReport>),
}

impl Stage {
    pub const fn is_under_way(&self) -> bool {
        matches!(self, Self::Sending | Self::Importing(..))
    }
}

/// Fields, chosen files and stage of the one import of this tab.
#[derive(Clone, Copy)]
pub struct Importing {
    pub source: RwSignal<Source>,
    pub picked: RwSignal<Vec<Picked>, LocalStorage>,
    pub path: RwSignal<String>,
    pub format: RwSignal<String>,
    pub name: RwSignal<String>,
    /// Whether the name follows path and files.
    pub name_follows: RwSignal<bool>,
    pub splits: RwSignal<bool>,
    pub split: SplitForm,
    pub stage: RwSignal<Stage>,
    /// Problems are shown from the first press on.
    pub was_pressed: RwSignal<bool>,
    pub progress: Progress,
    /// Counts imports that went well, so that lists are asked for again.
    pub done_count: RwSignal<u32>,
    /// Whether a dialog shows it; else its end is said in a toast.
    pub is_seen: RwSignal<bool>,
    stop: StoredValue<Option<AbortController>, LocalStorage>,
    session: Session,
    toasts: Toasts,
}

impl Importing {
    pub fn new() -> Self {
        Self {
            source: RwSignal::new(Source::Computer),
            picked: RwSignal::new_local(Vec::new()),
            path: RwSignal::new(String::new()),
            format: RwSignal::new("0".to_owned()),
            name: RwSignal::new(String::new()),
            name_follows: RwSignal::new(true),
            splits: RwSignal::new(false),
            split: SplitForm::new(),
            stage: RwSignal::new(Stage::Asking),
            was_pressed: RwSignal::new(false),
            progress: Progress::new(),
            done_count: RwSignal::new(0),
            is_seen: RwSignal::new(false),
            stop: StoredValue::new_local(None),
            session: expect_context(),
            toasts: expect_context(),
        }
    }

    /// Takes files in place of those that were chosen.
    pub fn take(self, files: Vec<Picked>) {
        if self.stage.with_untracked(Stage::is_under_way) {
            return self.toasts.problem("Another import is under way; wait for its end".to_owned());
        }
        if matches!(self.stage.get_untracked(), Stage::Done(_)) {
            self.start_again();
        }
        self.source.set(Source::Computer);
        self.stage.set(Stage::Asking);
        self.was_pressed.set(false);
        if self.name_follows.get_untracked() {
            let paths: Vec<&str> = files.iter().map(|picked| picked.name.as_str()).collect();
            self.name.set(names::suggested_name(&paths));
        }
        self.picked.set(files);
    }

    /// An empty form.
    pub fn start_again(self) {
        self.stage.set(Stage::Asking);
        self.was_pressed.set(false);
        self.picked.set(Vec::new());
        self.path.set(String::new());
        self.name.set(String::new());
        self.name_follows.set(true);
    }

    /// Makes what is imported go to a dataset that exists.
    pub fn into_dataset(self, name: String) {
        if !self.stage.with_untracked(Stage::is_under_way) {
            self.name_follows.set(false);
            self.name.set(name);
        }
    }

    /// What is wrong with a field: as far as it is known here, else as the server said.
    pub fn problem(self, field: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            if self.was_pressed.get()
                && let Some(problem) = self.own_problem(field)
            {
                return Some(problem);
            }
            let Stage::Failed(error) = self.stage.get() else { return None };
            self.problem_at(&error, field)
        })
    }

    fn own_problem(self, field: &str) -> Option<String> {
        match field {
            "files" if self.source.get() == Source::Computer && self.picked.with(Vec::is_empty) => {
                Some("Choose images, a folder or an archive".into())
            }
            "path"
                if self.source.get() == Source::Server && self.path.with(|path| path.trim().is_empty()) =>
            {
                Some("Write the folder's whole path, for example /data/bees".into())
            }
            "name" => {
                let name = self.name.get();
                if name.trim().is_empty() {
                    return Some("Give it a name".into());
                }
                let error = proto::convert::name_from_wire("name", &name).err()?.to_string();
                Some(error.replacen("`name`", "The name", 1))
            }
            _ => None,
        }
    }

    /// The words of an error that belong to a field. What could not be read lies at what was chosen.
    fn problem_at(self, error: &ApiError, field: &str) -> Option<String> {
        let chosen = if self.source.get() == Source::Computer { "files" } else { "path" };
        let of_field = |name: &str| match name.split('.').next().unwrap_or_default() {
            "upload_id" => "files",
            "files" => "files",
            other if other.starts_with("files[") => "files",
            "path" => "path",
            "format" => "format",
            "name" => "name",
            "split" => "split",
            _ => "",
        };
        let at_field = error.fields.iter().find(|(at, _)| of_field(at) == field);
        let words = match at_field {
            Some((_, words)) => words,
            None if field == chosen && error.kind == ErrorKind::Invalid && error.fields.is_empty() => {
                &error.message
            }
            None => return None,
        };
        Some(text::capitalised(words))
    }

    /// An error that no field shows.
    pub fn lonely_problem(self) -> Option<String> {
        let Stage::Failed(error) = self.stage.get() else { return None };
        let is_shown = ["files", "path", "format", "name", "split"]
            .iter()
            .any(|field| self.problem_at(&error, field).is_some());
        (!is_shown).then(|| error.sentence())
    }

    fn request(self) -> Option<ImportDatasetRequest> {
        let has_problem =
            untrack(|| ["files", "path", "name"].iter().any(|field| self.own_problem(field).is_some()));
        let split = if self.splits.get_untracked() { Some(self.split.choice()?) } else { None };
        let mut request = ImportDatasetRequest {
            format: format_of(&self.format.get_untracked()),
            name: self.name.get_untracked().trim().to_owned(),
            split: split.map(Into::into),
            ..Default::default()
        };
        if self.source.get_untracked() == Source::Server {
            request.path = self.path.get_untracked().trim().to_owned();
        }
        (!has_problem).then_some(request)
    }

    /// Sends the files, if they are here, and imports them.
    pub fn start(self) {
        self.was_pressed.set(true);
        if self.stage.with_untracked(Stage::is_under_way) {
            return;
        }
        let Some(request) = self.request() else { return };
        let sends = self.source.get_untracked() == Source::Computer;
        self.stage.set(if sends { Stage::Sending } else { Stage::Importing(0, 0) });
        spawn_local(async move {
            let stage = match self.run(request, sends).await {
                Ok(Some(report)) => Stage::Done(Box::new(report)),
                Ok(None) => Stage::Asking,
                Err(error) => {
                    self.session.check(&error);
                    Stage::Failed(error)
                }
            };
            self.end(stage);
        });
    }

    /// The report, or nothing if it was stopped.
    async fn run(
        self,
        mut request: ImportDatasetRequest,
        sends: bool,
    ) -> Result<Option<ImportReport>, ApiError> {
        let files = if sends { self.picked.get_untracked() } else { Vec::new() };
        if sends {
            // Every browser that runs this page has it.
            let Ok(stop) = AbortController::new() else { return Ok(None) };
            self.stop.set_value(Some(stop.clone()));
            let sent = sending::send(&files, self.progress, &stop).await;
            if stop.signal().aborted() {
                sending::forget(&files).await;
                return Ok(None);
            }
            request.upload_id = sent?;
            self.stage.try_set(Stage::Importing(0, 0));
        }
        let told = move |done, total| drop(self.stage.try_set(Stage::Importing(done, total)));
        let report = api::datasets::import(request, told).await?;
        if sends {
            sending::is_used_up(&files);
        }
        Ok(Some(report))
    }

    fn end(self, stage: Stage) {
        let is_seen = self.is_seen.try_get_untracked().unwrap_or(true);
        match &stage {
            Stage::Done(report) if !is_seen => self.toasts.done(format!(
                "{} is imported: {} added",
                report.dataset.name,
                text::counted(report.items_added, "item", "items")
            )),
            Stage::Failed(error) if !is_seen => {
                self.toasts.problem(format!("The import failed: {}", error.sentence()));
            }
            _ => {}
        }
        let is_done = matches!(stage, Stage::Done(_));
        if self.stage.try_set(stage).is_none() && is_done {
            self.done_count.update(|count| *count += 1);
        }
    }

    /// Ends what is being sent, and forgets what arrived.
    pub fn stop_sending(self) {
        self.stop.with_value(|stop| {
            if let Some(stop) = stop {
                stop.abort();
            }
        });
    }
}
