//! What all hosts of a simulated cluster share beside the network: chance, the post that datagrams stand for, instances,
//! and the record of what happened.
//!
//! Must not know what any of it is for.

use super::checks::Journal;
use bytes::Bytes;
use http::HeaderMap;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sha2::{Digest, Sha256};
use shared::id::InstanceId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// A call on its way.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) from: String,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) sent_at: Duration,
}

/// What a server answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: Option<HeaderMap>,
    /// The server that had the call is gone, and nobody knows what it did.
    pub(super) is_reset: bool,
}

impl Answer {
    /// The status of gRPC.
    pub(super) fn code(&self) -> tonic::Code {
        let headers = self.trailers.iter().chain([&self.headers]);
        let text =
            headers.filter_map(|headers| headers.get("grpc-status")).find_map(|text| text.to_str().ok());
        text.and_then(|text| text.parse::<i32>().ok()).map_or(tonic::Code::Unknown, tonic::Code::from)
    }

    /// The message, where there is one.
    pub(super) fn message<T: prost::Message + Default>(&self) -> Option<T> {
        T::decode(self.body.get(5..)?).ok()
    }
}

/// What became of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Lives,
    Ended { well: bool },
}

/// An instance, wherever it is.
#[derive(Debug)]
pub(super) struct Workplace {
    pub(super) id: InstanceId,
    pub(super) machine: usize,
    pub(super) life: Life,
    /// Its machine as seen from the server.
    pub(super) told: mpsc::UnboundedSender<()>,
}

/// What the executor asks of the cluster.
#[derive(Debug)]
pub(super) enum Order {
    Start { number: usize, token: String, concurrency: u32, told: mpsc::UnboundedReceiver<()> },
    Stop { number: usize },
    Kill { number: usize },
}

/// Lines that say what happened, the same for the same seed.
#[derive(Debug, Default)]
pub(super) struct Trace {
    lines: Vec<String>,
    names: HashMap<String, usize>,
}

impl Trace {
    /// Adds a line; ids, which are random, are replaced by the order in which they came.
    fn add(&mut self, at: Duration, line: &str) {
        let mut text = format!("{:>9.3} ", at.as_secs_f64());
        for word in line.split_inclusive(' ') {
            let id = word.trim_end();
            if id.len() == 36 && id.bytes().filter(|byte| *byte == b'-').count() == 4 {
                let next = self.names.len();
                let number = *self.names.entry(id.to_owned()).or_insert(next);
                let _ = write!(text, "#{number} ");
            } else {
                text.push_str(word);
            }
        }
        self.lines.push(text);
    }

    /// What all lines together come to.
    pub(super) fn hash(&self) -> String {
        let digest = Sha256::digest(self.lines.join("\n").as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }
}

/// Everything that hosts share.
#[derive(Debug)]
pub(super) struct Yard {
    pub(super) chance: StdRng,
    pub(super) now: Duration,
    pub(super) trace: Trace,
    pub(super) letters: BTreeMap<u64, Letter>,
    pub(super) answers: BTreeMap<u64, Answer>,
    pub(super) server_is_up: bool,
    pub(super) instances: BTreeMap<usize, Workplace>,
    pub(super) orders: Vec<Order>,
    /// Machines that the server cannot reach.
    pub(super) cut_off: BTreeSet<usize>,
    /// Share of datagrams that come twice.
    pub(super) twice: f64,
    /// Whether functions may fail, ignore orders or never end.
    pub(super) moody: bool,
    /// Executions whose Train function runs, and where.
    pub(super) working: BTreeMap<String, String>,
    pub(super) known: Known,
    pub(super) journal: Journal,
    /// What must not be and was.
    pub(super) wrong: Vec<String>,
}

/// What is known of attempts, from what was said over the wires.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The last attempt of each execution that was handed out: number, fencing token, and when.
    pub(super) handed_out: BTreeMap<String, (u32, i64, Duration)>,
    /// By execution and token: when the last renewal was sent whose confirmation arrived.
    pub(super) confirmed: BTreeMap<(String, i64), Duration>,
    /// By execution and token: when the server last took a renewal or a report.
    pub(super) renewed: BTreeMap<(String, i64), Duration>,
    /// Reports of attempts that are over, and how many of them were taken.
    pub(super) late_reports: usize,
    pub(super) late_reports_taken: usize,
    /// How long after the end of its lease and margin the next attempt was handed out.
    pub(super) handed_on_after: Vec<Duration>,
    pub(super) attempts: usize,
}

/// The yard, as hosts hold it.
#[derive(Debug, Clone)]
pub(super) struct SharedYard(Arc<Mutex<Yard>>);

impl SharedYard {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Yard {
            chance: StdRng::seed_from_u64(seed),
            now: Duration::ZERO,
            trace: Trace::default(),
            letters: BTreeMap::new(),
            answers: BTreeMap::new(),
            server_is_up: false,
            instances: BTreeMap::new(),
            orders: Vec::new(),
            cut_off: BTreeSet::new(),
            twice: 0.0,
            moody: false,
            working: BTreeMap::new(),
            known: Known::default(),
            journal: Journal::default(),
            wrong: Vec::new(),
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Yard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what happened.
    pub(super) fn note(&self, line: &str) {
        let mut yard = self.lock();
        let at = time(&yard);
        yard.trace.add(at, line);
    }

    /// Keeps what must not happen, and where.
    pub(super) fn blame(&self, line: &str) {
        self.note(line);
        let mut yard = self.lock();
        let at = time(&yard);
        yard.wrong.push(format!("at {:.3} s: {line}", at.as_secs_f64()));
    }

    /// Simulated time since the start.
    pub(super) fn time(&self) -> Duration {
        time(&self.lock())
    }

    /// A part of a whole that is as likely as any other.
    pub(super) fn share(&self) -> f64 {
        self.lock().chance.random()
    }
}

/// What the host's clock says, or, outside of all hosts, what it was before the last step.
fn time(yard: &Yard) -> Duration {
    turmoil::sim_elapsed().unwrap_or(yard.now)
}
