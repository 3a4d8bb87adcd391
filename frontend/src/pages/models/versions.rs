//! The model versions, each with what can be done with it.
//!
//! Must not decide what is possible: `shared::status` does.

use super::change::{ChangeDialogs, Changes};
use super::query::Query;
use crate::api;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::components::menu::MenuButton;
use crate::components::search_field::SearchField;
use crate::components::section_tabs::{Section, SectionTabs};
use crate::components::status_chip::ModelChip;
use crate::components::time::TimeAgo;
use crate::pages::train::steps::Step;
use crate::routes::{NewModel, Place};
use crate::state::live::Live;
use crate::state::navigation::Navigation;
use crate::state::resource::{Loaded, fetched};
use crate::state::title::use_title;
use crate::text;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use shared::id::DatasetId;
use shared::model::Model;
use shared::status::ModelStatus;
use std::collections::{BTreeSet, HashMap};

#[component]
pub fn VersionsPage() -> impl IntoView {
    use_title(|| "Versions".into());
    let models = fetched(|| async {
        let models = api::models::list().await?;
        let names: HashMap<DatasetId, String> =
            api::datasets::list().await?.into_iter().map(|dataset| (dataset.id, dataset.name)).collect();
        Ok((models, names))
    });
    let changes = Changes::new(models.again);
    view! {
        <div class="page-head">
            <h1>"Versions"</h1>
            <a class="button primary" href=Place::NewModel(NewModel::default()).path()>"Create version…"</a>
        </div>
        <SectionTabs section=Section::Models/>
        {dynamic(move || match models.state.get() {
            Loaded::Loading => view! { <Skeleton rows=4/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <LoadFailed what="The versions" error again=models.again/> }.into_any()
            }
            Loaded::Ready((list, _)) if list.is_empty() => view! { <NoVersions/> }.into_any(),
            Loaded::Ready((list, datasets)) => view! { <Versions list datasets changes/> }.into_any(),
        })}
        <ChangeDialogs changes/>
    }
}

#[component]
fn NoVersions() -> impl IntoView {
    view! {
        <Empty title="No versions yet">
            <p>"A model version is one network to be trained: an architecture, the labels of a dataset and a \
                configuration"</p>
            <a class="button primary" href=Place::NewModel(NewModel::default()).path()>"Create version…"</a>
        </Empty>
    }
}

/// The status that the live rows know, or the one that was fetched.
fn status_now(live: Live, model: &Model) -> ModelStatus {
    live.latest_of(model.id)
        .map_or(model.status, |training| training.with(|training| ModelStatus::beside(training.status)))
}

#[component]
fn Versions(list: Vec<Model>, datasets: HashMap<DatasetId, String>, changes: Changes) -> impl IntoView {
    let live = expect_context::<Live>();
    let navigation = expect_context::<Navigation>();
    let parameters = use_query_map();
    let query = memo(move |_| {
        parameters.with(|all| {
            Query::from_parts(all.get("q"), all.get("status").as_deref(), all.get("architecture"))
        })
    });
    let set_query = Callback::new(move |query: Query| {
        navigation.replace(format!("{}{}", Place::Models.path(), query.to_url()));
    });
    let list = StoredValue::new(list);
    let datasets = StoredValue::new(datasets);
    let shown = memo(move |_| {
        let query = query.get();
        list.with_value(|list| {
            let is_shown = |model: &&Model| query.shows(model, status_now(live, model));
            list.iter().filter(is_shown).cloned().collect::<Vec<_>>()
        })
    });
    let total = list.with_value(Vec::len);
    let footer = move || {
        let shown = shown.with(Vec::len);
        format!("{} of {}", text::count(shown as u64), text::counted(total as u64, "version", "versions"))
    };
    view! {
        <Toolbar list query set_query/>
        <Show
            when=move || shown.with(|shown| !shown.is_empty())
            fallback=move || view! {
                <Empty title="No version matches">
                    <button class="button" type="button" on:click=move |_| set_query.run(Query::default())>
                        "Clear search and filters"
                    </button>
                </Empty>
            }
        >
            <div class="table-frame">
                <table class="table training-table">
                    <caption class="visually-hidden">"Versions"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"Architecture"</th>
                            <th scope="col">"Dataset"</th>
                            <th scope="col">"Status"</th>
                            <th scope="col">"Tags"</th>
                            <th scope="col">"Created At"</th>
                            <td></td>
                        </tr>
                    </thead>
                    <tbody>
                        {dynamic(move || shown.get().into_iter().map(|model| {
                            let dataset = datasets.with_value(|names| names.get(&model.dataset_id).cloned());
                            let dataset = dataset.unwrap_or_else(|| model.dataset_id.to_string());
                            view! { <VersionRow model dataset changes/> }
                        }).collect_view())}
                    </tbody>
                </table>
                <div class="table-footer">{dynamic(footer)}</div>
            </div>
        </Show>
    }
}

