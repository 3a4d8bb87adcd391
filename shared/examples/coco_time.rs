//! Times the COCO evaluation from files to figures, one thread: one JSON line with seconds, memory
//! and the twelve figures. `tests/peers/coco_peer.py` prints the same of other tools.
//!
//! `cargo run -p shared --example coco_time -- gt.json dt.json`

use shared::metrics::coco::{CocoTruth, evaluate};
use std::error::Error;
use std::fs;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(truth), Some(detections)) = (arguments.next(), arguments.next()) else {
        return Err("name two files: ground truth and detections".into());
    };
    let started = Instant::now();
    let truth = CocoTruth::from_json(&fs::read(truth)?)?;
    let detections = truth.detections_from_json(&fs::read(detections)?)?;
    let load_secs = started.elapsed().as_secs_f64();
    let report = evaluate(&detections, &mut |_done, _total| {});
    let total_secs = started.elapsed().as_secs_f64();
    let line = serde_json::json!({
        "tool": "trainyard",
        "load_secs": load_secs,
        "evaluate_secs": total_secs - load_secs,
        "total_secs": total_secs,
        "peak_mib": peak_mib(),
        "stats": report.stats,
    });
    println!("{line}");
    Ok(())
}

/// The most memory this process ever held, where the system tells.
fn peak_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}
