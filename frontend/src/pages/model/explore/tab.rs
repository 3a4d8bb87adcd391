//! What stands on the tab: nothing yet, a wait for the first epoch, or charts; and the history below.
//!
//! Must not know what a chart shows.

use super::super::history::HistoryList;
use super::charts::Charts;
use super::tables::Tables;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{Empty, Skeleton};
use crate::state::feed::Feed;
use crate::state::live::Live;
use leptos::prelude::*;
use shared::model::Model;
use shared::training::Training;

#[component]
pub fn ExploreTab(model: Model, training: Option<RwSignal<Training>>) -> impl IntoView {
    let feed = expect_context::<Live>().feed;
    let Some(training) = training else {
        return view! {
            <Empty title="Not trained yet">
                <p>"Charts of losses and quality appear here with the first epoch. Press Train to begin"</p>
            </Empty>
        }
        .into_any();
    };
    let has_figures = memo(move |_| feed.metrics.figures.with(|figures| !figures.is_empty()));
    let model = StoredValue::new(model);
    view! {
        <Show
            when=move || has_figures.get()
            fallback=move || view! { <NoFigures feed training/> }
        >
            <Charts model=model.get_value() training feed/>
        </Show>
        <Tables feed execution=training.with_untracked(|training| training.execution_id)/>
        <HistoryList feed/>
    }
    .into_any()
}

#[component]
fn NoFigures(feed: Feed, training: RwSignal<Training>) -> impl IntoView {
    let is_over = memo(move |_| training.with(|training| training.status.is_final()));
    dynamic(move || {
        if !feed.is_loaded.get() {
            view! { <Skeleton rows=4/> }.into_any()
        } else if is_over.get() {
            view! {
                <Empty title="No figures">
                    <p>"The training ended before its first epoch did. Its log says more"</p>
                </Empty>
            }
            .into_any()
        } else {
            view! {
                <Empty title="Waiting for the first epoch">
                    <p>"Charts appear here as soon as there is something to show, and grow by themselves"</p>
                </Empty>
            }
            .into_any()
        }
    })
}
