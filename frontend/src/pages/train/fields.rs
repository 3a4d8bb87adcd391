//! The settings of an architecture as fields that are checked as one types.
//!
//! Must not know any single setting.

use super::overrides::{overrides, text_of};
use crate::arrange::map_of;
use crate::components::dynamic::{dynamic, memo};
use crate::components::field::{SelectField, SwitchField, TextField};
use crate::differences::{Difference, differences};
use leptos::prelude::*;
use serde_json::{Map, Value};
use shared::config::{Field, Group, Kind, Schema};
use std::collections::BTreeMap;

/// What a person typed, setting by setting.
#[derive(Clone, Copy)]
pub struct Settings {
    schema: &'static Schema,
    texts: StoredValue<BTreeMap<&'static str, RwSignal<String>>>,
    /// As the form opened.
    opening: StoredValue<BTreeMap<&'static str, String>>,
    /// What the version says by itself.
    given: StoredValue<Map<String, Value>>,
    /// What is wrong, by key.
    pub problems: Memo<BTreeMap<String, String>>,
}

impl Settings {
    /// Starts from the defaults, with the values of a version over them.
    pub fn new(schema: &'static Schema, given: &Map<String, Value>) -> Self {
        let opening = map_of(
            schema
                .fields
                .iter()
                .map(|field| (field.key, text_of(given.get(field.key).unwrap_or(&field.default)))),
        );
        let texts = map_of(opening.iter().map(|(key, text)| (*key, RwSignal::new(text.clone()))));
        let texts = StoredValue::new(texts);
        let opening = StoredValue::new(opening);
        let given = StoredValue::new(given.clone());
        let problems =
            memo(move |_| match given.with_value(|given| overrides(schema, &typed(texts), given)) {
                Ok(_) => BTreeMap::new(),
                Err(errors) => errors.into_iter().map(|error| (error.key, error.message)).collect(),
            });
        Self { schema, texts, opening, given, problems }
    }

    /// The values that differ from the defaults or that the version names itself, as a JSON object.
    pub fn overrides_json(self) -> Option<String> {
        let texts = untrack(|| typed(self.texts));
        let values = self.given.with_value(|given| overrides(self.schema, &texts, given));
        values.ok().map(|values| Value::Object(values).to_string())
    }

    /// Everything that is asked for, as the server puts it together; whoever reads it is told of changes.
    pub fn asked(self) -> Option<Map<String, Value>> {
        let texts = typed(self.texts);
        self.given.with_value(|given| {
            let mut asked = given.clone();
            asked.extend(overrides(self.schema, &texts, given).ok()?);
            Some(asked)
        })
    }

    /// What differs from another configuration; nothing while a setting cannot be read.
    pub fn differences_from(self, before: &Map<String, Value>) -> Vec<Difference> {
        self.asked().map(|asked| differences(self.schema, &asked, before)).unwrap_or_default()
    }

    /// The texts that differ from those that the form opened with.
    pub fn changed(self) -> BTreeMap<String, String> {
        let texts = typed(self.texts);
        self.opening.with_value(|opening| {
            let differs = |(key, text): &(&'static str, String)| opening.get(key) != Some(text);
            map_of(texts.into_iter().filter(differs).map(|(key, text)| (key.to_owned(), text)))
        })
    }

    /// Puts texts over those that stand; unknown keys are passed over.
    pub fn put(self, texts: &BTreeMap<String, String>) {
        self.texts.with_value(|known| {
            for (key, text) in texts {
                if let Some(signal) = known.get(key.as_str()) {
                    signal.set(text.clone());
                }
            }
        });
    }

    /// Takes a JSON object for what differs from the defaults: every setting that it does not name is put back.
    pub fn put_json(self, values: &Map<String, Value>) {
        let texts =
            self.schema.fields.iter().map(|field| {
                (field.key.to_owned(), text_of(values.get(field.key).unwrap_or(&field.default)))
            });
        self.put(&texts.collect());
    }

    /// The settings that differ from the defaults, for the JSON view; whoever reads them is told of changes.
    pub fn as_json(self) -> Option<Map<String, Value>> {
        let texts = typed(self.texts);
        overrides(self.schema, &texts, &Map::new()).ok()
    }

    /// The values without those that are the defaults anyway.
    pub fn without_defaults(self, mut values: Map<String, Value>) -> Map<String, Value> {
        let default =
            |key: &str| self.schema.fields.iter().find(|field| field.key == key).map(|field| &field.default);
        values.retain(|key, value| default(key) != Some(value));
        values
    }

    /// Whether the values can be used together.
    ///
    /// # Errors
    /// All that is wrong, in words.
    pub fn check(self, values: &Map<String, Value>) -> Result<(), String> {
        self.schema
            .resolve(values)
            .map(drop)
            .map_err(|errors| errors.iter().map(|error| error.to_string()).collect::<Vec<_>>().join("; "))
    }

    /// Whether a setting stands at another value than the default's.
    fn is_changed(self, field: &'static Field) -> bool {
        self.text(field.key).with(|text| text.trim() != text_of(&field.default))
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
    texts.with_value(|texts| map_of(texts.iter().map(|(key, text)| (*key, text.get()))))
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
    let is_changed = memo(move |_| settings.is_changed(field));
    let default = text_of(&field.default);
    let input_mode = match field.kind {
        Kind::Integer { .. } => "numeric",
        Kind::Number { .. } => "decimal",
        Kind::Choice { .. } | Kind::Boolean | Kind::Text { .. } => "text",
    };
    let input = match field.kind {
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
        Kind::Boolean => {
            let (hint, is_disabled) = (Signal::stored(field.help.to_owned()), Signal::stored(false));
            view! { <SwitchField id=field.key label=field.label hint value problem is_disabled/> }.into_any()
        }
        Kind::Integer { .. } | Kind::Number { .. } | Kind::Text { .. } => {
            view! { <TextField id=field.key label hint=field.help value problem input_mode/> }.into_any()
        }
    };
    view! {
        <div class="setting" data-changed=move || is_changed.get().then_some("true")>
            {input}
            <Reset label=field.label value default/>
        </div>
    }
}

/// Puts a field back to its default, as long as it stands at something else.
#[component]
pub fn Reset(label: &'static str, value: RwSignal<String>, default: String) -> impl IntoView {
    let default = StoredValue::new(default);
    let is_changed = memo(move |_| default.with_value(|default| value.with(|value| value.trim() != default)));
    dynamic(move || {
        is_changed.get().then(|| {
            let words = format!("Reset {label} to {}", default.get_value());
            view! {
                <button
                    class="button quiet reset"
                    type="button"
                    title=words.clone()
                    aria-label=words
                    on:click=move |_| value.set(default.get_value())
                >
                    "Reset"
                </button>
            }
        })
    })
}
