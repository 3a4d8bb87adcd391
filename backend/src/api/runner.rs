//! RunnerService: what runners say and ask. Their credentials open nothing else.
//!
//! Must not know SQL, nor which instances there should be.

use super::error::{OrProblem, Problem};
use super::{calling_instance, presented_instance_token};
use crate::auth::{Token, TokenKind};
use crate::crash_point::{CrashPoint, pass};
use crate::scheduler::SharedLeases;
use crate::secrets::{SecretError, SecretValue, Secrets};
use crate::store::{
    Assignment, AttemptOutcome, InHand, LeaseOutlook, NewArtifact, ReportBatch, ReportBody, ReportEntry,
    SnapshotItems, Store, StoreError,
};
use proto::convert::{ConvertError, id_from_wire, subset_to_wire};
use proto::v1;
use proto::v1::report_entry::Entry;
use proto::v1::runner_service_server::RunnerService;
use shared::dataset::Subset;
use shared::id::{ExecutionId, InstanceId};
use shared::metric::LogLine;
use shared::model::ArtifactKind;
use shared::service::{Instance, InstanceState};
use shared::training::{Cause, CauseKind};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

/// How often who waits for work looks whether time alone has brought some.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The least time between two looks of who waits: with many runners and many changes, each look is worth its time.
const COALESCE: Duration = Duration::from_millis(100);

/// How exactly it is kept when an instance was last heard of. Keeping it is a write.
const HEARD_NOTED_MS: i64 = 1_000;

/// Longest wait of a long poll.
const LONGEST_WAIT_SECS: u32 = 60;

/// Entries of one report at most.
const MAX_REPORT_ENTRIES: usize = 10_000;
/// The name of a device.
const MOST_DEVICE_LETTERS: usize = 200;

/// The largest answer: an assignment names every item of a training.
pub const MAX_ASSIGNMENT_BYTES: usize = 512 << 20;

/// The service for runners.
#[derive(Debug, Clone)]
pub struct Runners {
    store: Store,
    leases: SharedLeases,
    secrets: Secrets,
    stop: CancellationToken,
}

impl Runners {
    /// `stop` is cancelled when the server stops: then nobody waits any longer.
    #[must_use]
    pub const fn new(store: Store, leases: SharedLeases, secrets: Secrets, stop: CancellationToken) -> Self {
        Self { store, leases, secrets, stop }
    }

    fn heard(&self, instance_id: InstanceId) {
        self.leases.lock().heard(instance_id, self.store.clock().monotonic());
    }

    /// Keeps when an instance was heard of, if that was not done just now. It is noted to be shown, and leases live in
    /// memory: a disk that takes nothing must cost nobody a lease.
    async fn note_heard(&self, instance: &Instance) {
        let now_ms = self.store.clock().now_ms();
        let is_noted = instance.heard_at_ms.is_some_and(|at| (0..HEARD_NOTED_MS).contains(&(now_ms - at)));
        if !is_noted && let Err(error) = self.store.heard_from(instance.id).await {
            tracing::warn!(%error, instance_id = %instance.id, "that a runner was heard of is not noted");
        }
    }

    /// Waits until something changed since the look at `looked`; `false` when it is time to answer.
    async fn wait(
        &self,
        revisions: &mut tokio::sync::watch::Receiver<i64>,
        looked: Instant,
        deadline: Instant,
    ) -> bool {
        let changed = async {
            let is_open = revisions.changed().await.is_ok();
            tokio::time::sleep_until(looked + COALESCE).await;
            is_open
        };
        tokio::select! {
            is_open = changed => is_open,
            () = tokio::time::sleep_until(deadline) => false,
            () = self.stop.cancelled() => false,
        }
    }

    /// As [`wait`](Self::wait), and looks again from time to time: an attempt whose back-off is over is no change.
    async fn wait_for_work(
        &self,
        revisions: &mut tokio::sync::watch::Receiver<i64>,
        looked: Instant,
        deadline: Instant,
    ) -> bool {
        let look_again = deadline.min(Instant::now() + LOOK_AGAIN);
        let is_open = |revisions: &tokio::sync::watch::Receiver<i64>| revisions.has_changed().is_ok();
        self.wait(revisions, looked, look_again).await
            || (Instant::now() < deadline && !self.stop.is_cancelled() && is_open(revisions))
    }

