//! The settings of an architecture as fields that are checked as one types.
//!
//! Must not know any single setting.

use super::overrides::{overrides, text_of};
use crate::components::field::{SelectField, TextField};
use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::config::{Field, Group, Kind, Schema};
use std::collections::BTreeMap;

/// What a person typed, setting by setting.
#[derive(Clone, Copy)]
pub struct Settings {
    schema: &'static Schema,
    texts: StoredValue<BTreeMap<&'static str, RwSignal<String>>>,
    /// What the version says by itself.
    given: StoredValue<Map<String, Value>>,
    /// What is wrong, by key.
    pub problems: Memo<BTreeMap<String, String>>,
}

impl Settings {
    /// Starts from the defaults, with the values of a version over them.
    pub fn new(schema: &'static Schema, given: &Map<String, Value>) -> Self {
        let texts: BTreeMap<&'static str, RwSignal<String>> = schema
            .fields
            .iter()
            .map(|field| {
                let text = text_of(given.get(field.key).unwrap_or(&field.default));
                (field.key, RwSignal::new(text))
            })
            .collect();
        let texts = StoredValue::new(texts);
        let given = StoredValue::new(given.clone());
        let problems =
            Memo::new(move |_| match given.with_value(|given| overrides(schema, &typed(texts), given)) {
                Ok(_) => BTreeMap::new(),
                Err(errors) => errors.into_iter().map(|error| (error.key, error.message)).collect(),
            });
        Self { schema, texts, given, problems }
    }

    /// The values that differ from the defaults or that the version names itself, as a JSON object.
    pub fn overrides_json(self) -> Option<String> {
        let texts = untrack(|| typed(self.texts));
        let values = self.given.with_value(|given| overrides(self.schema, &texts, given));
        values.ok().map(|values| Value::Object(values).to_string())
    }

    /// Changes whenever a value does.
    pub fn track(self) {
        self.texts.with_value(|texts| texts.values().for_each(|text| text.track()));
    }

    fn text(self, key: &'static str) -> RwSignal<String> {
        self.texts.with_value(|texts| texts.get(key).copied()).unwrap_or_else(|| RwSignal::new(String::new()))
    }
}

/// The texts as they are now; whoever reads them here is told of changes.
fn typed(texts: StoredValue<BTreeMap<&'static str, RwSignal<String>>>) -> BTreeMap<&'static str, String> {
    texts.with_value(|texts| texts.iter().map(|(key, text)| (*key, text.get())).collect())
}

/// The settings that everybody looks at.
#[component]
pub fn BasicSettings(settings: Settings, server: Signal<BTreeMap<String, String>>) -> impl IntoView {
    let fields = settings.schema.fields.iter().filter(|field| !field.advanced);
    view! {
        <div class="form-grid">
            {fields.map(|field| view! { <Setting settings server field/> }).collect_view()}
        </div>
    }
}

/// All others, by group, out of the way.
#[component]
pub fn AdvancedSettings(settings: Settings, server: Signal<BTreeMap<String, String>>) -> impl IntoView {
    let group_view = move |group: Group| {
        let fields: Vec<&'static Field> =
            settings.schema.fields.iter().filter(|field| field.advanced && field.group == group).collect();
        (!fields.is_empty()).then(|| view! {
            <fieldset class="card" aria-label=group.label()>
                <h3>{group.label()}</h3>
                <div class="form-grid">
                    {fields.into_iter().map(|field| view! { <Setting settings server field/> }).collect_view()}
                </div>
            </fieldset>
        })
    };
    view! {
        <details>
            <summary>"Advanced settings"</summary>
            <div class="form">{Group::ALL.map(group_view).collect_view()}</div>
        </details>
    }
}

#[component]
fn Setting(
    settings: Settings,
    server: Signal<BTreeMap<String, String>>,
    field: &'static Field,
) -> impl IntoView {
    let problem = Signal::derive(move || {
        let local = settings.problems.with(|problems| problems.get(field.key).cloned());
        local.or_else(|| server.with(|problems| problems.get(field.key).cloned()))
    });
    let label = match field.unit {
        Some(unit) if unit != field.label.to_lowercase() => format!("{} ({unit})", field.label),
        _ => field.label.to_owned(),
    };
    let value = settings.text(field.key);
    match field.kind {
        Kind::Choice { options } => {
            let options: Vec<(String, String)> =
                options.iter().map(|option| ((*option).to_owned(), (*option).to_owned())).collect();
            view! {
                <SelectField
                    id=field.key
                    label
                    hint=field.help
                    options=Signal::stored(options)
                    value
                    problem
                />
            }
            .into_any()
        }
        Kind::Integer { .. } => {
            view! { <TextField id=field.key label hint=field.help value problem input_mode="numeric"/> }
                .into_any()
        }
        Kind::Number { .. } => {
            view! { <TextField id=field.key label hint=field.help value problem input_mode="decimal"/> }
                .into_any()
        }
    }
}
