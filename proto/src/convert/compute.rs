//! Training services, their instances and troubles, and the machines they run on.

use super::{ConvertError, id_from_wire, word_from_wire};
use crate::v1;
use shared::machine::{Gpu, MachineType, Reservation};
use shared::service::{Instance, InstanceError, InstanceState, Reason, Service, ServiceError, ServiceState};

/// What a service has to do now, and with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServiceLoad {
    /// Executions that wait.
    pub waiting: u32,
    /// Executions that run.
    pub running: u32,
    /// UTC milliseconds since which the longest waiting one waits.
    pub oldest_waiting_ms: Option<i64>,
    /// Instances that are alive.
    pub alive: u32,
    /// Those of them that registered.
    pub registered: u32,
}

fn error_parts(error: Option<InstanceError>) -> (String, String, String) {
    let Some(InstanceError { reason, detail }) = error else { return Default::default() };
    (reason.name().to_owned(), detail, reason.next_step().to_owned())
}

const fn state_word(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Running => "running",
        ServiceState::Idle => "idle",
        ServiceState::Paused => "paused",
        ServiceState::Error => "error",
    }
}

/// A service as clients see it.
#[must_use]
pub fn service_to_wire(service: Service, load: ServiceLoad) -> v1::TrainingServiceState {
    let state = service.state(load.alive as usize, load.registered as usize);
    let (error_reason, error_detail, next_step) = error_parts(service.error);
    v1::TrainingServiceState {
        id: service.id.to_string(),
        name: service.name,
        architecture_id: service.architecture_id,
        settings_json: serde_json::to_string(&service.settings).unwrap_or_default(),
        settings: Some(service.settings.into()),
        settings_revision: service.settings_revision,
        paused: service.paused,
        failed_starts: service.failed_starts,
        error_reason,
        error_detail,
        retry_at_ms: service.retry_at_ms,
        created_at_ms: service.created_at_ms,
        generation: service.generation,
        paused_by_force: service.paused_by_force,
        state: state_word(state).to_owned(),
        waiting_count: load.waiting,
        running_count: load.running,
        oldest_waiting_ms: load.oldest_waiting_ms,
        instance_count: load.alive,
        registered_count: load.registered,
        next_step,
        served_at_ms: service.served_at_ms,
    }
}

impl TryFrom<v1::TrainingServiceState> for (Service, ServiceLoad) {
    type Error = ConvertError;

    fn try_from(wire: v1::TrainingServiceState) -> Result<Self, ConvertError> {
        let settings = wire.settings.ok_or_else(|| ConvertError::new("settings", "is missing"))?;
        let settings = settings.try_into().map_err(|error: ConvertError| error.within("settings"))?;
        let error = match wire.error_reason.as_str() {
            "" => None,
            word => Some(InstanceError { reason: reason_from_wire(word)?, detail: wire.error_detail }),
        };
        let service = Service {
            id: id_from_wire("id", &wire.id)?,
            name: wire.name,
            architecture_id: wire.architecture_id,
            settings,
            settings_revision: wire.settings_revision,
            generation: wire.generation,
            paused: wire.paused,
            paused_by_force: wire.paused_by_force,
            failed_starts: wire.failed_starts,
            retry_at_ms: wire.retry_at_ms,
            error,
            served_at_ms: wire.served_at_ms,
            created_at_ms: wire.created_at_ms,
        };
        let load = ServiceLoad {
            waiting: wire.waiting_count,
            running: wire.running_count,
            oldest_waiting_ms: wire.oldest_waiting_ms,
            alive: wire.instance_count,
            registered: wire.registered_count,
        };
        Ok((service, load))
    }
}

fn reason_from_wire(word: &str) -> Result<Reason, ConvertError> {
    word_from_wire("error_reason", word, Reason::from_name, "a reason of an instance")
}

