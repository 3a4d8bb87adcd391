//! Step 3: secrets, and how the training service runs executions.
//!
//! Must not know what a setting may be: the server says.

use super::service_field::ServiceSetting;
use super::service_form::{EXECUTION_FIELDS, SERVICE_FIELDS, ServiceField, scaling_words, text_of, words_of};
use super::wizard::Wizard;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::icon::{Icon, IconView};
use crate::pages::secrets::SecretPicker;
use crate::routes::{Place, ServiceTab};
use crate::state::session::{Session, SessionState};
use leptos::prelude::*;
use shared::architecture::{Architecture, DeclaredSecret};
use shared::machine::MachineType;
use shared::service::{ServiceSettings, service_name};

#[component]
pub fn ServiceStep(wizard: Wizard) -> impl IntoView {
    let is_made =
        memo(move |_| wizard.check.with(|check| check.as_ref().is_some_and(|check| check.service_exists)));
    let service = wizard.model.with_value(|model| service_name(&model.architecture_id));
    let page = Place::service(&service, ServiceTab::Configuration).path();
    let problem = Signal::derive(move || wizard.problem_of("secrets"));
    view! {
        <section class="card" aria-labelledby="step-secrets">
            <h2 id="step-secrets">"Secrets"</h2>
            <div id="secrets" class="stack" tabindex="-1">
                <SecretPicker chosen=wizard.secrets asks=asks_for(wizard.family) problem/>
            </div>
        </section>
        <Show when=move || is_made.get()>
            <p class="notice" data-look="waiting">
                <IconView icon=Icon::Info/>
                <span class="grow">
                    {format!("The service {service} is there already: these are its settings, which all versions of the architecture share. ")}
                    <a href=page.clone()>"Change on the service page"</a>
                </span>
            </p>
        </Show>
        <section class="card" aria-labelledby="step-service">
            <h2 id="step-service">"Service configuration"</h2>
            <ServiceFields wizard is_made fields=&SERVICE_FIELDS/>
            <ServiceFacts wizard is_made/>
        </section>
        <section class="card" aria-labelledby="step-execution">
            <h2 id="step-execution">"Execution configuration"</h2>
            <ServiceFields wizard is_made fields=&EXECUTION_FIELDS/>
        </section>
    }
}

/// What is shown here and decided elsewhere.
#[component]
fn ServiceFacts(wizard: Wizard, is_made: Memo<bool>) -> impl IntoView {
    let session = expect_context::<Session>();
    let scaling = move || scaling_words(&in_force(wizard).unwrap_or_default());
    let version = move || {
        session.state.with(|state| match state {
            SessionState::SignedIn { server_version, .. } => {
                let whose = match wizard.family.private() {
                    None => "whose Train function is built in".to_owned(),
                    Some(private) => {
                        format!("with revision {} of {}", private.revision, wizard.family.name)
                    }
                };
                format!("Trainyard {server_version}, {whose}")
            }
            _ => String::new(),
        })
    };
    view! {
        <Show when=move || !is_made.get()>
            <p class="hint">"Scaling is changed on the page of the service, which is there once this training has started"</p>
        </Show>
        <dl class="definition-list">
            <div><dt>"Scaling"</dt><dd>{dynamic(scaling)}</dd></div>
            <div><dt>"SDK version"</dt><dd>{dynamic(version)}</dd></div>
        </dl>
    }
}

/// The settings of the service that will run the training, as the server told them.
fn in_force(wizard: Wizard) -> Option<ServiceSettings> {
    wizard.check.with(|check| {
        let settings = check.as_ref().and_then(|check| check.service_settings.clone());
        settings.and_then(|settings| ServiceSettings::try_from(settings).ok())
    })
}

/// The types of machines that there are, as the server told them.
fn machine_types(wizard: Wizard) -> Vec<MachineType> {
    wizard.check.with(|check| {
        let machines = check.iter().flat_map(|check| &check.machine_types);
        machines.cloned().map(MachineType::from).collect()
    })
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
    let value = move || in_force(wizard).map(|settings| words_of(&settings, field.key));
    view! {
        <dl class="definition-list"><div><dt>{field.label}</dt><dd>{dynamic(value)}</dd></div></dl>
    }
}

/// A setting of a service that this training makes.
#[component]
fn Editable(wizard: Wizard, field: &'static ServiceField) -> impl IntoView {
    let value = RwSignal::new(untrack(|| wizard.service_text(field.key)));
    effect(move |before: Option<()>| {
        let typed = value.get();
        if before.is_some() {
            wizard.service.update(|texts| {
                texts.insert(field.key.to_owned(), typed);
            });
        }
    });
    let problem = Signal::derive(move || wizard.problem_of(&format!("service_settings.{}", field.key)));
    let default = text_of(&wizard.family.service_defaults(), field.key);
    let machines = Signal::derive(move || machine_types(wizard));
    let machine = Signal::derive(move || wizard.service_text("machine_type"));
    view! { <ServiceSetting field value problem default machines machine/> }
}

/// What the Train function wants to find in its environment.
fn asks_for(family: &Architecture) -> String {
    let word = |secret: &DeclaredSecret| {
        let need = if secret.is_required { "which it cannot do without" } else { "if there is one" };
        format!("{}, {need}", secret.name)
    };
    let words: Vec<String> = family.secrets.iter().map(word).collect();
    if words.is_empty() {
        format!("{} asks for none", family.name)
    } else {
        format!("{} asks for {}", family.name, words.join("; "))
    }
}
