//! How this browser shows the UI: chosen here, seen at once, kept by the browser.
//!
//! Must not know what a choice does: styles, keys and times look at it themselves.

use super::tabs::SettingsTabs;
use super::time_zone::TimeZoneField;
use crate::components::dynamic::memo;
use crate::state::preferences::Preferences;
use crate::state::setting::Setting;
use crate::state::title::use_title;
use leptos::prelude::*;

#[component]
pub fn AppearancePage() -> impl IntoView {
    use_title(|| "Appearance".into());
    view! {
        <div class="page-head"><h1>"Appearance"</h1></div>
        <SettingsTabs/>
        <p class="hint">"Kept in this browser and the same in all of its tabs. Nobody else sees a change"</p>
        <div class="card form settings">
            {Setting::ALL.map(|setting| view! { <SettingChoice setting/> }).collect_view()}
            <TimeZoneField/>
        </div>
    }
}

/// The values of one setting, of which one holds.
#[component]
fn SettingChoice(setting: Setting) -> impl IntoView {
    let preferences = expect_context::<Preferences>();
    let name = setting.key();
    let (label_id, hint_id) = (format!("{name}-label"), format!("{name}-hint"));
    let chosen = memo(move |_| preferences.of(setting));
    let option = move |(value, words): &(&'static str, &'static str)| {
        let (value, words) = (*value, *words);
        view! {
            <label class="radio">
                <input
                    type="radio"
                    name=name
                    prop:checked=move || chosen.get() == value
                    on:change=move |_| preferences.choose(setting, value)
                />
                <span>{words}</span>
            </label>
        }
    };
    view! {
        <div class="field" role="radiogroup" aria-labelledby=label_id.clone() aria-describedby=hint_id.clone()>
            <span class="field-name" id=label_id.clone()>{setting.label()}</span>
            <div class="radio-row">{setting.values().iter().map(option).collect_view()}</div>
            <span class="hint" id=hint_id.clone()>{setting.hint()}</span>
        </div>
    }
}
