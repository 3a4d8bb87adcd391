//! The cluster as a whole: a server, machines with runners and a person, moved on step by step, and what can befall them.
//!
//! Must not know when something befalls them, nor what is right.

use super::function::Functions;
use super::person;
use super::server::{Backroom, Site};
use super::wire::Wire;
use super::yard::{Life, Order, SharedYard, Workplace};
use async_trait::async_trait;
use backend::auth::{Token, TokenKind};
use backend::clock::{Clock as _, ManualClock};
use backend::executor::{Executor, Image, InstanceSpec, Observation};
use backend::runner::connect::ServerLink;
use backend::runner::running::Function;
use backend::runner::{RunnerArgs, live_over};
use shared::id::InstanceId;
use shared::service::{InstanceError, Reason, ServiceSettings};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tower::util::BoxCloneSyncService;
use turmoil::Sim;

pub(super) const MACHINES: usize = 3;
/// How long an instance may take to end once it was asked to.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// The wall clock at the start: 2026-01-01.
const START_MS: i64 = 1_767_225_600_000;

/// Starts and ends instances on the machines of the cluster, as far as they can be reached.
#[derive(Debug)]
pub(super) struct SimulatedExecutor {
    yard: SharedYard,
    ends: watch::Sender<u64>,
}

impl SimulatedExecutor {
    pub(super) fn new(yard: SharedYard) -> Self {
        Self { yard, ends: watch::Sender::new(0) }
    }
}

#[async_trait]
impl Executor for SimulatedExecutor {
    async fn start(&self, spec: InstanceSpec) -> Result<String, InstanceError> {
        let mut yard = self.yard.lock();
        let number = yard.instances.len();
        let (told, orders) = mpsc::unbounded_channel();
        let InstanceSpec { instance_id: id, registration_token: token, concurrency, .. } = spec;
        yard.instances.insert(number, Workplace { id, machine: number % MACHINES, life: Life::Lives, told });
        yard.orders.push(Order::Start { number, token, concurrency, told: orders });
        Ok(number.to_string())
    }

    async fn find(&self, id: InstanceId) -> Option<String> {
        let yard = self.yard.lock();
        yard.instances.iter().find(|(_, one)| one.id == id).map(|(number, _)| number.to_string())
    }

    async fn observe(&self, _: InstanceId, handle: &str) -> Observation {
        let yard = self.yard.lock();
        let Workplace { machine, life, .. } = &yard.instances[&handle.parse().unwrap()];
        match life {
            _ if yard.cut_off.contains(machine) => Observation::Unknown,
            Life::Lives => Observation::Running,
            Life::Ended { well } => {
                let reason = if *well { Reason::Completed } else { Reason::Error };
                Observation::Ended { well: *well, error: InstanceError { reason, detail: "it ended".into() } }
            }
        }
    }

    async fn stop(&self, _: InstanceId, handle: &str) {
        self.yard.lock().orders.push(Order::Stop { number: handle.parse().unwrap() });
    }

    async fn kill(&self, _: InstanceId, handle: &str) {
        self.yard.lock().orders.push(Order::Kill { number: handle.parse().unwrap() });
    }

    async fn incidents(&self, _: InstanceId, _: &str) -> Vec<InstanceError> {
        Vec::new()
    }

    async fn log_tail(&self, _: InstanceId, _: usize) -> Vec<String> {
        Vec::new()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.ends.subscribe()
    }
}

/// The cluster.
pub(super) struct Cluster {
    sim: Sim<'static>,
    pub(super) site: Arc<Site>,
    pub(super) yard: SharedYard,
    /// Instances that are to be killed, and when.
    kills: Vec<(Duration, usize)>,
    _folder: tempfile::TempDir,
}

impl Drop for Cluster {
    /// The site and the server's life hold each other.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.site.crash();
        }
    }
}

