//! Step 3: secrets, and how the training service runs executions.
//!
//! Must not know what a setting may be: the server says.

use super::fields::Reset;
use super::service_form::{EXECUTION_FIELDS, ON_RESET, SERVICE_FIELDS, ServiceField, scaling_words, text_of};
use super::wizard::Wizard;
use crate::components::field::{SelectField, TextField};
use crate::components::icon::{Icon, IconView};
use crate::pages::secrets::SecretPicker;
use crate::text;
use leptos::prelude::*;
use shared::service::{ServiceSettings, service_name};

#[component]
pub fn ServiceStep(wizard: Wizard) -> impl IntoView {
    let is_made = Memo::new(move |_| {
        wizard.check.with(|check| check.as_ref().is_some_and(|check| check.service_exists))
    });
    let service = wizard.model.with_value(|model| service_name(&model.architecture_id));
    let problem = Signal::derive(move || wizard.problem_of("secrets"));
    view! {
        <section class="card" aria-labelledby="step-secrets">
            <h2 id="step-secrets">"Secrets"</h2>
            <div id="secrets" tabindex="-1">
            <SecretPicker chosen=wizard.secrets problem/>
            </div>
        </section>
        <Show when=move || is_made.get()>
            <p class="notice" data-look="waiting">
                <IconView icon=Icon::Info/>
                <span class="grow">
                    {format!("The service {service} is there already: these are its settings, which all versions of the architecture share")}
                </span>
            </p>
        </Show>
        <section class="card" aria-labelledby="step-service">
            <h2 id="step-service">"Service configuration"</h2>
            <ServiceFacts wizard/>
            <ServiceFields wizard is_made fields=&SERVICE_FIELDS/>
        </section>
        <section class="card" aria-labelledby="step-execution">
            <h2 id="step-execution">"Execution configuration"</h2>
            <ServiceFields wizard is_made fields=&EXECUTION_FIELDS/>
        </section>
    }
}

/// What is shown here and decided elsewhere.
#[component]
fn ServiceFacts(wizard: Wizard) -> impl IntoView {
    let fact = |name: &'static str, value: Signal<String>| {
        view! { <div><dt>{name}</dt><dd>{move || value.get()}</dd></div> }
    };
    let machine = Signal::derive(move || {
        let bytes = wizard.check.with(|check| check.as_ref().map_or(0, |check| check.machine_memory_bytes));
        if bytes == 0 { "This machine".to_owned() } else { format!("This machine, {}", text::bytes(bytes)) }
    });
    let scaling = Signal::derive(move || {
        let in_force = wizard.check.with(|check| {
            let settings = check.as_ref().and_then(|check| check.service_settings.as_ref());
            settings.map(|settings| (settings.min_instances, settings.max_instances))
        });
        let mut settings = ServiceSettings::default();
        if let Some((least, most)) = in_force {
            (settings.min_instances, settings.max_instances) = (least, most);
        }
        scaling_words(&settings)
    });
    view! {
        <dl class="definition-list">
            {fact("Machine type", machine)}
            {fact("Preemptible", Signal::stored("No".into()))}
            {fact("Docker image", Signal::stored("None: the built-in Train function is part of Trainyard".into()))}
            {fact("Scaling", scaling)}
            {fact("Run executions as process", Signal::stored("Yes".into()))}
        </dl>
    }
}

#[component]
fn ServiceFields(wizard: Wizard, is_made: Memo<bool>, fields: &'static [ServiceField]) -> impl IntoView {
    let field_view = move |field: &'static ServiceField| {
        move || {
            if is_made.get() {
                view! { <Settled wizard field/> }.into_any()
            } else {
                view! { <Editable wizard field/> }.into_any()
            }
        }
    };
    view! { <div class="form-grid">{fields.iter().map(field_view).collect_view()}</div> }
}

/// A setting of a service that is there.
#[component]
fn Settled(wizard: Wizard, field: &'static ServiceField) -> impl IntoView {
    let value = move || {
        wizard.check.with(|check| {
            let settings = check.as_ref().and_then(|check| check.service_settings.as_ref());
            settings.map_or_else(String::new, |settings| match field.key {
                "concurrency" => settings.concurrency.to_string(),
                "execution_timeout_secs" => settings.execution_timeout_secs.to_string(),
                "drain_secs" => settings.drain_secs.to_string(),
                "max_attempts" => settings.max_attempts.to_string(),
                _ => text::capitalised(&settings.on_reset),
            })
        })
    };
    view! {
        <dl class="definition-list"><div><dt>{field.label}</dt><dd>{value}</dd></div></dl>
    }
}

/// A setting of a service that this training makes.
#[component]
fn Editable(wizard: Wizard, field: &'static ServiceField) -> impl IntoView {
    let value = RwSignal::new(untrack(|| wizard.service_text(field.key)));
    Effect::new(move |before: Option<()>| {
        let typed = value.get();
        if before.is_some() {
            wizard.service.update(|texts| {
                texts.insert(field.key.to_owned(), typed);
            });
        }
    });
    let problem = Signal::derive(move || wizard.problem_of(&format!("service_settings.{}", field.key)));
    let default = text_of(&ServiceSettings::default(), field.key);
    let input = if field.key == "on_reset" {
        let options = ON_RESET.map(|(word, label)| (word.to_owned(), label.to_owned())).to_vec();
        view! {
            <SelectField id=field.key label=field.label hint=field.hint options=Signal::stored(options) value problem/>
        }
        .into_any()
    } else {
        view! { <TextField id=field.key label=field.label hint=field.hint value problem input_mode="numeric"/> }
            .into_any()
    };
    view! { <div class="setting">{input}<Reset label=field.label value default/></div> }
}
