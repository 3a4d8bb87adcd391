//! The head of a model's page: name, status, attempt, progress and what can be done.
//!
//! Must not decide what is possible: `shared::status` does.

use super::priority::PriorityDialog;
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use crate::components::menu::{MenuButton, MenuEntry};
use crate::components::progress::ProgressBar;
use crate::components::status_chip::{ModelChip, StatusChip, look};
use crate::components::time::{Elapsed, TimeAgo};
use crate::pages::actions::{Actions, can_abort};
use crate::pages::models::{Changes, TrainLink};
use crate::pages::training::row::{attempts, duration};
use crate::pages::training::trouble_badge::TroubleBadge;
use crate::pages::training::waiting::{Remedy, reason};
use crate::routes::{ModelTab, Place, ServiceTab};
use crate::state::clock::Clock;
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::text;
use leptos::prelude::*;
use shared::id::ModelId;
use shared::metric::LogLevel;
use shared::model::Model;
use shared::status::{ModelStatus, Status};
use shared::training::{Phase, Training};

/// Letters of a line of the log beside the cause.
const MOST_EVIDENCE: usize = 240;

#[component]
pub fn ModelHead(model: Model, training: Option<RwSignal<Training>>, changes: Changes) -> impl IntoView {
    let name = model.name.clone();
    let architecture = format!("{}{}", model.architecture_id, model.variant);
    view! {
        <header class="model-head">
            <div class="model-title">
                <h1>{name.clone()}</h1>
                {match training {
                    Some(training) => {
                        let status = memo(move |_| training.with(|training| training.status));
                        view! { <StatusChip status attempts=attempts(training)/> }.into_any()
                    }
                    None => view! { <ModelChip status=model.status/> }.into_any(),
                }}
                <HeadActions model=model.clone() training changes/>
            </div>
            <div class="model-facts">
                <span>"Architecture " <strong class="mono">{architecture}</strong></span>
                {model.parent.clone().map(|parent| {
                    let path = Place::model(parent.id).path();
                    view! { <span>"From " <a href=path>{parent.name}</a></span> }
                })}
                {training.map(|training| view! { <Facts training/> })}
            </div>
            {(!model.description.is_empty()).then(|| view! { <p>{model.description.clone()}</p> })}
            {(!model.tags.is_empty()).then(|| view! {
                <div class="label-list" aria-label="Tags" role="group">
                    {model.tags.iter().map(|tag| view! { <span class="label">{tag.clone()}</span> }).collect_view()}
                </div>
            })}
            {training.map(|training| view! {
                <Advance training/>
                <Waiting training/>
                <Failure model=model.id training/>
            })}
        </header>
    }
}

#[component]
fn HeadActions(model: Model, training: Option<RwSignal<Training>>, changes: Changes) -> impl IntoView {
    let actions = Actions::from_context();
    let navigation = expect_context::<Navigation>();
    let (id, name) = (model.id.to_string(), model.name.clone());
    let model_status = memo(move |_| match training {
        Some(training) => training.with(|training| ModelStatus::beside(training.status)),
        None => model.status,
    });
    let abort = training.map(|training| {
        let capability = memo(move |_| training.with(can_abort));
        let is_over = memo(move |_| training.with(|training| training.status.is_final()));
        view! {
            <Show when=move || !is_over.get()>
                <button
                    class="button"
                    type="button"
                    aria-disabled=move || capability.get().is_err().then_some("true")
                    title=move || capability.get().err()
                    on:click=move |_| {
                        if capability.get_untracked().is_ok() {
                            training.with_untracked(|training| actions.ask_to_abort(training));
                        }
                    }
                >
                    "Abort training…"
                </button>
            </Show>
        }
    });
    let retry = training.map(|training| {
        let is_offered = memo(move |_| training.with(|training| training.status.can_retry().is_ok()));
        let press = move |_| training.with_untracked(|training| actions.retry(training));
        view! {
            <Show when=move || is_offered.get()>
                <button
                    class="button"
                    type="button"
                    title="Trains this version again, on exactly the same data in the same way"
                    on:click=press
                >
                    "Retry"
                </button>
            </Show>
        }
    });
    let urgent = RwSignal::new(None::<Training>);
    let menu_label = format!("Actions for {name}");
    let model_id = id.clone();
    let entries = Callback::new(move |()| {
        let mut entries = changes.more(&model);
        match training {
            Some(training) => {
                training.with_untracked(|training| {
                    entries.extend(actions.menu(training).split_off(1));
                    entries.extend(actions.queue_menu(training, urgent));
                    let place = Place::Compare { ids: vec![training.id.to_string()] };
                    entries.push(MenuEntry::new("Compare with…", move || navigation.go(&place)));
                });
            }
            None => {
                let model_id = model_id.clone();
                entries.push(MenuEntry::new("Copy Model ID", move || {
                    actions.copy("Model ID", model_id.clone());
                }));
            }
        }
        entries
    });
    view! {
        <div class="model-actions">
            {abort}
            {retry}
            {dynamic(move || {
                let status = model_status.get();
                // While it runs, Abort is what can be done; Train would only be in the way.
                let is_shown = !matches!(status, ModelStatus::Pending | ModelStatus::Training);
                is_shown.then(|| view! { <TrainLink model_id=id.clone() name=name.clone() status/> })
            })}
            <MenuButton label=menu_label entries/>
            <PriorityDialog training=urgent/>
        </div>
    }
}

