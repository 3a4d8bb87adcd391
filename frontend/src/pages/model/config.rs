//! The configuration that a training runs with, setting by setting.
//!
//! Must not know what a setting does beyond what its schema says.

use super::chosen::{Chosen, of_training, use_address};
use super::command;
use super::compare::{CompareChoice, Comparison};
use super::resolved::resolved;
use super::service::FrozenService;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::differences::{same, words};
use crate::pages::actions::Actions;
use crate::pages::models::query::name_of_copy;
use crate::routes::ModelTab;
use crate::state::architectures::family;
use crate::state::resource::Loaded;
use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::config::{Field, Group, Schema};
use shared::model::Model;

#[component]
pub fn ConfigTab(model: Model, is_trained: bool) -> impl IntoView {
    let family = family(model.architecture_id.clone());
    dynamic(move || match family.state.get() {
        Loaded::Loading => view! { <Skeleton rows=6/> }.into_any(),
        Loaded::Failed(error) => {
            view! { <LoadFailed what="The settings of its architecture" error again=family.again/> }
                .into_any()
        }
        Loaded::Ready(None) => view! {
            <Empty title="Unknown architecture">
                <p>"Its architecture is there no more, so nothing is known of its settings"</p>
            </Empty>
        }
        .into_any(),
        Loaded::Ready(Some(family)) => of_family(family.schema(), model.clone(), is_trained),
    })
}

fn of_family(schema: &'static Schema, model: Model, is_trained: bool) -> AnyView {
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
    let values = resolved(schema, training.map(|training| &training.configuration), &model.configuration);
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