    /// The next attempt for an instance. One whose secrets cannot be opened has failed before it began.
    async fn assignment_of(&self, instance_id: InstanceId) -> Result<Option<v1::Assignment>, StoreError> {
        loop {
            let Some(leased) = self.store.lease_next(instance_id).await? else { return Ok(None) };
            pass(CrashPoint::LeaseBeforeReply);
            let now = self.store.clock().monotonic();
            self.leases.lock().renew(leased.execution_id, leased.fencing_token, now);
            match self.secrets.open(&leased.secrets).await {
                Ok(secrets) => return self.assignment_with(leased, secrets).await.map(Some),
                Err(error) => self.fail_for_secrets(&leased, &error).await?,
            }
        }
    }

    async fn fail_for_secrets(&self, leased: &Assignment, error: &SecretError) -> Result<(), StoreError> {
        tracing::error!(%error, execution_id = %leased.execution_id, "a training does not get its secrets");
        let cause = Cause {
            kind: CauseKind::Configuration,
            message: format!("its secrets cannot be handed over: {error}"),
            next_step: "Make the secret readable again, then train again".into(),
        };
        let end = ReportEntry {
            sequence: 1,
            at_ms: self.store.clock().now_ms(),
            body: ReportBody::End { outcome: AttemptOutcome::Failed, cause: Some(cause) },
        };
        let batch = ReportBatch {
            execution_id: leased.execution_id,
            attempt: leased.attempt,
            fencing_token: leased.fencing_token,
            entries: vec![end],
        };
        self.store.report(batch).await.map(|_| ())
    }

    async fn assignment_with(
        &self,
        leased: Assignment,
        secrets: Vec<(String, SecretValue)>,
    ) -> Result<v1::Assignment, StoreError> {
        let [train, validation] = self.store.items_to_train(leased.execution_id).await?;
        let subset = |subset, items: SnapshotItems| v1::SubsetItems {
            subset: subset_to_wire(Some(subset)).into(),
            items: items.into_iter().map(Into::into).collect(),
        };
        let subsets = vec![subset(Subset::Train, train), subset(Subset::Validation, validation)];
        Ok(v1::Assignment {
            execution_id: leased.execution_id.to_string(),
            training_id: leased.training_id.to_string(),
            model_id: leased.model_id.to_string(),
            attempt: leased.attempt,
            fencing_token: leased.fencing_token,
            architecture_id: leased.architecture_id,
            variant: leased.variant,
            configuration_json: leased.configuration.to_string(),
            labels: leased.labels,
            timeout_secs: leased.timeout_secs,
            drain_secs: leased.drain_secs,
            subsets,
            resume_content_hash: leased.resume_content_hash.unwrap_or_default(),
            initial_weights_hash: leased.initial_weights_hash.unwrap_or_default(),
            // The message is the one copy that cannot overwrite itself.
            secrets: secrets.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect(),
            command: leased.command,
        })
    }
}

