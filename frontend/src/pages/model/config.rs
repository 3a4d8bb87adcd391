//! The configuration that a training runs with, setting by setting.
//!
//! Must not know what a setting does beyond what its schema says.

use super::resolved::resolved;
use crate::components::empty::Empty;
use crate::pages::actions::Actions;
use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::architecture::architecture;
use shared::config::{Field, Group};
use shared::model::Model;
use shared::training::Training;

#[component]
pub fn ConfigTab(model: Model, training: Option<RwSignal<Training>>) -> impl IntoView {
    let Some(family) = architecture(&model.architecture_id) else {
        return view! {
            <Empty title="Unknown architecture">
                <p>"This version of the UI does not know the settings of the architecture"</p>
            </Empty>
        }
        .into_any();
    };
    let of_training = training.map(|training| training.with_untracked(|row| row.configuration.clone()));
    let values = resolved(of_training.as_ref(), &model.configuration);
    let group_view = |group: Group| {
        let fields: Vec<&Field> =
            family.schema().fields.iter().filter(|field| field.group == group).collect();
        let rows = fields.into_iter().map(|field| setting(field, values.get(field.key))).collect_view();
        view! {
            <section class="card" aria-label=group.label()>
                <h2>{group.label()}</h2>
                <dl class="definition-list">{rows}</dl>
            </section>
        }
    };
    let origin = if training.is_some() {
        "As resolved when the training was started"
    } else {
        "As it would be resolved now"
    };
    let actions = Actions::from_context();
    let as_json = serde_json::to_string_pretty(&values).unwrap_or_default();
    let as_command = command(&model.name, &model.configuration);
    view! {
        <div class="button-row">
            <p class="muted grow">{origin} ". Changed values are marked"</p>
            <button class="button small" type="button" on:click=move |_| actions.copy("Configuration", as_json.clone())>
                "Copy as JSON"
            </button>
            <button class="button small" type="button" on:click=move |_| actions.copy("Command", as_command.clone())>
                "Copy as command"
            </button>
        </div>
        {Group::ALL.map(group_view).collect_view()}
    }
    .into_any()
}

/// The line that starts the same training from the command line.
fn command(name: &str, overrides: &Map<String, Value>) -> String {
    let mut line = format!("trainyard train {}", quoted(name));
    for (key, value) in overrides {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        line += &format!(" --set {}", quoted(&format!("{key}={value}")));
    }
    line
}

/// A word as shells read it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-=/".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn setting(field: &Field, value: Option<&Value>) -> impl IntoView + use<> {
    let shown = value.unwrap_or(&field.default);
    let is_changed = !same(shown, &field.default);
    let words = match shown {
        Value::String(word) => word.clone(),
        other => other.to_string(),
    };
    let unit = field.unit.map(|unit| format!(" {unit}"));
    let default = is_changed.then(|| format!("(default {})", field.default));
    view! {
        <div title=field.help>
            <dt>{field.label} " " <code>{field.key}</code></dt>
            <dd>
                <strong>{words}</strong> {unit}
                {default.map(|default| view! { " " <span class="muted">{default}</span> })}
            </dd>
        </div>
    }
}

/// Whether two values are the same number, whatever way they are written.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}
