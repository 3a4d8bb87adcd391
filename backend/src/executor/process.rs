//! Instances as processes of this machine: each is `trainyard runner` in a process group of its own,
//! with its output in a file, so that it outlives the server that started it.
//!
//! Must not know trainings, queues or the store.

use super::host::{ProcessIdentity, end_noted_groups, leader_in, out_of_memory_kills};
use super::incidents::{self, InstanceNote};
use super::memory::MemoryControl;
use super::{Executor, Image, InstanceSpec, Observation};
use async_trait::async_trait;
use rustix::process::Signal;
use shared::id::InstanceId;
use shared::service::{InstanceError, Reason};
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// How long an instance may take to end after it was asked, beyond the time that its executions have to
/// stop by themselves: its runner ends them within ten seconds more, and then reports.
const STOP_PATIENCE: Duration = Duration::from_secs(15);

/// Ends that are remembered, so that their reason can be told.
const REMEMBERED_ENDS: usize = 256;

/// Bytes of a log that are looked at for its last lines.
const LOG_TAIL_BYTES: u64 = 64 * 1024;

/// What the process executor needs to know.
#[derive(Debug, Clone)]
pub struct ProcessConfig {
    /// The program to start: this one.
    pub program: PathBuf,
    /// One folder for each instance is made in here.
    pub instances_dir: PathBuf,
    /// Where runners find the server.
    pub server_url: String,
    /// Where they look when that no longer answers.
    pub server_file: PathBuf,
    /// Stored files on the same machine, so that images are linked and not copied.
    pub blobs_dir: Option<PathBuf>,
    /// Another Train function than the built-in one: a program and its arguments.
    pub train_function: Option<Vec<String>>,
}

#[derive(Debug)]
enum Life {
    Running,
    Ended { well: bool, error: InstanceError },
}

#[derive(Debug)]
struct Inner {
    config: ProcessConfig,
    lives: Mutex<BTreeMap<InstanceId, Life>>,
    changes: watch::Sender<u64>,
    memory: MemoryControl,
}

impl Inner {
    fn set(&self, instance_id: InstanceId, life: Life) {
        let mut lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        lives.insert(instance_id, life);
        while lives.len() > REMEMBERED_ENDS {
            let oldest = lives.iter().find(|(_, life)| matches!(life, Life::Ended { .. })).map(|(id, _)| *id);
            let Some(oldest) = oldest else { break };
            lives.remove(&oldest);
        }
    }

    fn dir_of(&self, instance_id: InstanceId) -> PathBuf {
        self.config.instances_dir.join(instance_id.to_string())
    }

    fn log_path(&self, instance_id: InstanceId) -> PathBuf {
        self.dir_of(instance_id).join("runner.log")
    }
}

/// Starts instances as processes of this machine.
#[derive(Debug, Clone)]
pub struct ProcessExecutor {
    inner: Arc<Inner>,
}

impl ProcessExecutor {
    /// An executor that has started nothing yet.
    #[must_use]
    pub fn new(config: ProcessConfig) -> Self {
        let changes = watch::Sender::new(0);
        let memory = MemoryControl::discover();
        Self { inner: Arc::new(Inner { config, lives: Mutex::default(), changes, memory }) }
    }

    /// Makes its folder, with a note of what a later server must know.
    fn prepare(&self, spec: &InstanceSpec) -> Result<InstanceNote, InstanceError> {
        let refused = |reason, what: &str, error: std::io::Error| InstanceError {
            reason,
            detail: format!("{what}: {error}"),
        };
        let dir = self.inner.dir_of(spec.instance_id);
        std::fs::create_dir_all(&dir)
            .map_err(|error| refused(Reason::CreateContainerError, "its folder cannot be made", error))?;
        let limit_bytes = spec.reservation.memory_bytes;
        let limit = (limit_bytes > 0)
            .then(|| self.inner.memory.limit(&format!("trainyard-{}", spec.instance_id), &dir, limit_bytes));
        let memory = limit.transpose().map_err(|error| {
            let what = "the system does not take its memory limit";
            refused(Reason::CreateContainerConfigError, what, error)
        })?;
        let note = InstanceNote { memory, drain_secs: spec.drain_secs };
        note.write(&dir)
            .map_err(|error| refused(Reason::CreateContainerError, "its folder cannot be written", error))?;
        Ok(note)
    }

