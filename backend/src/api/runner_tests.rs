//! The runners' service against a real store, without ports: leases, fences, orders.

use super::*;
use crate::auth::{Caller, TokenHash};
use crate::clock::{Clock, ManualClock};
use crate::scheduler::LeaseTimes;
use crate::store::{NewAnnotation, NewImport, NewItem, NewModel, NewTraining};
use bytes::Bytes;
use shared::dataset::{PixelBox, Task};
use shared::id::TrainingId;
use shared::service::ServiceSettings;
use shared::training::{Cause, CauseKind};
use std::sync::Arc;

struct Site {
    _folder: tempfile::TempDir,
    _keys: tempfile::TempDir,
    store: Store,
    secrets: Secrets,
    clock: Arc<ManualClock>,
    runners: Runners,
}

/// A runner that is registered.
#[derive(Clone, Copy)]
struct Registered(InstanceId);

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(1_000_000));
        let store = Store::open(folder.path(), clock.clone()).await.unwrap();
        let leases = SharedLeases::new(LeaseTimes::default());
        let keys = tempfile::tempdir().unwrap();
        let secrets = Secrets::new(store.clone(), Some(keys.path().join("secrets.key")));
        let runners = Runners::new(store.clone(), leases, secrets.clone(), CancellationToken::new());
        Self { _folder: folder, _keys: keys, store, clock, secrets, runners }
    }

    /// One training of one model on two images.
    async fn start_training(&self) -> TrainingId {
        let mut items = Vec::new();
        for (name, subset) in [("a.png", Subset::Train), ("b.png", Subset::Validation)] {
            let (content_hash, size_bytes) = self.store.blobs().put_bytes(Bytes::from(name)).await.unwrap();
            let region = Some(PixelBox { x1: 1.0, y1: 1.0, x2: 5.0, y2: 5.0 });
            items.push(NewItem {
                dir: "/".into(),
                name: name.into(),
                content_hash,
                mimetype: "image/png".into(),
                size_bytes,
                width: 8,
                height: 8,
                subset: Some(subset),
                annotations: vec![NewAnnotation { label: "dot".into(), region }],
                metadata: None,
            });
        }
        let labels = vec!["dot".to_owned()];
        let import = NewImport { name: "dots".into(), task: Task::Detection, labels: labels.clone(), items };
        let dataset = self.store.import_dataset(import).await.unwrap().dataset;
        let model = NewModel {
            name: "m".into(),
            description: String::new(),
            tags: Vec::new(),
            architecture_id: "yolov8".into(),
            variant: "n".into(),
            dataset_id: dataset.id,
            labels,
            configuration: serde_json::Map::new(),
            train: None,
            validation: None,
            parent_id: None,
            initial_weights_hash: None,
        };
        let model = self.store.create_model(model).await.unwrap();
        let settings = ServiceSettings { max_instances: 2, ..ServiceSettings::default() };
        let new = NewTraining::of(&model, serde_json::json!({"epochs": 1}), settings);
        self.store.start_training(new).await.unwrap().id
    }

    async fn register(&self) -> Registered {
        let service = self.store.services().await.unwrap().remove(0);
        let token = Token::generate(TokenKind::Instance).unwrap();
        self.store
            .create_instance(service.id, shared::machine::Reservation::default(), &token.hash().hex())
            .await
            .unwrap();
        let request = v1::RegisterRequest { process_id: 1, version: "test".into() };
        let answer = self.runners.register(from(Caller::NewInstance(token.hash()), request)).await.unwrap();
        Registered(answer.into_inner().instance_id.parse().unwrap())
    }

    async fn lease(&self, runner: Registered) -> Option<v1::Assignment> {
        let request = from(Caller::Runner(runner.0), v1::LeaseRequest { wait_secs: 0 });
        self.runners.lease(request).await.unwrap().into_inner().assignment
    }

    async fn renew(&self, runner: Registered, held: &v1::HeldAttempt, wait_secs: u32) -> v1::Order {
        let request = v1::RenewRequest { held: vec![held.clone()], wait_secs };
        let answer = self.runners.renew(from(Caller::Runner(runner.0), request)).await.unwrap().into_inner();
        answer.orders[0].order()
    }

    async fn report(
        &self,
        runner: Registered,
        held: &v1::HeldAttempt,
        entries: Vec<v1::ReportEntry>,
    ) -> Result<u64, Status> {
        let request = v1::ReportRequest { attempt: Some(held.clone()), entries };
        let answer = self.runners.report(from(Caller::Runner(runner.0), request)).await?;
        Ok(answer.into_inner().acknowledged_sequence)
    }
}

