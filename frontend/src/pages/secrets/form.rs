//! The dialog that makes a secret, or gives one another value.
//!
//! Must not keep a value: it leaves the page with the call and with the dialog.

use crate::api::{self, ApiError, idempotency_key};
use crate::components::dialog::Dialog;
use crate::components::dynamic::{dynamic, effect};
use crate::components::field::{TextArea, TextField};
use crate::state::session::Session;
use leptos::prelude::*;
use leptos::task::spawn_local;
use proto::v1::{CreateSecretRequest, Secret};

/// What the dialog is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    New,
    /// Another value for this one: id and name.
    Replace(String, String),
}

/// Open while something is asked.
#[component]
pub fn SecretDialog(asked: RwSignal<Option<Asked>>, on_done: Callback<Secret>) -> impl IntoView {
    let close = Callback::new(move |()| asked.set(None));
    let is_open = Signal::derive(move || asked.with(Option::is_some));
    view! {
        <Dialog open=is_open on_close=close labelled_by="secret-title">
            {dynamic(move || asked.get().map(|what| view! { <SecretForm what close on_done/> }))}
        </Dialog>
    }
}

#[component]
fn SecretForm(what: Asked, close: Callback<()>, on_done: Callback<Secret>) -> impl IntoView {
    let session = expect_context::<Session>();
    let [name, description, value] = [(); 3].map(|()| RwSignal::new(String::new()));
    let is_busy = RwSignal::new(false);
    let refusal = RwSignal::new(None::<ApiError>);
    let key = StoredValue::new(idempotency_key());
    // Another wish has another key; the same one tried again has one effect.
    effect(move |before: Option<()>| {
        [name, description, value].iter().for_each(|text| text.track());
        if before.is_some() {
            key.set_value(idempotency_key());
        }
    });
    let problem_of = move |field: &'static str| {
        Signal::derive(move || {
            refusal.with(|refusal| {
                let fields = refusal.iter().flat_map(|error| &error.fields);
                fields.clone().find(|(known, _)| known == field).map(|(_, reason)| reason.clone())
            })
        })
    };
    let is_new = what == Asked::New;
    let title = match &what {
        Asked::New => "New secret".to_owned(),
        Asked::Replace(_, name) => format!("Replace the value of {name}"),
    };
    let what = StoredValue::new(what);
    let on_submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        refusal.set(None);
        spawn_local(async move {
            let answer = match what.get_value() {
                Asked::New => {
                    api::secrets::create(CreateSecretRequest {
                        name: name.get_untracked().trim().to_owned(),
                        description: description.get_untracked(),
                        value: value.get_untracked(),
                        idempotency_key: key.get_value(),
                    })
                    .await
                }
                Asked::Replace(id, _) => api::secrets::replace(id, value.get_untracked()).await,
            };
            is_busy.try_set(false);
            match answer {
                Ok(secret) => {
                    value.try_set(String::new());
                    on_done.try_run(secret);
                    close.try_run(());
                }
                Err(error) => {
                    session.check(&error);
                    refusal.try_set(Some(error));
                }
            }
        });
    };
    view! {
        <h2 id="secret-title">{title}</h2>
        <form class="form" novalidate on:submit=on_submit>
            {is_new.then(|| view! {
                <TextField
                    id="secret-name"
                    label="Name"
                    hint="The environment variable that the Train function finds it in, for example HUB_TOKEN"
                    value=name
                    problem=problem_of("name")
                />
                <TextField id="secret-description" label="Description" value=description problem=problem_of("description")/>
            })}
            <TextArea
                hidden=true
                rows=2
                id="secret-value"
                label="Value"
                hint="One line or several, as in a key file. Kept sealed; nobody can read it here again"
                value
                problem=problem_of("value")
            />
            {dynamic(move || refusal.get().filter(|error| error.fields.is_empty()).map(|error| view! {
                <p class="problem" role="alert">{error.sentence()}</p>
            }))}
            <div class="dialog-actions">
                <button class="button" type="button" on:click=move |_| close.run(())>"Cancel"</button>
                <button
                    class="button primary"
                    type="submit"
                    aria-busy=move || is_busy.get().to_string()
                    aria-disabled=move || is_busy.get().then_some("true")
                >
                    "Save secret"
                </button>
            </div>
        </form>
    }
}