impl Cluster {
    /// A cluster with a copy of a store.
    pub(super) fn new(seed: u64, template: &Path) -> Self {
        let folder = memory_folder();
        std::fs::copy(template.join("trainyard.db"), folder.path().join("trainyard.db")).unwrap();
        let yard = SharedYard::new(seed);
        let mut sim = turmoil::Builder::new()
            .rng_seed(seed)
            .tick_duration(Duration::from_millis(5))
            .simulation_duration(Duration::from_secs(3_600))
            .min_message_latency(Duration::from_millis(1))
            .max_message_latency(Duration::from_millis(60))
            .udp_capacity(1_024)
            .build();
        let site = Arc::new(Site {
            yard: yard.clone(),
            backroom: Backroom::new(),
            folder: folder.path().to_owned(),
            clock: Arc::new(ManualClock::new(START_MS)),
            owner: Token::generate(TokenKind::Owner).unwrap(),
            house: Mutex::new(None),
        });
        let host = Arc::clone(&site);
        sim.host("server", move || Arc::clone(&host).serve());
        Self { sim, site, yard, kills: Vec::new(), _folder: folder }
    }

    /// Lets a person work with the server for a while.
    pub(super) fn welcome(&mut self, models: Vec<String>, settings: ServiceSettings, until: Duration) {
        let wire = Wire { yard: self.yard.clone(), host: "person".into(), machine: None };
        let owner = self.site.owner.expose().to_owned();
        self.sim.host("person", move || {
            person::live(wire.clone(), owner.clone(), models.clone(), settings.clone(), until)
        });
    }

    pub(super) fn now(&self) -> Duration {
        self.sim.elapsed()
    }

    /// Moves on by one tick.
    pub(super) fn step(&mut self) {
        self.sim.step().unwrap();
        self.yard.lock().now = self.sim.elapsed();
        let orders = std::mem::take(&mut self.yard.lock().orders);
        for order in orders {
            self.obey(order);
        }
        let now = self.now();
        let due: Vec<usize> =
            self.kills.extract_if(.., |(at, _)| *at <= now).map(|(_, number)| number).collect();
        for number in due {
            self.kill_instance(number);
        }
    }

