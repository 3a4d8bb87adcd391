//! Recipes: named lists of labels that belong to a dataset. Their order decides the numbers of a model's classes.
//!
//! Must not know how they are stored or edited. What makes a list usable is in [`crate::labels`].

use crate::dataset::Label;
use crate::id::{DatasetId, RecipeId};
use serde::{Deserialize, Serialize};

/// The title of the recipe that every dataset has from its beginning.
pub const FIRST_TITLE: &str = "Default";

/// A named list of labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// Its id.
    pub id: RecipeId,
    /// Whose it is.
    pub dataset_id: DatasetId,
    /// Unique for its dataset.
    pub title: String,
    /// What a person says of it.
    pub description: String,
    /// In class order; nested ones dotted.
    pub labels: Vec<Label>,
    /// UTC milliseconds since 1970.
    pub created_at_ms: i64,
    /// UTC milliseconds since 1970.
    pub updated_at_ms: i64,
}
