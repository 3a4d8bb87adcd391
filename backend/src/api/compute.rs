//! Training services, their instances and troubles, and the machines they run on.
//!
//! Must not know how an instance is made.

use super::error::{OrProblem, Problem};
use crate::executor::{Executor, with_free_memory};
use crate::store::Store;
use proto::convert::{ConvertError, id_from_wire, instance_to_wire, service_to_wire};
use proto::v1;
use proto::v1::compute_service_server::ComputeService;
use shared::id::{InstanceId, ServiceId};
use shared::machine::{MachineType, refusals};
use shared::service::{Service, ServiceSettings};
use std::sync::Arc;
use tonic::{Code, Request, Response, Status};

/// Lines of an instance's log when no number is asked for, and the most that are given.
const DEFAULT_LINES: u32 = 100;
const MOST_LINES: u32 = 1_000;

pub(super) struct Compute {
    pub(super) store: Store,
    /// `None` where no trainings are run.
    pub(super) executor: Option<Arc<dyn Executor>>,
}

impl Compute {
    async fn find(&self, named: &str) -> Result<Service, Problem> {
        let services = self.store.services().await?;
        services
            .into_iter()
            .find(|service| service.name == named || service.id.to_string() == named)
            .ok_or_else(|| {
                Problem::new(Code::NotFound, "NOT_FOUND", format!("there is no service `{named}`"))
                    .next("a service is made at the first training of its architecture")
            })
    }

    /// A service with what it has to do.
    async fn shown(&self, id: ServiceId) -> Result<v1::TrainingServiceState, Problem> {
        let service = self.store.service(&id.to_string()).await?;
        let load = self.store.service_loads().await?.remove(&id).unwrap_or_default();
        Ok(service_to_wire(service, load))
    }

    async fn list(&self) -> Result<v1::ListTrainingServicesResponse, Problem> {
        let mut loads = self.store.service_loads().await?;
        let services = self.store.services().await?.into_iter().map(|service| {
            let load = loads.remove(&service.id).unwrap_or_default();
            service_to_wire(service, load)
        });
        Ok(v1::ListTrainingServicesResponse { services: services.collect() })
    }

    async fn set_paused(&self, named: &str, paused: bool) -> Result<v1::TrainingServiceState, Problem> {
        let service = self.find(named).await?;
        self.store.set_service_paused(service.id, paused).await?;
        self.shown(service.id).await
    }

    async fn restart(&self, named: &str) -> Result<v1::TrainingServiceState, Problem> {
        let service = self.find(named).await?;
        self.store.restart_service(service.id).await?;
        self.shown(service.id).await
    }

    async fn update(
        &self,
        request: v1::UpdateTrainingServiceRequest,
    ) -> Result<v1::TrainingServiceState, Problem> {
        let service = self.find(&request.service).await?;
        let settings = request.settings.ok_or_else(|| Problem::field("settings", "is missing"))?;
        let settings =
            ServiceSettings::try_from(settings).map_err(|error: ConvertError| error.within("settings"))?;
        refuse("settings", &settings, &self.store.machine_types().await?)?;
        let read = (request.settings_revision > 0).then_some(request.settings_revision);
        self.store.update_service(service.id, settings, read).await?;
        self.shown(service.id).await
    }

    async fn revisions(&self, named: &str) -> Result<v1::ListServiceRevisionsResponse, Problem> {
        let service = self.find(named).await?;
        let revisions =
            self.store.service_revisions(service.id).await?.into_iter().map(|revision| v1::ServiceRevision {
                settings_revision: revision.settings_revision,
                settings: Some(revision.settings.into()),
                created_at_ms: revision.created_at_ms,
            });
        Ok(v1::ListServiceRevisionsResponse { revisions: revisions.collect() })
    }

    async fn errors(&self, named: &str) -> Result<v1::ListServiceErrorsResponse, Problem> {
        let service = self.find(named).await?;
        let errors = self.store.service_errors(service.id).await?;
        Ok(v1::ListServiceErrorsResponse { errors: errors.into_iter().map(Into::into).collect() })
    }

    async fn log(&self, request: &v1::GetInstanceLogRequest) -> Result<v1::GetInstanceLogResponse, Problem> {
        let id: InstanceId = id_from_wire("instance_id", &request.instance_id)?;
        let instance = self.store.instance(id).await?;
        let lines = if request.lines == 0 { DEFAULT_LINES } else { request.lines.min(MOST_LINES) };
        let lines = match &self.executor {
            Some(executor) => executor.log_tail(instance.id, lines as usize).await,
            None => Vec::new(),
        };
        Ok(v1::GetInstanceLogResponse { lines })
    }

    async fn save_machine(&self, machine: v1::MachineType) -> Result<v1::MachineType, Problem> {
        let machine = MachineType::from(machine);
        if let Err(errors) = machine.check() {
            return Err(field_problems("", errors));
        }
        let others = self.store.machine_types().await?.into_iter().filter(|other| other.name != machine.name);
        let machines: Vec<MachineType> = others.chain([machine.clone()]).collect();
        // A service that can no longer start would only be found out by who waits for it.
        for service in self.store.services().await? {
            if service.settings.machine_type == machine.name {
                refuse("", &service.settings, &machines).map_err(|problem| {
                    let message = format!("the service `{}` would not fit: {}", service.name, problem.text());
                    Problem::new(Code::FailedPrecondition, "REFUSED", message)
                        .next("change the settings of the service first")
                })?;
            }
        }
        Ok(self.store.save_machine_type(machine).await?.into())
    }
}

