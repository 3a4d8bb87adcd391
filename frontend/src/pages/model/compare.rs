//! The settings of another version beside those that are shown.
//!
//! Must not know where the settings that are shown come from.

use super::address::Address;
use super::chosen::use_address;
use super::resolved::resolved;
use crate::api::{self, ApiError, ErrorKind};
use crate::arrange::sort_by_key;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::differences::{Difference, differences};
use crate::routes::{ModelTab, Place};
use crate::state::navigation::Navigation;
use crate::state::resource::{Loaded, fetched};
use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::config::Schema;
use shared::model::Model;

/// The choice of a version to compare with; it stands in the URL.
#[component]
pub fn CompareChoice(model: Model) -> impl IntoView {
    let address = use_address();
    let navigation = expect_context::<Navigation>();
    let compare = memo(move |_| address.with(|address| address.compare.clone()).unwrap_or_default());
    let (id, parent) = (model.id, model.parent.as_ref().map(|parent| parent.id));
    let architecture = model.architecture_id;
    let others = fetched(move || {
        let architecture = architecture.clone();
        async move {
            let mut others = api::models::list().await?;
            others.retain(|other| other.architecture_id == architecture && other.id != id);
            // The parent is what a version is compared with most often.
            sort_by_key(&mut others, |other| Some(other.id) != parent);
            Ok(others)
        }
    });
    let choose = move |event| {
        let compare = Some(event_target_value(&event)).filter(|id| !id.is_empty());
        let to = Address { compare, ..address.get_untracked() };
        navigation.go_to(to.to_url(&id.to_string(), ModelTab::Config));
    };
    let option = move |other: Model| {
        let value = other.id.to_string();
        let this = value.clone();
        let words = if Some(other.id) == parent { format!("{} (parent)", other.name) } else { other.name };
        view! { <option value=value prop:selected=move || compare.get() == this>{words}</option> }
    };
    view! {
        <label for="compare-choice">"Compare with"</label>
        <select class="select narrow" id="compare-choice" on:change=choose>
            <option value="" prop:selected=move || compare.with(String::is_empty)>"No other version"</option>
            {dynamic(move || match others.state.get() {
                Loaded::Ready(others) => others.into_iter().map(option).collect_view().into_any(),
                // A list that failed leaves only the first entry; what is compared is fetched by itself.
                Loaded::Loading | Loaded::Failed(_) => ().into_any(),
            })}
        </select>
    }
}

/// A version with the settings of its latest training, or those that it would be trained with.
async fn settings_of(
    schema: &'static Schema,
    model: String,
) -> Result<(Model, Map<String, Value>), ApiError> {
    let model = api::models::get(model).await?;
    let training = match api::trainings::get(model.id.to_string()).await {
        Ok(training) => Some(training.configuration),
        Err(error) if error.kind == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let settings = resolved(schema, training.as_ref(), &model.configuration);
    Ok((model, settings))
}

/// The settings that differ from those of the version with this id.
#[component]
pub fn Comparison(
    schema: &'static Schema,
    /// The name of the version that is shown.
    name: String,
    mine: Map<String, Value>,
    /// Id of the other one.
    other: String,
) -> impl IntoView {
    let theirs = fetched(move || settings_of(schema, other.clone()));
    dynamic(move || match theirs.state.get() {
        Loaded::Loading => view! { <Skeleton rows=4/> }.into_any(),
        Loaded::Failed(error) => {
            view! { <LoadFailed what="The other version" error again=theirs.again/> }.into_any()
        }
        Loaded::Ready((other, theirs)) => {
            let found = differences(schema, &mine, &theirs);
            view! { <Differences name=name.clone() other found/> }.into_any()
        }
    })
}

#[component]
fn Differences(name: String, other: Model, found: Vec<Difference>) -> impl IntoView {
    let place = Place::Model { model: other.id.to_string(), tab: ModelTab::Config };
    let link = view! { <a href=place.path()>{other.name}</a> };
    let row = |difference: Difference| {
        view! {
            <tr>
                <th scope="row">{difference.label} " " <code>{difference.key}</code></th>
                <td><strong>{difference.mine}</strong></td>
                <td>{difference.theirs}</td>
            </tr>
        }
    };
    if found.is_empty() {
        return view! { <p role="status">"No setting differs from those of " {link}</p> }.into_any();
    }
    view! {
        <div class="table-frame" role="region" aria-label="Settings that differ" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Settings that differ"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Setting"</th>
                        <th scope="col">{name}</th>
                        <th scope="col">{link}</th>
                    </tr>
                </thead>
                <tbody>{found.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
