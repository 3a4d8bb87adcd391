//! One training as a row; only the cells whose values changed are drawn again.
//!
//! Must not know the table around it.

use super::query::Extra;
use super::sieve::is_tall;
use super::table_view::TableView;
use super::trouble_badge::TroubleBadge;
use super::waiting::{Remedy, reason};
use crate::components::dynamic::{dynamic, memo};
use crate::components::menu::MenuButton;
use crate::components::progress::ProgressBar;
use crate::components::sparkline;
use crate::components::status_chip::{StatusChip, look};
use crate::components::time::{Elapsed, TimeAgo};
use crate::pages::actions::Actions;
use crate::routes::{Place, ServiceTab};
use crate::text;
use leptos::prelude::*;
use shared::id::TrainingId;
use shared::status::Status;
use shared::training::{Phase, Training};

/// A row, of which only what can be read is drawn while rows pass too fast to be used.
#[component]
pub fn TrainingRow(
    training: ArcRwSignal<Training>,
    extras: Memo<Vec<Extra>>,
    view: TableView,
) -> impl IntoView {
    let training = RwSignal::from(training);
    let key = training.with_untracked(|training| training.id);
    let place = memo(move |_| {
        view.placed.with(|placed| placed.iter().find(|(_, id)| *id == key).map_or(0, |(place, _)| *place))
    });
    // Out of view, it is kept only because it has the focus.
    let is_kept = memo(move |_| {
        let (window, place) = (view.window.get(), place.get());
        !(window.first..window.first + window.count).contains(&place)
    });
    let path = training.with_untracked(|training| Place::model(training.model_id).path());
    let name = memo(move |_| training.with(|training| training.model_name.clone()));
    let is_tall = memo(move |_| training.with(is_tall));
    let is_selected = memo(move |_| view.selected.with(|selected| selected.contains(&key)));
    // Once it is drawn as a whole, it stays so.
    let passes =
        memo(move |before: Option<&bool>| before.copied().unwrap_or(true) && view.scroll.is_fast.get());
    view! {
        <tr
            data-row=key.to_string()
            data-tall=move || is_tall.get().then_some("")
            data-kept=move || is_kept.get().then_some("")
            aria-rowindex=move || (place.get() + 2).to_string()
            aria-selected=move || is_selected.get().to_string()
        >
            <td class="check-cell">
                {dynamic(move || (!passes.get()).then(|| view! { <SelectBox key name is_selected view/> }))}
            </td>
            // It may have the focus, and so is never drawn anew.
            <td class="name-cell"><a class="name-link" href=path title=name>{name}</a></td>
            {dynamic(move || if passes.get() {
                training.with_untracked(|training| passing_cells(training, &extras.get_untracked())).into_any()
            } else {
                view! { <Cells training name extras/> }.into_any()
            })}
        </tr>
    }
}

/// What can be read in passing. None of it changes: it is drawn anew before it could.
fn passing_cells(training: &Training, extras: &[Extra]) -> impl IntoView + use<> {
    let progress = progress_of(training).map(|(_, words)| words);
    let extra_cell = |extra: &Extra| {
        let words = if *extra == Extra::Course { String::new() } else { extra.of(training) };
        view! { <td class="extra-cell">{words}</td> }
    };
    view! {
        <td class="created-cell"></td>
        <td class="status-cell">{training.status.label()}</td>
        <td class="progress-cell">{progress}</td>
        <td class="duration-cell"></td>
        <td class="service-cell mono">{training.service_name.clone()}</td>
        {extras.iter().map(extra_cell).collect_view()}
        <td class="menu-cell"></td>
    }
}

#[component]
fn SelectBox(key: TrainingId, name: Memo<String>, is_selected: Memo<bool>, view: TableView) -> impl IntoView {
    let toggle = move |_| {
        let mut now = view.selected.get_untracked();
        if !now.remove(&key) {
            now.insert(key);
        }
        view.select.run(now);
    };
    view! {
        <input
            type="checkbox"
            aria-label=move || format!("Select {}", name.get())
            prop:checked=move || is_selected.get()
            on:change=toggle
        />
    }
}

/// What stands beside the name.
#[component]
fn Cells(training: RwSignal<Training>, name: Memo<String>, extras: Memo<Vec<Extra>>) -> impl IntoView {
    let extra_cell = move |extra: Extra| {
        if extra == Extra::Course {
            return view! { <td class="extra-cell"><Course training/></td> }.into_any();
        }
        let words = memo(move |_| training.with(|training| extra.of(training)));
        view! { <td class="extra-cell" title=words>{words}</td> }.into_any()
    };
    let actions = Actions::from_context();
    let status = memo(move |_| training.with(|training| training.status));
    let created_at_ms = memo(move |_| training.with(|training| training.created_at_ms));
    let service = memo(move |_| training.with(|training| training.service_name.clone()));
    let service_place = training
        .with_untracked(|training| Place::service(&training.service_name, ServiceTab::Executions).path());
    let entries = Callback::new(move |()| training.with_untracked(|training| actions.menu(training)));
    view! {
        <td class="created-cell"><TimeAgo at_ms=created_at_ms/></td>
        <td class="status-cell">
            <StatusChip status attempts=attempts(training)/>
            <div class="remarks"><Remark training/></div>
        </td>
        <td class="progress-cell"><TrainingProgress training/></td>
        <td class="duration-cell"><Elapsed from_to=duration(training)/></td>
        <td class="service-cell">
            <a class="mono" href=service_place>{service}</a>
            <TroubleBadge training/>
        </td>
        {dynamic(move || extras.get().into_iter().map(extra_cell).collect_view())}
        <td class="menu-cell">
            <MenuButton label=Signal::derive(move || format!("Actions for {}", name.get())) entries/>
        </td>
    }
}

