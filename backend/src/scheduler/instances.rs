//! Starting instances, noting how they ended, and keeping what their service met with.
//!
//! Must not know when an instance is wanted.

use super::plan::Plan;
use super::reconcile::Scheduler;
use crate::auth::{Token, TokenKind};
use crate::crash_point::{CrashPoint, pass};
use crate::executor::{InstanceSpec, Observation};
use crate::store::{Snapshot, StoreError};
use shared::id::{ExecutionId, InstanceId, ServiceId};
use shared::machine::Reservation;
use shared::retry::back_off_ms;
use shared::service::{Instance, InstanceError, InstanceState, Reason, Service, ServiceError};

/// An instance that ends well without being told this soon after it was made did not do what it is for.
const EARLY_MS: i64 = 10_000;
/// Lines of an instance's log that are kept with a trouble.
const KEPT_LINES: usize = 20;
/// Lines that go into the reason of a failure.
const QUOTED_LINES: usize = 3;

impl Scheduler {
    /// Notes which instances have ended; answers whether there were any.
    pub(super) async fn note_ends(&self, snapshot: &Snapshot) -> bool {
        let mut noted = false;
        for instance in &snapshot.instances {
            let Some(handle) = &instance.handle else {
                let outcome = self.find_again(snapshot, instance).await;
                noted |= matches!(outcome, Ok(true));
                if let Err(error) = outcome {
                    tracing::warn!(%error, instance_id = %instance.id, "an unfinished start was not noted");
                }
                continue;
            };
            for incident in self.executor.incidents(instance.id, handle).await {
                let kept = self.keep_error(snapshot, instance.service_id, Some(instance.id), incident).await;
                if let Err(error) = kept {
                    tracing::warn!(%error, instance_id = %instance.id, "a trouble of an instance was not noted");
                }
            }
            if let Observation::Ended { well, error } = self.executor.observe(instance.id, handle).await {
                let outcome = self.note_end(snapshot, instance, well, error).await;
                noted |= outcome.is_ok();
                if let Err(error) = outcome {
                    tracing::warn!(%error, instance_id = %instance.id, "the end of an instance was not noted");
                }
            }
        }
        noted
    }

    /// A server that died while it started an instance did not note what it is called. Either its process runs, or
    /// there is none; then nothing was wrong with its service, and the next one is started at once. Answers whether
    /// anything was noted.
    async fn find_again(&self, snapshot: &Snapshot, instance: &Instance) -> Result<bool, StoreError> {
        if let Some(handle) = self.executor.find(instance.id).await {
            tracing::info!(instance_id = %instance.id, handle, "an instance whose start was not noted is found again");
            return self.store.set_instance_handle(instance.id, &handle).await.map(|()| true);
        }
        if instance.state == InstanceState::Running {
            // It has registered, so it runs somewhere; if not, its lease tells.
            return Ok(false);
        }
        if instance.state == InstanceState::Stopping {
            return self
                .store
                .set_instance_state(instance.id, InstanceState::Stopped, None)
                .await
                .map(|_| true);
        }
        let detail = "it does not run, and its start was not finished: the server ended meanwhile".to_owned();
        let error = InstanceError { reason: Reason::CreateContainerError, detail };
        self.store.set_instance_state(instance.id, InstanceState::Failed, Some(error.clone())).await?;
        self.keep_error(snapshot, instance.service_id, Some(instance.id), error).await.map(|()| true)
    }

    async fn note_end(
        &self,
        snapshot: &Snapshot,
        instance: &Instance,
        well: bool,
        error: InstanceError,
    ) -> Result<(), StoreError> {
        let age_ms = self.store.clock().now_ms().saturating_sub(instance.created_at_ms);
        // An age below nothing only says that the clock was put back.
        let is_early = (0..EARLY_MS).contains(&age_ms);
        let (state, failed_start) = match instance.state {
            InstanceState::Starting => (InstanceState::Failed, true),
            InstanceState::Running if well => (InstanceState::Stopped, is_early),
            // One that was at work had started: its attempts have limits and waits of their own.
            InstanceState::Running => (InstanceState::Failed, instance.executions.is_empty()),
            InstanceState::Stopping | InstanceState::Stopped | InstanceState::Failed => {
                (InstanceState::Stopped, false)
            }
        };
        let kept = (state == InstanceState::Failed).then(|| error.clone());
        self.store.set_instance_state(instance.id, state, kept).await?;
        pass(CrashPoint::InstanceAfterEnd);
        if failed_start {
            self.note_failed_start(snapshot, instance.service_id, Some(instance.id), error).await?;
        } else if state == InstanceState::Failed {
            self.keep_error(snapshot, instance.service_id, Some(instance.id), error).await?;
        } else if well && !is_early {
            // It lived as long as it was wanted: whatever was wrong with its service is over.
            self.store.record_service_start(instance.service_id, Ok(()), None).await?;
        }
        Ok(())
    }

