//! `trainyard train` and the commands about trainings, as a person types them.
//!
//! Must not know what a command does.

use super::args::{Output, Setting, SubsetName, parse_setting};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What a model learns from and is measured on, as queries in files.
#[derive(Debug, Default, Args)]
pub struct Subsets {
    /// Items to learn from, if not those tagged train: a query in this file; - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub train_filter: Option<PathBuf>,
    /// Which of their annotations count, if not all that people made of the model's kind: a query in this file.
    #[arg(long, value_name = "FILE")]
    pub train_annotations: Option<PathBuf>,
    /// Items to measure on, if not those tagged validation: a query in this file.
    #[arg(long, value_name = "FILE")]
    pub validation_filter: Option<PathBuf>,
    /// Which of their annotations count: a query in this file.
    #[arg(long, value_name = "FILE")]
    pub validation_annotations: Option<PathBuf>,
}

/// `trainyard train`.
#[derive(Debug, Args)]
pub struct Train {
    /// The model version's name or id.
    pub model: String,
    /// A setting for this training, for example epochs=30; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_setting)]
    pub settings: Vec<Setting>,
    /// Another dataset than the version's, by its name or id.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub dataset: String,
    /// Other class names than the version's, in class order.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub labels: Vec<String>,
    /// What it learns from, in place of what the version brings.
    #[command(flatten)]
    pub subsets: Subsets,
    /// A secret that the Train function gets in its environment; may be given again.
    #[arg(long = "secret", value_name = "NAME")]
    pub secrets: Vec<String>,
    /// How the service of the architecture runs, where it differs from the default, for example
    /// execution_timeout_secs=7200; only the first training of an architecture decides it.
    #[arg(long = "service", value_name = "KEY=VALUE", value_parser = parse_setting)]
    pub service: Vec<Setting>,
    /// The more, the sooner it starts: -1000 to 1000.
    #[arg(long, default_value_t = 0, hide_default_value = true, allow_negative_numbers = true)]
    pub priority: i32,
    /// Do again exactly what this training did, as a new version with the name given as model: a training's id or
    /// that of an execution or a model, or a model's name (its latest training).
    #[arg(long, value_name = "TRAINING", conflicts_with_all = [
        "check", "settings", "dataset", "labels", "secrets", "service", "train_filter", "train_annotations",
        "validation_filter", "validation_annotations",
    ])]
    pub repeat: Option<String>,
    /// Only say what it would do; fails if it would be refused.
    #[arg(long, conflicts_with = "follow")]
    pub check: bool,
    /// Stay until it ends, and show how it goes; fails if the training does not succeed.
    #[arg(long)]
    pub follow: bool,
    /// How the answer is printed; with --follow, JSON lines.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard trainings`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Trainings {
    /// Something else than the list.
    #[command(subcommand)]
    pub command: Option<TrainingsCommand>,
    /// Only this status, for example in-progress; may be given again.
    #[arg(long, value_parser = parse_status)]
    pub status: Vec<shared::status::Status>,
    /// Part of a model's name, or the start of an id.
    #[arg(long, default_value = "")]
    pub search: String,
    /// Also those that were removed from the table.
    #[arg(long)]
    pub removed: bool,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard trainings ...`.
#[derive(Debug, Subcommand)]
pub enum TrainingsCommand {
    /// Show what a training learns from, frozen when it started.
    Snapshot(ShowSnapshot),
}

/// `trainyard trainings snapshot`.
#[derive(Debug, Args)]
pub struct ShowSnapshot {
    /// The id of a training, an execution or a model, or a model's name (its latest training).
    pub training: String,
    /// List the items of this subset instead, with the annotations that take part.
    #[arg(long, value_enum, value_name = "SUBSET")]
    pub items: Option<SubsetName>,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// A command about one training.
#[derive(Debug, Args)]
pub struct OneTraining {
    /// The id of a training, an execution or a model, or a model's name (its latest training).
    pub training: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard priority`.
#[derive(Debug, Args)]
pub struct Priority {
    /// The id of a training, an execution or a model, or a model's name (its latest training).
    pub training: String,
    /// The more, the sooner it starts: -1000 to 1000.
    #[arg(allow_negative_numbers = true)]
    pub priority: i32,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// The id of a training, an execution or a model, or a model's name (its latest training).
    pub training: String,
    /// Go on until the training ends.
    #[arg(long)]
    pub follow: bool,
    /// How the answer is printed; JSON lines.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard metrics`.
#[derive(Debug, Args)]
pub struct Metrics {
    /// The id of a training, an execution or a model, or a model's name (its latest training).
    pub training: String,
    /// Only this figure, for example "mAP50(B)"; may be given again.
    #[arg(long)]
    pub figure: Vec<String>,
    /// At most so many points of each line, at least 12: those that draw the same; 0 for all.
    #[arg(long, default_value_t = 0)]
    pub points: u32,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

fn parse_status(text: &str) -> Result<shared::status::Status, String> {
    shared::status::Status::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = shared::status::Status::ALL.iter().map(|status| status.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}
