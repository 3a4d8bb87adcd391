//! Step 2: the settings of the model, as a form and as JSON, in step with each other, and how they differ from the
//! parent's.
//!
//! Must not know any single setting.

use super::fields::{AdvancedSettings, BasicSettings, Settings};
use super::steps::{Step, key_of_field};
use super::wizard::Wizard;
use crate::api::{self, ErrorKind};
use crate::arrange::map_of;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::field::TextArea;
use crate::differences::Difference;
use crate::state::resource::{Loaded, fetched};
use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::model::ParentModel;

#[component]
pub fn ConfigurationStep(wizard: Wizard) -> impl IntoView {
    let server = Signal::derive(move || {
        let problems = wizard.problems().into_iter();
        let of_step = problems.filter(|(field, _)| Step::of_field(field) == Step::Configuration);
        map_of(of_step.map(|(field, problem)| (key_of_field(&field).to_owned(), problem)))
    });
    let parent = wizard.model.with_value(|model| model.parent.clone());
    view! {
        <section class="card" aria-labelledby="step-configuration">
            <h2 id="step-configuration">"Configuration"</h2>
            <BasicSettings settings=wizard.settings server/>
            <AdvancedSettings settings=wizard.settings server/>
            <JsonView settings=wizard.settings/>
            {parent.map(|parent| view! { <ParentDifferences settings=wizard.settings parent/> })}
        </section>
    }
}

/// What differs from the version that this one comes from. Where that is deleted, there is nothing to say.
#[component]
fn ParentDifferences(settings: Settings, parent: ParentModel) -> impl IntoView {
    let id = parent.id.to_string();
    let found = fetched(move || {
        let id = id.clone();
        async move {
            match api::models::get(id).await {
                Ok(model) => Ok(Some(model).filter(|model| model.deleted_at_ms.is_none())),
                Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            }
        }
    });
    let rows = memo(move |_| {
        found.state.with(|state| match state {
            Loaded::Ready(Some(parent)) => settings.differences_from(&parent.configuration),
            Loaded::Ready(None) | Loaded::Loading | Loaded::Failed(_) => Vec::new(),
        })
    });
    let name = StoredValue::new(parent.name);
    let row = |row: Difference| {
        view! {
            <tr>
                <th scope="row">{row.label}" "<code class="muted">{row.key}</code></th>
                <td>{row.theirs}</td>
                <td>{row.mine}</td>
            </tr>
        }
    };
    view! {
        <Show when=move || !rows.with(Vec::is_empty)>
            <details>
                <summary>
                    {dynamic(move || format!("Differs from {} ({})", name.get_value(), rows.with(Vec::len)))}
                </summary>
                <table class="table compact">
                    <thead>
                        <tr>
                            <th scope="col">"Setting"</th>
                            <th scope="col">{name.get_value()}</th>
                            <th scope="col">"Here"</th>
                        </tr>
                    </thead>
                    <tbody>{dynamic(move || rows.get().into_iter().map(row).collect_view())}</tbody>
                </table>
            </details>
        </Show>
    }
}

/// What differs from the defaults, as JSON that can be edited.
#[component]
fn JsonView(settings: Settings) -> impl IntoView {
    let text = RwSignal::new(pretty(&settings.as_json().unwrap_or_default()));
    let problem = RwSignal::new(None::<String>);
    // What the form says is written anew, unless the text says it already in its own layout.
    effect(move |_| {
        if let Some(values) = settings.as_json()
            && read(&text.get_untracked()).map(|typed| settings.without_defaults(typed)).as_ref()
                != Ok(&values)
        {
            text.set(pretty(&values));
            problem.set(None);
        }
    });
    effect(move |before: Option<()>| {
        let typed = text.get();
        if before.is_none() {
            return;
        }
        // What no setting knows, or no setting may be, is said and changes nothing.
        let usable = read(&typed).and_then(|values| settings.check(&values).map(|()| values));
        match usable {
            Ok(values) => {
                problem.set(None);
                if untrack(|| settings.as_json()) != Some(settings.without_defaults(values.clone())) {
                    settings.put_json(&values);
                }
            }
            Err(reason) => problem.set(Some(reason)),
        }
    });
    view! {
        <details>
            <summary>"JSON"</summary>
            <TextArea
                id="configuration-json"
                label="What differs from the defaults"
                hint="Settings that are left out stand at their defaults"
                value=text
                problem=problem
                rows=8
            />
        </details>
    }
}

fn read(text: &str) -> Result<Map<String, Value>, String> {
    match serde_json::from_str(text) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => Err("Expected a JSON object, for example {\"epochs\": 30}".into()),
        Err(error) => Err(format!("This is not JSON: {error}")),
    }
}

fn pretty(values: &Map<String, Value>) -> String {
    serde_json::to_string_pretty(values).unwrap_or_default()
}
