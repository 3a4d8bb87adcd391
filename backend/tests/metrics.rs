//! Metrics through the real program: what was acknowledged survives `kill -9`; and, measured for `cargo xtask bench`,
//! how fast points are stored and read back. The runner here is the test itself, which speaks gRPC as a runner does.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fixtures;
#[expect(dead_code, reason = "shared with other tests")]
mod program;

use backend::auth::{Token, TokenKind};
use backend::clock::SystemClock;
use backend::store::{Assignment, NewTraining, Store};
use fixtures::{small_dataset, version};
use program::PROGRAM;
use proto::v1;
use proto::v1::runner_service_client::RunnerServiceClient;
use proto::v1::training_service_client::TrainingServiceClient;
use shared::service::ServiceSettings;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// Points of one report.
const BATCH: u64 = 1_000;
const READS: usize = 100;
const LARGEST_ANSWER: usize = 64 << 20;

/// Adds a token to every call.
#[derive(Clone)]
struct Bearer(String);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.0).parse().unwrap());
        Ok(request)
    }
}

type Line = InterceptedService<Channel, Bearer>;

/// A server on a data folder in which trainings run whose runner is this test.
struct Site {
    folder: tempfile::TempDir,
    server: Child,
    url: String,
    session: String,
    runs: Vec<Assignment>,
}

