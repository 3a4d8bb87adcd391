//! The one stream of this tab: what it tells, how fresh that is, and how it comes back when lost.
//!
//! Must not know any page. A stream resumes from its last cursor, so nothing is missed or drawn
//! twice; what arrives in a burst is shown at most four times a second.

use super::change_log::ChangeLog;
use super::clock::{Clock, browser_now_ms};
use super::feed::Feed;
use super::session::Session;
use crate::api::{self, ApiError, ErrorKind, Messages};
use futures::future::{AbortHandle, Either, abortable, select};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use proto::v1::watch_event::Event;
use proto::v1::{WatchEvent, WatchRequest};
use shared::id::{ExecutionId, ModelId, TrainingId};
use shared::training::Training;
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

/// Shown at most once in this time.
const COALESCE_MS: i64 = 250;
/// A server that says nothing for so long, not even a heartbeat, is frozen.
const SILENCE_MS: u32 = 15_000;
/// Pauses between tries: from the first to the last. A page is right again within five seconds of its server's return.
const FIRST_PAUSE_MS: u32 = 500;
const LAST_PAUSE_MS: u32 = 4_000;
/// What an execution told stays for so long after its page was left.
const LEFT_STAYS_MS: i64 = 60_000;
/// The log's end that a page gets at first; the rest is fetched when asked for.
const LOG_TAIL: u32 = 5_000;

/// How the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    Connecting,
    Live,
    /// Times by the browser's clock.
    Lost {
        heard_ms: Option<i64>,
        retry_ms: i64,
    },
}

/// The live data of this tab.
#[derive(Clone, Copy)]
pub struct Live {
    pub connection: RwSignal<Connection>,
    /// All rows that there are have arrived.
    pub is_loaded: RwSignal<bool>,
    /// One signal a row, so that a change draws that row alone. Their configurations are left out: that of each is as
    /// long as all the rest, and who shows it fetches it.
    pub rows: RwSignal<BTreeMap<TrainingId, ArcRwSignal<Training>>>,
    /// Grows whenever rows changed, at most four times a second while the stream tells of them. Who looks at all rows
    /// follows this, and not each of them.
    pub turn: RwSignal<u64>,
    changes: StoredValue<ChangeLog<TrainingId>>,
    pub feed: Feed,
    clock: Clock,
    session: Session,
    cursor: StoredValue<i64>,
    heard_ms: StoredValue<Option<i64>>,
    pending: StoredValue<Vec<Event>>,
    flushed_ms: StoredValue<i64>,
    flush_is_due: StoredValue<bool>,
    stream: StoredValue<Option<AbortHandle>>,
    /// Nobody sees the tab, so that it follows nothing.
    rests: StoredValue<bool>,
    /// The execution that was looked at last, up to which cursor its feed is true, and when it was left.
    left: StoredValue<Option<(ExecutionId, i64, i64)>>,
}

impl Live {
    pub fn new(clock: Clock, session: Session) -> Self {
        Self {
            connection: RwSignal::new(Connection::Connecting),
            is_loaded: RwSignal::new(false),
            rows: RwSignal::new(BTreeMap::new()),
            turn: RwSignal::new(0),
            changes: StoredValue::new(ChangeLog::default()),
            feed: Feed::new(),
            clock,
            session,
            cursor: StoredValue::new(0),
            heard_ms: StoredValue::new(None),
            pending: StoredValue::new(Vec::new()),
            flushed_ms: StoredValue::new(0),
            flush_is_due: StoredValue::new(false),
            stream: StoredValue::new(None),
            rests: StoredValue::new(false),
            left: StoredValue::new(None),
        }
    }

    /// Opens the stream anew, from nothing: after signing in, the server may be another.
    pub fn start(self) {
        self.rows.set(BTreeMap::new());
        self.changes.update_value(ChangeLog::forget);
        self.turn.update(|turn| *turn += 1);
        self.is_loaded.set(false);
        self.turn_to(self.feed.execution.get_untracked());
        self.open_from(0);
    }

    /// Ends the stream.
    pub fn stop(self) {
        if let Some(Some(stream)) = self.stream.try_update_value(Option::take) {
            stream.abort();
        }
    }

    /// Ends the stream until it is woken.
    pub fn rest(self) {
        if self.stream.with_value(Option::is_some) {
            self.flush();
            self.stop();
            self.rests.set_value(true);
        }
    }

    /// Goes on where it was, if it rested.
    pub fn wake(self) {
        if self.rests.get_value() {
            self.retry();
        }
    }

