//! What befalls a cluster, and when: chosen by chance before anything happens.
//!
//! Must not know what follows.

use super::cluster::{Cluster, Direction, MACHINES};
use rand::RngExt as _;
use rand::rngs::StdRng;
use std::time::Duration;

const HOUR_MS: i64 = 3_600_000;

/// Something that befalls the cluster.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    CutOff(usize, Direction),
    Heal(usize),
    KillMachine(usize),
    KillInstance,
    TellInstance,
    KillServer,
    DrainServer,
    StartServer,
    Loss(f64),
    Twice(f64),
    /// The wall clock is off by so many milliseconds from now on.
    SetClock(i64),
}

/// Faults by the time at which they come.
pub(super) type Script = Vec<(Duration, Fault)>;

fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// Everything that can befall a cluster, some each few seconds. All of it is over a while after `lasting`.
pub(super) fn everything(chance: &mut StdRng, lasting: Duration) -> Script {
    let mut script = vec![
        (ms(0), Fault::Twice(chance.random_range(0.0..0.2))),
        (ms(0), Fault::Loss(if chance.random_bool(0.5) { 0.0 } else { chance.random_range(0.0..0.02) })),
    ];
    let mut at = ms(3_000);
    // One that is cut off or dead is left alone until it is well.
    let mut well_at = [Duration::ZERO; MACHINES];
    let mut server_at = Duration::ZERO;
    while at < lasting {
        at += ms(chance.random_range(500..8_000));
        let machine = chance.random_range(0..MACHINES);
        let long = at + ms(chance.random_range(1_000..45_000));
        match chance.random_range(0..10) {
            0..3 if at > well_at[machine] => {
                let direction =
                    [Direction::Both, Direction::ToServer, Direction::FromServer][chance.random_range(0..3)];
                script.extend([(at, Fault::CutOff(machine, direction)), (long, Fault::Heal(machine))]);
                well_at[machine] = long;
            }
            3 if at > well_at[machine] => {
                script.extend([(at, Fault::KillMachine(machine)), (long, Fault::Heal(machine))]);
                well_at[machine] = long;
            }
            4 => script.push((at, Fault::KillInstance)),
            5 => script.push((at, Fault::TellInstance)),
            6..8 if at > server_at => {
                server_at = at + ms(chance.random_range(100..25_000));
                script.extend([(at, Fault::KillServer), (server_at, Fault::StartServer)]);
            }
            8 if at > server_at => {
                let killed_at = at + ms(chance.random_range(1_000..20_000));
                server_at = killed_at + ms(chance.random_range(100..5_000));
                script.extend([
                    (at, Fault::DrainServer),
                    (killed_at, Fault::KillServer),
                    (server_at, Fault::StartServer),
                ]);
            }
            _ => script.push((at, Fault::SetClock(jump(chance)))),
        }
    }
    let end = script.iter().map(|(at, _)| *at).max().unwrap_or_default();
    script.extend([(end, Fault::Loss(0.0)), (end, Fault::Twice(0.0))]);
    script.sort_by_key(|(at, _)| *at);
    script
}

/// One machine is cut off for longer than a lease, and found again.
pub(super) fn one_cut(chance: &mut StdRng) -> Script {
    let machine = chance.random_range(0..MACHINES);
    let at = ms(chance.random_range(4_000..16_000));
    let back = at + ms(chance.random_range(21_000..40_000));
    let direction = [Direction::Both, Direction::ToServer, Direction::FromServer][chance.random_range(0..3)];
    vec![(at, Fault::CutOff(machine, direction)), (back, Fault::Heal(machine))]
}

/// The wall clock jumps by hours and days, forward and back, and nothing else happens.
pub(super) fn jumps(chance: &mut StdRng, lasting: Duration) -> Script {
    let mut script = Vec::new();
    let mut at = Duration::ZERO;
    while at < lasting {
        at += ms(chance.random_range(500..10_000));
        script.push((at, Fault::SetClock(jump(chance))));
    }
    script
}

/// How far the clock is off from then on: never by more than a day, so that it jumps by two at most.
fn jump(chance: &mut StdRng) -> i64 {
    let size = [HOUR_MS, 24 * HOUR_MS, 1_000 * chance.random_range(0..60)][chance.random_range(0..3)];
    if chance.random_bool(0.5) { size } else { -size }
}

impl Fault {
    /// Lets it happen.
    pub(super) fn befall(self, cluster: &mut Cluster) {
        match self {
            Self::CutOff(machine, direction) => cluster.cut_off(machine, direction),
            Self::Heal(machine) => cluster.heal(machine),
            Self::KillMachine(machine) => cluster.kill_machine(machine),
            Self::KillInstance => {
                if let Some(number) = any(cluster) {
                    cluster.kill_instance(number);
                }
            }
            Self::TellInstance => {
                if let Some(number) = any(cluster) {
                    cluster.yard.note(&format!("instance {number} is told to end"));
                    cluster.tell(number);
                }
            }
            Self::KillServer => cluster.kill_server(),
            Self::DrainServer => {
                if let Some(house) = cluster.site.house() {
                    cluster.yard.note("the server drains");
                    house.draining.cancel();
                }
            }
            Self::StartServer => cluster.start_server(),
            Self::Loss(share) => cluster.set_loss(share),
            Self::Twice(share) => cluster.yard.lock().twice = share,
            Self::SetClock(off_ms) => cluster.set_clock(off_ms),
        }
    }
}

fn any(cluster: &Cluster) -> Option<usize> {
    let living = cluster.living(None);
    let share = cluster.yard.share();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a few"
    )]
    let index = (share * living.len() as f64) as usize;
    living.get(index).copied()
}
