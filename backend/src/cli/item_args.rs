//! What a person types to look through a dataset, to change its items, and to keep filters.
//!
//! Must not know what a command does.

use super::args::{Output, SubsetName, parse_split};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What a dataset is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TaskName {
    /// Boxes with labels.
    Detection,
    /// One label for a whole image.
    Classification,
}

/// `trainyard dataset create`.
#[derive(Debug, Args)]
pub struct CreateDataset {
    /// The dataset's name.
    pub name: String,
    /// What it is about.
    #[arg(long, value_enum)]
    pub task: TaskName,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard dataset folders`.
#[derive(Debug, Args)]
pub struct OneDataset {
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard dataset item`.
#[derive(Debug, Args)]
pub struct OneItem {
    /// The item's id.
    pub item: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// Which items a change is about.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Chosen {
    /// Those that the query in this file finds, in the filter language; - reads standard input, and {} means all.
    #[arg(long, value_name = "FILE")]
    pub filter: Option<PathBuf>,
    /// These, by their ids.
    #[arg(long, value_name = "ID", num_args = 1..)]
    pub items: Vec<String>,
}

/// `trainyard dataset tag`.
#[derive(Debug, Args)]
pub struct Tag {
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// Which items.
    #[command(flatten)]
    pub chosen: Chosen,
    /// The subset that they go to; it takes them out of the others.
    #[arg(long, value_enum, required_unless_present = "none", conflicts_with = "none")]
    pub subset: Option<SubsetName>,
    /// Take them out of all subsets.
    #[arg(long)]
    pub none: bool,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard dataset split`.
#[derive(Debug, Args)]
pub struct SplitCommand {
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// Which items.
    #[command(flatten)]
    pub chosen: Chosen,
    /// Percentages train/validation/test.
    #[arg(long, value_name = "80/20/0", value_parser = parse_split)]
    pub split: [u32; 3],
    /// Starts the random choice: the same seed and items give the same parts.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard dataset move`.
#[derive(Debug, Args)]
pub struct Move {
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// Which items.
    #[command(flatten)]
    pub chosen: Chosen,
    /// The folder that they go to, for example /train/day; it is made when there is none.
    #[arg(long, value_name = "FOLDER")]
    pub to: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard dataset delete`.
#[derive(Debug, Args)]
pub struct Delete {
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// Which items.
    #[command(flatten)]
    pub chosen: Chosen,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard dataset changes`.
#[derive(Debug, Args)]
pub struct Changes {
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// How many, the newest first.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub limit: u32,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard dataset undo`.
#[derive(Debug, Args)]
pub struct Undo {
    /// The id that the change was told with.
    pub change: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard dataset preview`.
#[derive(Debug, Args)]
pub struct Preview {
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// What this file asks for, in the filter language; - reads standard input. Without it, all items.
    #[arg(long, value_name = "FILE")]
    pub filter: Option<PathBuf>,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// What a saved filter chooses among.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ResourceName {
    /// Items of a dataset.
    Items,
    /// Annotations of items.
    Annotations,
}

impl ResourceName {
    /// The word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Annotations => "annotations",
        }
    }
}

/// `trainyard filter ...`.
#[derive(Debug, Subcommand)]
pub enum FilterCommand {
    /// Keep a filter by name; one of the same name and resource is replaced.
    Save(SaveFilter),
    /// List the filters that are kept.
    List(ListFilters),
    /// Forget a filter; models keep the query that they took from it.
    Delete(DeleteFilter),
}

/// `trainyard filter save`.
#[derive(Debug, Args)]
pub struct SaveFilter {
    /// The filter's name.
    pub name: String,
    /// The file with the query, in the filter language; - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub filter: PathBuf,
    /// What it chooses among.
    #[arg(long, value_enum, default_value = "items")]
    pub resource: ResourceName,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard filter list`.
#[derive(Debug, Args)]
pub struct ListFilters {
    /// Only those that choose among these.
    #[arg(long, value_enum)]
    pub resource: Option<ResourceName>,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard filter delete`.
#[derive(Debug, Args)]
pub struct DeleteFilter {
    /// The filter's name or id.
    pub filter: String,
    /// What the filter of this name chooses among.
    #[arg(long, value_enum, default_value = "items")]
    pub resource: ResourceName,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}
