//! The live stream of a browser tab: what changed after a cursor, then each change as it is stored.
//!
//! A stream is a query that is asked again whenever the revision ticks. Nothing is kept for a reader
//! but its cursor, so a slow one costs no memory, misses nothing and is sent nothing twice.
//! Must not know what a page does with it.

use super::caller;
use super::error::{OrProblem, Problem};
use crate::auth::{Authenticator, Caller};
use crate::scheduler::Explanations;
use crate::scheduler::explanations::{Reasons, complete};
use crate::store::{Changes, Store, WatchScope};
use futures::Stream;
use proto::convert::{id_from_wire, log_line_to_wire, metric_sample_to_wire};
use proto::v1;
use proto::v1::watch_event::Event;
use proto::v1::watch_service_server::WatchService;
use shared::id::ExecutionId;
use shared::training::Waiting;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status};

/// The least time between two looks at the store: many changes of a moment travel together.
const COALESCE: Duration = Duration::from_millis(250);
/// The longest silence: a reader that hears nothing for a few of these knows that something is wrong.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Streams at once.
const MAX_STREAMS: usize = 256;
/// Events that wait for a slow reader.
const BUFFERED_EVENTS: usize = 8;
/// Rows of one event, so that each message stays far below the limit on messages.
const ROWS_PER_EVENT: usize = 1_000;

/// Waiting trainings whose place or time changed that are sent again at once.
const RETOLD_ROWS: usize = 200;

pub(super) struct Watch {
    store: Store,
    authenticator: Authenticator,
    explanations: Explanations,
    stop: CancellationToken,
    places: Arc<Semaphore>,
}

impl Watch {
    pub(super) fn new(
        store: Store,
        authenticator: Authenticator,
        explanations: Explanations,
        stop: CancellationToken,
    ) -> Self {
        let places = Arc::new(Semaphore::new(MAX_STREAMS));
        Self { store, authenticator, explanations, stop, places }
    }
}

type Events = Pin<Box<dyn Stream<Item = Result<v1::WatchEvent, Status>> + Send>>;

#[tonic::async_trait]
impl WatchService for Watch {
    type WatchStream = Events;

    async fn watch(&self, request: Request<v1::WatchRequest>) -> Result<Response<Events>, Status> {
        let caller = caller(&request);
        let (cursor, scope) = scope_from_wire(request.get_ref()).or_problem()?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
            Problem::new(
                Code::ResourceExhausted,
                "TOO_MANY_STREAMS",
                format!("the server feeds {MAX_STREAMS} live pages already"),
            )
            .next("close some, or try again in a few seconds")
            .retry_after(HEARTBEAT)
        });
        let place = place.or_problem()?;
        let (sender, receiver) = mpsc::channel(BUFFERED_EVENTS);
        let feed = Feed {
            store: self.store.clone(),
            authenticator: self.authenticator.clone(),
            explanations: self.explanations.changes(),
            told: Reasons::default(),
            stop: self.stop.clone(),
            caller,
            scope,
            cursor,
            is_caught_up: false,
            sender,
            _place: place,
        };
        tokio::spawn(feed.run());
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

fn scope_from_wire(request: &v1::WatchRequest) -> Result<(i64, WatchScope), Problem> {
    if request.cursor < 0 {
        return Err(Problem::field("cursor", "is negative; send 0, or the last cursor received"));
    }
    let execution = match request.execution_id.as_str() {
        "" => None,
        text => Some(id_from_wire("execution_id", text)?),
    };
    let scope = WatchScope {
        trainings: request.trainings,
        execution,
        log_tail: request.log_tail,
        metrics_after: request.metrics_after,
        ..WatchScope::default()
    };
    Ok((request.cursor, scope))
}

/// The reader went away, or may no longer read.
struct Ended;

/// One stream, until its reader goes away.
struct Feed {
    store: Store,
    authenticator: Authenticator,
    explanations: watch::Receiver<Reasons>,
    /// What was last said of waiting.
    told: Reasons,
    stop: CancellationToken,
    caller: Caller,
    scope: WatchScope,
    cursor: i64,
    is_caught_up: bool,
    sender: mpsc::Sender<Result<v1::WatchEvent, Status>>,
    _place: OwnedSemaphorePermit,
}

