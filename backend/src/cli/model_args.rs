//! `trainyard model ...` and `trainyard recipe ...` as a person types them.
//!
//! Must not know what a command does.

use super::args::{Output, Setting, parse_setting};
use super::train_args::Subsets;
use clap::{Args, Subcommand};
use shared::dataset::Label;
use shared::status::ModelStatus;
use std::path::PathBuf;

/// `trainyard model ...`.
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Create a model version.
    Create(CreateModel),
    /// List model versions.
    List(ListModels),
    /// Make a version like another one; this is how a trained version is trained again.
    Clone(CloneModel),
    /// Change the name, description or tags of a version.
    Update(UpdateModel),
    /// Take a version out of the lists; its record stays.
    Delete(OneModel),
    /// Put a deleted version back into the lists.
    Restore(RestoreModel),
}

/// `trainyard model create`.
#[derive(Debug, Args)]
pub struct CreateModel {
    /// For example yolov8n.
    #[arg(long)]
    pub architecture: String,
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// The model version's name.
    #[arg(long)]
    pub name: String,
    /// What is to be said of it.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub description: String,
    /// A word to find it by; may be given again.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Class names in class order; without them, those of the dataset.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub labels: Vec<String>,
    /// Take the labels that the published weights of the architecture know.
    #[arg(long, conflicts_with = "labels")]
    pub predefined_labels: bool,
    /// What it learns from.
    #[command(flatten)]
    pub subsets: Subsets,
    /// Start from the best weights of this version of the same architecture.
    #[arg(long, value_name = "MODEL", conflicts_with = "weights")]
    pub weights_of: Option<String>,
    /// Start from this file of weights (safetensors), which is sent to the server.
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// A setting that differs from the default, for example epochs=30; may be given again.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = parse_setting)]
    pub settings: Vec<Setting>,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard model list`.
#[derive(Debug, Args)]
pub struct ListModels {
    /// Part of a name, or the start of an id.
    #[arg(long, default_value = "")]
    pub search: String,
    /// Only this status, for example pre-trained; may be given again.
    #[arg(long, value_parser = parse_model_status)]
    pub status: Vec<ModelStatus>,
    /// Only this architecture, for example yolov8; may be given again.
    #[arg(long, value_name = "ID")]
    pub architecture: Vec<String>,
    /// Only those of this dataset, by its name or id.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub dataset: String,
    /// Only those with this tag; given again, those with all of them.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Also those that were deleted.
    #[arg(long)]
    pub deleted: bool,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard model clone`.
#[derive(Debug, Args)]
pub struct CloneModel {
    /// The model version's name or id.
    pub model: String,
    /// The new version's name.
    #[arg(long)]
    pub name: String,
    /// Another dataset, by its name or id.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub dataset: String,
    /// Other class names in class order; the network's head is then made anew.
    #[arg(long, value_delimiter = ',', value_name = "A,B")]
    pub labels: Vec<String>,
    /// Start from the best weights of the version instead of from chance.
    #[arg(long)]
    pub with_weights: bool,
    /// Start where the version itself started: from the same weights, or from chance.
    #[arg(long, conflicts_with = "with_weights")]
    pub same_start: bool,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard model update`.
#[derive(Debug, Args)]
#[group(id = "change", required = true, multiple = true, args = ["name", "description", "tags", "no_tags"])]
pub struct UpdateModel {
    /// The model version's name or id.
    pub model: String,
    /// Its new name.
    #[arg(long)]
    pub name: Option<String>,
    /// What is to be said of it.
    #[arg(long)]
    pub description: Option<String>,
    /// A word to find it by, in place of all it has; may be given again.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Takes all its tags away.
    #[arg(long, conflicts_with = "tags")]
    pub no_tags: bool,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// A command about one version.
#[derive(Debug, Args)]
pub struct OneModel {
    /// The model version's name or id.
    pub model: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard model restore`.
#[derive(Debug, Args)]
pub struct RestoreModel {
    /// The deleted version's id; its name may be another's by now.
    pub model_id: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard recipe ...`.
#[derive(Debug, Subcommand)]
pub enum RecipeCommand {
    /// List the recipes of a dataset.
    List(ListRecipes),
    /// Make a recipe.
    Create(CreateRecipe),
    /// Change a recipe; what is not given stays.
    Update(UpdateRecipe),
    /// Delete a recipe; a dataset keeps at least one.
    Delete(OneRecipe),
}

/// `trainyard recipe list`.
#[derive(Debug, Args)]
pub struct ListRecipes {
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard recipe create`.
#[derive(Debug, Args)]
pub struct CreateRecipe {
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// The recipe's title.
    #[arg(long)]
    pub title: String,
    /// What is to be said of it.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub description: String,
    /// Labels in class order, with colours where wanted: car=#2b6fe0,vehicle.bus
    #[arg(long, required = true, value_delimiter = ',', value_name = "A,B", value_parser = parse_label)]
    pub labels: Vec<Label>,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard recipe update`.
#[derive(Debug, Args)]
pub struct UpdateRecipe {
    /// The recipe's title or id.
    pub recipe: String,
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// Its new title.
    #[arg(long)]
    pub title: Option<String>,
    /// What is to be said of it.
    #[arg(long)]
    pub description: Option<String>,
    /// All its labels in class order, with colours where wanted: car=#2b6fe0,vehicle.bus
    #[arg(long, value_delimiter = ',', value_name = "A,B", value_parser = parse_label)]
    pub labels: Vec<Label>,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// A command about one recipe.
#[derive(Debug, Args)]
pub struct OneRecipe {
    /// The recipe's title or id.
    pub recipe: String,
    /// The dataset's name or id.
    #[arg(long)]
    pub dataset: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

fn parse_model_status(text: &str) -> Result<ModelStatus, String> {
    ModelStatus::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = ModelStatus::ALL.iter().map(|status| status.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// Reads `name` or `name=#rrggbb`; the server says what is wrong with either.
fn parse_label(text: &str) -> Result<Label, String> {
    let (name, colour) =
        text.split_once("=#").map_or((text, String::new()), |(name, digits)| (name, format!("#{digits}")));
    if name.trim().is_empty() {
        return Err("a label needs a name, for example car or car=#2b6fe0".into());
    }
    Ok(Label { name: name.trim().to_owned(), colour })
}
