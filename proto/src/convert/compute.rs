//! Training services and their instances.

use crate::v1;
use shared::service::{Instance, InstanceError, Service};

fn error_parts(error: Option<InstanceError>) -> (String, String) {
    error.map(|error| (error.reason, error.detail)).unwrap_or_default()
}

/// A service as clients see it.
#[must_use]
pub fn service_to_wire(service: Service) -> v1::TrainingServiceState {
    let (error_reason, error_detail) = error_parts(service.error);
    v1::TrainingServiceState {
        id: service.id.to_string(),
        name: service.name,
        architecture_id: service.architecture_id,
        settings_json: serde_json::to_string(&service.settings).unwrap_or_default(),
        settings_revision: service.settings_revision,
        paused: service.paused,
        failed_starts: service.failed_starts,
        error_reason,
        error_detail,
        retry_at_ms: service.retry_at_ms,
        created_at_ms: service.created_at_ms,
    }
}

/// An instance as clients see it.
#[must_use]
pub fn instance_to_wire(instance: Instance) -> v1::Instance {
    let (error_reason, error_detail) = error_parts(instance.error);
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::{ServiceId, uuid_v7};
    use shared::service::ServiceSettings;

    #[test]
    fn a_service_in_trouble_says_so() {
        let service = Service {
            id: ServiceId::from_uuid(uuid_v7(1, &[0; 10])),
            name: "mgmt-train-yolov8".into(),
            architecture_id: "yolov8".into(),
            settings: ServiceSettings::default(),
            settings_revision: 2,
            paused: false,
            failed_starts: 3,
            retry_at_ms: Some(9),
            error: Some(InstanceError { reason: "CrashLoopBackOff".into(), detail: "exit code 1".into() }),
            created_at_ms: 5,
        };
        let wire = service_to_wire(service);
        assert_eq!(
            (wire.error_reason.as_str(), wire.error_detail.as_str()),
            ("CrashLoopBackOff", "exit code 1")
        );
        let settings: ServiceSettings = serde_json::from_str(&wire.settings_json).unwrap();
        assert_eq!(settings, ServiceSettings::default());
    }
}