impl Feed {
    async fn run(mut self) {
        let mut revisions = self.store.revisions();
        let mut heartbeat_at = Instant::now() + HEARTBEAT;
        loop {
            // Taken note of before looking, so that a change during the look is looked at again.
            revisions.mark_unchanged();
            let look_again_at = Instant::now() + COALESCE;
            // Changes do not put the heartbeat off: it also asks whether the reader is still welcome.
            if self.send_changes().await.is_err() || self.retell_waiting().await.is_err() {
                return;
            }
            loop {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => return self.end_because_of_stop(),
                    () = self.sender.closed() => return,
                    () = sleep_until(heartbeat_at) => {
                        if self.send_heartbeat().await.is_err() {
                            return;
                        }
                        heartbeat_at = Instant::now() + HEARTBEAT;
                    }
                    changed = revisions.changed() => {
                        if changed.is_err() {
                            return self.end_because_of_stop();
                        }
                        break;
                    }
                    Ok(()) = self.explanations.changed(), if self.scope.trainings => break,
                }
            }
            tokio::select! {
                () = sleep_until(look_again_at) => {}
                () = self.stop.cancelled() => return self.end_because_of_stop(),
                () = self.sender.closed() => return,
            }
        }
    }

    /// Sends everything after the cursor.
    async fn send_changes(&mut self) -> Result<(), Ended> {
        loop {
            let changes = match self.store.changes_since(self.cursor, self.scope).await {
                Ok(changes) => changes,
                Err(error) => {
                    self.send(Err(Problem::from(error).into())).await?;
                    return Err(Ended);
                }
            };
            let (cursor, more, logs_after) = (changes.cursor, changes.more, changes.logs_after);
            let mut events = events_from_changes(changes, &self.explanations.borrow());
            if !self.is_caught_up && !more {
                self.is_caught_up = true;
                events.push(Event::CaughtUp(v1::CaughtUp { server_time_ms: self.store.clock().now_ms() }));
            }
            let last = events.len();
            for (number, event) in events.into_iter().enumerate() {
                // Only the last event of a batch may say that the whole batch has been sent.
                let cursor = if number + 1 == last { cursor } else { self.cursor };
                self.send(Ok(v1::WatchEvent { cursor, event: Some(event) })).await?;
            }
            self.cursor = cursor;
            self.scope.logs_after = logs_after;
            if !more {
                return Ok(());
            }
        }
    }

    /// Sends the rows again whose place in the queue or time to start is another now: no write says that.
    async fn retell_waiting(&mut self) -> Result<(), Ended> {
        let latest = Arc::clone(&self.explanations.borrow_and_update());
        if !self.scope.trainings || Arc::ptr_eq(&latest, &self.told) {
            return Ok(());
        }
        let is_old = |(id, waiting): &(&ExecutionId, &Waiting)| {
            self.told.get(id).is_none_or(|told| !told.reads_like(waiting))
        };
        let ids: Vec<ExecutionId> =
            latest.iter().filter(is_old).map(|(id, _)| *id).take(RETOLD_ROWS).collect();
        self.told = Arc::clone(&latest);
        if ids.is_empty() {
            return Ok(());
        }
        let rows = match self.store.trainings_of(&ids).await {
            Ok(rows) => rows,
            Err(error) => {
                self.send(Err(Problem::from(error).into())).await?;
                return Err(Ended);
            }
        };
        let trainings = rows.into_iter().map(|row| complete(row, &latest).into()).collect();
        let event = Some(Event::Trainings(v1::TrainingRows { trainings }));
        self.send(Ok(v1::WatchEvent { cursor: self.cursor, event })).await
    }

    async fn send_heartbeat(&self) -> Result<(), Ended> {
        if !self.authenticator.is_still_welcome(&self.caller).await {
            let problem = Problem::new(Code::Unauthenticated, "SESSION_ENDED", "the session has ended")
                .next("sign in again with the link that `trainyard link` prints");
            self.send(Err(problem.into())).await?;
            return Err(Ended);
        }
        let heartbeat = Event::Heartbeat(v1::Heartbeat { server_time_ms: self.store.clock().now_ms() });
        self.send(Ok(v1::WatchEvent { cursor: self.cursor, event: Some(heartbeat) })).await
    }

    async fn send(&self, event: Result<v1::WatchEvent, Status>) -> Result<(), Ended> {
        tokio::select! {
            sent = self.sender.send(event) => sent.map_err(|_| Ended),
            () = self.stop.cancelled() => Err(Ended),
        }
    }

    fn end_because_of_stop(&self) {
        let problem = Problem::new(Code::Unavailable, "SERVER_STOPPING", "the server is stopping")
            .next("resume with the last cursor when it is up again")
            .retry_after(Duration::from_secs(1));
        // A reader that has not read the rest needs no good-bye.
        let _ = self.sender.try_send(Err(problem.into()));
    }
}

fn events_from_changes(changes: Changes, reasons: &Reasons) -> Vec<Event> {
    let mut events = Vec::new();
    chunked(changes.trainings, |rows| {
        events.push(Event::Trainings(v1::TrainingRows {
            trainings: rows.into_iter().map(|row| complete(row, reasons).into()).collect(),
        }));
    });
    chunked(changes.metrics, |rows| {
        let samples = rows
            .into_iter()
            .map(|stored| metric_sample_to_wire(stored.sample, stored.attempt, stored.at_ms))
            .collect();
        events.push(Event::Metrics(v1::MetricRows { samples }));
    });
    chunked(changes.logs, |rows| {
        let lines = rows
            .into_iter()
            .map(|stored| log_line_to_wire(stored.line, stored.number, stored.attempt))
            .collect();
        events.push(Event::Logs(v1::LogRows { lines }));
    });
    chunked(changes.artifacts, |rows| {
        events.push(Event::Artifacts(v1::ArtifactRows {
            artifacts: rows.into_iter().map(Into::into).collect(),
        }));
    });
    chunked(changes.history, |rows| {
        events.push(Event::History(v1::HistoryRows { entries: rows.into_iter().map(Into::into).collect() }));
    });
    events
}

fn chunked<T>(rows: Vec<T>, mut send: impl FnMut(Vec<T>)) {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        send(rows.by_ref().take(ROWS_PER_EVENT).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_batches_travel_in_pieces_and_nothing_is_lost() {
        let mut sizes = Vec::new();
        chunked((0..2_500).collect(), |rows: Vec<i32>| sizes.push(rows.len()));
        assert_eq!(sizes, [1_000, 1_000, 500]);
        chunked(Vec::<i32>::new(), |_| panic!("nothing to send"));
    }

    #[test]
    fn wrong_requests_name_their_field() {
        let request = |cursor, execution_id: &str| v1::WatchRequest {
            cursor,
            execution_id: execution_id.into(),
            ..Default::default()
        };
        assert_eq!(scope_from_wire(&request(-1, "")).unwrap_err().violations[0].0, "cursor");
        assert_eq!(scope_from_wire(&request(0, "x")).unwrap_err().violations[0].0, "execution_id");
        assert_eq!(scope_from_wire(&request(7, "")).unwrap(), (7, WatchScope::default()));
    }
}
