//! How the charts are shown: axis, smoothing, zoom, cursor and wild values.
//!
//! Must not know what is charted.

use crate::components::chart::axis::XAxis;
use crate::components::chart::scope::Scope;
use crate::components::chart::settings::{CursorSync, MOST_SMOOTHING, Settings};
use crate::components::dynamic::{dynamic, memo};
use leptos::prelude::*;

#[component]
pub fn Toolbar(scope: Scope) -> impl IntoView {
    let axis = memo(move |_| scope.axis());
    let sync = memo(move |_| scope.settings.with(|settings| settings.sync));
    let smoothing = memo(move |_| scope.settings.with(|settings| settings.smoothing));
    let clips = memo(move |_| scope.settings.with(|settings| settings.clips));
    let is_zoomed = memo(move |_| scope.is_zoomed());
    let axis_option = move |this: XAxis| {
        view! { <option value=this.name() prop:selected=move || axis.get() == this>{this.label()}</option> }
    };
    let sync_option = move |this: CursorSync| {
        view! { <option value=this.name() prop:selected=move || sync.get() == this>{this.label()}</option> }
    };
    let choose_axis = move |event| {
        let axis = XAxis::from_name(&event_target_value(&event)).unwrap_or_default();
        scope.cursor.set(None);
        scope.change(|settings| settings.with_axis(axis));
    };
    let choose_sync = move |event| {
        let name = event_target_value(&event);
        let sync = CursorSync::ALL.into_iter().find(|sync| sync.name() == name).unwrap_or_default();
        scope.change(|settings| Settings { sync, ..settings });
    };
    let smooth = move |event| {
        let smoothing = event_target_value(&event).parse().unwrap_or(0.0);
        scope.change(|settings| Settings { smoothing, ..settings });
    };
    view! {
        <div class="toolbar chart-toolbar" role="group" aria-label="How the charts are shown">
            <label for="chart-axis">"Across"</label>
            <select class="select narrow" id="chart-axis" on:change=choose_axis>
                {XAxis::ALL.map(axis_option).collect_view()}
            </select>
            <label for="smoothing">"Smoothing"</label>
            <input
                id="smoothing"
                class="slider"
                type="range"
                min="0"
                max=MOST_SMOOTHING
                step="0.01"
                prop:value=move || smoothing.get().to_string()
                on:input=smooth
            />
            <output for="smoothing">{dynamic(move || format!("{:.2}", smoothing.get()))}</output>
            <label for="chart-cursor">"Cursor"</label>
            <select class="select narrow" id="chart-cursor" on:change=choose_sync>
                {CursorSync::ALL.map(sync_option).collect_view()}
            </select>
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || clips.get()
                    on:change=move |_| scope.change(|settings| Settings { clips: !settings.clips, ..settings })
                />
                "Clip outliers"
            </label>
            <div class="button-row" role="group" aria-label="Zoom">
                <button class="button" type="button" aria-label="Zoom in" on:click=move |_| scope.zoom(1, None)>"+"</button>
                <button
                    class="button"
                    type="button"
                    aria-label="Zoom out"
                    aria-disabled=move || (!is_zoomed.get()).then_some("true")
                    on:click=move |_| scope.zoom(-1, None)
                >
                    "−"
                </button>
                <button
                    class="button"
                    type="button"
                    aria-disabled=move || (!is_zoomed.get()).then_some("true")
                    on:click=move |_| scope.show(None)
                >
                    "Show all"
                </button>
            </div>
        </div>
    }
}