fn from<T>(caller: Caller, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(caller);
    request
}

fn held_of(assignment: &v1::Assignment) -> v1::HeldAttempt {
    v1::HeldAttempt {
        execution_id: assignment.execution_id.clone(),
        attempt: assignment.attempt,
        fencing_token: assignment.fencing_token,
    }
}

fn line(sequence: u64) -> v1::ReportEntry {
    let log = v1::LogEntry { level: "info".into(), text: format!("line {sequence}") };
    v1::ReportEntry { sequence, at_ms: 1, entry: Some(Entry::Log(log)) }
}

fn lost() -> Cause {
    Cause { kind: CauseKind::RunnerLost, message: "lost".into(), next_step: String::new() }
}

#[tokio::test]
async fn an_assignment_names_everything_that_an_attempt_needs() {
    let site = Site::new().await;
    site.start_training().await;
    let runner = site.register().await;
    let assignment = site.lease(runner).await.unwrap();
    assert_eq!((assignment.attempt, assignment.variant.as_str()), (1, "n"));
    let items: Vec<(i32, &str)> =
        assignment.subsets.iter().map(|subset| (subset.subset, subset.items[0].name.as_str())).collect();
    assert_eq!(items, [(v1::Subset::Train.into(), "a.png"), (v1::Subset::Validation.into(), "b.png")]);
    assert_eq!(site.renew(runner, &held_of(&assignment), 0).await, v1::Order::Unspecified);
    assert!(site.lease(runner).await.is_none(), "there is no second one");
}

#[tokio::test]
async fn a_one_time_token_works_once() {
    let site = Site::new().await;
    site.start_training().await;
    let service = site.store.services().await.unwrap().remove(0);
    let token = Token::generate(TokenKind::Instance).unwrap();
    site.store
        .create_instance(service.id, shared::machine::Reservation::default(), &token.hash().hex())
        .await
        .unwrap();
    let register = |hash: TokenHash| {
        site.runners.register(from(Caller::NewInstance(hash), v1::RegisterRequest::default()))
    };
    assert!(register(token.hash()).await.is_ok());
    assert_eq!(register(token.hash()).await.unwrap_err().code(), tonic::Code::NotFound);
}

#[tokio::test]
async fn a_back_off_that_is_over_is_noticed_although_nothing_changed() {
    let site = Site::new().await;
    let training = site.start_training().await;
    let runner = site.register().await;
    let execution = site.store.training(&training.to_string()).await.unwrap().execution_id;
    site.store.set_not_before(execution, Some(1_001_000)).await.unwrap();
    let request = from(Caller::Runner(runner.0), v1::LeaseRequest { wait_secs: 60 });
    let asked = std::time::Instant::now();
    let mut answer = std::pin::pin!(site.runners.lease(request));
    assert!(futures::poll!(answer.as_mut()).is_pending());
    site.clock.advance(Duration::from_secs(2));
    let answer = answer.await.unwrap().into_inner();
    assert_eq!(answer.assignment.unwrap().execution_id, execution.to_string());
    assert!(asked.elapsed() < Duration::from_secs(30), "it took {:?}", asked.elapsed());
}