    /// Keeps that a start failed, and when the next one is tried.
    async fn note_failed_start(
        &self,
        snapshot: &Snapshot,
        service_id: ServiceId,
        instance_id: Option<InstanceId>,
        error: InstanceError,
    ) -> Result<(), StoreError> {
        let before = service(snapshot, service_id).map_or(0, |service| service.failed_starts);
        let failed_starts = before.saturating_add(1);
        let first = error.clone();
        let error = if failed_starts > 1 {
            let detail = format!(
                "{failed_starts} starts in a row failed; the last: {}: {}",
                error.reason, error.detail
            );
            InstanceError { reason: error.reason.repeated(), detail }
        } else {
            error
        };
        let retry_at_ms = self.store.clock().now_ms() + back_off_ms(failed_starts);
        tracing::warn!(%service_id, failed_starts, reason = %error.reason, detail = error.detail, "a start failed");
        self.keep_error(snapshot, service_id, instance_id, first.clone()).await?;
        if error.reason != first.reason {
            self.keep_error(snapshot, service_id, instance_id, error.clone()).await?;
        }
        self.store.record_service_start(service_id, Err(error), Some(retry_at_ms)).await?;
        Ok(())
    }

    /// Adds to what is known of a service's troubles.
    async fn keep_error(
        &self,
        snapshot: &Snapshot,
        service_id: ServiceId,
        instance_id: Option<InstanceId>,
        error: InstanceError,
    ) -> Result<(), StoreError> {
        let output = match instance_id {
            Some(id) => self.executor.log_tail(id, KEPT_LINES).await,
            None => Vec::new(),
        };
        let concerned = concerned(snapshot, service_id, instance_id);
        self.store.record_service_error(service_id, error, output, concerned).await
    }

    pub(super) async fn start_instance(
        &self,
        service_id: ServiceId,
        reservation: &Reservation,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        let Some(service) = service(snapshot, service_id) else { return Ok(()) };
        let token = match Token::generate(TokenKind::Instance) {
            Ok(token) => token,
            Err(error) => {
                let error = InstanceError { reason: Reason::CreateContainerError, detail: error.to_string() };
                return self.note_failed_start(snapshot, service_id, None, error).await;
            }
        };
        let instance =
            self.store.create_instance(service_id, reservation.clone(), &token.hash().hex()).await?;
        let spec = InstanceSpec {
            instance_id: instance.id,
            service_name: service.name.clone(),
            registration_token: token.expose().to_owned(),
            image: service.settings.image.clone(),
            program: self.program_of(&service.architecture_id),
            run_as_process: service.settings.run_as_process,
            reservation: instance.reservation.clone(),
            concurrency: service.settings.concurrency,
            drain_secs: service.settings.drain_secs,
        };
        pass(CrashPoint::InstanceBeforeStart);
        let started = self.executor.start(spec).await;
        pass(CrashPoint::InstanceAfterStart);
        match started {
            Ok(handle) => self.store.set_instance_handle(instance.id, &handle).await,
            Err(error) => {
                self.store
                    .set_instance_state(instance.id, InstanceState::Failed, Some(error.clone()))
                    .await?;
                self.note_failed_start(snapshot, service_id, Some(instance.id), error).await
            }
        }
    }

    /// The program that a private architecture names.
    fn program_of(&self, architecture_id: &str) -> Option<String> {
        let private = self.store.catalog().family(architecture_id)?.private()?;
        private.manifest.command_in(&private.folder).into_iter().next()
    }

    pub(super) async fn fail_instance(
        &self,
        instance_id: InstanceId,
        mut error: InstanceError,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        let Some(instance) = snapshot.instances.iter().find(|instance| instance.id == instance_id) else {
            return Ok(());
        };
        if let Some(handle) = &instance.handle {
            self.executor.kill(instance_id, handle).await;
        }
        let said = self.executor.log_tail(instance_id, QUOTED_LINES).await.join(" | ");
        if !said.is_empty() {
            error.detail = format!("{}: {said}", error.detail);
        }
        self.store.set_instance_state(instance_id, InstanceState::Failed, Some(error.clone())).await?;
        if instance.state == InstanceState::Starting {
            self.note_failed_start(snapshot, instance.service_id, Some(instance_id), error).await
        } else {
            self.keep_error(snapshot, instance.service_id, Some(instance_id), error).await
        }
    }

    /// Keeps which services no machine can hold, and forgets it once one can.
    pub(super) async fn note_unschedulable(
        &self,
        plan: &Plan,
        snapshot: &Snapshot,
    ) -> Result<(), StoreError> {
        for service in &snapshot.services {
            let known = service.error.as_ref().filter(|error| error.reason == Reason::Unschedulable);
            match plan.unschedulable.get(&service.id) {
                Some(detail) if known.is_none_or(|error| error.detail != *detail) => {
                    let error = InstanceError { reason: Reason::Unschedulable, detail: detail.clone() };
                    self.keep_error(snapshot, service.id, None, error.clone()).await?;
                    self.store.set_service_error(service.id, Some(error)).await?;
                }
                None if known.is_some() && !service.paused => {
                    self.store.set_service_error(service.id, None).await?;
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }
}

fn service(snapshot: &Snapshot, id: ServiceId) -> Option<&Service> {
    snapshot.services.iter().find(|service| service.id == id)
}

/// What an instance held, or else what waits for its service, the latest first.
fn concerned(
    snapshot: &Snapshot,
    service_id: ServiceId,
    instance_id: Option<InstanceId>,
) -> Vec<ExecutionId> {
    let of_service = || snapshot.executions.iter().rev().filter(|one| one.service_id == service_id);
    let held = of_service().filter(|one| instance_id.is_some() && one.instance_id == instance_id);
    let held: Vec<ExecutionId> = held.map(|one| one.id).collect();
    if !held.is_empty() {
        return held;
    }
    let waiting = of_service().filter(|one| one.status.is_waiting()).map(|one| one.id);
    waiting.take(ServiceError::MOST_EXECUTIONS).collect()
}
