//! The architectures: what families of models there are, and in which sizes.
//!
//! Must not know how a network is built or trained.

use super::tabs::ModelsTabs;
use crate::routes::{NewModel, Place};
use crate::state::title::use_title;
use crate::text;
use leptos::prelude::*;
use shared::architecture::{ARCHITECTURES, Architecture};
use shared::dataset::Task;

/// Classes of the published weights, which sizes are told for.
const USUAL_CLASSES: u64 = 80;

#[component]
pub fn ArchitecturesPage() -> impl IntoView {
    use_title(|| "Models".into());
    view! {
        <div class="page-head"><h1>"Models"</h1></div>
        <ModelsTabs/>
        {ARCHITECTURES.iter().map(|family| view! { <Family family/> }).collect_view()}
    }
}

/// What the Train function asks for, by name and purpose.
fn declared_secrets(family: &Architecture) -> String {
    let words = family.secrets.iter().map(|secret| {
        let need = if secret.is_required { "required" } else { "optional" };
        format!("{} ({need}): {}", secret.name, secret.description)
    });
    let words = words.collect::<Vec<_>>().join("; ");
    if words.is_empty() { "None".to_owned() } else { words }
}

#[component]
fn Family(family: &'static Architecture) -> impl IntoView {
    let heading = format!("architecture-{}", family.id);
    let task = match family.task {
        Task::Detection => "Detection: boxes with labels",
        Task::Classification => "Classification: one label for an image",
    };
    let row = move |variant: &'static shared::architecture::Variant| {
        let full_name = family.full_name(variant);
        let parameters = family
            .parameters(variant.name, USUAL_CLASSES)
            .map_or_else(|| "–".to_owned(), |count| format!("{:.1} M", count as f64 / 1e6));
        let known = NewModel { architecture: full_name.clone(), ..NewModel::default() };
        view! {
            <tr>
                <td class="mono">{full_name.clone()}</td>
                <td>{variant.title}</td>
                <td class="number">{parameters}</td>
                <td class="number">
                    <a
                        class="button"
                        href=Place::NewModel(known).path()
                        aria-label=format!("Create version… of {full_name}")
                    >
                        "Create version…"
                    </a>
                </td>
            </tr>
        }
    };
    view! {
        <section class="card stack" aria-labelledby=heading.clone()>
            <h2 id=heading.clone()>{family.name}</h2>
            <p>{family.title}</p>
            <dl class="definition-list">
                <div><dt>"Task"</dt><dd>{task}</dd></div>
                <div><dt>"Training service"</dt><dd class="mono">{family.service_name()}</dd></div>
                <div>
                    <dt>"Settings"</dt>
                    <dd>{text::counted(family.schema().fields.len() as u64, "setting", "settings")}</dd>
                </div>
                <div>
                    <dt>"Predefined labels"</dt>
                    <dd>
                        <details>
                            <summary>{text::counted(family.labels.len() as u64, "label", "labels")}</summary>
                            <ol class="label-list numbered" start="0">
                                {family.labels.iter().map(|&label| view! { <li><span class="label">{label}</span></li> }).collect_view()}
                            </ol>
                        </details>
                    </dd>
                </div>
                <div><dt>"Declared secrets"</dt><dd>{declared_secrets(family)}</dd></div>
            </dl>
            <div class="table-frame">
                <table class="table">
                    <caption class="visually-hidden">{format!("Sizes of {}", family.name)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"Size"</th>
                            <th scope="col" class="number">{format!("Parameters, {USUAL_CLASSES} classes")}</th>
                            <td></td>
                        </tr>
                    </thead>
                    <tbody>{family.variants.iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}