#[tokio::test]
async fn reports_of_a_lost_attempt_are_refused_and_repeated_ones_counted_once() {
    let site = Site::new().await;
    let training = site.start_training().await;
    let (first, second) = (site.register().await, site.register().await);
    let old = held_of(&site.lease(first).await.unwrap());
    assert_eq!(site.report(first, &old, vec![line(1), line(2)]).await.unwrap(), 2);
    assert_eq!(site.report(first, &old, vec![line(1), line(2), line(3)]).await.unwrap(), 3);
    assert_eq!(site.report(first, &old, vec![line(5)]).await.unwrap_err().code(), tonic::Code::OutOfRange);

    let execution: ExecutionId = old.execution_id.parse().unwrap();
    site.store.attempt_lost(execution, old.fencing_token, lost()).await.unwrap();
    site.store.set_not_before(execution, None).await.unwrap();
    let new = held_of(&site.lease(second).await.unwrap());
    assert_eq!(new.attempt, 2);
    assert_eq!(site.renew(first, &old, 0).await, v1::Order::Abandon);
    assert_eq!(site.report(first, &old, vec![line(4)]).await.unwrap_err().code(), tonic::Code::Aborted);
    let stolen = site.report(first, &new, vec![line(1)]).await.unwrap_err();
    assert_eq!(stolen.code(), tonic::Code::Aborted, "another runner's token opens nothing");
    assert_eq!(site.report(second, &new, vec![line(1)]).await.unwrap(), 1);

    let lines = site.store.logs(execution, 0, 100).await.unwrap();
    let texts: Vec<String> = lines.iter().map(|line| line.line.text.clone()).collect();
    assert_eq!(texts, ["line 1", "line 2", "line 3", "line 1"]);
    assert_eq!(site.store.training(&training.to_string()).await.unwrap().attempt, 2);
}

#[tokio::test]
async fn a_last_report_whose_answer_was_lost_is_answered_again() {
    let site = Site::new().await;
    site.start_training().await;
    let runner = site.register().await;
    let held = held_of(&site.lease(runner).await.unwrap());
    let end = v1::AttemptEnd { outcome: v1::AttemptOutcome::Succeeded.into(), cause: None };
    let last = v1::ReportEntry { sequence: 1, at_ms: 1, entry: Some(Entry::End(end)) };
    assert_eq!(site.report(runner, &held, vec![last.clone()]).await.unwrap(), 1);
    assert_eq!(site.report(runner, &held, vec![last]).await.unwrap(), 1);
    assert_eq!(site.report(runner, &held, vec![line(2)]).await.unwrap_err().code(), tonic::Code::Aborted);
}

#[tokio::test]
async fn an_abort_reaches_a_runner_that_waits() {
    let site = Site::new().await;
    let training = site.start_training().await;
    let runner = site.register().await;
    let held = held_of(&site.lease(runner).await.unwrap());
    let (order, ()) = tokio::join!(
        async { tokio::time::timeout(Duration::from_secs(20), site.renew(runner, &held, 60)).await.unwrap() },
        async {
            site.store.request_abort(training).await.unwrap();
        },
    );
    assert_eq!(order, v1::Order::Stop);
}

#[tokio::test]
async fn only_a_call_renews_a_lease() {
    let site = Site::new().await;
    site.start_training().await;
    let runner = site.register().await;
    let held = held_of(&site.lease(runner).await.unwrap());
    let execution: ExecutionId = held.execution_id.parse().unwrap();
    let is_lost = || {
        let now = site.clock.monotonic();
        let mut leases = site.runners.leases.lock();
        leases.view(&[(execution, held.fencing_token)], &[], now).lost_attempts.contains(&execution)
    };
    for second in 0..30 {
        assert!(!is_lost(), "after {second} s");
        if second % 5 == 0 && second <= 10 {
            site.renew(runner, &held, 0).await;
        }
        site.clock.advance(Duration::from_secs(1));
    }
    // The last renewal was 20 seconds ago, which is lease and margin; a second later it is lost.
    site.clock.advance(Duration::from_secs(1));
    assert!(is_lost());
}

