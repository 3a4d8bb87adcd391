//! Recipes: named lists of labels of a dataset.
//!
//! Must not know what makes a list usable: `shared::labels` decides that.

use super::error::{OrProblem, Problem};
use super::models::description_from_wire;
use crate::store::{NewRecipe, Store};
use proto::convert::{id_from_wire, labels_from_wire, name_from_wire};
use proto::v1;
use proto::v1::recipe_service_server::RecipeService;
use shared::recipe::Recipe;
use tonic::{Request, Response, Status};

pub(super) struct Recipes {
    pub(super) store: Store,
}

impl Recipes {
    async fn create(&self, request: v1::CreateRecipeRequest) -> Result<Recipe, Problem> {
        let new = new_recipe(&request.title, &request.description, request.labels)?;
        let dataset_id = self.store.dataset_id(&request.dataset).await?;
        Ok(self.store.create_recipe(dataset_id, new).await?)
    }

    async fn update(&self, request: v1::UpdateRecipeRequest) -> Result<Recipe, Problem> {
        let id = id_from_wire("id", &request.id)?;
        let new = new_recipe(&request.title, &request.description, request.labels)?;
        Ok(self.store.update_recipe(id, new).await?)
    }
}

fn new_recipe(title: &str, description: &str, labels: Vec<v1::Label>) -> Result<NewRecipe, Problem> {
    Ok(NewRecipe {
        title: name_from_wire("title", title)?,
        description: description_from_wire("description", description)?,
        labels: labels_from_wire("labels", labels)?,
    })
}

#[tonic::async_trait]
impl RecipeService for Recipes {
    async fn create_recipe(
        &self,
        request: Request<v1::CreateRecipeRequest>,
    ) -> Result<Response<v1::Recipe>, Status> {
        let recipe = self.create(request.into_inner()).await.or_problem()?;
        Ok(Response::new(recipe.into()))
    }

    async fn list_recipes(
        &self,
        request: Request<v1::ListRecipesRequest>,
    ) -> Result<Response<v1::ListRecipesResponse>, Status> {
        let dataset_id = self.store.dataset_id(&request.get_ref().dataset).await.or_problem()?;
        let recipes = self.store.recipes(dataset_id).await.or_problem()?;
        Ok(Response::new(v1::ListRecipesResponse { recipes: recipes.into_iter().map(Into::into).collect() }))
    }

    async fn update_recipe(
        &self,
        request: Request<v1::UpdateRecipeRequest>,
    ) -> Result<Response<v1::Recipe>, Status> {
        let recipe = self.update(request.into_inner()).await.or_problem()?;
        Ok(Response::new(recipe.into()))
    }

    async fn delete_recipe(
        &self,
        request: Request<v1::DeleteRecipeRequest>,
    ) -> Result<Response<v1::DeleteRecipeResponse>, Status> {
        let id = id_from_wire("id", &request.get_ref().id).or_problem()?;
        self.store.delete_recipe(id).await.or_problem()?;
        Ok(Response::new(v1::DeleteRecipeResponse {}))
    }
}