impl Site {
    async fn with_runs(count: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let session = Token::generate(TokenKind::Runner).unwrap();
        let runs = lease(&data, &session, count).await;
        let (server, url) = serve(&data);
        Self { folder, server, url, session: session.expose().to_owned(), runs }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// As `kill -9`: nothing is cleaned up, and nothing gets a chance to.
    fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    fn start_again(&mut self) {
        (self.server, self.url) = serve(&self.data());
    }

    async fn line(&self, token: &str) -> Line {
        let channel = Endpoint::from_shared(self.url.clone()).unwrap().tcp_nodelay(true);
        InterceptedService::new(channel.connect().await.unwrap(), Bearer(token.to_owned()))
    }

    async fn runner(&self) -> RunnerServiceClient<Line> {
        RunnerServiceClient::new(self.line(&self.session).await)
    }

    async fn trainings(&self) -> TrainingServiceClient<Line> {
        let token = std::fs::read_to_string(self.data().join("local.token")).unwrap();
        let client = TrainingServiceClient::new(self.line(token.trim()).await);
        client.max_decoding_message_size(LARGEST_ANSWER)
    }

    fn held(&self, run: usize) -> v1::HeldAttempt {
        let Assignment { execution_id, attempt, fencing_token, .. } = &self.runs[run];
        v1::HeldAttempt {
            execution_id: execution_id.to_string(),
            attempt: *attempt,
            fencing_token: *fencing_token,
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Trainings that an instance has taken, with this session, before there is a server.
async fn lease(data: &Path, session: &Token, count: u32) -> Vec<Assignment> {
    let store = Store::open(data, Arc::new(SystemClock::new())).await.unwrap();
    let dataset_id = store.import_dataset(small_dataset("cells", "cell")).await.unwrap().dataset.id;
    let settings = ServiceSettings { concurrency: count, ..ServiceSettings::default() };
    for number in 0..count {
        let model = version(format!("m{number}"), "yolov8", dataset_id, "cell");
        let model = store.create_model(model).await.unwrap();
        let new = NewTraining::of(&model, serde_json::json!({"epochs": 1}), settings.clone());
        store.start_training(new).await.unwrap();
    }
    let service = store.services().await.unwrap().remove(0);
    let one_time = Token::generate(TokenKind::Instance).unwrap().hash().hex();
    store.create_instance(service.id, shared::machine::Reservation::default(), &one_time).await.unwrap();
    let process_id = std::process::id();
    let instance = store.register_instance(&one_time, &session.hash().hex(), process_id).await.unwrap();
    let mut runs = Vec::new();
    for _ in 0..count {
        runs.push(store.lease_next(instance.id).await.unwrap().unwrap());
    }
    store.close().await;
    runs
}

fn serve(data: &Path) -> (Child, String) {
    let mut command = Command::new(PROGRAM);
    command.env("TRAINYARD_DATA", data);
    program::serve(command.stdout(Stdio::null()).stderr(Stdio::null()), data, "127.0.0.1:0")
}

/// Points `first` to `first + BATCH - 1` of a run with this many series, counted from 1: point after point, each series has one.
fn batch(held: v1::HeldAttempt, first: u64, series: u64) -> v1::ReportRequest {
    let entry = |sequence: u64| {
        let (step, line) = ((sequence - 1) / series, (sequence - 1) % series);
        let sample = v1::MetricSample {
            figure: format!("figure_{}", line / 2),
            legend: if line % 2 == 0 { "train".into() } else { "val".into() },
            x: (step + 1) as f64,
            y: value(step),
            ..v1::MetricSample::default()
        };
        let entry = Some(v1::report_entry::Entry::Sample(sample));
        v1::ReportEntry { sequence, at_ms: 1_700_000_000_000 + i64::try_from(step).unwrap(), entry }
    };
    v1::ReportRequest { attempt: Some(held), entries: (first..first + BATCH).map(entry).collect() }
}

/// Noise, with one point that stands out.
fn value(step: u64) -> f64 {
    if step == 7_654 { 900.0 } else { ((step * 37) % 101) as f64 }
}

async fn all_points(site: &Site, run: usize) -> Vec<v1::MetricSample> {
    let training = site.runs[run].training_id.to_string();
    let request = v1::ListMetricsRequest { training, ..Default::default() };
    site.trainings().await.list_metrics(request).await.unwrap().into_inner().samples
}

#[tokio::test]
async fn a_server_killed_in_the_middle_loses_no_acknowledged_batch() {
    let mut site = Site::with_runs(1).await;
    let acknowledged = Arc::new(AtomicU64::new(0));
    let reporter = tokio::spawn({
        let (mut runner, held, acknowledged) = (site.runner().await, site.held(0), Arc::clone(&acknowledged));
        async move {
            let mut next = 1;
            // Until the line breaks, which it does in the middle of a report.
            while let Ok(answer) = runner.report(batch(held.clone(), next, 10)).await {
                next = answer.into_inner().acknowledged_sequence + 1;
                acknowledged.store(next - 1, Ordering::SeqCst);
            }
        }
    });
    let started = Instant::now();
    while acknowledged.load(Ordering::SeqCst) < 5 * BATCH {
        assert!(started.elapsed() < program::PATIENCE, "nothing is acknowledged");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    site.kill();
    reporter.await.unwrap();
    let acknowledged = acknowledged.load(Ordering::SeqCst);

    site.start_again();
    let places = |samples: &[v1::MetricSample]| {
        let mut places: Vec<(String, String, u64)> = samples
            .iter()
            .map(|sample| (sample.figure.clone(), sample.legend.clone(), sample.x as u64))
            .collect();
        places.sort();
        places
    };
    let sent = |last: u64| {
        let requests = (0..last / BATCH).map(|index| batch(site.held(0), index * BATCH + 1, 10));
        let entries = requests.flat_map(|request| request.entries);
        let samples = entries.filter_map(|entry| match entry.entry {
            Some(v1::report_entry::Entry::Sample(sample)) => Some(sample),
            _ => None,
        });
        places(&samples.collect::<Vec<_>>())
    };
    let stored = places(&all_points(&site, 0).await);
    // The report whose answer the kill cut off may be stored, and then as a whole.
    assert!(
        stored == sent(acknowledged) || stored == sent(acknowledged + BATCH),
        "{acknowledged} points were acknowledged, {} are stored",
        stored.len()
    );
    // Said again, it has one effect.
    let answer = site.runner().await.report(batch(site.held(0), acknowledged + 1, 10)).await.unwrap();
    assert_eq!(answer.into_inner().acknowledged_sequence, acknowledged + BATCH);
    assert_eq!(places(&all_points(&site, 0).await), sent(acknowledged + BATCH));
}

/// The middle and the worst but a hundredth, in milliseconds.
fn shown(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1].as_secs_f64() * 1_000.0;
    format!("p50 {:.1} ms, p99 {:.1} ms", at(50), at(99))
}

/// Reports one batch after the other, each when the one before is durable.
async fn store_points(site: &Site, run: usize, series: u64, points: u64) {
    let mut runner = site.runner().await;
    let requests: Vec<_> =
        (0..points / BATCH).map(|index| batch(site.held(run), index * BATCH + 1, series)).collect();
    let (started, mut times) = (Instant::now(), Vec::new());
    for request in requests {
        let sent = Instant::now();
        runner.report(request).await.unwrap();
        times.push(sent.elapsed());
    }
    let rate = points as f64 / started.elapsed().as_secs_f64();
    println!(
        "| {points} points of {series} series stored, in batches of {BATCH} | {rate:.0} points/s; a batch {} |",
        shown(&mut times)
    );
}

async fn read_points(site: &Site, run: usize, max_points: u32) {
    let mut trainings = site.trainings().await;
    let training = site.runs[run].training_id.to_string();
    let (mut times, mut answer) = (Vec::new(), v1::ListMetricsResponse::default());
    for _ in 0..READS {
        let request = v1::ListMetricsRequest { training: training.clone(), max_points, ..Default::default() };
        let asked = Instant::now();
        answer = trainings.list_metrics(request).await.unwrap().into_inner();
        times.push(asked.elapsed());
    }
    let (total, read) = answer.series.iter().fold((0, 0), |(total, read), line| {
        assert!(line.y.contains(&900.0), "{} has lost its highest point", line.figure);
        assert!(line.x.len() <= max_points as usize && line.x.len() == line.y.len());
        (total + line.total_count, read + line.x.len())
    });
    println!("| {total} points of {} series read as {read} | {} |", answer.series.len(), shown(&mut times));
}

#[test]
#[ignore = "a measurement: `cargo xtask bench metrics` runs it"]
fn storing_and_reading_a_million_points() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let site = Site::with_runs(3).await;
    let renewing = tokio::spawn({
        let (mut runner, held) = (site.runner().await, (0..3).map(|run| site.held(run)).collect::<Vec<_>>());
        async move {
            let mut beats = tokio::time::interval(Duration::from_secs(5));
            loop {
                beats.tick().await;
                let request = v1::RenewRequest { held: held.clone(), wait_secs: 0 };
                runner.renew(request).await.unwrap();
            }
        }
    });
    store_points(&site, 0, 1, 1_000_000).await;
    store_points(&site, 1, 100, 1_000_000).await;
    store_points(&site, 2, 1_000, 100_000).await;
    read_points(&site, 0, 2_000).await;
    read_points(&site, 1, 2_000).await;
    renewing.abort();
}