#[tokio::test]
async fn a_retired_instance_is_told_to_stop_and_gets_nothing() {
    let site = Site::new().await;
    site.start_training().await;
    let runner = site.register().await;
    site.store.set_instance_state(runner.0, InstanceState::Stopping, None).await.unwrap();
    let request = from(Caller::Runner(runner.0), v1::LeaseRequest { wait_secs: 60 });
    let answer = site.runners.lease(request).await.unwrap().into_inner();
    assert!(answer.stop && answer.assignment.is_none());
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_field() {
    let site = Site::new().await;
    site.start_training().await;
    let runner = site.register().await;
    let held = held_of(&site.lease(runner).await.unwrap());
    let entry = |entry| v1::ReportEntry { sequence: 1, at_ms: 1, entry };
    let sample = v1::MetricSample {
        figure: "box_loss".into(),
        legend: "train".into(),
        x: f64::NAN,
        ..Default::default()
    };
    let artifact = v1::ArtifactEntry { name: "../x".into(), kind: "weights".into(), ..Default::default() };
    let cases = [
        (entry(None), "entries[0].entry"),
        (entry(Some(Entry::Sample(sample))), "entries[0].sample.x"),
        (
            entry(Some(Entry::Log(v1::LogEntry { level: "loud".into(), text: String::new() }))),
            "entries[0].log.level",
        ),
        (entry(Some(Entry::Device("a\nb".into()))), "entries[0].device"),
        (entry(Some(Entry::Artifact(artifact))), "entries[0].artifact.name"),
        (entry(Some(Entry::End(v1::AttemptEnd::default()))), "entries[0].end.outcome"),
    ];
    for (entry, field) in cases {
        let status = site.report(runner, &held, vec![entry]).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status}");
        assert!(status.message().contains(field), "{status}");
    }
    assert_eq!(site.report(runner, &held, vec![line(1)]).await.unwrap(), 1, "nothing of it was stored");
}

/// What a training keeps of its secrets, whatever began it.
async fn give_secrets(site: &Site, names: &str) {
    use sqlx::{ConnectOptions, Connection};
    let path = site.store.data_dir().join("trainyard.db");
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(10));
    let mut database = options.connect().await.unwrap();
    let columns: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM pragma_table_info('trainings') WHERE name = 'secrets'")
            .fetch_one(&mut database)
            .await
            .unwrap();
    if columns == 0 {
        let add = "ALTER TABLE trainings ADD COLUMN secrets TEXT NOT NULL DEFAULT '[]'";
        sqlx::query(add).execute(&mut database).await.unwrap();
    }
    sqlx::query("UPDATE trainings SET secrets = ?").bind(names).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
}

fn secret(text: &str) -> SecretValue {
    SecretValue::handed_over(text.to_owned())
}

#[tokio::test]
async fn an_assignment_carries_the_values_of_its_secrets_which_stay_while_it_is_live() {
    let site = Site::new().await;
    let made = site.secrets.create("TOKEN".into(), String::new(), secret("hunter22"), "owner").await.unwrap();
    site.secrets.create("OTHER".into(), String::new(), secret("another"), "owner").await.unwrap();
    site.start_training().await;
    give_secrets(&site, r#"["TOKEN"]"#).await;
    let refused = site.secrets.delete(made.id).await.unwrap_err();
    assert!(
        matches!(&refused, StoreError::Refused { .. }) && refused.to_string().contains("`m`"),
        "{refused}"
    );
    let used = &site.secrets.list().await.unwrap()[1].used_by;
    assert_eq!(
        used.iter().map(|used| (used.model_name.as_str(), used.is_live)).collect::<Vec<_>>(),
        [("m", true)]
    );
    let registered = site.register().await;
    let assignment = site.runners.assignment_of(registered.0).await.unwrap().unwrap();
    assert_eq!(assignment.secrets, [("TOKEN".to_owned(), "hunter22".to_owned())].into());
}

#[tokio::test]
async fn a_training_whose_secrets_cannot_be_opened_fails_with_the_reason() {
    let site = Site::new().await;
    site.secrets.create("TOKEN".into(), String::new(), secret("hunter22"), "owner").await.unwrap();
    let id = site.start_training().await;
    give_secrets(&site, r#"["TOKEN", "MISSING"]"#).await;
    let registered = site.register().await;
    assert!(site.runners.assignment_of(registered.0).await.unwrap().is_none());
    let training = site.store.training(&id.to_string()).await.unwrap();
    assert_eq!(training.status, shared::status::Status::Failed);
    let cause = training.cause.unwrap();
    assert!(cause.message.contains("`MISSING`") && !cause.message.contains("hunter22"), "{}", cause.message);
}
