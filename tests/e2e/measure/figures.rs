//! Figures as they are printed: a line each, which `cargo xtask bench ui` puts into one table.
//!
//! Must not know how they are measured.

use anyhow::{Context, Result};
use serde_json::Value;

/// What a figure may be at most.
#[derive(Debug, Clone, Copy)]
pub enum Budget {
    AtMost(f64),
    AtLeast(f64),
    /// Told, and not judged.
    None,
}

/// Prints a figure: what, measured, budget, and whether it is within. `more` says how it varied.
pub fn print(what: &str, value: f64, unit: &str, budget: Budget, more: &str) {
    let (words, verdict) = match budget {
        Budget::AtMost(most) => (format!("at most {}", number(most, unit)), verdict(value <= most)),
        Budget::AtLeast(least) => (format!("at least {}", number(least, unit)), verdict(value >= least)),
        Budget::None => (String::new(), ""),
    };
    let more = if more.is_empty() { String::new() } else { format!(" ({more})") };
    println!("figure | {what} | {}{more} | {words} | {verdict}", number(value, unit));
}

/// Prints the middle of several rounds, and how far they were apart.
pub fn print_rounds(what: &str, rounds: &[f64], unit: &str, budget: Budget) -> Result<()> {
    print(what, middle(rounds)?, unit, budget, &spread(rounds)?);
    Ok(())
}

const fn verdict(is_within: bool) -> &'static str {
    if is_within { "yes" } else { "NO" }
}

fn number(value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        small if small < 0.1 => 4,
        small if small < 10.0 => 1,
        _ => 0,
    };
    let space = if unit.is_empty() { "" } else { " " };
    if value == 0.0 { format!("0{space}{unit}") } else { format!("{value:.digits$}{space}{unit}") }
}

/// The value below which this share of them lies.
pub fn at(values: &[f64], share: f64) -> Result<f64> {
    let mut sorted: Vec<f64> = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // The cast is within the length of the list.
    let place = ((sorted.len() as f64 * share).ceil() as usize).saturating_sub(1);
    sorted.get(place).copied().context("nothing was measured")
}

pub fn middle(values: &[f64]) -> Result<f64> {
    at(values, 0.5)
}

/// All rounds, for the reader: `best 12, worst 31 of 5`.
pub fn spread(values: &[f64]) -> Result<String> {
    Ok(format!("best {:.0}, worst {:.0} of {}", at(values, 0.0)?, at(values, 1.0)?, values.len()))
}

/// A list of numbers that a script answered.
pub fn numbers(value: &Value) -> Result<Vec<f64>> {
    let list = value.as_array().with_context(|| format!("no list: {value}"))?;
    Ok(list.iter().filter_map(Value::as_f64).collect())
}

#[test]
fn shares_of_values_are_found() {
    let values = [4.0, 1.0, 3.0, 2.0];
    let found = [0.0, 0.5, 0.95, 1.0].map(|share| at(&values, share).unwrap());
    assert_eq!(found, [1.0, 2.0, 4.0, 4.0]);
    assert!(middle(&[]).is_err());
    assert_eq!(
        [0.0, 0.0123, 2.55, 123.4].map(|value| number(value, "ms")),
        ["0 ms", "0.0123 ms", "2.5 ms", "123 ms"]
    );
}
