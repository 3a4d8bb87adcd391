//! Recipes: named lists of labels of a dataset.
//!
//! Must not know what makes a list of labels usable: that is decided before.

use super::datasets;
use super::rows::{recipe, to_json};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::records::NewRecipe;
use crate::store::writer::Tx;
use shared::dataset::Label;
use shared::id::{DatasetId, RecipeId};
use shared::recipe::{FIRST_TITLE, Recipe};
use sqlx::SqliteConnection;

impl Store {
    /// Makes a recipe of a dataset.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown dataset, [`StoreError::AlreadyExists`] for a title that is taken.
    pub async fn create_recipe(&self, dataset_id: DatasetId, new: NewRecipe) -> Result<Recipe, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            datasets::by_id(&mut tx.connection, dataset_id).await?;
            insert(tx, dataset_id, &new).await
        })
        .await
    }

    /// The recipes of a dataset, oldest first.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn recipes(&self, dataset_id: DatasetId) -> Result<Vec<Recipe>, StoreError> {
        of_dataset(&mut *self.reader().await?, dataset_id).await
    }

    /// Replaces title, description and labels of a recipe.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], or [`StoreError::AlreadyExists`] for a title that is taken.
    pub async fn update_recipe(&self, id: RecipeId, new: NewRecipe) -> Result<Recipe, StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let present = by_id(&mut tx.connection, id).await?;
            refuse_taken(tx, present.dataset_id, &new.title, Some(id)).await?;
            let now_ms = tx.now_ms();
            sqlx::query(
                "UPDATE recipes SET title = ?, description = ?, labels = ?, updated_at_ms = ? WHERE id = ?",
            )
            .bind(&new.title)
            .bind(&new.description)
            .bind(to_json(&new.labels)?)
            .bind(now_ms)
            .bind(id.to_string())
            .execute(&mut tx.connection)
            .await?;
            by_id(&mut tx.connection, id).await
        })
        .await
    }

    /// Deletes a recipe.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Refused`] if the dataset would have none left.
    pub async fn delete_recipe(&self, id: RecipeId) -> Result<(), StoreError> {
        self.write_once(async move |tx: &mut Tx| {
            let present = by_id(&mut tx.connection, id).await?;
            if of_dataset(&mut tx.connection, present.dataset_id).await?.len() == 1 {
                return Err(StoreError::refused(
                    format!("the recipe `{}` is the only one of its dataset", present.title),
                    "change it, or make another one first",
                ));
            }
            sqlx::query("DELETE FROM recipes WHERE id = ?")
                .bind(id.to_string())
                .execute(&mut tx.connection)
                .await?;
            Ok(())
        })
        .await
    }
}

/// Makes the first recipe of a dataset from its labels, or lets recipes that equalled the labels `before` follow.
///
/// Everything that makes a dataset, or gives it labels, calls this.
///
/// # Errors
/// If the database fails.
pub(super) async fn follow_labels(
    tx: &mut Tx,
    dataset_id: DatasetId,
    before: &[Label],
) -> Result<(), StoreError> {
    let labels = datasets::labels(&mut tx.connection, dataset_id).await?;
    let recipes = of_dataset(&mut tx.connection, dataset_id).await?;
    if recipes.is_empty() {
        let first = NewRecipe { title: FIRST_TITLE.into(), description: String::new(), labels };
        insert(tx, dataset_id, &first).await?;
        return Ok(());
    }
    // A list that a person has changed stays as it is.
    let now_ms = tx.now_ms();
    for untouched in recipes.iter().filter(|recipe| recipe.labels == before && before != labels.as_slice()) {
        sqlx::query("UPDATE recipes SET labels = ?, updated_at_ms = ? WHERE id = ?")
            .bind(to_json(&labels)?)
            .bind(now_ms)
            .bind(untouched.id.to_string())
            .execute(&mut tx.connection)
            .await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, dataset_id: DatasetId, new: &NewRecipe) -> Result<Recipe, StoreError> {
    refuse_taken(tx, dataset_id, &new.title, None).await?;
    let id: RecipeId = tx.new_id();
    let now_ms = tx.now_ms();
    sqlx::query(
        "INSERT INTO recipes (id, dataset_id, title, description, labels, created_at_ms, updated_at_ms) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.to_string())
    .bind(dataset_id.to_string())
    .bind(&new.title)
    .bind(&new.description)
    .bind(to_json(&new.labels)?)
    .bind(now_ms)
    .bind(now_ms)
    .execute(&mut tx.connection)
    .await?;
    by_id(&mut tx.connection, id).await
}

async fn refuse_taken(
    tx: &mut Tx,
    dataset_id: DatasetId,
    title: &str,
    own: Option<RecipeId>,
) -> Result<(), StoreError> {
    let recipes = of_dataset(&mut tx.connection, dataset_id).await?;
    if recipes.iter().any(|recipe| recipe.title == title && Some(recipe.id) != own) {
        return Err(StoreError::AlreadyExists { what: "recipe", which: title.to_owned() });
    }
    Ok(())
}

async fn of_dataset(
    connection: &mut SqliteConnection,
    dataset_id: DatasetId,
) -> Result<Vec<Recipe>, StoreError> {
    let rows = sqlx::query("SELECT * FROM recipes WHERE dataset_id = ? ORDER BY created_at_ms, id")
        .bind(dataset_id.to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(recipe).collect()
}

async fn by_id(connection: &mut SqliteConnection, id: RecipeId) -> Result<Recipe, StoreError> {
    let row = sqlx::query("SELECT * FROM recipes WHERE id = ?")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| StoreError::not_found("recipe", id))?;
    recipe(&row)
}