    fn is_reachable(&self, number: usize) -> bool {
        let yard = self.yard.lock();
        !yard.cut_off.contains(&yard.instances[&number].machine)
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Start { number, token, concurrency, told } => {
                if self.is_reachable(number) {
                    self.start_instance(number, token, concurrency, told);
                } else {
                    self.end_of(number, false);
                }
            }
            Order::Stop { number } if self.is_reachable(number) => {
                self.tell(number);
                self.kills.push((self.now() + STOP_PATIENCE, number));
            }
            Order::Kill { number } if self.is_reachable(number) => self.kill_instance(number),
            // The order does not arrive.
            Order::Stop { .. } | Order::Kill { .. } => {}
        }
    }

    fn start_instance(
        &mut self,
        number: usize,
        token: String,
        concurrency: u32,
        told: mpsc::UnboundedReceiver<()>,
    ) {
        let name = host_of(number);
        let machine = self.yard.lock().instances[&number].machine;
        let wire = Wire { yard: self.yard.clone(), host: name.clone(), machine: Some(machine) };
        let instance_dir = self.site.folder.clone();
        let first = Mutex::new(Some((token, told)));
        self.yard.note(&format!("instance {number} starts on machine {machine}"));
        self.sim.host(name, move || {
            let first = first.lock().unwrap().take();
            let (wire, instance_dir) = (wire.clone(), instance_dir.clone());
            async move {
                let Some((token, told)) = first else { return Ok(()) };
                let yard = wire.yard.clone();
                let functions = Functions { yard: yard.clone(), instance: number };
                let carrier = BoxCloneSyncService::new(wire);
                let link = ServerLink::over(carrier, "http://server", None, token.clone())?;
                let args = args(instance_dir, token, concurrency);
                let told = UnboundedReceiverStream::new(told);
                let ended = live_over(link, Function::Other(Arc::new(functions)), args, told).await;
                yard.note(&format!("instance {number} ends: {ended:?}"));
                yard.lock().instances.get_mut(&number).unwrap().life = Life::Ended { well: ended.is_ok() };
                Ok(())
            }
        });
    }

    /// As a polite signal.
    pub(super) fn tell(&self, number: usize) {
        let _ = self.yard.lock().instances[&number].told.send(());
    }

    /// As `kill -9`.
    pub(super) fn kill_instance(&mut self, number: usize) {
        if self.yard.lock().instances[&number].life == Life::Lives {
            self.yard.note(&format!("instance {number} is killed"));
            self.end_of(number, false);
            let name = host_of(number);
            if self.sim.is_host_running(name.as_str()) {
                self.sim.crash(name);
            }
        }
    }

    fn end_of(&self, number: usize, well: bool) {
        self.yard.lock().instances.get_mut(&number).unwrap().life = Life::Ended { well };
    }

    /// Instances that live, on one machine or on all.
    pub(super) fn living(&self, on: Option<usize>) -> Vec<usize> {
        let yard = self.yard.lock();
        let living = yard.instances.iter().filter(|(_, one)| one.life == Life::Lives);
        living
            .filter(|(_, one)| on.is_none_or(|machine| machine == one.machine))
            .map(|(number, _)| *number)
            .collect()
    }

    /// Instances whose host there is.
    fn hosts_on(&self, machine: usize) -> Vec<String> {
        self.living(Some(machine)).into_iter().map(host_of).collect()
    }

    /// Cuts a machine off from the server, in one direction or both.
    pub(super) fn cut_off(&self, machine: usize, direction: Direction) {
        self.yard.lock().cut_off.insert(machine);
        self.yard.note(&format!("machine {machine} is cut off: {direction:?}"));
        for host in self.hosts_on(machine) {
            match direction {
                Direction::Both => self.sim.partition("server", host),
                Direction::ToServer => self.sim.partition_oneway(host, "server"),
                Direction::FromServer => self.sim.partition_oneway("server", host),
            }
        }
    }

    /// Ends the cut.
    pub(super) fn heal(&self, machine: usize) {
        self.yard.note(&format!("machine {machine} is reached again"));
        for host in self.hosts_on(machine) {
            self.sim.repair("server", host);
        }
        self.yard.lock().cut_off.remove(&machine);
    }

    /// A machine loses its power; it cannot be reached until it has it again.
    pub(super) fn kill_machine(&mut self, machine: usize) {
        self.yard.note(&format!("machine {machine} is dead"));
        for number in self.living(Some(machine)) {
            self.kill_instance(number);
        }
        self.yard.lock().cut_off.insert(machine);
    }

    /// As `kill -9` of the server.
    pub(super) fn kill_server(&mut self) {
        self.site.crash();
        self.sim.crash("server");
    }

    pub(super) fn start_server(&mut self) {
        self.sim.bounce("server");
    }

    /// The share of messages with which a link begins to lose all of them for a while.
    pub(super) fn set_loss(&mut self, share: f64) {
        self.yard.note(&format!("messages are lost: {share:.3}"));
        self.sim.set_fail_rate(share);
    }

    /// The wall clock jumps, and is off by so much from then on.
    pub(super) fn set_clock(&self, off_ms: i64) {
        self.site.set_clock();
        self.yard.note(&format!("the wall clock is off by {off_ms} ms"));
        let right_ms = START_MS + i64::try_from(self.site.clock.monotonic().as_millis()).unwrap();
        self.site.clock.set_wall_ms(right_ms + off_ms);
    }
}

/// Which messages of a machine that is cut off are lost.
#[derive(Debug, Clone, Copy)]
pub(super) enum Direction {
    Both,
    ToServer,
    FromServer,
}

fn host_of(number: usize) -> String {
    format!("runner-{number}")
}

/// A folder that needs no disk, where the system has such.
pub(super) fn memory_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn args(instance_dir: std::path::PathBuf, registration_token: String, concurrency: u32) -> RunnerArgs {
    RunnerArgs {
        program: "trainyard".into(),
        server_url: "http://server".into(),
        server_file: None,
        instance_dir,
        registration_token,
        blobs_dir: None,
        train_function: None,
        image: Image::Instant,
        run_as_process: true,
        concurrency: Some(concurrency as usize),
        outage: Duration::from_secs(24 * 3600),
    }
}
