//! The configuration that a training runs with, setting by setting.
//!
//! Must not know what a setting does beyond what its schema says.

use super::chosen::{Chosen, of_training, use_address};
use super::command;
use super::compare::{CompareChoice, Comparison};
use super::resolved::resolved;
use super::service::FrozenService;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::Empty;
use crate::differences::{same, words};
use crate::pages::actions::Actions;
use crate::pages::models::query::name_of_copy;
use crate::routes::ModelTab;
use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::architecture::architecture;
use shared::config::{Field, Group, Schema};
use shared::model::Model;

#[component]
pub fn ConfigTab(model: Model, is_trained: bool) -> impl IntoView {
    let Some(family) = architecture(&model.architecture_id) else {
        return view! {
            <Empty title="Unknown architecture">
                <p>"This version of the UI does not know the settings of the architecture"</p>
            </Empty>
        }
        .into_any();
    };
    let schema = family.schema();
    if !is_trained {
        return view! { <Settings schema model chosen=None/> }.into_any();
    }
    let id = model.id;
    let show =
        move |chosen: Chosen| view! { <Settings schema model=model.clone() chosen=Some(chosen)/> }.into_any();
    of_training(id, ModelTab::Config, show).into_any()
}

#[component]
fn Settings(schema: &'static Schema, model: Model, chosen: Option<Chosen>) -> impl IntoView {
    let address = use_address();
    let compare = memo(move |_| address.with(|address| address.compare.clone()));
    let training = chosen.as_ref().map(|chosen| &chosen.training);
    let values = resolved(training.map(|training| &training.configuration), &model.configuration);
    let (origin, line) = match training {
        Some(training) => (
            "As resolved when the training was started",
            command::repeat(&name_of_copy(&model.name), &training.id.to_string()),
        ),
        None => ("As it would be resolved now", command::train(&model.name, &model.configuration)),
    };
    let actions = Actions::from_context();
    let as_json = serde_json::to_string_pretty(&values).unwrap_or_default();
    let name = model.name.clone();
    let shown = move || match compare.get() {
        Some(other) => view! { <Comparison schema name=name.clone() mine=values.clone() other/> }.into_any(),
        None => view! { <Groups schema values=values.clone()/> }.into_any(),
    };
    view! {
        <div class="toolbar">
            <CompareChoice model/>
            <button class="button small" type="button" on:click=move |_| actions.copy("Configuration", as_json.clone())>
                "Copy as JSON"
            </button>
            <button class="button small" type="button" on:click=move |_| actions.copy("Command", line.clone())>
                "Copy as command"
            </button>
        </div>
        <p class="muted">{origin} ". Changed values are marked"</p>
        {dynamic(shown)}
        {chosen.map(|chosen| view! { <FrozenService snapshot=chosen.snapshot/> })}
    }
}

#[component]
fn Groups(schema: &'static Schema, values: Map<String, Value>) -> impl IntoView {
    let group_view = |group: Group| {
        let fields = schema.fields.iter().filter(|field| field.group == group);
        let rows = fields.map(|field| setting(field, values.get(field.key))).collect_view();
        view! {
            <section class="card stack" aria-label=group.label()>
                <h2>{group.label()}</h2>
                <dl class="definition-list">{rows}</dl>
            </section>
        }
    };
    Group::ALL.map(group_view).collect_view()
}

fn setting(field: &Field, value: Option<&Value>) -> impl IntoView + use<> {
    let shown = value.unwrap_or(&field.default);
    let is_changed = !same(shown, &field.default);
    let default = is_changed.then(|| format!("(default {})", field.default));
    view! {
        <div title=field.help>
            <dt>{field.label} " " <code>{field.key}</code></dt>
            <dd>
                <strong>{words(shown, field)}</strong>
                {default.map(|default| view! { " " <span class="muted">{default}</span> })}
            </dd>
        </div>
    }
}
