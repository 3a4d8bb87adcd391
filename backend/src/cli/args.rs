//! The command line as a person types it.
//!
//! Must not know what a command does.

use super::architecture::ArchitectureCommand;
use super::artifacts::ArtifactsCommand;
use super::contexts::ContextCommand;
use super::item_args::{
    Changes, CreateDataset, Delete, FilterCommand, Move, OneDataset, OneItem, Preview, SplitCommand, Tag,
    Undo,
};
use super::secret_args::SecretCommand;
use super::service_args::{MachineCommand, ServiceCommand};
use super::train_args::{Logs, Metrics, OneTraining, Priority, Train, Trainings};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use serde_json::{Map, Value};
use shared::config::Schema;
use shared::permission::Permission;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Train computer-vision models on your own machine, and watch them learn.
#[derive(Debug, Parser)]
#[command(name = "trainyard", version, propagate_version = true, max_term_width = 100)]
pub struct Arguments {
    /// Where to find the server and how to sign in.
    #[command(flatten)]
    pub place: Place,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Which server a command speaks to.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The data folder of the server on this machine.
    #[arg(long, global = true, env = "TRAINYARD_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The address of a server, for example http://127.0.0.1:8080; without it, the data folder tells.
    #[arg(long, global = true, env = "TRAINYARD_URL", value_name = "URL")]
    pub server: Option<String>,
    /// A server that is kept by name (`trainyard context`).
    #[arg(long, global = true, env = "TRAINYARD_CONTEXT", value_name = "NAME", conflicts_with = "server")]
    pub context: Option<String>,
    /// The file with the key that seals secrets, outside the data folder; without it, one for this data
    /// folder among your own settings.
    #[arg(long, global = true, env = "TRAINYARD_SECRETS_KEY_FILE", value_name = "FILE")]
    pub secrets_key_file: Option<PathBuf>,
}

/// Everything that can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server: user interface, API and trainings on one port.
    Serve(Serve),
    /// Import, look through and change datasets.
    #[command(subcommand)]
    Dataset(DatasetCommand),
    /// Keep filters by name.
    #[command(subcommand)]
    Filter(FilterCommand),
    /// Create and list model versions.
    #[command(subcommand)]
    Model(super::model_args::ModelCommand),
    /// Make and look at recipes: named lists of labels of a dataset.
    #[command(subcommand)]
    Recipe(super::model_args::RecipeCommand),
    /// Train a model version.
    Train(Train),
    /// List trainings.
    Trainings(Trainings),
    /// End a training.
    Abort(OneTraining),
    /// Take a finished training out of the table; its record stays.
    Remove(OneTraining),
    /// Put a removed training back into the table.
    Restore(OneTraining),
    /// Make a running training go round again, from a checkpoint that it writes first.
    Rerun(OneTraining),
    /// Make a waiting training more or less urgent.
    Priority(Priority),
    /// Say why a training waits, and what would start it now.
    Why(OneTraining),
    /// Look at and change training services.
    #[command(subcommand)]
    Service(ServiceCommand),
    /// Look at and change the machines that instances run on.
    #[command(subcommand)]
    Machine(MachineCommand),
    /// Show what a training wrote to its log.
    Logs(Logs),
    /// Show the figures of a training.
    Metrics(Metrics),
    /// List and fetch the files of a model version.
    #[command(subcommand)]
    Artifacts(ArtifactsCommand),
    /// Add architectures of your own, and look at all there are.
    #[command(subcommand)]
    Architecture(ArchitectureCommand),
    /// Keep values for trainings that nobody can read back.
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Find objects on images with a trained model version.
    Predict(Predict),
    /// Say how good detections are, from two COCO files; needs no server.
    #[command(subcommand)]
    Evaluate(super::evaluate::EvaluateCommand),
    /// Use the filter language on files; needs no server.
    #[command(subcommand, after_long_help = shared::dql::REFERENCE)]
    Dql(super::dql::DqlCommand),
    /// Print a link that signs a browser in, once.
    Link(Link),
    /// Say whether a data folder is whole; also while its server runs.
    Verify(Verify),
    /// Keep several servers by name, and choose between them.
    #[command(subcommand)]
    Context(ContextCommand),
    /// Print what lets a shell complete commands, for example `trainyard completions bash`.
    Completions(Completions),
    /// The trainer alone, without a server.
    #[command(subcommand)]
    Trainer(super::trainer_fit::TrainerCommand),
    /// What the executor starts for an instance.
    #[command(hide = true)]
    Runner,
    /// What a runner starts for an attempt.
    #[command(hide = true)]
    TrainFunction(TrainFunction),
}

/// `trainyard completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// `trainyard train-function`.
#[derive(Debug, Args)]
pub struct TrainFunction {
    /// End at once and well, to measure the platform alone.
    #[arg(long, conflicts_with = "supervise")]
    pub instant: bool,
    /// Run a program, and end it and its whole group when the runner is gone.
    #[arg(long, requires = "program")]
    pub supervise: bool,
    /// The program and its arguments.
    #[arg(last = true, requires = "supervise")]
    pub program: Vec<String>,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, Args)]
