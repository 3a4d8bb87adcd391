//! The chip of a status: shape, word and colour, the same wherever a status is shown.
//!
//! Must not know what a status means for its actions.

use super::icon::{Icon, IconView};
use crate::components::dynamic::dynamic;
use leptos::prelude::*;
use shared::service::ServiceState;
use shared::status::{ModelStatus, Status};

/// Shape, and the name of the colours in `components.css`.
pub const fn look(status: Status) -> (Icon, &'static str) {
    match status {
        Status::Created => (Icon::HollowCircle, "neutral"),
        Status::Pending => (Icon::Clock, "neutral"),
        Status::InProgress => (Icon::QuarterRing, "progress"),
        Status::Success => (Icon::CheckInCircle, "success"),
        Status::Failed => (Icon::CrossInOctagon, "error"),
        Status::Aborted => (Icon::BrokenCircle, "warning"),
        Status::Terminated => (Icon::Square, "stopped"),
        Status::Rerun => (Icon::CircularArrow, "again"),
    }
}

/// A training's status. With attempts, one that goes round again says which is next.
#[component]
pub fn StatusChip(
    #[prop(into)] status: Signal<Status>,
    /// The attempt that ran last, and how many are allowed.
    #[prop(into)]
    attempts: Signal<(u32, u32)>,
) -> impl IntoView {
    let word = move || {
        let (last, most) = attempts.get();
        match status.get() {
            Status::Rerun if most > 0 => format!("Rerun {}/{most}", (last + 1).min(most)),
            status => status.label().to_owned(),
        }
    };
    view! {
        <span class="chip" data-look=move || look(status.get()).1>
            {dynamic(move || {
                let (icon, _) = look(status.get());
                view! { <IconView icon turning=status.get() == Status::InProgress/> }
            })}
            <span>{dynamic(word)}</span>
        </span>
    }
}

/// Shape, name of the colours and word of a model version's status.
pub const fn model_look(status: ModelStatus) -> (Icon, &'static str, &'static str) {
    match status {
        ModelStatus::Created => (Icon::HollowCircle, "neutral", "Created"),
        ModelStatus::PreTrained => (Icon::CheckInCircle, "neutral", "Pre-trained"),
        ModelStatus::Pending => (Icon::Clock, "neutral", "Pending"),
        ModelStatus::Training => (Icon::QuarterRing, "progress", "Training"),
        ModelStatus::Trained => (Icon::CheckInCircle, "success", "Trained"),
        ModelStatus::Failed => (Icon::CrossInOctagon, "error", "Failed"),
    }
}

/// A model version's status.
#[component]
pub fn ModelChip(status: ModelStatus) -> impl IntoView {
    let (icon, look, word) = model_look(status);
    view! {
        <span class="chip" data-look=look>
            <IconView icon turning=status == ModelStatus::Training/>
            <span>{word}</span>
        </span>
    }
}

/// A service's state.
#[component]
pub fn ServiceChip(state: ServiceState) -> impl IntoView {
    let (icon, look) = match state {
        ServiceState::Running => (Icon::QuarterRing, "progress"),
        ServiceState::Idle => (Icon::HollowCircle, "neutral"),
        ServiceState::Paused => (Icon::Warning, "warning"),
        ServiceState::Error => (Icon::CrossInOctagon, "error"),
    };
    view! { <span class="chip" data-look=look><IconView icon/><span>{state.label()}</span></span> }
}
