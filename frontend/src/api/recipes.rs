//! Recipes.
//!
//! Must not know what is shown.

use super::{ApiError, Transport, transport};
use proto::v1::recipe_service_client::RecipeServiceClient;
use proto::v1::{CreateRecipeRequest, DeleteRecipeRequest, ListRecipesRequest, Recipe, UpdateRecipeRequest};

fn client() -> RecipeServiceClient<Transport> {
    RecipeServiceClient::new(transport())
}

/// The recipes of a dataset, oldest first.
pub async fn list(dataset: String) -> Result<Vec<Recipe>, ApiError> {
    Ok(client().list_recipes(ListRecipesRequest { dataset }).await?.into_inner().recipes)
}

/// Makes one.
pub async fn create(request: CreateRecipeRequest) -> Result<Recipe, ApiError> {
    Ok(client().create_recipe(request).await?.into_inner())
}

/// Replaces its title, description and labels.
pub async fn update(request: UpdateRecipeRequest) -> Result<Recipe, ApiError> {
    Ok(client().update_recipe(request).await?.into_inner())
}

/// Takes it away.
pub async fn delete(id: String) -> Result<(), ApiError> {
    client().delete_recipe(DeleteRecipeRequest { id }).await?;
    Ok(())
}
