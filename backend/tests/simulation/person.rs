//! A person of a simulated world, who starts, aborts, hurries and pauses, and asks again with the same key until there is
//! an answer.
//!
//! Must not know what becomes of the cluster.

use super::wire::Wire;
use super::yard::SharedYard;
use backend::runner::connect::Carrier;
use proto::v1;
use proto::v1::compute_service_client::ComputeServiceClient;
use proto::v1::training_service_client::TrainingServiceClient;
use rand::RngExt as _;
use rand::seq::IteratorRandom as _;
use shared::service::ServiceSettings;
use std::time::Duration;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Code, Request, Status};
use tower::util::BoxCloneSyncService;

pub(super) const SERVICE: &str = "mgmt-train-yolov8";
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Clone)]
struct Owner(AsciiMetadataValue);

impl Interceptor for Owner {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Line = InterceptedService<Carrier, Owner>;

struct Person {
    yard: SharedYard,
    trainings: TrainingServiceClient<Line>,
    compute: ComputeServiceClient<Line>,
    calls: u64,
}

/// Works with the server until the time is over; then nothing is left paused.
pub(super) async fn live(
    wire: Wire,
    owner: String,
    models: Vec<String>,
    settings: ServiceSettings,
    until: Duration,
) -> turmoil::Result {
    let yard = wire.yard.clone();
    let carrier: Carrier = BoxCloneSyncService::new(wire);
    let line = InterceptedService::new(carrier, Owner(format!("Bearer {owner}").parse()?));
    let mut person = Person {
        yard: yard.clone(),
        trainings: TrainingServiceClient::new(line.clone()),
        compute: ComputeServiceClient::new(line),
        calls: 0,
    };
    let mut models = models.into_iter();
    let mut first = true;
    while yard.time() < until {
        let (pause, choice) = {
            let mut yard = yard.lock();
            (yard.chance.random_range(100..2_500), yard.chance.random_range(0..10))
        };
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let is_calm = !yard.lock().moody;
        match choice {
            _ if std::mem::take(&mut first) => person.start(models.next(), &settings).await,
            0..6 => person.start(models.next(), &settings).await,
            // A service that is paused starts nothing in time.
            8.. if is_calm => {}
            6 => person.abort().await,
            7 => person.hurry().await,
            8 => person.pause().await,
            _ => person.resume().await,
        }
    }
    person.resume().await;
    yard.lock().journal.is_done = true;
    Ok(())
}

impl Person {
    async fn start(&mut self, model: Option<String>, settings: &ServiceSettings) {
        let Some(model) = model else { return };
        let request = v1::StartTrainingRequest {
            model: model.clone(),
            service_settings: Some(settings.clone().into()),
            ..Default::default()
        };
        let trainings = self.trainings.clone();
        let answer = self
            .insist("start", request, async |request| trainings.clone().start_training(request).await)
            .await;
        match answer {
            Ok(training) => {
                self.yard.note(&format!("{} was started for the person ", training.id));
                let mut yard = self.yard.lock();
                yard.journal.started.insert(training.id, model);
            }
            Err(status) => self.yard.blame(&format!("a training was refused: {status}")),
        }
    }

    fn any_training(&self) -> Option<String> {
        let mut yard = self.yard.lock();
        // The order of ids is that of time.
        let ids: Vec<String> = yard.journal.started.keys().cloned().collect();
        ids.into_iter().choose(&mut yard.chance)
    }

    async fn abort(&mut self) {
        let Some(training) = self.any_training() else { return };
        let trainings = self.trainings.clone();
        let request = v1::AbortTrainingRequest { training: training.clone() };
        let answer = self
            .insist("abort", request, async |request| trainings.clone().abort_training(request).await)
            .await;
        match answer {
            Ok(_) => drop(self.yard.lock().journal.aborted.insert(training)),
            // It was over.
            Err(status) if status.code() == Code::FailedPrecondition => {}
            Err(status) => self.yard.blame(&format!("an abort was refused: {status}")),
        }
    }

    async fn hurry(&mut self) {
        let Some(training) = self.any_training() else { return };
        let priority = self.yard.lock().chance.random_range(-10..10);
        let trainings = self.trainings.clone();
        let request = v1::SetPriorityRequest { training, priority };
        let answer = self
            .insist("hurry", request, async |request| trainings.clone().set_priority(request).await)
            .await;
        if let Err(status) = answer
            && status.code() != Code::FailedPrecondition
        {
            self.yard.blame(&format!("a priority was refused: {status}"));
        }
    }

    async fn pause(&mut self) {
        let compute = self.compute.clone();
        let request = v1::PauseServiceRequest { service: SERVICE.into() };
        let answer =
            self.insist("pause", request, async |request| compute.clone().pause_service(request).await).await;
        if let Err(status) = answer {
            self.yard.blame(&format!("a pause was refused: {status}"));
        }
    }

    async fn resume(&mut self) {
        let compute = self.compute.clone();
        let request = v1::ResumeServiceRequest { service: SERVICE.into() };
        let answer = self
            .insist("resume", request, async |request| compute.clone().resume_service(request).await)
            .await;
        if let Err(status) = answer {
            self.yard.blame(&format!("a service was not resumed: {status}"));
        }
    }

    /// Asks with one key until there is an answer, and once more now and then although there is one.
    async fn insist<M: Clone, T: Clone + PartialEq + std::fmt::Debug>(
        &mut self,
        what: &str,
        message: M,
        call: impl AsyncFn(Request<M>) -> Result<tonic::Response<T>, Status>,
    ) -> Result<T, Status> {
        self.calls += 1;
        let key = format!("{what}-{}", self.calls);
        let mut before: Option<T> = None;
        loop {
            let mut request = Request::new(message.clone());
            request.metadata_mut().insert("idempotency-key", key.parse().unwrap());
            let answer = match tokio::time::timeout(PATIENCE, call(request)).await {
                Ok(answer) => answer.map(tonic::Response::into_inner),
                Err(_) => Err(Status::unavailable("no answer in time")),
            };
            match answer {
                Ok(answer) => {
                    if let Some(before) = before.replace(answer.clone())
                        && before != answer
                    {
                        self.yard.blame(&format!("{key} was answered {before:?} and then {answer:?}"));
                    }
                    if self.yard.share() > 0.2 {
                        return Ok(answer);
                    }
                }
                Err(status) if is_uncertain(&status) => {}
                Err(status) => {
                    if before.is_some() {
                        self.yard.blame(&format!("{key} was answered well and then refused: {status}"));
                    }
                    return Err(status);
                }
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Whether nobody knows what became of a call.
fn is_uncertain(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled | Code::DeadlineExceeded)
}