pub struct Output {
    /// Print JSON on standard output and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// `trainyard link`.
#[derive(Debug, Args)]
pub struct Link {
    /// A permission that whoever signs in by the link does not get.
    #[arg(long, value_name = "PERMISSION", value_parser = Permission::ALL.map(Permission::name))]
    pub without: Vec<String>,
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// Read every stored file too, which takes a while.
    #[arg(long)]
    pub files: bool,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value_t = SocketAddr::from(([127, 0, 0, 1], crate::config::DEFAULT_PORT)))]
    pub listen: SocketAddr,
    /// Make a dataset of scenes, and train a small detector on it.
    #[arg(long)]
    pub demo: bool,
    /// Leave trainings that run alone when the server is told to stop; the next one takes them on. Otherwise they write a
    /// checkpoint within their drain time, and go on from it when the server is back.
    #[arg(long)]
    pub leave_trainings: bool,
    /// Allow an address that other machines can reach; put a TLS proxy in front.
    #[arg(long)]
    pub allow_remote: bool,
}

/// A layout of labelled images on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Pascal VOC: Annotations/*.xml, JPEGImages, ImageSets.
    Voc,
    /// COCO: images and instances JSON.
    Coco,
    /// YOLO: data.yaml, images and labels in text files.
    Yolo,
    /// One folder of images per class.
    Folder,
}

/// `trainyard dataset ...`.
#[derive(Debug, Subcommand)]
pub enum DatasetCommand {
    /// Import a folder or an archive of labelled images; all or nothing, and repeatable.
    Import(Import),
    /// List datasets.
    List(Output),
    /// Create an empty dataset.
    Create(CreateDataset),
    /// List or count the images of a dataset.
    Items(Items),
    /// List the folders of a dataset.
    Folders(OneDataset),
    /// Show one image and its history.
    Item(OneItem),
    /// Say what a filter finds, in numbers.
    Preview(Preview),
    /// Put images into a subset.
    Tag(Tag),
    /// Part images into subsets by chance.
    Split(SplitCommand),
    /// Move images into a folder; all or nothing.
    Move(Move),
    /// Delete images with their annotations.
    Delete(Delete),
    /// List the latest changes of a dataset's images, each with whether it can be taken back.
    Changes(Changes),
    /// Take back a change that tag, split, move or delete made; a deletion for a day.
    Undo(Undo),
}

/// `trainyard dataset import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The folder, on the server's machine; with --upload, a folder, an archive (zip, tar, tar.gz, tar.zst) or an
    /// image on this one.
    pub path: PathBuf,
    /// Send what is imported to the server, which may run on another machine.
    #[arg(long)]
    pub upload: bool,
    /// How the folder is laid out; without it, that is found out.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// The dataset's name; an existing one takes what is new.
    #[arg(long)]
    pub name: String,
    /// Percentages train/validation/test, when the folder brings no split of its own.
    #[arg(long, value_name = "80/20/0", value_parser = parse_split)]
    pub split: Option<[u32; 3]>,
    /// Starts the random choice of the split.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// A subset of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SubsetName {
    /// What a model learns from.
    Train,
    /// What it is measured on.
    Validation,
    /// What is kept aside.
    Test,
}

impl SubsetName {
    pub(super) const fn to_wire(self) -> proto::v1::Subset {
        match self {
            Self::Train => proto::v1::Subset::Train,
            Self::Validation => proto::v1::Subset::Validation,
            Self::Test => proto::v1::Subset::Test,
        }
    }
}

/// `trainyard dataset items`.
#[derive(Debug, Args)]
pub struct Items {
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// Only this subset.
    #[arg(long, value_enum)]
    pub subset: Option<SubsetName>,
    /// Only what this file asks for, in the filter language; - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub filter: Option<PathBuf>,
    /// Print only how many there are.
    #[arg(long)]
    pub count: bool,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard predict`.
#[derive(Debug, Args)]
pub struct Predict {
    /// The model version's name or id, or a weights file (*.safetensors).
    pub model: String,
    /// The images.
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// Draw the boxes on copies of the images in this folder; a classifier has none.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Leave out what the model is less sure of than this, 0 to 1.
    #[arg(long, default_value_t = 0.25, value_parser = parse_fraction)]
    pub confidence: f64,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// A setting `key=value`, as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// For example `epochs`.
    pub key: String,
    /// For example `30`.
    pub text: String,
}

/// The settings as one object, each value in the type of its key in the schema; the last of the same key wins.
///
/// # Errors
/// All that cannot be used, in words.
pub fn object_from_settings(schema: &Schema, settings: &[Setting]) -> Result<Map<String, Value>, String> {
    let mut object = Map::new();
    let problems: Vec<String> = settings
        .iter()
        .filter_map(|setting| schema.set_from_text(&mut object, &setting.key, &setting.text).err())
        .map(|problem| problem.to_string())
        .collect();
    if problems.is_empty() { Ok(object) } else { Err(problems.join("; ")) }
}

/// Reads `key=value`.
pub(super) fn parse_setting(text: &str) -> Result<Setting, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok(Setting { key: key.trim().to_owned(), text: value.to_owned() })
        }
        _ => Err("expected KEY=VALUE, for example epochs=30".into()),
    }
}

pub(super) fn parse_split(text: &str) -> Result<[u32; 3], String> {
    let parts: Vec<u32> = text
        .split('/')
        .map(|part| part.trim().parse().map_err(|_| format!("`{part}` is not a whole number of percent")))
        .collect::<Result<_, _>>()?;
    match parts.as_slice() {
        [train, validation, test] if train.saturating_add(*validation).saturating_add(*test) == 100 => {
            Ok([*train, *validation, *test])
        }
        [_, _, _] => Err("the three parts must add up to 100, for example 80/20/0".into()),
        _ => Err("expected three parts train/validation/test, for example 80/20/0".into()),
    }
}

fn parse_fraction(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("expected a number from 0 to 1".into()),
    }
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
