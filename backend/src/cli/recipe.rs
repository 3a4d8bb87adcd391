//! `trainyard recipe ...`.
//!
//! Must not know what makes a list of labels usable: the server says it.

use super::args::Place;
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::model_args::{ListRecipes, OneRecipe, RecipeCommand, UpdateRecipe};
use super::print;
use proto::v1;
use shared::dataset::Label;
use shared::recipe::Recipe;

pub(super) async fn run(place: &Place, command: RecipeCommand) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let result = dispatch(&connection, command).await;
    connection.close().await;
    result
}

async fn dispatch(connection: &Connection, command: RecipeCommand) -> Result<(), Failure> {
    match command {
        RecipeCommand::List(list) => run_list(connection, &list).await,
        RecipeCommand::Create(create) => {
            let request = v1::CreateRecipeRequest {
                dataset: create.dataset,
                title: create.title,
                description: create.description,
                labels: create.labels.into_iter().map(Into::into).collect(),
            };
            let answer = connection.recipes().create_recipe(request).await?;
            show(&answer.into_inner().try_into()?, create.output.json, "is made")
        }
        RecipeCommand::Update(update) => run_update(connection, update).await,
        RecipeCommand::Delete(one) => run_delete(connection, &one).await,
    }
}

fn show(recipe: &Recipe, json: bool, done: &str) -> Result<(), Failure> {
    if json {
        return print::json(recipe);
    }
    let count = recipe.labels.len();
    let title = print::plain(&recipe.title);
    print::line(&format!("recipe {title} ({}) with {count} labels {done}", recipe.id))
}

async fn fetch(connection: &Connection, dataset: &str) -> Result<Vec<Recipe>, Failure> {
    let request = v1::ListRecipesRequest { dataset: dataset.to_owned() };
    let answer = connection.recipes().list_recipes(request).await?.into_inner();
    Ok(answer.recipes.into_iter().map(Recipe::try_from).collect::<Result<_, _>>()?)
}

/// The recipe of this title or id.
async fn find(connection: &Connection, dataset: &str, named: &str) -> Result<Recipe, Failure> {
    let recipes = fetch(connection, dataset).await?;
    let titles: Vec<String> = recipes.iter().map(|recipe| print::plain(&recipe.title)).collect();
    recipes.into_iter().find(|recipe| recipe.title == named || recipe.id.to_string() == named).ok_or_else(
        || {
            Failure::usage(format!(
                "the dataset `{}` has no recipe `{}`; it has {}",
                print::plain(dataset),
                print::plain(named),
                titles.join(", ")
            ))
        },
    )
}

async fn run_list(connection: &Connection, list: &ListRecipes) -> Result<(), Failure> {
    let recipes = fetch(connection, &list.dataset).await?;
    if list.output.json {
        return print::json(&recipes);
    }
    let names =
        |labels: &[Label]| labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>().join(", ");
    let rows: Vec<[String; 3]> = recipes
        .iter()
        .map(|recipe| [recipe.title.clone(), names(&recipe.labels), recipe.id.to_string()])
        .collect();
    print::table(["TITLE", "LABELS", "ID"], &rows)
}

async fn run_update(connection: &Connection, update: UpdateRecipe) -> Result<(), Failure> {
    let present = find(connection, &update.dataset, &update.recipe).await?;
    let labels = if update.labels.is_empty() { present.labels } else { update.labels };
    let request = v1::UpdateRecipeRequest {
        id: present.id.to_string(),
        title: update.title.unwrap_or(present.title),
        description: update.description.unwrap_or(present.description),
        labels: labels.into_iter().map(Into::into).collect(),
    };
    let answer = connection.recipes().update_recipe(request).await?;
    show(&answer.into_inner().try_into()?, update.output.json, "is changed")
}

async fn run_delete(connection: &Connection, one: &OneRecipe) -> Result<(), Failure> {
    let present = find(connection, &one.dataset, &one.recipe).await?;
    connection.recipes().delete_recipe(v1::DeleteRecipeRequest { id: present.id.to_string() }).await?;
    show(&present, one.output.json, "is deleted")
}