#[component]
fn Toolbar(list: StoredValue<Vec<Model>>, query: Memo<Query>, set_query: Callback<Query>) -> impl IntoView {
    let live = expect_context::<Live>();
    let search = Callback::new(move |search| {
        set_query.run(Query { search, ..query.get_untracked() });
    });
    let counts = memo(move |_| {
        let query = query.get();
        list.with_value(|list| {
            let found: Vec<ModelStatus> =
                list.iter().filter(|model| query.finds(model)).map(|model| status_now(live, model)).collect();
            ModelStatus::ALL.map(|status| found.iter().filter(|each| **each == status).count())
        })
    });
    let architectures: BTreeSet<String> =
        list.with_value(|list| list.iter().map(|model| model.architecture_id.clone()).collect());
    let chip = move |(index, status): (usize, ModelStatus)| {
        view! {
            <button
                class="filter-chip"
                type="button"
                aria-pressed=move || query.with(|query| query.statuses.contains(&status)).to_string()
                on:click=move |_| set_query.run(query.get_untracked().toggled(status))
            >
                {crate::components::status_chip::model_look(status).2}
                " "
                <span class="count">{dynamic(move || counts.with(|counts| counts.get(index).copied().unwrap_or(0)))}</span>
            </button>
        }
    };
    view! {
        <div class="toolbar" role="search" aria-label="Versions">
            <SearchField
                words="Search name, tag or ID"
                value=Signal::derive(move || query.get().search)
                on_input=search
            />
            <select
                class="select narrow"
                aria-label="Architecture"
                prop:value=move || query.get().architecture
                on:change=move |event| {
                    set_query.run(Query { architecture: event_target_value(&event), ..query.get_untracked() });
                }
            >
                <option value="">"All architectures"</option>
                {architectures
                    .into_iter()
                    .map(|id| {
                        let (value, words) = (id.clone(), id.clone());
                        view! {
                            <option value=id prop:selected=move || query.with(|query| query.architecture == value)>
                                {words}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
            <div class="filter-chips" role="group" aria-label="Status">
                {ModelStatus::ALL.into_iter().enumerate().map(chip).collect_view()}
            </div>
        </div>
    }
}

#[component]
fn VersionRow(model: Model, dataset: String, changes: Changes) -> impl IntoView {
    let live = expect_context::<Live>();
    let open = Place::model(model.id).path();
    let architecture = format!("{}{}", model.architecture_id, model.variant);
    let (name, id, created_at_ms) = (model.name.clone(), model.id.to_string(), model.created_at_ms);
    let description = Some(model.description.clone()).filter(|text| !text.is_empty());
    let tags: Vec<_> =
        model.tags.iter().map(|tag| view! { <span class="label">{tag.clone()}</span> }).collect();
    let for_status = model.clone();
    let status = memo(move |_| status_now(live, &for_status));
    let menu_label = format!("Actions for {name}");
    let entries = Callback::new(move |()| changes.menu(&model, status.get_untracked()));
    view! {
        <tr>
            <td>
                <a class="name-link" href=open>{name.clone()}</a>
                {description.map(|text| view! { <div class="muted clipped">{text}</div> })}
            </td>
            <td class="mono">{architecture}</td>
            <td>{dataset}</td>
            <td>{dynamic(move || view! { <ModelChip status=status.get()/> })}</td>
            <td><div class="label-list">{tags}</div></td>
            <td class="created-cell"><TimeAgo at_ms=created_at_ms/></td>
            <td class="number">
                <div class="row-actions">
                    {dynamic(move || view! { <TrainLink model_id=id.clone() name=name.clone() status=status.get()/> })}
                    <MenuButton label=menu_label entries/>
                </div>
            </td>
        </tr>
    }
}

/// Leads to the wizard, or says why it cannot.
#[component]
pub fn TrainLink(model_id: String, name: String, status: ModelStatus) -> impl IntoView {
    match status.can_train() {
        Ok(()) => {
            let path = Place::Train { model: model_id, step: Step::Data }.path();
            view! { <a class="button" href=path aria-label=format!("Train {name}…")>"Train…"</a> }.into_any()
        }
        Err(reason) => {
            let reason_id = format!("why-{model_id}");
            view! {
                <button
                    class="button"
                    type="button"
                    aria-disabled="true"
                    title=reason
                    aria-label=format!("Train {name}…")
                    aria-describedby=reason_id.clone()
                >
                    "Train…"
                </button>
                <span class="visually-hidden" id=reason_id>{reason}</span>
            }
            .into_any()
        }
    }
}
