//! The dialog that makes a waiting training more or less urgent.
//!
//! Must not know how the queue is ordered.

use crate::api::{self, ApiError};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::dynamic::dynamic;
use crate::components::field::TextField;
use crate::state::live::Live;
use crate::state::session::Session;
use crate::state::toasts::Toasts;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::training::{PRIORITIES, Training};

/// Open while there is a training in it.
#[component]
pub fn PriorityDialog(training: RwSignal<Option<Training>>) -> impl IntoView {
    let close = Callback::new(move |()| training.set(None));
    let is_open = Signal::derive(move || training.with(Option::is_some));
    view! {
        <Dialog open=is_open on_close=close labelled_by="priority-title">
            {dynamic(move || training.get().map(|training| view! { <PriorityForm training close/> }))}
        </Dialog>
    }
}

#[component]
fn PriorityForm(training: Training, close: Callback<()>) -> impl IntoView {
    let live = expect_context::<Live>();
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let value = RwSignal::new(training.priority.to_string());
    let refusal = RwSignal::new(None::<ApiError>);
    let is_busy = RwSignal::new(false);
    let (least, most) = (*PRIORITIES.start(), *PRIORITIES.end());
    let asked =
        move || value.with(|text| text.trim().parse::<i32>().ok().filter(|it| PRIORITIES.contains(it)));
    let problem = Signal::derive(move || {
        if asked().is_none() {
            return Some(format!("Choose a whole number from {least} to {most}"));
        }
        refusal.get().map(|error| error.sentence())
    });
    let id = training.id.to_string();
    let on_submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(priority) = untrack(asked).filter(|_| !is_busy.get_untracked()) else { return };
        is_busy.set(true);
        let id = id.clone();
        spawn_local(async move {
            let answer = api::trainings::set_priority(id, priority).await;
            is_busy.try_set(false);
            match answer {
                Ok(training) => {
                    toasts.done(format!("The priority of {} is {priority}", training.model_name));
                    live.take_training(training);
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
        <h2 id="priority-title">{format!("Priority of {}", training.model_name)}</h2>
        <form class="form" novalidate on:submit=on_submit>
            <TextField
                id="priority"
                label="Priority"
                hint=format!(
                    "{least} to {most}; 0 unless somebody says otherwise. The more, the sooner it starts, and it may take the machine of a preemptible service"
                )
                value
                problem
            />
            <DialogButtons close is_busy yes="Save priority"/>
        </form>
    }
}
