//! The recipes of a dataset: named lists of labels with colours, in class order.
//!
//! Must not know which label is right: the server checks.

use crate::api::{self, ApiError, ErrorKind};
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::components::field::{TextArea, TextField};
use crate::pages::not_found::{NoSuch, Thing};
use crate::routes::Place;
use crate::state::act::Act;
use crate::state::layers::{Layers, Question};
use crate::state::resource::{Fetched, Loaded, fetched};
use crate::state::session::Session;
use crate::state::title::use_title;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_params_map;
use proto::v1::{CreateRecipeRequest, Label, Recipe, UpdateRecipeRequest};

#[component]
pub fn RecipesPage() -> impl IntoView {
    use_title(|| "Recipes".into());
    let parameters = use_params_map();
    let dataset = memo(move |_| parameters.with(|all| all.get("id").unwrap_or_default()));
    let recipes = fetched(move || api::recipes::list(dataset.get()));
    // The recipes of no dataset are no recipes.
    let is_missing = memo(move |_| {
        recipes
            .state
            .with(|state| matches!(state, Loaded::Failed(error) if error.kind == ErrorKind::NotFound))
    });
    dynamic(move || {
        if is_missing.get() {
            view! { <NoSuch thing=Thing::Dataset/> }.into_any()
        } else {
            view! { <Recipes dataset recipes/> }.into_any()
        }
    })
}

#[component]
fn Recipes(dataset: Memo<String>, recipes: Fetched<Vec<Recipe>>) -> impl IntoView {
    view! {
        <div class="page-head">
            <h1>"Recipes"</h1>
            {dynamic(move || {
                let path = Place::Dataset { dataset: dataset.get() }.path();
                view! { <a class="button" href=path>"Back to the dataset"</a> }
            })}
        </div>
        <p class="hint">"The order of a recipe's labels decides the numbers that a model gives to its classes, from 0"</p>
        {dynamic(move || match recipes.state.get() {
            Loaded::Loading => view! { <Skeleton rows=4/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <LoadFailed what="The recipes" error again=recipes.again/> }.into_any()
            }
            Loaded::Ready(list) => {
                let can_delete = list.len() > 1;
                let again = recipes.again;
                view! {
                    {list.into_iter().map(|recipe| view! { <Known recipe can_delete again/> }).collect_view()}
                    <New dataset=dataset.get_untracked() again/>
                }
                .into_any()
            }
        })}
    }
}

/// The labels that a person typed, one a line, each with a colour (#rrggbb) behind it if it has one.
fn labels_from(text: &str) -> Vec<Label> {
    let is_colour = |word: &str| {
        word.strip_prefix('#')
            .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let label = |line: &str| match line.trim().rsplit_once(char::is_whitespace) {
        Some((name, colour)) if is_colour(colour) => {
            Label { name: name.trim().to_owned(), colour: colour.to_owned() }
        }
        _ => Label { name: line.trim().to_owned(), colour: String::new() },
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(label).collect()
}

fn lines_of(labels: &[Label]) -> String {
    labels.iter().map(|label| format!("{} {}", label.name, label.colour)).collect::<Vec<_>>().join("\n")
}

#[component]
fn Known(recipe: Recipe, can_delete: bool, again: Callback<()>) -> impl IntoView {
    let layers = expect_context::<Layers>();
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let is_edited = RwSignal::new(false);
    let heading = format!("recipe-{}", recipe.id);
    let count = text::counted(recipe.labels.len() as u64, "label", "labels");
    let label = |label: Label| {
        view! {
            <li>
                <span class="label"><span class="swatch" style:background=label.colour></span>{label.name}</span>
            </li>
        }
    };
    let (id, title) = (recipe.id.clone(), recipe.title.clone());
    let delete = move |_| {
        if !can_delete {
            return;
        }
        let (id, title) = (id.clone(), title.clone());
        layers.ask(Question {
            title: format!("Delete the recipe {title}?"),
            body: "Versions that were made with it keep their labels".into(),
            yes: "Delete recipe",
            on_yes: Act::new(move || {
                let id = id.clone();
                spawn_local(async move {
                    match api::recipes::delete(id).await {
                        Ok(()) => drop(again.try_run(())),
                        Err(error) => {
                            session.check(&error);
                            toasts.problem(format!("The recipe was not deleted: {}", error.sentence()));
                        }
                    }
                });
            }),
            is_dangerous: true,
        });
    };
    let kept = StoredValue::new(recipe.clone());
    let reason = (!can_delete).then_some("A dataset keeps at least one recipe");
    view! {
        <section class="card" aria-labelledby=heading.clone()>
            <div class="card-head">
                <h2 id=heading.clone()>{recipe.title.clone()}</h2>
                <span class="muted">{count}</span>
                <button class="button" type="button" aria-label=format!("Edit {}", recipe.title) on:click=move |_| is_edited.update(|edited| *edited = !*edited)>
                    {dynamic(move || if is_edited.get() { "Close" } else { "Edit" })}
                </button>
                <button
                    class="button danger"
                    type="button"
                    aria-label=format!("Delete {}…", recipe.title)
                    aria-disabled=(!can_delete).then_some("true")
                    title=reason
                    on:click=delete
                >
                    "Delete…"
                </button>
            </div>
            {(!recipe.description.is_empty()).then(|| view! { <p>{recipe.description.clone()}</p> })}
            <ol class="label-list numbered" start="0">{recipe.labels.into_iter().map(label).collect_view()}</ol>
            <Show when=move || is_edited.get()>
                <RecipeForm known=Some(kept.get_value()) dataset=String::new() again/>
            </Show>
        </section>
    }
}

#[component]
fn New(dataset: String, again: Callback<()>) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby="recipe-new">
            <h2 id="recipe-new">"New recipe"</h2>
            <RecipeForm known=None dataset again/>
        </section>
    }
}

