//! What is chosen: the epoch, what stands beside it, and the two sliders.
//!
//! Must not know what follows from them.

use super::address::{Beside, PredictionsAddress, STEP, on_step};
use super::evaluated::Shown;
use super::kept::Kept;
use crate::api;
use crate::components::dynamic::{dynamic, memo};
use crate::state::resource::{Loaded, fetched};
use crate::text;
use leptos::prelude::*;
use shared::id::ModelId;

#[component]
pub fn Bar(
    shown: Shown,
    kept: Memo<Vec<Kept>>,
    address: Memo<PredictionsAddress>,
    go: Callback<PredictionsAddress>,
    model: ModelId,
) -> impl IntoView {
    let sliders = shown.sliders;
    let settle = move || {
        let (confidence, iou) = (sliders.confidence.get_untracked(), sliders.iou.get_untracked());
        go.run(PredictionsAddress { confidence, iou, ..address.get_untracked() });
    };
    let number = |event: &web_sys::Event| event_target_value(event).parse::<f64>().ok().map(on_step);
    let suggested = memo(move |_| shown.suggested());
    let is_suggested = memo(move |_| sliders.confidence.get().is_none());
    let follow_suggestion = move |_| {
        sliders.confidence.set(None);
        settle();
    };
    view! {
        <div class="prediction-bar" role="group" aria-label="What is shown">
            <EpochChoice kept address go/>
            <BesideChoice kept address go model/>
            <div class="slider">
                <label for="confidence">"Confidence " <output for="confidence">{dynamic(move || text::metric(shown.confidence.get()))}</output></label>
                <input
                    type="range"
                    id="confidence"
                    min="0"
                    max="1"
                    step=STEP.to_string()
                    prop:value=move || shown.confidence.get().to_string()
                    on:input=move |event| sliders.confidence.set(number(&event))
                    on:change=move |_| settle()
                />
                <button
                    class="button small"
                    type="button"
                    aria-pressed=move || is_suggested.get().to_string()
                    title="The confidence at which the mean F1, smoothed, is highest"
                    on:click=follow_suggestion
                >
                    "Best F1: " {dynamic(move || text::metric(suggested.get()))}
                </button>
            </div>
            <div class="slider">
                <label for="iou">"IoU threshold " <output for="iou">{dynamic(move || text::metric(sliders.iou.get()))}</output></label>
                <input
                    type="range"
                    id="iou"
                    min="0.05"
                    max="0.95"
                    step="0.01"
                    prop:value=move || sliders.iou.get().to_string()
                    on:input=move |event| {
                        if let Some(iou) = number(&event) {
                            sliders.iou.set(iou);
                        }
                    }
                    on:change=move |_| settle()
                />
            </div>
        </div>
    }
}

#[component]
fn EpochChoice(
    kept: Memo<Vec<Kept>>,
    address: Memo<PredictionsAddress>,
    go: Callback<PredictionsAddress>,
) -> impl IntoView {
    let epoch = memo(move |_| address.with(|address| address.epoch));
    let choose = move |event| {
        let epoch = event_target_value(&event).parse().ok();
        go.run(PredictionsAddress { epoch, ..address.get_untracked() });
    };
    let option = move |kept: Kept| {
        let (value, label) = (kept.epoch, kept.label());
        let word = value.map(|epoch| epoch.to_string());
        view! { <option value=word prop:selected=move || epoch.get().is_some() && epoch.get() == value>{label}</option> }
    };
    view! {
        <div class="choice">
            <label for="prediction-epoch">"Predictions of"</label>
            <select class="select narrow" id="prediction-epoch" on:change=choose>
                <option value="" prop:selected=move || epoch.get().is_none()>"The best epoch"</option>
                {dynamic(move || kept.get().into_iter().filter(|kept| kept.epoch.is_some()).map(option).collect_view())}
            </select>
        </div>
    }
}

/// Another epoch, or another version of the same architecture.
#[component]
fn BesideChoice(
    kept: Memo<Vec<Kept>>,
    address: Memo<PredictionsAddress>,
    go: Callback<PredictionsAddress>,
    model: ModelId,
) -> impl IntoView {
    let beside = memo(move |_| {
        address.with(|address| match &address.beside {
            None => String::new(),
            Some(Beside::Epoch(epoch)) => format!("epoch-{epoch}"),
            Some(Beside::Version(id)) => id.clone(),
        })
    });
    let versions = fetched(move || async move {
        let mut versions = api::models::list().await?;
        versions.retain(|version| version.id != model);
        Ok(versions)
    });
    let choose = move |event| {
        let word = event_target_value(&event);
        let read = PredictionsAddress::from_parts(|key| (key == "beside").then(|| word.clone()));
        go.run(PredictionsAddress { beside: read.beside, ..address.get_untracked() });
    };
    let option = move |value: String, label: String| {
        let this = value.clone();
        view! { <option value=value prop:selected=move || beside.with(|beside| *beside == this)>{label}</option> }
    };
    let epochs = move || {
        let epochs = kept.get().into_iter().filter_map(|kept| Some((kept.epoch?, kept.label())));
        epochs.map(|(epoch, label)| option(format!("epoch-{epoch}"), label)).collect_view()
    };
    let others = move || match versions.state.get() {
        Loaded::Ready(versions) => {
            let options = versions.into_iter().map(|version| option(version.id.to_string(), version.name));
            options.collect_view().into_any()
        }
        Loaded::Loading | Loaded::Failed(_) => ().into_any(),
    };
    view! {
        <div class="choice">
            <label for="prediction-beside">"Beside"</label>
            <select class="select narrow" id="prediction-beside" on:change=choose>
                <option value="" prop:selected=move || beside.with(String::is_empty)>"Nothing"</option>
                <optgroup label="Epochs of this training">{dynamic(epochs)}</optgroup>
                <optgroup label="Other versions">{dynamic(others)}</optgroup>
            </select>
        </div>
    }
}
