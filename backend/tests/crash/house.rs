//! A data folder with the real server, which can be killed, and clients of it.

#[path = "disk.rs"]
mod disk;

use crate::program::{self, PATIENCE, PROGRAM};
use disk::Disk;
use proto::v1;
use proto::v1::compute_service_client::ComputeServiceClient;
use proto::v1::dataset_service_client::DatasetServiceClient;
use proto::v1::model_service_client::ModelServiceClient;
use proto::v1::training_service_client::TrainingServiceClient;
use shared::service::ServiceSettings;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};
use tonic::metadata::AsciiMetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// Signs calls in.
#[derive(Clone)]
pub struct Owner(AsciiMetadataValue);

impl tonic::service::Interceptor for Owner {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

pub type Line = InterceptedService<Channel, Owner>;

/// Clients of one server.
#[derive(Clone)]
pub struct Clients {
    line: Line,
}

impl Clients {
    pub fn models(&self) -> ModelServiceClient<Line> {
        ModelServiceClient::new(self.line.clone())
    }

    pub fn trainings(&self) -> TrainingServiceClient<Line> {
        TrainingServiceClient::new(self.line.clone())
    }

    pub fn datasets(&self) -> DatasetServiceClient<Line> {
        DatasetServiceClient::new(self.line.clone())
    }

    pub fn compute(&self) -> ComputeServiceClient<Line> {
        ComputeServiceClient::new(self.line.clone())
    }
}

/// A call with an idempotency key.
pub fn keyed<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("idempotency-key", key.parse().unwrap());
    request
}

pub struct House {
    folder: tempfile::TempDir,
    /// Holds the data folder, if that is on a disk of its own.
    disk: Option<Disk>,
    server: Option<Child>,
    url: String,
    /// How long each start took until the first answer.
    pub starts: Vec<Duration>,
}

impl House {
    /// A server with one dataset, `dots`.
    pub async fn open() -> Self {
        Self::open_in(tempfile::Builder::new().prefix("trainyard-test-").tempdir().unwrap(), None).await
    }

    /// As [`House::open`], with a data folder on a disk of its own that holds no more than this. `None` where the
    /// machine does not let its users make one.
    pub async fn open_on_small_disk(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("trainyard-test-").tempdir().unwrap();
        let disk = Disk::make(&folder.path().join("data"), mebibytes)?;
        Some(Self::open_in(folder, Some(disk)).await)
    }

    async fn open_in(folder: tempfile::TempDir, disk: Option<Disk>) -> Self {
        let mut house = Self { folder, disk, server: None, url: String::new(), starts: Vec::new() };
        let images = house.folder.path().join("images");
        write_yolo(&images, 0);
        house.start().await;
        let path = images.to_string_lossy().into_owned();
        house.call(&["dataset", "import", &path, "--format", "yolo", "--name", "dots"]);
        house
    }

    /// The data folder as this process sees it.
    pub fn data(&self) -> PathBuf {
        let data = self.data_within();
        self.disk.as_ref().map_or_else(|| data.clone(), |disk| disk.seen_from_outside(&data))
    }

    /// The data folder as the server sees it.
    pub fn data_within(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn command(&self) -> Command {
        let mut command = self.disk.as_ref().map_or_else(|| Command::new(PROGRAM), Disk::command);
        command
            .env_remove("TRAINYARD_URL")
            .env_remove("TRAINYARD_TOKEN")
            .env("TRAINYARD_DATA", self.data_within())
            .env("TRAINYARD_SECRETS_KEY_FILE", self.folder.path().join("keys/secrets.key"));
        command
    }

    /// Starts the server on the port that it had before, and waits for its first answer.
    pub async fn start(&mut self) {
        let log =
            std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let address = self.url.strip_prefix("http://").unwrap_or("127.0.0.1:0").to_owned();
        let began = Instant::now();
        let mut command = self.command();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let (server, url) = program::serve(&mut command, &self.data(), &address);
        self.server = Some(server);
        self.url = url;
        let mut services = self.clients().await.compute();
        services.list_training_services(v1::ListTrainingServicesRequest {}).await.unwrap();
        self.starts.push(began.elapsed());
    }

    /// Starts the server in another way: `change` gets the call of the program, which it may put others in front of.
    /// The answer is `false` if the server ended before it was ready.
    pub fn start_as(&mut self, change: impl FnOnce(Command) -> Command) -> bool {
        let address = self.url.strip_prefix("http://").unwrap().to_owned();
        let mut command = self.command();
        command.args(["serve", "--listen", &address]);
        let mut command = change(command);
        let log =
            std::fs::File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let (server, url) = program::start(&mut command, &self.data());
        self.server = Some(server);
        url.is_ok()
    }

    /// Whether the server is gone by itself.
    pub fn has_ended(&mut self) -> bool {
        self.server.as_mut().unwrap().try_wait().unwrap().is_some()
    }

    /// A folder for what a test brings.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn token(&self) -> String {
        std::fs::read_to_string(self.data().join("local.token")).unwrap().trim().to_owned()
    }

