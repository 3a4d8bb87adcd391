//! The settings of a service: every one with its range, and what a change of it does to running work.
//!
//! Must not know what a setting may be or what its change does: `shared` and the server do.

use super::revisions::Revisions;
use crate::api::services::ServiceNow;
use crate::api::{self, ApiError, ErrorKind};
use crate::arrange::map_of;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::icon::{Icon, IconView};
use crate::pages::train::ServiceSetting;
use crate::pages::train::service_form::{
    EXECUTION_FIELDS, SCALING_FIELDS, SERVICE_FIELDS, ServiceField, settings_over, text_of, texts_of,
};
use crate::state::resource::{Loaded, fetched};
use crate::state::services::Services;
use crate::state::session::Session;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::machine::{MachineType, refusals};
use shared::service::{ServiceSettings, effect_of};
use std::collections::BTreeMap;

/// What is typed, over the settings that it started from.
#[derive(Clone, Copy)]
struct Form {
    base: RwSignal<ServiceSettings>,
    revision: RwSignal<u32>,
    texts: RwSignal<BTreeMap<String, String>>,
    machines: Signal<Vec<MachineType>>,
    refusal: RwSignal<Option<ApiError>>,
    is_busy: RwSignal<bool>,
    /// Changes when all fields are to be drawn from `texts` again.
    round: RwSignal<u32>,
}

impl Form {
    /// The settings that are asked for, or what cannot be used of them.
    fn asked(self) -> Result<ServiceSettings, BTreeMap<String, String>> {
        let settings = self.texts.with(|texts| settings_over(self.base.get(), texts))?;
        let machines = self.machines.get();
        let refused = if machines.is_empty() { Vec::new() } else { refusals(&settings, &machines) };
        if refused.is_empty() {
            return Ok(settings);
        }
        Err(map_of(refused.into_iter().map(|error| (error.key, text::capitalised(&error.message)))))
    }

    fn changed(self) -> Vec<&'static str> {
        self.asked().map(|asked| self.base.with(|base| base.differences(&asked))).unwrap_or_default()
    }

    fn problem_of(self, key: &str) -> Option<String> {
        if let Err(mut problems) = self.asked() {
            return problems.remove(key);
        }
        self.refusal.with(|refusal| {
            let mut fields = refusal.iter().flat_map(|error| &error.fields);
            let of_key = |field: &str| field == key || field.strip_prefix("settings.") == Some(key);
            fields.find(|(field, _)| of_key(field)).map(|(_, reason)| reason.clone())
        })
    }

    /// Starts over from settings that the server told.
    fn take(self, settings: &ServiceSettings, revision: u32) {
        self.start_from(settings, revision, texts_of(settings));
    }

    /// Starts from settings that the server told, with what was typed over them.
    fn rebase(self, settings: &ServiceSettings, revision: u32) {
        let (before, typed) = (self.base.with_untracked(texts_of), self.texts.get_untracked());
        let mut texts = texts_of(settings);
        texts.extend(typed.into_iter().filter(|(key, text)| before.get(key) != Some(text)));
        self.start_from(settings, revision, texts);
    }

    fn start_from(self, settings: &ServiceSettings, revision: u32, texts: BTreeMap<String, String>) {
        self.base.set(settings.clone());
        self.revision.set(revision);
        self.refusal.set(None);
        // Fields that show what they should keep the focus.
        if self.texts.with_untracked(|old| *old != texts) {
            self.texts.set(texts);
            self.round.update(|round| *round += 1);
        }
    }
}

#[component]
pub fn ConfigurationTab(now: Memo<Option<ServiceNow>>, services: Services) -> impl IntoView {
    let machines = fetched(api::services::machine_types);
    let machines = Signal::derive(move || match machines.state.get() {
        Loaded::Ready(machines) => machines,
        // Without them the fields are still there; the server refuses what no machine can do.
        Loaded::Loading | Loaded::Failed(_) => Vec::new(),
    });
    let (settings, revision) = now.with_untracked(|now| {
        now.as_ref()
            .map(|(service, _)| (service.settings.clone(), service.settings_revision))
            .unwrap_or_default()
    });
    let form = Form {
        texts: RwSignal::new(texts_of(&settings)),
        base: RwSignal::new(settings),
        revision: RwSignal::new(revision),
        machines,
        refusal: RwSignal::new(None),
        is_busy: RwSignal::new(false),
        round: RwSignal::new(0),
    };
    let save = save(form, now, services);
    let on_submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        save.run(());
    };
    view! {
        <form class="form" novalidate on:submit=on_submit>
            {dynamic(move || {
                form.round.track();
                view! {
                    <Fields form title="Instances" id="config-instances" fields=&SERVICE_FIELDS/>
                    <Fields form title="Scaling" id="config-scaling" fields=&SCALING_FIELDS/>
                    <Fields form title="Executions" id="config-executions" fields=&EXECUTION_FIELDS/>
                }
            })}
            <Conflict form now/>
            <SaveBar form now/>
        </form>
        <Revisions now/>
    }
}

#[component]
fn Fields(
    form: Form,
    title: &'static str,
    id: &'static str,
    fields: &'static [ServiceField],
) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby=id>
            <h2 id=id>{title}</h2>
            <div class="form-grid">
                {fields.iter().map(|field| view! { <OneField form field/> }).collect_view()}
            </div>
        </section>
    }
}