    /// Tries again now.
    pub fn retry(self) {
        self.open_from(self.cursor.get_value());
    }

    /// Has the stream tell of this execution too: of the one that was left a moment ago, what came since; of another one,
    /// from its beginning.
    pub fn watch(self, execution: ExecutionId) {
        if self.feed.execution.get_untracked() == Some(execution) {
            return;
        }
        match self.left.try_update_value(Option::take).flatten() {
            Some((left, cursor, _)) if left == execution => {
                self.feed.execution.set(Some(execution));
                self.open_from(cursor);
            }
            _ => {
                self.turn_to(Some(execution));
                self.open_from(0);
            }
        }
    }

    /// No page looks at an execution any more. What is known of it stays for a moment, for whoever comes back.
    pub fn unwatch(self) {
        let Some(execution) = self.feed.execution.get_untracked() else { return };
        self.flush();
        if self.feed.is_loaded.get_untracked() {
            self.left.set_value(Some((execution, self.cursor.get_value(), browser_now_ms())));
            self.feed.execution.set(None);
        } else {
            self.turn_to(None);
        }
        self.retry();
    }

    /// Turns the feed to another execution, and forgets what is known of the one before.
    fn turn_to(self, execution: Option<ExecutionId>) {
        self.left.set_value(None);
        self.feed.turn_to(execution);
    }

    /// What was left long ago is forgotten: the stream would have to tell all that came since.
    fn forget_left(self) {
        let is_old = |left: &Option<(ExecutionId, i64, i64)>| {
            left.is_some_and(|(.., at_ms)| browser_now_ms() - at_ms > LEFT_STAYS_MS)
        };
        if self.left.with_value(is_old) {
            self.turn_to(None);
        }
    }

    /// The newest training of a model, if there is one.
    pub fn latest_of(self, model: ModelId) -> Option<ArcRwSignal<Training>> {
        self.rows.with(|rows| {
            let is_of_model = |row: &&ArcRwSignal<Training>| row.with_untracked(|row| row.model_id == model);
            rows.values().rev().find(is_of_model).cloned()
        })
    }

    /// The rows that changed since this number, and the number to ask with next. No rows: look at all of them.
    pub fn changed_since(self, number: u64) -> (Option<Vec<TrainingId>>, u64) {
        self.changes.with_value(|changes| (changes.since(number), changes.end()))
    }

    /// Takes in a row, unless a newer one is there.
    pub fn take_training(self, training: Training) {
        self.take_trainings(vec![training]);
    }

    fn open_from(self, cursor: i64) {
        self.stop();
        self.rests.set_value(false);
        self.pending.update_value(Vec::clear);
        // What was asked for now is not part of the burst before.
        self.flushed_ms.set_value(0);
        self.cursor.set_value(cursor);
        let (run, handle) = abortable(self.run());
        self.stream.set_value(Some(handle));
        spawn_local(async move {
            // Aborted means that another stream took its place.
            let _ = run.await;
        });
    }

    async fn run(self) {
        let mut pause_ms = FIRST_PAUSE_MS;
        loop {
            match self.follow().await {
                Ending::SignedOut => return,
                Ending::Lost { was_live: true } => pause_ms = FIRST_PAUSE_MS,
                Ending::Lost { was_live: false } => {}
            }
            self.flush();
            let retry_ms = browser_now_ms() + i64::from(pause_ms);
            self.connection.set(Connection::Lost { heard_ms: self.heard_ms.get_value(), retry_ms });
            TimeoutFuture::new(pause_ms).await;
            pause_ms = (pause_ms * 2).min(LAST_PAUSE_MS);
        }
    }

    /// Follows one stream to its end.
    async fn follow(self) -> Ending {
        let opening = pin!(self.open());
        let mut stream = match select(opening, TimeoutFuture::new(SILENCE_MS)).await {
            Either::Left((Ok(stream), _)) => stream,
            Either::Left((Err(error), _)) => {
                self.session.check(&error);
                let is_signed_out = error.kind == ErrorKind::SignedOut;
                return if is_signed_out { Ending::SignedOut } else { Ending::Lost { was_live: false } };
            }
            Either::Right(_) => return Ending::Lost { was_live: false },
        };
        let mut was_live = false;
        loop {
            let next = pin!(stream.next());
            match select(next, TimeoutFuture::new(SILENCE_MS)).await {
                Either::Left((Ok(Some(event)), _)) => {
                    was_live = true;
                    self.receive(event);
                }
                Either::Left((Err(error), _)) if error.kind == ErrorKind::SignedOut => {
                    self.session.check(&error);
                    return Ending::SignedOut;
                }
                Either::Left((Ok(None) | Err(_), _)) | Either::Right(_) => return Ending::Lost { was_live },
            }
        }
    }

