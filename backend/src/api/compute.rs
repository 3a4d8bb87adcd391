//! Training services and their instances.
//!
//! Must not know how an instance is made.

use super::error::{OrProblem, Problem};
use crate::store::Store;
use proto::convert::{id_from_wire, instance_to_wire, service_to_wire};
use proto::v1;
use proto::v1::compute_service_server::ComputeService;
use shared::id::ServiceId;
use shared::service::Service;
use tonic::{Code, Request, Response, Status};

pub(super) struct Compute {
    pub(super) store: Store,
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

    async fn set_paused(&self, named: &str, paused: bool) -> Result<v1::TrainingServiceState, Problem> {
        let service = self.find(named).await?;
        self.store.set_service_paused(service.id, paused).await?;
        Ok(service_to_wire(self.find(&service.id.to_string()).await?))
    }
}

#[tonic::async_trait]
impl ComputeService for Compute {
    async fn list_training_services(
        &self,
        _request: Request<v1::ListTrainingServicesRequest>,
    ) -> Result<Response<v1::ListTrainingServicesResponse>, Status> {
        let services = self.store.services().await.or_problem()?;
        Ok(Response::new(v1::ListTrainingServicesResponse {
            services: services.into_iter().map(service_to_wire).collect(),
        }))
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
}