#[component]
fn Facts(training: RwSignal<Training>) -> impl IntoView {
    let dataset = memo(move |_| training.with(|training| training.dataset_name.clone()));
    let service = memo(move |_| training.with(|training| training.service_name.clone()));
    let service_place = move || Place::service(&service.get(), ServiceTab::Executions).path();
    let priority = memo(move |_| training.with(|training| training.priority));
    let created_at_ms = memo(move |_| training.with(|training| training.created_at_ms));
    let attempt = memo(move |_| {
        training.with(|training| {
            (training.attempt > 0).then(|| format!("{} of {}", training.attempt, training.max_attempts))
        })
    });
    view! {
        <span>"Dataset " <strong>{dataset}</strong></span>
        <span>"Service " <a class="mono" href=service_place>{service}</a> <TroubleBadge training/></span>
        {dynamic(move || (priority.get() != 0).then(|| view! { <span>"Priority " <strong>{priority}</strong></span> }))}
        {dynamic(move || attempt.get().map(|attempt| view! { <span>"Attempt " <strong>{attempt}</strong></span> }))}
        <span>"Created " <strong><TimeAgo at_ms=created_at_ms/></strong></span>
        <span>"Duration " <strong><Elapsed from_to=duration(training)/></strong></span>
    }
}

/// How far it is, and how long it may take.
#[component]
fn Advance(training: RwSignal<Training>) -> impl IntoView {
    let clock = expect_context::<Clock>();
    let runs = memo(move |_| training.with(|training| training.status == Status::InProgress));
    let fraction = memo(move |_| training.with(|training| training.progress.fraction()));
    let words = memo(move |_| {
        let (place, left) = training.with(|training| {
            let running_ms = training.started_at_ms.map_or(0, |start| clock.now_ms() - start);
            (place_in(training), text::time_left(training.progress.fraction(), running_ms))
        });
        left.map_or_else(|| place.clone(), |left| format!("{place}, {left}"))
    });
    let bar_look = memo(move |_| training.with(|training| look(training.status).1));
    view! {
        <Show when=move || runs.get()>
            <div class="model-progress">
                <ProgressBar fraction text=words label="Progress" look=bar_look/>
            </div>
        </Show>
    }
}

fn place_in(training: &Training) -> String {
    let progress = &training.progress;
    if training.abort_requested {
        return "Stopping".into();
    }
    let epoch = format!("Epoch {} of {}", progress.epoch, progress.epochs);
    match progress.phase {
        Phase::Preparing if progress.epoch == 0 => "Preparing".into(),
        Phase::Preparing | Phase::Training => epoch,
        Phase::Validating => format!("{epoch}, validating"),
        Phase::Saving => format!("{epoch}, saving"),
    }
}

/// What it waits for, and what would start it now.
#[component]
fn Waiting(training: RwSignal<Training>) -> impl IntoView {
    let waits_for = reason(training);
    let waits = memo(move |_| waits_for.with(Option::is_some));
    // What ticks is not said again each second.
    let said = memo(move |_| {
        training.with(|training| training.waiting.as_ref().map(shared::training::Waiting::describe))
    });
    view! {
        <Show when=move || waits.get()>
            <div class="notice" data-look="waiting">
                <IconView icon=Icon::Clock/>
                <div class="grow">
                    <p class="visually-hidden" role="status">{said}</p>
                    <p aria-hidden="true">{dynamic(move || waits_for.get())}</p>
                    <Remedy training/>
                </div>
            </div>
        </Show>
    }
}

/// Why it ended otherwise than well, and what to do next.
#[component]
fn Failure(model: ModelId, training: RwSignal<Training>) -> impl IntoView {
    let cause = memo(move |_| {
        training.with(|training| {
            let ended_badly = matches!(training.status, Status::Failed | Status::Aborted);
            training.cause.clone().filter(|_| ended_badly).map(|cause| (training.status, cause))
        })
    });
    dynamic(move || {
        cause.get().map(|(status, cause)| {
            let (icon, _) = look(status);
            let title = if status == Status::Failed { "Failed because" } else { "Aborted because" };
            view! {
                <section class="notice" data-look="error" aria-label="Cause">
                    <IconView icon/>
                    <div class="grow">
                        <h2>{title}</h2>
                        <p>{text::without_next_step(&cause.message, &cause.next_step)}</p>
                        {(!cause.next_step.is_empty()).then(|| view! {
                            <p><strong>"Next step: "</strong>{text::capitalised(&cause.next_step)}</p>
                        })}
                        <FirstError model training/>
                    </div>
                </section>
            }
        })
    })
}

/// The first error that the last attempt wrote, if the page holds it: mostly it says more than the last.
#[component]
fn FirstError(model: ModelId, training: RwSignal<Training>) -> impl IntoView {
    let feed = expect_context::<Live>().feed;
    let first = memo(move |_| {
        feed.logs_changed.track();
        let attempt = training.with(|training| training.attempt);
        let row = feed.logs.with_value(|logs| logs.first_of(attempt, LogLevel::Error).cloned());
        row.map(|row| (row.number, text::shortened(&row.text, MOST_EVIDENCE)))
    });
    let view = move |(number, words): (u64, String)| {
        let path = Place::Model { model: model.to_string(), tab: ModelTab::Logs }.path();
        view! {
            <p>
                <a href=format!("{path}#L{number}")>{format!("Line {}", text::count(number))}</a>
                ": " <code>{words}</code>
            </p>
        }
    };
    view! { {dynamic(move || first.get().map(view))} }
}
