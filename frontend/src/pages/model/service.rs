//! How the service ran when a training was started, and which secrets the training got.
//!
//! Must not know any single setting.

use super::service_words::setting_words;
use leptos::prelude::*;
use proto::v1::TrainingSnapshot;
use serde_json::Value;
use shared::service::ServiceSettings;

#[component]
pub fn FrozenService(snapshot: TrainingSnapshot) -> impl IntoView {
    let revision = snapshot.settings_revision;
    let settings = snapshot.service_settings.and_then(|wire| ServiceSettings::try_from(wire).ok());
    let secrets = snapshot.secrets;
    let secret = |name: String| view! { <li><span class="label mono">{name}</span></li> };
    view! {
        <section class="card stack" aria-label="Service settings">
            <h2>"Service settings"</h2>
            {match settings {
                Some(settings) => view! {
                    <p class="hint">
                        {format!("Revision {revision}, in force when the training was started")}
                    </p>
                    <dl class="definition-list">{rows(&settings)}</dl>
                }
                .into_any(),
                None => view! { <p>"Not recorded: an earlier version of Trainyard started this training"</p> }
                    .into_any(),
            }}
        </section>
        <section class="card stack" aria-label="Secrets">
            <h2>"Secrets"</h2>
            {if secrets.is_empty() {
                view! { <p>"The Train function gets none"</p> }.into_any()
            } else {
                view! { <ul class="label-list">{secrets.into_iter().map(secret).collect_view()}</ul> }.into_any()
            }}
        </section>
    }
}

fn rows(settings: &ServiceSettings) -> Vec<AnyView> {
    let values = serde_json::to_value(settings).unwrap_or_default();
    let row = |(key, value): (&String, &Value)| {
        let (label, words) = setting_words(key, value);
        let words = if words.is_empty() { "–".to_owned() } else { words };
        view! { <div><dt>{label} " " <code>{key.clone()}</code></dt><dd><strong>{words}</strong></dd></div> }
            .into_any()
    };
    values.as_object().into_iter().flatten().map(row).collect()
}
