//! Chance that can be had again.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::time::Duration;

/// A source of chance for one test; `name` keeps tests apart that share a seed.
pub fn of(name: &str) -> StdRng {
    let seed = std::env::var("TRAINYARD_SEED").ok().and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or_else(rand::random);
    println!("{name}: TRAINYARD_SEED={seed}");
    StdRng::seed_from_u64(seed.wrapping_add(name.bytes().map(u64::from).sum()))
}

/// So many rounds, unless the environment says otherwise.
pub fn rounds(usual: usize) -> usize {
    std::env::var("TRAINYARD_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// A moment within this time.
pub fn moment(chance: &mut StdRng, within: Duration) -> Duration {
    Duration::from_millis(chance.random_range(0..=u64::try_from(within.as_millis()).unwrap()))
}
