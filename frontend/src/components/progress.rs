//! A bar for how far a run is, with the same in words.
//!
//! Must not know what runs.

use crate::components::dynamic::{dynamic, memo};
use leptos::prelude::*;

/// A determinate bar.
#[component]
pub fn ProgressBar(
    /// From 0 to 1.
    #[prop(into)]
    fraction: Signal<f64>,
    /// What stands beside it, for example `12/50`.
    #[prop(into)]
    text: Signal<String>,
    /// Said of the bar, for example "Progress of bees".
    #[prop(into)]
    label: Signal<String>,
    /// Name of the colours.
    #[prop(into)]
    look: Signal<&'static str>,
) -> impl IntoView {
    let percent = memo(move |_| (fraction.get() * 1000.0).round() / 10.0);
    view! {
        <div class="progress" data-look=move || look.get()>
            <div
                class="progress-track"
                role="progressbar"
                aria-label=move || label.get()
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=move || format!("{:.0}", percent.get())
                aria-valuetext=move || text.get()
            >
                <div
                    class="progress-done"
                    style:transform=move || format!("scaleX({})", percent.get() / 100.0)
                ></div>
            </div>
            <span>{dynamic(move || text.get())}</span>
        </div>
    }
}