#[tonic::async_trait]
impl RunnerService for Runners {
    async fn register(
        &self,
        request: Request<v1::RegisterRequest>,
    ) -> Result<Response<v1::RegisterResponse>, Status> {
        let one_time = presented_instance_token(&request)?;
        let session =
            Token::generate(TokenKind::Runner).map_err(crate::auth::AuthError::from).or_problem()?;
        let process_id = request.into_inner().process_id;
        let instance = self
            .store
            .register_instance(&one_time.hex(), &session.hash().hex(), process_id)
            .await
            .or_problem()?;
        pass(CrashPoint::RunnerBeforeSession);
        self.heard(instance.id);
        let service = self.store.service(&instance.service_id.to_string()).await.or_problem()?;
        let times = self.leases.lock().times();
        let secs = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX).max(1);
        Ok(Response::new(v1::RegisterResponse {
            instance_id: instance.id.to_string(),
            session_token: session.expose().to_owned(),
            lease_secs: secs(times.lease),
            renew_secs: secs(times.renew),
            concurrency: service.settings.concurrency,
        }))
    }

    async fn lease(&self, request: Request<v1::LeaseRequest>) -> Result<Response<v1::LeaseResponse>, Status> {
        let instance_id = calling_instance(&request)?;
        let deadline = deadline_after(request.into_inner().wait_secs);
        let mut revisions = self.store.revisions();
        self.heard(instance_id);
        loop {
            revisions.mark_unchanged();
            let looked = Instant::now();
            let assignment = match self.store.lease_outlook(instance_id).await.or_problem()? {
                LeaseOutlook::Ends => {
                    return Ok(Response::new(v1::LeaseResponse { assignment: None, stop: true }));
                }
                LeaseOutlook::Nothing => None,
                LeaseOutlook::Something => self.assignment_of(instance_id).await.or_problem()?,
            };
            if assignment.is_some() || !self.wait_for_work(&mut revisions, looked, deadline).await {
                return Ok(Response::new(v1::LeaseResponse { assignment, stop: false }));
            }
        }
    }

    async fn renew(&self, request: Request<v1::RenewRequest>) -> Result<Response<v1::RenewResponse>, Status> {
        let instance_id = calling_instance(&request)?;
        let v1::RenewRequest { held, wait_secs } = request.into_inner();
        let held = held.iter().map(Holding::try_from).collect::<Result<Vec<_>, _>>().or_problem()?;
        let deadline = deadline_after(wait_secs);
        let mut revisions = self.store.revisions();
        self.heard(instance_id);
        let mut first = true;
        loop {
            revisions.mark_unchanged();
            let looked = Instant::now();
            let in_hand = self.store.held_by(instance_id).await.or_problem()?;
            let orders: Vec<(Holding, v1::Order)> =
                held.iter().map(|holding| (*holding, order_for(&in_hand, holding))).collect();
            // Only the call itself proves that the runner lives, not how long its answer waits.
            if std::mem::take(&mut first) {
                self.note_heard(&in_hand.instance).await;
                let now = self.store.clock().monotonic();
                let mut leases = self.leases.lock();
                for (holding, order) in &orders {
                    if *order != v1::Order::Abandon {
                        leases.renew(holding.execution_id, holding.fencing_token, now);
                        pass(CrashPoint::LeaseRenewed);
                    }
                }
            }
            let stop = in_hand.instance.state != InstanceState::Running;
            let goes_on = !stop && orders.iter().all(|(_, order)| *order == v1::Order::Unspecified);
            if !goes_on || !self.wait(&mut revisions, looked, deadline).await {
                let orders = orders.into_iter().map(|(holding, order)| holding.order(order)).collect();
                return Ok(Response::new(v1::RenewResponse { orders, stop }));
            }
        }
    }

    async fn report(
        &self,
        request: Request<v1::ReportRequest>,
    ) -> Result<Response<v1::ReportResponse>, Status> {
        let instance_id = calling_instance(&request)?;
        let v1::ReportRequest { attempt, entries } = request.into_inner();
        if entries.len() > MAX_REPORT_ENTRIES {
            let problem = format!("holds more than {MAX_REPORT_ENTRIES} entries; send several reports");
            return Err(Problem::field("entries", problem).into());
        }
        let attempt = attempt.ok_or_else(|| ConvertError::new("attempt", "is missing")).or_problem()?;
        let holding = Holding::try_from(&attempt).or_problem()?;
        // Tokens fence attempts of one execution from each other; this fences runners from each other.
        // An execution that is over is the store's to judge: a repeated last report must be answered.
        if self.store.runs_elsewhere(holding.execution_id, instance_id).await.or_problem()? {
            let execution = holding.execution_id.to_string();
            return Err(StoreError::StaleToken { execution }).or_problem();
        }
        let entries = entries
            .into_iter()
            .enumerate()
            .map(|(index, entry)| {
                entry_from_wire(entry).map_err(|error| error.within(&format!("entries[{index}]")))
            })
            .collect::<Result<Vec<_>, _>>()
            .or_problem()?;
        let batch = ReportBatch {
            execution_id: holding.execution_id,
            attempt: holding.attempt,
            fencing_token: holding.fencing_token,
            entries,
        };
        let acknowledged_sequence = self.store.report(batch).await.or_problem()?;
        pass(CrashPoint::ReportBeforeReply);
        let now = self.store.clock().monotonic();
        let mut leases = self.leases.lock();
        leases.heard(instance_id, now);
        leases.renew(holding.execution_id, holding.fencing_token, now);
        drop(leases);
        Ok(Response::new(v1::ReportResponse { acknowledged_sequence }))
    }
}

fn deadline_after(wait_secs: u32) -> Instant {
    Instant::now() + Duration::from_secs(u64::from(wait_secs.min(LONGEST_WAIT_SECS)))
}