/// Refuses settings that no machine can do, at their fields below `within`.
pub(super) fn refuse(
    within: &str,
    settings: &ServiceSettings,
    machines: &[MachineType],
) -> Result<(), Problem> {
    let errors = refusals(settings, machines);
    if errors.is_empty() { Ok(()) } else { Err(field_problems(within, errors)) }
}

fn field_problems(within: &str, errors: Vec<shared::config::FieldError>) -> Problem {
    let mut problems = errors.into_iter().map(|error| {
        let field = if within.is_empty() { error.key } else { format!("{within}.{}", error.key) };
        Problem::field(field, format!("cannot be used: {}", error.message))
    });
    let mut first = problems.next().unwrap_or_else(|| Problem::field(within, "cannot be used"));
    for other in problems {
        first.message = format!("{}\n{}", first.message, other.text());
        first.violations.extend(other.violations);
    }
    first
}

#[tonic::async_trait]
impl ComputeService for Compute {
    async fn list_training_services(
        &self,
        _request: Request<v1::ListTrainingServicesRequest>,
    ) -> Result<Response<v1::ListTrainingServicesResponse>, Status> {
        self.list().await.map(Response::new).or_problem()
    }

    async fn get_training_service(
        &self,
        request: Request<v1::GetTrainingServiceRequest>,
    ) -> Result<Response<v1::TrainingServiceState>, Status> {
        let service = self.find(&request.get_ref().service).await.or_problem()?;
        self.shown(service.id).await.map(Response::new).or_problem()
    }

    async fn update_training_service(
        &self,
        request: Request<v1::UpdateTrainingServiceRequest>,
    ) -> Result<Response<v1::TrainingServiceState>, Status> {
        self.update(request.into_inner()).await.map(Response::new).or_problem()
    }

    async fn list_service_revisions(
        &self,
        request: Request<v1::ListServiceRevisionsRequest>,
    ) -> Result<Response<v1::ListServiceRevisionsResponse>, Status> {
        self.revisions(&request.get_ref().service).await.map(Response::new).or_problem()
    }

    async fn pause_service(
        &self,
        request: Request<v1::PauseServiceRequest>,
    ) -> Result<Response<v1::TrainingServiceState>, Status> {
        self.set_paused(&request.get_ref().service, true).await.map(Response::new).or_problem()
    }

    async fn resume_service(
        &self,
        request: Request<v1::ResumeServiceRequest>,
    ) -> Result<Response<v1::TrainingServiceState>, Status> {
        self.set_paused(&request.get_ref().service, false).await.map(Response::new).or_problem()
    }

    async fn restart_service(
        &self,
        request: Request<v1::RestartServiceRequest>,
    ) -> Result<Response<v1::TrainingServiceState>, Status> {
        self.restart(&request.get_ref().service).await.map(Response::new).or_problem()
    }

    async fn list_service_errors(
        &self,
        request: Request<v1::ListServiceErrorsRequest>,
    ) -> Result<Response<v1::ListServiceErrorsResponse>, Status> {
        self.errors(&request.get_ref().service).await.map(Response::new).or_problem()
    }

    async fn list_instances(
        &self,
        request: Request<v1::ListInstancesRequest>,
    ) -> Result<Response<v1::ListInstancesResponse>, Status> {
        let service: ServiceId = id_from_wire("service_id", &request.get_ref().service_id).or_problem()?;
        let instances = self.store.instances(service).await.or_problem()?;
        Ok(Response::new(v1::ListInstancesResponse {
            instances: instances.into_iter().map(instance_to_wire).collect(),
        }))
    }

    async fn get_instance_log(
        &self,
        request: Request<v1::GetInstanceLogRequest>,
    ) -> Result<Response<v1::GetInstanceLogResponse>, Status> {
        self.log(request.get_ref()).await.map(Response::new).or_problem()
    }

    async fn list_machine_types(
        &self,
        _request: Request<v1::ListMachineTypesRequest>,
    ) -> Result<Response<v1::ListMachineTypesResponse>, Status> {
        let machines = with_free_memory(self.store.machine_types().await.or_problem()?);
        let machine_types = machines.into_iter().map(Into::into).collect();
        Ok(Response::new(v1::ListMachineTypesResponse { machine_types }))
    }

    async fn save_machine_type(
        &self,
        request: Request<v1::MachineType>,
    ) -> Result<Response<v1::MachineType>, Status> {
        self.save_machine(request.into_inner()).await.map(Response::new).or_problem()
    }

    async fn delete_machine_type(
        &self,
        request: Request<v1::DeleteMachineTypeRequest>,
    ) -> Result<Response<v1::DeleteMachineTypeResponse>, Status> {
        self.store.delete_machine_type(&request.get_ref().name).await.or_problem()?;
        Ok(Response::new(v1::DeleteMachineTypeResponse {}))
    }
}
