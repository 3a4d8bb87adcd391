//! The head of a service's page: how it is, what it has to do, and what can be done with it.
//!
//! Must not decide what is possible: `can` does.

use super::can::{can_pause, can_restart, can_resume, pause_words};
use super::load::{instance_words, utilisation};
use crate::api::services::ServiceNow;
use crate::api::{self, ApiError};
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use crate::components::status_chip::ServiceChip;
use crate::components::time::{Elapsed, TimeAgo};
use crate::state::act::Act;
use crate::state::clock::Clock;
use crate::state::layers::{Layers, Question};
use crate::state::services::Services;
use crate::state::session::Session;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use proto::convert::ServiceLoad;
use shared::service::Service;

#[component]
pub fn ServiceHead(now: Memo<Option<ServiceNow>>, name: Memo<String>, services: Services) -> impl IntoView {
    let actions = ServiceActions::from_context(services);
    view! {
        <header class="model-head">
            <div class="model-title">
                <h1>{name}</h1>
                {dynamic(move || now.get().map(|(service, load)| {
                    let state = service.state(load.alive as usize, load.registered as usize);
                    view! { <ServiceChip state/> }
                }))}
                <div class="model-actions">
                    <ActionButton now word="Pause" can=|service, _| can_pause(service) run=Callback::new(move |now| actions.pause(now))/>
                    <ActionButton now word="Resume" can=|service, _| can_resume(service) run=Callback::new(move |now| actions.resume(now))/>
                    <ActionButton
                        now
                        word="Restart…"
                        can=|service, load| can_restart(service, load.alive)
                        run=Callback::new(move |now| actions.ask_to_restart(now))
                    />
                </div>
            </div>
            {dynamic(move || now.get().map(|(service, load)| view! { <Facts service=service.clone() load/> <Cause service/> }))}
        </header>
    }
}

/// A button that says why it does nothing now.
#[component]
fn ActionButton(
    now: Memo<Option<ServiceNow>>,
    word: &'static str,
    can: fn(&Service, &ServiceLoad) -> Result<(), &'static str>,
    run: Callback<ServiceNow>,
) -> impl IntoView {
    let reason = memo(move |_| {
        now.with(|now| match now {
            Some((service, load)) => can(service, load).err(),
            None => Some("The service is being loaded"),
        })
    });
    view! {
        <button
            class="button"
            type="button"
            aria-disabled=move || reason.get().map(|_| "true")
            title=reason
            on:click=move |_| {
                if let Some(now) = now.get_untracked().filter(|_| reason.get_untracked().is_none()) {
                    run.run(now);
                }
            }
        >
            {word}
        </button>
    }
}

#[component]
fn Facts(service: Service, load: ServiceLoad) -> impl IntoView {
    let oldest = load.oldest_waiting_ms.map(|since| {
        view! { <span>"Oldest wait " <strong><Elapsed from_to=Signal::stored((Some(since), None))/></strong></span> }
    });
    let failed = (service.failed_starts > 0).then(|| {
        let words = format!("{} of {}", service.failed_starts, service.settings.max_failed_starts);
        view! { <span>"Failed starts " <strong>{words}</strong></span> }
    });
    view! {
        <div class="model-facts">
            <span>"Architecture " <strong class="mono">{service.architecture_id.clone()}</strong></span>
            <span>"Instances " <strong>{instance_words(&service.settings, load.alive)}</strong></span>
            <span>"Running " <strong>{load.running}</strong></span>
            <span>"Utilisation " <strong>{utilisation(&service.settings, load.alive, load.running)}</strong></span>
            <span>"Waiting " <strong>{load.waiting}</strong></span>
            {oldest}
            {failed}
            <span>"Settings " <strong>{format!("revision {}", service.settings_revision)}</strong></span>
            <span>"Created " <strong><TimeAgo at_ms=Signal::stored(service.created_at_ms)/></strong></span>
        </div>
    }
}

/// Why it is not well, and what to do next.
#[component]
fn Cause(service: Service) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let retry_at_ms = service.retry_at_ms;
    let next_try = move || {
        let left_ms = retry_at_ms? - clock.now_ms();
        (left_ms > 0).then(|| format!(" Tried again in {}", text::duration(left_ms)))
    };
    let by_force = service.paused_by_force.then(|| {
        format!("It was paused after {} failed starts: mend the cause, then resume it", service.failed_starts)
    });
    service.error.map(|error| {
        let next_step = error.reason.next_step();
        view! {
            <section class="notice" data-look="error" aria-label="Last error">
                <IconView icon=Icon::CrossInOctagon/>
                <div class="grow">
                    <strong>{error.reason.name()}</strong>
                    <p>{text::capitalised(&error.detail)} {dynamic(next_try)}</p>
                    {by_force.map(|words| view! { <p>{words}</p> })}
                    {(!next_step.is_empty()).then(|| view! { <p><strong>"Next step: "</strong>{next_step}</p> })}
                </div>
            </section>
        }
    })
}

#[derive(Clone, Copy)]
struct ServiceActions {
    services: Services,
    layers: Layers,
    toasts: Toasts,
    session: Session,
}

impl ServiceActions {
    fn from_context(services: Services) -> Self {
        Self { services, layers: expect_context(), toasts: expect_context(), session: expect_context() }
    }

    /// Done at once, because it can be undone.
    fn pause(self, (service, load): ServiceNow) {
        spawn_local(async move {
            match api::services::pause(service.id.to_string()).await {
                Ok(now) => {
                    self.services.take(now.clone());
                    let words =
                        format!("{} is paused: {}", service.name, pause_words(load.waiting, load.running));
                    self.toasts.done_with(words, "Undo", Act::new(move || self.resume(now.clone())));
                }
                Err(error) => self.failed("The service was not paused", &error),
            }
        });
    }

    fn resume(self, (service, _): ServiceNow) {
        spawn_local(async move {
            match api::services::resume(service.id.to_string()).await {
                Ok(now) => {
                    self.services.take(now);
                    self.toasts.done(format!("{} goes on", service.name));
                }
                Err(error) => self.failed("The service was not resumed", &error),
            }
        });
    }

    fn ask_to_restart(self, (service, load): ServiceNow) {
        let drain = text::duration(i64::from(service.settings.drain_secs) * 1_000);
        let running = match load.running {
            0 => "No training runs".to_owned(),
            count => format!(
                "{}: each writes a checkpoint within {drain} and goes on from it in a new instance",
                text::counted(u64::from(count), "training runs", "trainings run")
            ),
        };
        self.layers.ask(Question {
            title: format!("Restart {}?", service.name),
            body: format!("Its instances are replaced, and failed starts are forgotten\n{running}"),
            yes: "Restart service",
            on_yes: Act::new(move || {
                let (id, name) = (service.id.to_string(), service.name.clone());
                spawn_local(async move {
                    match api::services::restart(id).await {
                        Ok(now) => {
                            self.services.take(now);
                            self.toasts.done(format!("{name} restarts"));
                        }
                        Err(error) => self.failed("The service was not restarted", &error),
                    }
                });
            }),
            is_dangerous: false,
        });
    }

    fn failed(self, what: &str, error: &ApiError) {
        self.session.check(error);
        self.toasts.problem(format!("{what}: {}", error.sentence()));
    }
}
