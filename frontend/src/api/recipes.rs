//! Recipes.
//!
//! Must not know what is shown.

use super::{ApiError, call::calls};
use proto::v1::{CreateRecipeRequest, DeleteRecipeRequest, ListRecipesRequest, Recipe, UpdateRecipeRequest};

calls! {
    list_recipes(ListRecipesRequest) -> ListRecipesResponse = "RecipeService/ListRecipes";
    create_recipe(CreateRecipeRequest) -> Recipe = "RecipeService/CreateRecipe";
    update_recipe(UpdateRecipeRequest) -> Recipe = "RecipeService/UpdateRecipe";
    delete_recipe(DeleteRecipeRequest) -> DeleteRecipeResponse = "RecipeService/DeleteRecipe";
}

/// The recipes of a dataset, oldest first.
pub async fn list(dataset: String) -> Result<Vec<Recipe>, ApiError> {
    Ok(rpc::list_recipes(ListRecipesRequest { dataset }).await?.recipes)
}

/// Makes one.
pub async fn create(request: CreateRecipeRequest) -> Result<Recipe, ApiError> {
    rpc::create_recipe(request).await
}

/// Replaces its title, description and labels.
pub async fn update(request: UpdateRecipeRequest) -> Result<Recipe, ApiError> {
    rpc::update_recipe(request).await
}

/// Takes it away.
pub async fn delete(id: String) -> Result<(), ApiError> {
    rpc::delete_recipe(DeleteRecipeRequest { id }).await?;
    Ok(())
}
