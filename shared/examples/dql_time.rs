//! How long filters take over items in memory, one thread: one JSON line a filter, with nanoseconds an item.
//! `tests/peers/dql_peer.mjs` prints the same of another engine over the same items.
//!
//! `cargo run -p shared --example dql_time -- [--items FILE]`, which also writes the items and filters for the peer.

#[path = "../benches/workload/items.rs"]
mod items;

use shared::dql::{Documents, Matcher, Normal, parse};
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

const ITEMS: usize = 200_000;
const SEED: u64 = 1;
/// Rounds of which the middle one counts.
const ROUNDS: usize = 21;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {}
        ["--items", path] => write_items(path)?,
        _ => return Err("the only option is --items FILE".into()),
    }
    let started = Instant::now();
    let mut documents = Documents::new();
    let mut bytes = 0;
    for json in items::items(ITEMS, SEED) {
        bytes += json.len();
        documents.push_json(&json)?;
    }
    let load_secs = started.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({"tool": "trainyard", "items": ITEMS, "bytes": bytes, "load_secs": load_secs})
    );
    for (name, text) in items::FILTERS {
        let matcher = Matcher::new(&Normal::of(&parse(text)?.query.filter))?;
        let mut found = 0;
        let mut times = Vec::new();
        let busy = processor_time();
        for _ in 0..ROUNDS {
            let started = Instant::now();
            found = black_box(matcher.matching(black_box(&documents))).len();
            times.push(started.elapsed());
        }
        // A mean: the system counts in steps that are coarser than a round.
        let busy = processor_time().zip(busy).map(|(after, before)| (after - before) / ROUNDS as u32);
        times.sort();
        let an_item = |time: Duration| time.as_secs_f64() * 1e9 / ITEMS as f64;
        let line = serde_json::json!({
            "tool": "trainyard",
            "filter": name,
            "found": found,
            "ns_per_item": an_item(times[ROUNDS / 2]),
            "least_ns_per_item": an_item(times[0]),
            "cpu_ns_per_item": busy.map(an_item),
        });
        println!("{line}");
    }
    Ok(())
}

/// What this thread has used of a processor, where the system tells.
fn processor_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// The filters in the first line, then an item a line.
fn write_items(path: &str) -> Result<(), Box<dyn Error>> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "{}", serde_json::json!(items::FILTERS))?;
    for json in items::items(ITEMS, SEED) {
        writeln!(file, "{json}")?;
    }
    Ok(file.flush()?)
}