/// An instance as clients see it.
#[must_use]
pub fn instance_to_wire(instance: Instance) -> v1::Instance {
    let (error_reason, error_detail, _) = error_parts(instance.error);
    let Reservation { gpus, cores, memory_bytes } = instance.reservation;
    v1::Instance {
        id: instance.id.to_string(),
        service_id: instance.service_id.to_string(),
        state: instance.state.name().to_owned(),
        handle: instance.handle.unwrap_or_default(),
        error_reason,
        error_detail,
        execution_ids: instance.executions.iter().map(ToString::to_string).collect(),
        created_at_ms: instance.created_at_ms,
        heard_at_ms: instance.heard_at_ms,
        generation: instance.generation,
        machine_type: instance.machine_type,
        gpus,
        cores,
        memory_bytes,
        drain: instance.drain.map(|drain| drain.describe()).unwrap_or_default(),
    }
}

/// The state of an instance that clients see.
///
/// # Errors
/// If it is none.
pub fn instance_state_from_wire(word: &str) -> Result<InstanceState, ConvertError> {
    word_from_wire("state", word, InstanceState::from_name, "a state of an instance")
}

impl From<ServiceError> for v1::ServiceError {
    fn from(error: ServiceError) -> Self {
        Self {
            reason: error.reason.name().to_owned(),
            count: error.count,
            first_at_ms: error.first_at_ms,
            last_at_ms: error.last_at_ms,
            detail: error.detail,
            output: error.output,
            execution_ids: error.executions.iter().map(ToString::to_string).collect(),
            next_step: error.reason.next_step().to_owned(),
        }
    }
}

impl From<Gpu> for v1::Gpu {
    fn from(Gpu { index, name, memory_bytes }: Gpu) -> Self {
        Self { index, name, memory_bytes }
    }
}

impl From<v1::Gpu> for Gpu {
    fn from(v1::Gpu { index, name, memory_bytes }: v1::Gpu) -> Self {
        Self { index, name, memory_bytes }
    }
}

impl From<MachineType> for v1::MachineType {
    fn from(machine: MachineType) -> Self {
        Self {
            name: machine.name,
            cores: machine.cores,
            memory_bytes: machine.memory_bytes,
            free_memory_bytes: machine.free_memory_bytes,
            gpus: machine.gpus.into_iter().map(Into::into).collect(),
            shares_gpus: machine.shares_gpus,
            is_preemptible: machine.is_preemptible,
            runs_images: machine.runs_images,
        }
    }
}

impl From<v1::MachineType> for MachineType {
    fn from(machine: v1::MachineType) -> Self {
        Self {
            name: machine.name,
            cores: machine.cores,
            memory_bytes: machine.memory_bytes,
            free_memory_bytes: machine.free_memory_bytes,
            gpus: machine.gpus.into_iter().map(Into::into).collect(),
            shares_gpus: machine.shares_gpus,
            is_preemptible: machine.is_preemptible,
            runs_images: machine.runs_images,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::{ServiceId, uuid_v7};
    use shared::service::ServiceSettings;

    #[test]
    fn a_service_in_trouble_says_so_and_comes_back_whole() {
        let service = Service {
            id: ServiceId::from_uuid(uuid_v7(1, &[0; 10])),
            name: "mgmt-train-yolov8".into(),
            architecture_id: "yolov8".into(),
            settings: ServiceSettings::default(),
            settings_revision: 2,
            generation: 3,
            paused: false,
            paused_by_force: false,
            failed_starts: 3,
            retry_at_ms: Some(9),
            error: Some(InstanceError { reason: Reason::CrashLoopBackOff, detail: "exit code 1".into() }),
            served_at_ms: Some(8),
            created_at_ms: 5,
        };
        let load = ServiceLoad { waiting: 2, oldest_waiting_ms: Some(4), alive: 1, ..ServiceLoad::default() };
        let wire = service_to_wire(service.clone(), load);
        assert_eq!(
            (wire.error_reason.as_str(), wire.error_detail.as_str(), wire.state.as_str()),
            ("CrashLoopBackOff", "exit code 1", "error")
        );
        assert!(wire.next_step.contains("restart the service"), "{}", wire.next_step);
        assert_eq!(<(Service, ServiceLoad)>::try_from(wire).unwrap(), (service, load));
    }
}
