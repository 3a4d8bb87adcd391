//! In which zone times are read: the browser's, UTC or any that the browser knows.
//!
//! Must not know where times are shown.

use crate::components::dynamic::{dynamic, memo};
use crate::state::clock::{Clock, absolute, browser_zone, known_zones, zone};
use crate::state::preferences::Preferences;
use crate::state::time_zone::{Zone, by_region, place};
use leptos::prelude::*;

const ID: &str = "time-zone";
const HINT: &str = "time-zone-hint";

#[component]
pub fn TimeZoneField() -> impl IntoView {
    let preferences = expect_context::<Preferences>();
    let clock = expect_context::<Clock>();
    let chosen = memo(move |_| zone().name().to_owned());
    let option = |name: String, words: String| {
        let this = name.clone();
        view! { <option value=name prop:selected=move || chosen.get() == this>{words}</option> }
    };
    let own = browser_zone().map_or_else(String::new, |name| format!(" ({name})"));
    let groups = by_region(&known_zones()).into_iter().map(|(region, names)| {
        let zones = names.into_iter().filter(|name| name != Zone::Utc.name()).map(|name| {
            let words = place(&name);
            option(name, words)
        });
        view! { <optgroup label=region>{zones.collect_view()}</optgroup> }
    });
    view! {
        <div class="field">
            <label for=ID>"Time zone"</label>
            <select
                class="select"
                id=ID
                aria-describedby=HINT
                on:change=move |event| preferences.choose_zone(Zone::from_name(&event_target_value(&event)))
            >
                {option(Zone::Browser.name().into(), format!("As the browser{own}"))}
                {option(Zone::Utc.name().into(), "UTC".into())}
                {groups.collect_view()}
            </select>
            <span class="hint" id=HINT>
                "Times are written in it with their offset. It is now "
                {dynamic(move || absolute(clock.now_ms()))}
            </span>
        </div>
    }
}