    /// Opens a stream. What an execution has reported by now is fetched beforehand, a few points a pixel: a stream
    /// would bring every one of a million.
    async fn open(self) -> Result<Messages<WatchEvent>, ApiError> {
        let execution = self.feed.execution.get_untracked();
        if let Some(execution) = execution.filter(|_| self.feed.metrics_cursor.get_value().is_none()) {
            let series = api::trainings::series(execution.to_string(), None).await?;
            self.feed.take_series(series);
        }
        let request = WatchRequest {
            cursor: self.cursor.get_value(),
            trainings: true,
            execution_id: execution.map(|id| id.to_string()).unwrap_or_default(),
            log_tail: LOG_TAIL,
            metrics_after: self.feed.metrics_cursor.get_value().unwrap_or_default(),
        };
        api::trainings::watch(request).await
    }

    fn receive(self, message: WatchEvent) {
        self.heard_ms.set_value(Some(browser_now_ms()));
        if self.connection.get_untracked() != Connection::Live {
            self.connection.set(Connection::Live);
        }
        self.cursor.set_value(message.cursor);
        match message.event {
            Some(Event::Heartbeat(heartbeat)) => {
                self.clock.set_by_server(heartbeat.server_time_ms);
                self.forget_left();
            }
            Some(mut event) => {
                if let Event::Trainings(rows) = &mut event {
                    for row in &mut rows.trainings {
                        row.configuration_json = String::new();
                    }
                }
                self.pending.update_value(|pending| pending.push(event));
                self.plan_flush();
            }
            None => {}
        }
    }

    fn plan_flush(self) {
        if self.flush_is_due.get_value() {
            return;
        }
        let wait_ms = self.flushed_ms.get_value() + COALESCE_MS - browser_now_ms();
        self.flush_is_due.set_value(true);
        // Even the first waits for a moment, so that a burst is drawn at once.
        let wait = Duration::from_millis(wait_ms.clamp(10, COALESCE_MS).unsigned_abs());
        set_timeout(move || self.flush(), wait);
    }

    fn flush(self) {
        self.flush_is_due.set_value(false);
        self.flushed_ms.set_value(browser_now_ms());
        let events = self.pending.try_update_value(std::mem::take).unwrap_or_default();
        for event in events {
            self.apply(event);
        }
    }

    fn apply(self, event: Event) {
        match event {
            Event::Heartbeat(heartbeat) => self.clock.set_by_server(heartbeat.server_time_ms),
            Event::CaughtUp(caught_up) => {
                self.clock.set_by_server(caught_up.server_time_ms);
                self.is_loaded.set(true);
                self.feed.is_loaded.set(true);
            }
            // A row that this version cannot read is left out.
            Event::Trainings(rows) => self.take_trainings(
                rows.trainings.into_iter().filter_map(|training| training.try_into().ok()).collect(),
            ),
            Event::Metrics(rows) => self.feed.take_metrics(rows.samples),
            Event::Logs(rows) => self.feed.take_logs(rows.lines),
            Event::Artifacts(rows) => self.feed.take_artifacts(rows.artifacts),
            Event::History(rows) => self.feed.take_history(rows.entries),
        }
    }

    /// New rows come in with one change of the list.
    fn take_trainings(self, trainings: Vec<Training>) {
        let mut new = Vec::new();
        let mut has_changed = false;
        for training in trainings {
            let id = training.id;
            let known = self.rows.with_untracked(|rows| rows.get(&id).cloned());
            match known {
                Some(row) if row.with_untracked(|old| is_news(old, &training)) => row.set(training),
                Some(_) => continue,
                None => new.push(training),
            }
            has_changed = true;
            self.changes.update_value(|changes| changes.note(id));
        }
        if !new.is_empty() {
            self.rows.update(|rows| {
                rows.extend(new.into_iter().map(|training| (training.id, ArcRwSignal::new(training))));
            });
        }
        if has_changed {
            self.turn.update(|turn| *turn += 1);
        }
    }
}

/// Whether a row is newer than the one that is known, and says something else.
fn is_news(old: &Training, new: &Training) -> bool {
    old.revision <= new.revision && old != new
}

/// How a stream ended.
enum Ending {
    SignedOut,
    Lost { was_live: bool },
}
