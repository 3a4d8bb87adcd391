//! The architectures: what families of models there are, and in which sizes; private ones are added by a manifest.
//!
//! Must not know how a network is built or trained, nor what makes a manifest usable.

use super::add_architecture::{AddArchitecture, Asked};
use super::private::PrivateFacts;
use crate::components::dynamic::dynamic;
use crate::components::empty::{LoadFailed, Skeleton};
use crate::components::section_tabs::{Section, SectionTabs};
use crate::routes::{NewModel, Place};
use crate::state::architectures::all;
use crate::state::resource::Loaded;
use crate::state::title::use_title;
use crate::text;
use leptos::prelude::*;
use shared::architecture::{Architecture, Variant};
use shared::dataset::Task;

/// Classes of the published weights, which sizes are told for.
const USUAL_CLASSES: u64 = 80;

#[component]
pub fn ArchitecturesPage() -> impl IntoView {
    use_title(|| "Models".into());
    let architectures = all();
    let asked = RwSignal::new(None);
    view! {
        <div class="page-head">
            <h1>"Models"</h1>
            <button
                class="button primary"
                type="button"
                aria-haspopup="dialog"
                on:click=move |_| asked.set(Some(Asked::default()))
            >
                "Add architecture…"
            </button>
        </div>
        <SectionTabs section=Section::Models/>
        {dynamic(move || match architectures.state.get() {
            Loaded::Loading => view! { <Skeleton rows=8/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <LoadFailed what="The architectures" error again=architectures.again/> }.into_any()
            }
            Loaded::Ready(catalog) => catalog
                .families()
                .map(|family| view! { <Family family asked again=architectures.again/> })
                .collect_view()
                .into_any(),
        })}
        <AddArchitecture asked again=architectures.again/>
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
fn Family(
    family: &'static Architecture,
    asked: RwSignal<Option<Asked>>,
    again: Callback<()>,
) -> impl IntoView {
    let heading = format!("architecture-{}", family.id);
    let task = match family.task {
        Task::Detection => "Detection: boxes with labels",
        Task::Classification => "Classification: one label for an image",
    };
    let row = move |variant: &'static Variant| {
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
    // A private network says how large it is, whatever the classes.
    let size = match family.private() {
        None => format!("Parameters, {USUAL_CLASSES} classes"),
        Some(_) => "Parameters".to_owned(),
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
                <div><dt>"Predefined labels"</dt><dd><Labels labels=family.labels/></dd></div>
                <div><dt>"Declared secrets"</dt><dd>{declared_secrets(family)}</dd></div>
            </dl>
            {family.private().map(|private| view! { <PrivateFacts family private asked again/> })}
            <div class="table-frame">
                <table class="table">
                    <caption class="visually-hidden">{format!("Sizes of {}", family.name)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"Size"</th>
                            <th scope="col" class="number">{size}</th>
                            <td></td>
                        </tr>
                    </thead>
                    <tbody>{family.variants.iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
}

#[component]
fn Labels(labels: &'static [&'static str]) -> impl IntoView {
    if labels.is_empty() {
        return "None".into_any();
    }
    view! {
        <details>
            <summary>{text::counted(labels.len() as u64, "label", "labels")}</summary>
            <ol class="label-list numbered" start="0">
                {labels.iter().map(|&label| view! { <li><span class="label">{label}</span></li> }).collect_view()}
            </ol>
        </details>
    }
    .into_any()
}