    fn spawn(&self, spec: &InstanceSpec, note: &InstanceNote) -> std::io::Result<(Child, ProcessIdentity)> {
        let config = &self.inner.config;
        let dir = self.inner.dir_of(spec.instance_id);
        let log = std::fs::File::options().create(true).append(true).open(dir.join("runner.log"))?;
        let mut command = Command::new(&config.program);
        command
            .arg("runner")
            .current_dir(&dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(false)
            // What opens the server to its owner is no business of a runner.
            .env_remove("TRAINYARD_TOKEN")
            .env("TRAINYARD_URL", &config.server_url)
            .env("TRAINYARD_SERVER_FILE", &config.server_file)
            .env("TRAINYARD_INSTANCE", spec.instance_id.to_string())
            .env("TRAINYARD_INSTANCE_DIR", &dir)
            .env("TRAINYARD_REGISTRATION_TOKEN", &spec.registration_token)
            .env("TRAINYARD_IMAGE", &spec.image)
            .env("TRAINYARD_RUN_AS_PROCESS", spec.run_as_process.to_string())
            .env("TRAINYARD_CONCURRENCY", spec.concurrency.to_string())
            .envs(visible_gpus(&spec.reservation.gpus));
        if let Some(blobs) = &config.blobs_dir {
            command.env("TRAINYARD_BLOBS", blobs);
        }
        if let Some(function) = &config.train_function {
            command.env("TRAINYARD_TRAIN_FUNCTION", serde_json::to_string(function)?);
        }
        let mut child = command.spawn()?;
        let pid = child.id().unwrap_or_default();
        // It has not registered yet, so it has started nothing and taken next to nothing.
        if let Some(Err(error)) = note.memory.as_ref().map(|memory| memory.admit(pid)) {
            child.start_kill()?;
            return Err(error);
        }
        // One that ended already is watched over like any other, so that its reason is known.
        Ok((child, ProcessIdentity::of(pid).unwrap_or_else(|| ProcessIdentity::ended(pid))))
    }

    /// Waits for the end of a process in the background, so that nothing is left of it and its
    /// reason is known.
    fn watch_over(&self, instance_id: InstanceId, mut child: Child) {
        let inner = Arc::clone(&self.inner);
        let kills_before = out_of_memory_kills();
        inner.set(instance_id, Life::Running);
        tokio::spawn(async move {
            let waited = child.wait().await;
            let dir = inner.dir_of(instance_id);
            let killed = tokio::task::spawn_blocking(move || clean_up(&dir)).await.ok().flatten();
            let life = match waited {
                Ok(status) => {
                    let last_words = last_lines(&inner.log_path(instance_id), 3);
                    match killed.filter(|_| status.signal() == Some(Signal::KILL.as_raw())) {
                        Some(error) => Life::Ended { well: false, error },
                        None => ended(status, kills_before, &last_words),
                    }
                }
                Err(error) => Life::Ended {
                    well: false,
                    error: InstanceError {
                        reason: Reason::Error,
                        detail: format!("waiting for it failed: {error}"),
                    },
                },
            };
            tracing::info!(%instance_id, ?life, "instance ended");
            inner.set(instance_id, life);
            inner.changes.send_modify(|ticks| *ticks += 1);
        });
    }
}

/// Which GPUs the drivers show. One that holds none sees none: two instances never share one by chance.
fn visible_gpus(gpus: &[u32]) -> [(&'static str, String); 2] {
    let numbers: Vec<String> = gpus.iter().map(u32::to_string).collect();
    let numbers = numbers.join(",");
    // Empty means "none" to the driver, and "not set" to what starts containers.
    let for_containers = if numbers.is_empty() { "void".to_owned() } else { numbers.clone() };
    [("CUDA_VISIBLE_DEVICES", numbers), ("NVIDIA_VISIBLE_DEVICES", for_containers)]
}

/// Ends everything that an instance left behind, and tells whether it was killed for its memory.
fn clean_up(instance_dir: &Path) -> Option<InstanceError> {
    end_noted_groups(instance_dir);
    let note = InstanceNote::read(instance_dir);
    let memory = note.memory.as_ref()?.ended();
    // What its runner lived to tell of was not what ended it.
    let unexplained = memory.evidence().kills.saturating_sub(incidents::explained_kills(instance_dir));
    let killed = (unexplained > 0).then(|| InstanceError {
        reason: Reason::OomKilled,
        detail: format!("it was killed because {}", memory.because(unexplained)),
    });
    if let Err(error) = (InstanceNote { memory: Some(memory), ..note }).write(instance_dir) {
        tracing::debug!(%error, "the folder of an ended instance takes no note");
    }
    killed
}

fn ended(status: ExitStatus, kills_before: Option<u64>, last_words: &[String]) -> Life {
    if status.success() {
        let error = InstanceError { reason: Reason::Completed, detail: "it ended as it was told".into() };
        return Life::Ended { well: true, error };
    }
    let out_of_memory = status.signal() == Some(Signal::KILL.as_raw())
        && kills_before.zip(out_of_memory_kills()).is_some_and(|(before, after)| after > before);
    let reason = if out_of_memory { Reason::OomKilled } else { Reason::Error };
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => "ended in an unknown way".to_owned(),
    };
    let said = last_words.join(" | ");
    let detail = if said.is_empty() { how } else { format!("{how}: {said}") };
    Life::Ended { well: false, error: InstanceError { reason, detail } }
}

/// The last lines of a file; none when it cannot be read.
fn last_lines(path: &Path, count: usize) -> Vec<String> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = std::fs::File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(LOG_TAIL_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(LOG_TAIL_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let text = read().map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().rev().take(count).map(str::to_owned).collect();
    lines.reverse();
    lines
}

#[async_trait]
impl Executor for ProcessExecutor {
    async fn start(&self, spec: InstanceSpec) -> Result<String, InstanceError> {
        Image::parse(&spec.image)?.check(&self.inner.config.program, spec.program.as_deref())?;
        let note = self.prepare(&spec)?;
        let spawned = self.spawn(&spec, &note).map_err(|error| InstanceError {
            reason: Reason::ContainerCannotRun,
            detail: format!("`{} runner` cannot be started: {error}", self.inner.config.program.display()),
        });
        let (child, identity) = match spawned {
            Ok(started) => started,
            Err(error) => {
                clean_up(&self.inner.dir_of(spec.instance_id));
                return Err(error);
            }
        };
        tracing::info!(instance_id = %spec.instance_id, service = spec.service_name, handle = %identity, "instance started");
        self.watch_over(spec.instance_id, child);
        Ok(identity.to_string())
    }

    async fn find(&self, instance_id: InstanceId) -> Option<String> {
        let dir = self.inner.dir_of(instance_id);
        let found = tokio::task::spawn_blocking(move || leader_in(&dir)).await.ok()?;
        found.map(|identity| identity.to_string())
    }

    async fn observe(&self, instance_id: InstanceId, handle: &str) -> Observation {
        let known = self.inner.lives.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(&instance_id) {
            Some(Life::Running) => Observation::Running,
            Some(Life::Ended { well, error }) => Observation::Ended { well: *well, error: error.clone() },
            // An earlier server started it.
            None => match ProcessIdentity::parse(handle) {
                Some(identity) if identity.is_alive() => Observation::Running,
                Some(_) => {
                    let error = clean_up(&self.inner.dir_of(instance_id)).unwrap_or_else(|| InstanceError {
                        reason: Reason::Error,
                        detail: "its process is gone".into(),
                    });
                    Observation::Ended { well: false, error }
                }
                None => Observation::Unknown,
            },
        }
    }

    async fn stop(&self, instance_id: InstanceId, handle: &str) {
        let Some(identity) = ProcessIdentity::parse(handle) else { return };
        identity.signal_group(Signal::TERM);
        let drain_secs = InstanceNote::read(&self.inner.dir_of(instance_id)).drain_secs;
        tokio::spawn(async move {
            tokio::time::sleep(STOP_PATIENCE + Duration::from_secs(u64::from(drain_secs))).await;
            if identity.is_alive() {
                tracing::warn!(%instance_id, "instance did not end when asked: it is killed");
                identity.signal_group(Signal::KILL);
            }
        });
    }

    async fn kill(&self, instance_id: InstanceId, handle: &str) {
        if let Some(identity) = ProcessIdentity::parse(handle) {
            identity.signal_group(Signal::KILL);
        }
        end_noted_groups(&self.inner.dir_of(instance_id));
    }

    async fn incidents(&self, instance_id: InstanceId, _handle: &str) -> Vec<InstanceError> {
        incidents::take_new(&self.inner.dir_of(instance_id))
    }

    async fn log_tail(&self, instance_id: InstanceId, lines: usize) -> Vec<String> {
        last_lines(&self.inner.log_path(instance_id), lines)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::uuid_v7;
    use shared::machine::Reservation;

    fn executor(folder: &Path, script: &str) -> ProcessExecutor {
        // The shell takes its argument `runner` for a script in its folder, which is the instance's.
        let instance_dir = folder.join("instances").join(spec().instance_id.to_string());
        std::fs::create_dir_all(&instance_dir).unwrap();
        std::fs::write(instance_dir.join("runner"), script).unwrap();
        ProcessExecutor::new(ProcessConfig {
            program: "/bin/sh".into(),
            instances_dir: folder.join("instances"),
            server_url: "http://127.0.0.1:1".into(),
            server_file: folder.join("server.json"),
            blobs_dir: None,
            train_function: None,
        })
    }

    fn spec() -> InstanceSpec {
        InstanceSpec {
            instance_id: InstanceId::from_uuid(uuid_v7(1, &[1; 10])),
            service_name: "mgmt-train-yolov8".into(),
            registration_token: "secret-token".into(),
            image: String::new(),
            program: None,
            run_as_process: true,
            reservation: Reservation::default(),
            concurrency: 1,
            drain_secs: 0,
        }
    }

    async fn end_of(executor: &ProcessExecutor, handle: &str) -> (bool, InstanceError) {
        let mut changes = executor.changes();
        loop {
            if let Observation::Ended { well, error } = executor.observe(spec().instance_id, handle).await {
                return (well, error);
            }
            tokio::time::timeout(Duration::from_secs(20), changes.changed()).await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn the_end_of_an_instance_has_a_reason() {
        let cases = [
            ("echo fine; exit 0", true, "Completed", "as it was told"),
            ("echo no luck; exit 3", false, "Error", "exit code 3: no luck"),
            ("kill -SEGV $$", false, "Error", "killed by signal 11"),
        ];
        for (script, expected_well, reason, detail) in cases {
            let folder = tempfile::tempdir().unwrap();
            let executor = executor(folder.path(), script);
            let handle = executor.start(spec()).await.unwrap();
            let (well, error) = end_of(&executor, &handle).await;
            assert_eq!((well, error.reason.name()), (expected_well, reason), "{script}: {error:?}");
            assert!(error.detail.contains(detail), "{script}: {error:?}");
        }
    }

    #[tokio::test]
    async fn one_that_cannot_be_started_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let mut executor = executor(folder.path(), "true");
        let mut config = executor.inner.config.clone();
        config.program = "/nowhere/trainyard".into();
        executor = ProcessExecutor::new(config);
        let error = executor.start(spec()).await.unwrap_err();
        assert_eq!(error.reason, Reason::ErrImagePull);
        assert!(error.detail.contains("/nowhere/trainyard is not there"), "{error:?}");
        let spec = InstanceSpec { image: "builtin:other".into(), ..spec() };
        assert_eq!(executor.start(spec).await.unwrap_err().reason, Reason::InvalidImageName);
    }

    #[tokio::test]
    async fn the_token_is_in_the_environment_and_not_on_the_command_line() {
        let folder = tempfile::tempdir().unwrap();
        let script = "tr '\\0' ' ' < /proc/$$/cmdline | grep -c secret-token; echo \"token: $TRAINYARD_REGISTRATION_TOKEN\"";
        let executor = executor(folder.path(), script);
        let handle = executor.start(spec()).await.unwrap();
        end_of(&executor, &handle).await;
        assert_eq!(executor.log_tail(spec().instance_id, 5).await, ["0", "token: secret-token"]);
    }

    #[tokio::test]
    async fn another_executor_adopts_and_ends_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = executor(folder.path(), "exec sleep 600");
        let handle = first.start(spec()).await.unwrap();
        // As after a restart of the server: nothing is known but the handle.
        let second = ProcessExecutor::new(first.inner.config.clone());
        assert_eq!(second.observe(spec().instance_id, &handle).await, Observation::Running);
        second.stop(spec().instance_id, &handle).await;
        let (well, error) = end_of(&first, &handle).await;
        assert!(!well && error.detail.contains("signal 15"), "{error:?}");
        assert!(matches!(second.observe(spec().instance_id, &handle).await, Observation::Ended { .. }));
        assert_eq!(second.observe(spec().instance_id, "elsewhere").await, Observation::Unknown);
    }
}