#[component]
fn OneField(form: Form, field: &'static ServiceField) -> impl IntoView {
    let key = field.key;
    let text = move |key: &str| form.texts.with(|texts| texts.get(key).cloned().unwrap_or_default());
    let value = RwSignal::new(untrack(|| text(key)));
    effect(move |before: Option<()>| {
        let typed = value.get();
        if before.is_some() {
            form.refusal.set(None);
            form.texts.update(|texts| {
                texts.insert(key.to_owned(), typed);
            });
        }
    });
    let problem = memo(move |_| form.problem_of(key));
    let default = text_of(&ServiceSettings::default(), key);
    let machine = Signal::derive(move || text("machine_type"));
    let is_changed = memo(move |_| form.changed().contains(&key));
    let effect = effect_of(key).map(|effect| effect.describe());
    view! {
        <div>
            <ServiceSetting field value problem=problem.into() default machines=form.machines machine/>
            <Show when=move || is_changed.get()>
                <p class="effect" role="status">{effect}</p>
            </Show>
        </div>
    }
}

/// What a save does, and the button that does it.
#[component]
fn SaveBar(form: Form, now: Memo<Option<ServiceNow>>) -> impl IntoView {
    let reason = memo(move |_| match form.asked() {
        Err(_) => Some("Correct the fields that cannot be used first"),
        Ok(_) if form.changed().is_empty() => Some("Nothing is changed"),
        Ok(_) if form.is_busy.get() => Some("It is being saved"),
        Ok(_) => None,
    });
    let words = move || {
        let changed = form.changed();
        let effect = changed.iter().filter_map(|field| effect_of(field)).max()?;
        let count = text::counted(changed.len() as u64, "setting", "settings");
        let running = now.with(|now| now.as_ref().map_or(0, |(_, load)| load.running));
        let running = text::counted(u64::from(running), "training runs", "trainings run");
        Some(format!("{count} changed, {running} now. {}", effect.describe()))
    };
    let other = move |_| {
        let base = form.base.get_untracked();
        form.take(&base, form.revision.get_untracked());
    };
    let problem = move || form.refusal.get().map(|error| error.sentence());
    view! {
        <div class="form-actions">
            <button
                class="button primary"
                type="submit"
                aria-busy=move || form.is_busy.get().to_string()
                aria-disabled=move || reason.get().map(|_| "true")
                title=reason
            >
                "Save settings"
            </button>
            <button
                class="button"
                type="button"
                aria-disabled=move || form.changed().is_empty().then_some("true")
                on:click=other
            >
                "Discard changes"
            </button>
            <span class="hint" role="status">{dynamic(words)}</span>
        </div>
        {dynamic(move || problem().map(|problem| view! { <p class="problem" role="alert">{problem}</p> }))}
    }
}

/// Somebody else changed the settings since they were read: nothing is lost, and a person decides.
#[component]
fn Conflict(form: Form, now: Memo<Option<ServiceNow>>) -> impl IntoView {
    let latest = memo(move |_| {
        now.with(|now| {
            let (service, _) = now.as_ref()?;
            Some((service.settings_revision, service.settings.clone()))
        })
    });
    let newer = memo(move |_| {
        latest.get().filter(|(revision, _)| *revision > form.revision.get() && !form.is_busy.get())
    });
    // What nobody has touched follows by itself.
    effect(move |_| {
        if let Some((revision, settings)) = newer.get()
            && untrack(|| form.texts.get() == texts_of(&form.base.get()))
        {
            form.take(&settings, revision);
        }
    });
    dynamic(move || {
        newer.get().map(|(revision, settings)| {
            let words = format!(
                "Somebody else changed the settings: they are at revision {revision} now. What you typed is not saved"
            );
            let theirs = settings.clone();
            view! {
                <div class="notice" data-look="error" role="alert">
                    <IconView icon=Icon::Warning/>
                    <span class="grow">{words}</span>
                    <button class="button" type="button" on:click=move |_| form.take(&theirs, revision)>"Load theirs"</button>
                    <button class="button" type="button" on:click=move |_| form.rebase(&settings, revision)>"Put mine over theirs"</button>
                </div>
            }
        })
    })
}

/// Saves what is typed, if the settings are still those that it started from.
fn save(form: Form, now: Memo<Option<ServiceNow>>, services: Services) -> Callback<()> {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    Callback::new(move |()| {
        let Ok(asked) = untrack(|| form.asked()) else { return };
        let has_changed = !untrack(|| form.changed()).is_empty();
        let Some((service, _)) = now.get_untracked().filter(|_| has_changed) else { return };
        if form.is_busy.get_untracked() {
            return;
        }
        form.is_busy.set(true);
        form.refusal.set(None);
        let read = form.revision.get_untracked();
        spawn_local(async move {
            let answer = api::services::update(service.id.to_string(), asked, read).await;
            match answer {
                Ok(now) => {
                    let (service, _) = &now;
                    toasts.done(format!("{} is at revision {}", service.name, service.settings_revision));
                    if form.base.try_with_untracked(|_| ()).is_some() {
                        form.take(&service.settings, service.settings_revision);
                    }
                    services.take(now);
                }
                Err(error) => {
                    session.check(&error);
                    if error.kind == ErrorKind::Changed {
                        services.look();
                    }
                    form.refusal.try_set(Some(error));
                }
            }
            form.is_busy.try_set(false);
        });
    })
}