/// An attempt that a runner says it holds.
#[derive(Debug, Clone, Copy)]
struct Holding {
    execution_id: ExecutionId,
    attempt: u32,
    fencing_token: i64,
}

impl TryFrom<&v1::HeldAttempt> for Holding {
    type Error = ConvertError;

    fn try_from(held: &v1::HeldAttempt) -> Result<Self, ConvertError> {
        Ok(Self {
            execution_id: id_from_wire("execution_id", &held.execution_id)?,
            attempt: held.attempt,
            fencing_token: held.fencing_token,
        })
    }
}

impl Holding {
    fn order(self, order: v1::Order) -> v1::AttemptOrder {
        v1::AttemptOrder {
            execution_id: self.execution_id.to_string(),
            fencing_token: self.fencing_token,
            order: order.into(),
        }
    }
}

fn order_for(in_hand: &InHand, holding: &Holding) -> v1::Order {
    let present = in_hand.attempts.iter().find(|attempt| {
        attempt.execution_id == holding.execution_id
            && attempt.attempt == holding.attempt
            && attempt.fencing_token == holding.fencing_token
    });
    match present {
        Some(attempt) if attempt.abort_requested => v1::Order::Stop,
        Some(attempt) if attempt.rerun_requested || in_hand.instance.drain.is_some() => v1::Order::Drain,
        Some(_) => v1::Order::Unspecified,
        None => v1::Order::Abandon,
    }
}

fn entry_from_wire(entry: v1::ReportEntry) -> Result<ReportEntry, ConvertError> {
    let v1::ReportEntry { sequence, at_ms, entry } = entry;
    let body = match entry.ok_or_else(|| ConvertError::new("entry", "is missing"))? {
        Entry::Sample(sample) => {
            ReportBody::Sample(sample.try_into().map_err(|error: ConvertError| error.within("sample"))?)
        }
        Entry::Log(log) => {
            let line = v1::LogLine { level: log.level, text: log.text, at_ms, ..v1::LogLine::default() };
            let line = LogLine::try_from(line).map_err(|error| error.within("log"))?;
            ReportBody::Log { level: line.level, text: line.text }
        }
        Entry::Device(name) => ReportBody::Device(device_from_wire(name)?),
        Entry::Progress(progress) => {
            ReportBody::Progress(progress.try_into().map_err(|error: ConvertError| error.within("progress"))?)
        }
        Entry::Artifact(artifact) => ReportBody::Artifact(artifact_from_wire(artifact)?),
        Entry::End(end) => end_from_wire(end)?,
    };
    Ok(ReportEntry { sequence, at_ms, body })
}

fn device_from_wire(name: String) -> Result<String, ConvertError> {
    let is_good = (1..=MOST_DEVICE_LETTERS).contains(&name.chars().count());
    if is_good && !name.chars().any(char::is_control) {
        return Ok(name);
    }
    let problem = format!("must be 1 to {MOST_DEVICE_LETTERS} letters without control characters");
    Err(ConvertError::new("device", problem))
}

fn artifact_from_wire(artifact: v1::ArtifactEntry) -> Result<NewArtifact, ConvertError> {
    let kind = ArtifactKind::from_name(&artifact.kind)
        .ok_or_else(|| ConvertError::new("artifact.kind", "must be `weights`, `checkpoint` or `report`"))?;
    let name = proto::convert::name_from_wire("artifact.name", &artifact.name)?;
    Ok(NewArtifact {
        name,
        kind,
        content_hash: artifact.content_hash,
        size_bytes: artifact.size_bytes,
        epoch: artifact.epoch,
    })
}

fn end_from_wire(end: v1::AttemptEnd) -> Result<ReportBody, ConvertError> {
    let outcome = match end.outcome() {
        v1::AttemptOutcome::Succeeded => AttemptOutcome::Succeeded,
        v1::AttemptOutcome::Failed => AttemptOutcome::Failed,
        v1::AttemptOutcome::Stopped => AttemptOutcome::Stopped,
        v1::AttemptOutcome::Reset => AttemptOutcome::Reset,
        v1::AttemptOutcome::Unspecified => {
            return Err(ConvertError::new("end.outcome", "is missing; say how the attempt ended"));
        }
    };
    let cause = end
        .cause
        .map(TryInto::try_into)
        .transpose()
        .map_err(|error: ConvertError| error.within("end.cause"))?;
    Ok(ReportBody::End { outcome, cause })
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;
