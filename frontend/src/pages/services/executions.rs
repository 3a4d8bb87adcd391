//! What a service works on and what waits for it, in the order in which it comes.
//!
//! Must not know how a cell is drawn: the Training tab does.

use super::queue::{in_order, place_of};
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{Empty, Skeleton};
use crate::components::menu::MenuButton;
use crate::components::status_chip::StatusChip;
use crate::components::time::Elapsed;
use crate::pages::actions::Actions;
use crate::pages::training::move_by_keys;
use crate::pages::training::row::{Remark, TrainingProgress, attempts, duration};
use crate::pages::training::trouble_badge::TroubleBadge;
use crate::routes::Place;
use crate::state::live::Live;
use leptos::prelude::*;
use shared::id::{ServiceId, TrainingId};
use shared::training::Training;

#[component]
pub fn ExecutionsTab(id: ServiceId) -> impl IntoView {
    let live = expect_context::<Live>();
    move_by_keys();
    let order = memo(move |_| order_of(live, id));
    let is_empty = memo(move |_| order.with(Vec::is_empty));
    dynamic(move || {
        match (is_empty.get(), live.is_loaded.get()) {
        (true, false) => view! { <Skeleton rows=4/> }.into_any(),
        (true, true) => view! {
            <Empty title="No executions">
                <p>"No training in the table belongs to this service. Each that starts is listed here with its place"</p>
                <a class="button" href=Place::Training.path()>"Go to Training"</a>
            </Empty>
        }
        .into_any(),
        (false, _) => view! { <ExecutionTable order/> }.into_any(),
    }
    })
}

fn order_of(live: Live, id: ServiceId) -> Vec<TrainingId> {
    live.turn.track();
    let mut trainings: Vec<Training> = live.rows.with_untracked(|rows| {
        let of_service = |row: &ArcRwSignal<Training>| {
            row.with_untracked(|row| {
                (row.service_id == id && row.removed_at_ms.is_none()).then(|| row.clone())
            })
        };
        rows.values().filter_map(of_service).collect()
    });
    in_order(&mut trainings);
    trainings.into_iter().map(|training| training.id).collect()
}

#[component]
fn ExecutionTable(order: Memo<Vec<TrainingId>>) -> impl IntoView {
    let live = expect_context::<Live>();
    view! {
        <div class="table-frame">
            <table class="table training-table">
                <caption class="visually-hidden">"Executions"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Place"</th>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Priority"</th>
                        <th scope="col">"Progress"</th>
                        <th scope="col">"Duration"</th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || order.get() key=|id| *id let:id>
                        {live
                            .rows
                            .with_untracked(|rows| rows.get(&id).cloned())
                            .map(|training| view! { <ExecutionRow training/> })}
                    </For>
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn ExecutionRow(training: ArcRwSignal<Training>) -> impl IntoView {
    let training = RwSignal::from(training);
    let actions = Actions::from_context();
    let (id, place) =
        training.with_untracked(|training| (training.id.to_string(), Place::model(training.model_id).path()));
    let name = memo(move |_| training.with(|training| training.model_name.clone()));
    let status = memo(move |_| training.with(|training| training.status));
    let position =
        memo(move |_| training.with(place_of).map_or_else(|| "–".to_owned(), |place| place.to_string()));
    let priority = memo(move |_| training.with(|training| training.priority));
    let entries = Callback::new(move |()| training.with_untracked(|training| actions.menu(training)));
    view! {
        <tr data-row=id>
            <td>{position}</td>
            <td><a class="name-link" href=place>{name}</a></td>
            <td>
                <StatusChip status attempts=attempts(training)/>
                <TroubleBadge training/>
                <Remark training/>
            </td>
            <td>{priority}</td>
            <td><TrainingProgress training/></td>
            <td class="duration-cell"><Elapsed from_to=duration(training)/></td>
            <td class="menu-cell">
                <MenuButton label=Signal::derive(move || format!("Actions for {}", name.get())) entries/>
            </td>
        </tr>
    }
}
