//! Training services, their instances and troubles, and the machines that they run on.
//!
//! Must not know what is shown.

use super::{ApiError, call::calls};
use proto::convert::ServiceLoad;
use proto::v1::{
    DeleteMachineTypeRequest, GetInstanceLogRequest, Instance, ListInstancesRequest, ListMachineTypesRequest,
    ListServiceErrorsRequest, ListServiceRevisionsRequest, ListTrainingServicesRequest, PauseServiceRequest,
    RestartServiceRequest, ResumeServiceRequest, ServiceError, ServiceRevision, TrainingServiceState,
    UpdateTrainingServiceRequest,
};
use shared::machine::MachineType;
use shared::service::{Service, ServiceSettings};

calls! {
    list_training_services(ListTrainingServicesRequest) -> ListTrainingServicesResponse = "ComputeService/ListTrainingServices";
    pause_service(PauseServiceRequest) -> TrainingServiceState = "ComputeService/PauseService";
    resume_service(ResumeServiceRequest) -> TrainingServiceState = "ComputeService/ResumeService";
    restart_service(RestartServiceRequest) -> TrainingServiceState = "ComputeService/RestartService";
    update_training_service(UpdateTrainingServiceRequest) -> TrainingServiceState = "ComputeService/UpdateTrainingService";
    list_service_revisions(ListServiceRevisionsRequest) -> ListServiceRevisionsResponse = "ComputeService/ListServiceRevisions";
    list_service_errors(ListServiceErrorsRequest) -> ListServiceErrorsResponse = "ComputeService/ListServiceErrors";
    list_instances(ListInstancesRequest) -> ListInstancesResponse = "ComputeService/ListInstances";
    get_instance_log(GetInstanceLogRequest) -> GetInstanceLogResponse = "ComputeService/GetInstanceLog";
    list_machine_types(ListMachineTypesRequest) -> ListMachineTypesResponse = "ComputeService/ListMachineTypes";
    save_machine_type(MachineType) -> MachineType = "ComputeService/SaveMachineType";
    delete_machine_type(DeleteMachineTypeRequest) -> DeleteMachineTypeResponse = "ComputeService/DeleteMachineType";
}

/// A service, and what it has to do.
pub type ServiceNow = (Service, ServiceLoad);

/// Lines of an instance that are looked at.
const LOG_LINES: u32 = 200;

fn parsed(service: TrainingServiceState) -> Result<ServiceNow, ApiError> {
    ServiceNow::try_from(service).map_err(|error| ApiError::malformed(&error))
}

/// All services, by name.
pub async fn list() -> Result<Vec<ServiceNow>, ApiError> {
    let answer = rpc::list_training_services(ListTrainingServicesRequest {}).await?;
    answer.services.into_iter().map(parsed).collect()
}

/// Starts no more of its executions.
pub async fn pause(service: String) -> Result<ServiceNow, ApiError> {
    parsed(rpc::pause_service(PauseServiceRequest { service }).await?)
}

/// Goes on.
pub async fn resume(service: String) -> Result<ServiceNow, ApiError> {
    parsed(rpc::resume_service(ResumeServiceRequest { service }).await?)
}

/// Replaces its instances.
pub async fn restart(service: String) -> Result<ServiceNow, ApiError> {
    parsed(rpc::restart_service(RestartServiceRequest { service }).await?)
}

/// Changes its settings, unless they are not those of this revision any more; 0 does not look.
pub async fn update(
    service: String,
    settings: ServiceSettings,
    settings_revision: u32,
) -> Result<ServiceNow, ApiError> {
    let settings = Some(settings.into());
    let request = UpdateTrainingServiceRequest { service, settings, settings_revision };
    parsed(rpc::update_training_service(request).await?)
}

/// What its settings were, the latest first.
pub async fn revisions(service: String) -> Result<Vec<ServiceRevision>, ApiError> {
    let request = ListServiceRevisionsRequest { service };
    Ok(rpc::list_service_revisions(request).await?.revisions)
}

/// Its troubles by their reason, the latest first.
pub async fn errors(service: String) -> Result<Vec<ServiceError>, ApiError> {
    Ok(rpc::list_service_errors(ListServiceErrorsRequest { service }).await?.errors)
}

/// Its instances, the latest first.
pub async fn instances(service_id: String) -> Result<Vec<Instance>, ApiError> {
    Ok(rpc::list_instances(ListInstancesRequest { service_id }).await?.instances)
}

/// The last lines that an instance wrote.
pub async fn instance_log(instance_id: String) -> Result<Vec<String>, ApiError> {
    let request = GetInstanceLogRequest { instance_id, lines: LOG_LINES };
    Ok(rpc::get_instance_log(request).await?.lines)
}

/// The types of machines.
pub async fn machine_types() -> Result<Vec<MachineType>, ApiError> {
    let answer = rpc::list_machine_types(ListMachineTypesRequest {}).await?;
    Ok(answer.machine_types.into_iter().map(Into::into).collect())
}

/// Makes a type of machine, or changes the one of this name.
pub async fn save_machine_type(machine: MachineType) -> Result<MachineType, ApiError> {
    Ok(rpc::save_machine_type(proto::v1::MachineType::from(machine)).await?.into())
}

/// Takes a type of machine away.
pub async fn delete_machine_type(name: String) -> Result<(), ApiError> {
    rpc::delete_machine_type(DeleteMachineTypeRequest { name }).await?;
    Ok(())
}