    /// As `kill -9`: nothing is cleaned up.
    pub fn kill(&mut self) {
        program::kill(self.server.take().unwrap());
    }

    /// The server's process.
    pub fn process(&self) -> i32 {
        i32::try_from(self.server.as_ref().unwrap().id()).unwrap()
    }

    /// The most memory that the server ever held.
    pub fn peak_memory_mib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process());
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
    }

    /// Sends a signal to the server, which may take its time.
    pub fn signal(&self, signal: rustix::process::Signal) {
        program::signal(self.process(), signal);
    }

    /// Waits for the server's end.
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        let mut server = self.server.take().unwrap();
        let began = Instant::now();
        loop {
            if let Some(status) = server.try_wait().unwrap() {
                return status;
            }
            if began.elapsed() > patience {
                let _ = server.kill();
                let _ = server.wait();
                panic!("the server did not end within {patience:?}\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Clients, unless nobody answers.
    pub async fn clients_if_up(&self) -> Option<Clients> {
        let channel = Endpoint::from_shared(self.url.clone()).unwrap().connect().await.ok()?;
        Some(self.clients_of(channel))
    }

    pub async fn clients(&self) -> Clients {
        let channel = Endpoint::from_shared(self.url.clone()).unwrap().connect().await.unwrap();
        self.clients_of(channel)
    }

    fn clients_of(&self, channel: Channel) -> Clients {
        let owner = Owner(format!("Bearer {}", self.token()).parse().unwrap());
        Clients { line: InterceptedService::new(channel, owner) }
    }

    /// A call of the command line that must go well.
    pub fn call(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}\n{}", self.log());
        String::from_utf8(output.stdout).unwrap()
    }

    /// Fails unless the data folder is whole.
    pub fn verify(&self) {
        self.call(&["verify", "--files"]);
    }

    /// Processes that work for its instances, by a part of their command line.
    pub fn processes(&self, part: &str) -> Vec<i32> {
        program::processes(&self.data_within(), part)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        program::end(self.server.take(), &self.data_within());
    }
}

/// A service whose executions run inside its one instance and end at once.
pub fn instant() -> ServiceSettings {
    ServiceSettings {
        image: "builtin:instant".into(),
        run_as_process: false,
        concurrency: 4,
        drain_secs: 5,
        max_attempts: 100,
        ..ServiceSettings::default()
    }
}

/// Makes a version and answers its id.
pub async fn make_model(clients: &Clients, name: &str) -> Result<String, Status> {
    let request = v1::CreateModelRequest {
        name: name.to_owned(),
        architecture: "yolov8n".into(),
        dataset: "dots".into(),
        ..Default::default()
    };
    let key = format!("model-{name}");
    Ok(clients.models().create_model(keyed(&key, request)).await?.into_inner().id)
}

/// What starts a training of a version.
pub fn start_of(model: &str, settings: &ServiceSettings) -> v1::StartTrainingRequest {
    v1::StartTrainingRequest {
        model: model.to_owned(),
        service_settings: Some(settings.clone().into()),
        ..Default::default()
    }
}

/// Looks until there is an answer, or fails.
pub async fn until_async<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Four pictures with a box each, in YOLO's layout; no two numbers have a picture in common.
pub fn write_yolo(folder: &Path, number: usize) {
    let tint = u16::try_from(number).unwrap().to_be_bytes();
    for (subset, count) in [("train", 3), ("val", 1)] {
        let (images, labels) = (folder.join("images").join(subset), folder.join("labels").join(subset));
        std::fs::create_dir_all(&images).unwrap();
        std::fs::create_dir_all(&labels).unwrap();
        for place in 0..count {
            let shade = u8::try_from(40 * place + subset.len()).unwrap();
            let picture = image::RgbImage::from_pixel(32, 32, image::Rgb([shade, tint[0], tint[1]]));
            picture.save(images.join(format!("{place}.png"))).unwrap();
            std::fs::write(labels.join(format!("{place}.txt")), "0 0.5 0.5 0.4 0.4\n").unwrap();
        }
    }
    let yaml = "path: .\ntrain: images/train\nval: images/val\nnames:\n  0: dot\n";
    std::fs::write(folder.join("data.yaml"), yaml).unwrap();
}