#[component]
fn RecipeForm(known: Option<Recipe>, dataset: String, again: Callback<()>) -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let shown = known.clone().unwrap_or_default();
    let title = RwSignal::new(shown.title.clone());
    let description = RwSignal::new(shown.description.clone());
    let labels = RwSignal::new(lines_of(&shown.labels));
    let refusal = RwSignal::new(None::<ApiError>);
    let is_busy = RwSignal::new(false);
    let problem = move |field: &'static str| {
        Signal::derive(move || {
            refusal.with(|refusal| {
                let mut fields = refusal.iter().flat_map(|error| &error.fields);
                fields.find(|(known, _)| known.starts_with(field)).map(|(_, reason)| reason.clone())
            })
        })
    };
    let prefix = if shown.id.is_empty() { "new".to_owned() } else { shown.id.clone() };
    let yes = if known.is_some() { "Save recipe" } else { "Create recipe" };
    let on_submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        refusal.set(None);
        let (title, description) = (title.get_untracked(), description.get_untracked());
        let labels = labels_from(&labels.get_untracked());
        let (known, dataset) = (known.clone(), dataset.clone());
        spawn_local(async move {
            let answer = match known {
                Some(recipe) => {
                    api::recipes::update(UpdateRecipeRequest { id: recipe.id, title, description, labels })
                        .await
                }
                None => {
                    api::recipes::create(CreateRecipeRequest { dataset, title, description, labels }).await
                }
            };
            is_busy.try_set(false);
            match answer {
                Ok(recipe) => {
                    toasts.done(format!("{} is kept", recipe.title));
                    again.try_run(());
                }
                Err(error) => {
                    session.check(&error);
                    refusal.try_set(Some(error));
                }
            }
        });
    };
    view! {
        <form class="form" novalidate on:submit=on_submit>
            <TextField id=format!("{prefix}-title") label="Title" value=title problem=problem("title")/>
            <TextField id=format!("{prefix}-description") label="Description" value=description problem=problem("description")/>
            <TextArea
                id=format!("{prefix}-labels")
                label="Labels"
                hint="One a line, in class order; a colour may follow as #rrggbb. Nested ones are dotted: vehicle.car"
                value=labels
                problem=problem("labels")
                rows=8
            />
            {dynamic(move || refusal.get().filter(|error| error.fields.is_empty()).map(|error| view! {
                <p class="problem" role="alert">{error.sentence()}</p>
            }))}
            <div class="form-actions">
                <button
                    class="button primary"
                    type="submit"
                    aria-busy=move || is_busy.get().to_string()
                    aria-disabled=move || is_busy.get().then_some("true")
                >
                    {yes}
                </button>
            </div>
        </form>
    }
}