/// The course of the figure that tells how good it is.
#[component]
fn Course(training: RwSignal<Training>) -> impl IntoView {
    let line = memo(move |_| {
        training.with(|training| {
            training.headline.as_ref().map_or_else(String::new, |headline| sparkline::path(&headline.course))
        })
    });
    let words = memo(move |_| {
        training.with(|training| {
            training.headline.as_ref().map_or_else(String::new, |headline| {
                let (best, last) = (headline.best, headline.course.last().copied().unwrap_or(headline.best));
                format!(
                    "mAP50-95 over {}, best {} in epoch {}, last {}",
                    text::counted(headline.count.into(), "epoch", "epochs"),
                    text::metric(best),
                    text::position(headline.best_epoch),
                    text::metric(last)
                )
            })
        })
    });
    let has_any = memo(move |_| words.with(|words| !words.is_empty()));
    view! {
        <Show when=move || has_any.get() fallback=|| view! { <span class="muted">"–"</span> }>
            <svg
                class="sparkline"
                viewBox=format!("0 0 {} {}", sparkline::WIDTH, sparkline::HEIGHT)
                role="img"
                aria-label=words
            >
                <title>{words}</title>
                <path d=line></path>
            </svg>
        </Show>
    }
}

/// The last attempt, and how many are allowed.
pub fn attempts(training: RwSignal<Training>) -> Signal<(u32, u32)> {
    memo(move |_| training.with(|training| (training.attempt, training.max_attempts))).into()
}

/// Start and end.
pub fn duration(training: RwSignal<Training>) -> Signal<(Option<i64>, Option<i64>)> {
    memo(move |_| training.with(|training| (training.started_at_ms, training.ended_at_ms))).into()
}

/// What a person should know besides the status: what it waits for, that it stops, why it failed.
#[component]
pub fn Remark(training: RwSignal<Training>) -> impl IntoView {
    let waits_for = reason(training);
    let remark = memo(move |_| training.with(remark_on).or_else(|| waits_for.get()));
    let has_remark = memo(move |_| remark.with(Option::is_some));
    view! {
        <Show when=move || has_remark.get()>
            <span class="waiting-for" title=move || remark.get()>{dynamic(move || remark.get())}</span>
        </Show>
        <Remedy training/>
    }
}

fn remark_on(training: &Training) -> Option<String> {
    if training.abort_requested && !training.status.is_final() {
        return Some("Stopping".into());
    }
    match training.status {
        Status::Failed | Status::Aborted => {
            let cause = training.cause.as_ref()?;
            Some(text::without_next_step(&cause.message, &cause.next_step))
        }
        _ => None,
    }
}

/// How far it is; nothing before it has begun.
#[component]
pub fn TrainingProgress(training: RwSignal<Training>) -> impl IntoView {
    let shown = memo(move |_| training.with(progress_of));
    let name = memo(move |_| training.with(|training| format!("Progress of {}", training.model_name)));
    let bar_look = memo(move |_| training.with(|training| look(training.status).1));
    let has_begun = memo(move |_| shown.with(Option::is_some));
    let fraction = Signal::derive(move || shown.with(|shown| shown.as_ref().map_or(0.0, |shown| shown.0)));
    let words = Signal::derive(move || {
        shown.with(|shown| shown.as_ref().map_or_else(String::new, |shown| shown.1.clone()))
    });
    view! {
        <Show when=move || has_begun.get() fallback=|| view! { <span class="muted">"–"</span> }>
            <ProgressBar fraction text=words label=name look=bar_look/>
        </Show>
    }
}

fn progress_of(training: &Training) -> Option<(f64, String)> {
    let progress = &training.progress;
    training.started_at_ms?;
    if training.status == Status::Success {
        return Some((1.0, format!("{0}/{0}", progress.epochs.max(progress.epoch))));
    }
    if progress.epoch == 0 {
        let is_preparing = training.status == Status::InProgress && progress.phase == Phase::Preparing;
        return Some((0.0, if is_preparing { "Preparing".into() } else { format!("0/{}", progress.epochs) }));
    }
    Some((progress.fraction(), format!("{}/{}", progress.epoch, progress.epochs)))
}
