//! How one subset is chosen: tagged items, a filter or a folder, with what it comes to below.
//!
//! Must not know the rule of the choice that is offered first: `shared::dql` does.

use super::draft::ChoiceDraft;
use super::wizard::{Choice, Wizard};
use crate::api;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::empty::LoadFailed;
use crate::components::field::TextArea;
use crate::components::filter::draft::{query_of, says};
use crate::components::filter::{FilterInput, Named};
use crate::components::folder_tree::FolderTree;
use crate::components::icon::{Icon, IconView};
use crate::pages::datasets::{SavedChange, SavedFilters, completion, tree_of};
use crate::routes::thumbnail;
use crate::state::resource::{Fetched, Loaded, fetched};
use crate::state::settled::settled;
use crate::text;
use leptos::prelude::*;
use proto::v1::{PreviewFilterResponse, SavedFilter};
use shared::dataset::Subset;
use shared::model::ChoiceMode;
use std::time::Duration;

/// Pictures of what a filter finds.
const PICTURES: u32 = 12;
const PREVIEW_AFTER: Duration = Duration::from_millis(250);

pub const fn mode_label(mode: ChoiceMode) -> &'static str {
    match mode {
        ChoiceMode::TaggedItems => "Tagged items",
        ChoiceMode::DqlFilter => "DQL filter",
        ChoiceMode::Folder => "Folder",
    }
}

/// The card of one subset.
#[component]
pub fn SubsetCard(wizard: Wizard, choice: Choice, saved: Fetched<Vec<SavedFilter>>) -> impl IntoView {
    let name = choice.subset.name();
    let mode = memo(move |_| choice.draft.with(|draft| draft.mode));
    let heading = format!("{name}-heading");
    let option = move |each: ChoiceMode| {
        view! {
            <label class="radio">
                <input
                    type="radio"
                    name=format!("{name}-mode")
                    prop:checked=move || mode.get() == each
                    on:change=move |_| choice.draft.update(|draft| draft.mode = each)
                />
                <span>{mode_label(each)}</span>
            </label>
        }
    };
    view! {
        <section class="card" aria-labelledby=heading.clone()>
            <h2 id=heading.clone()>{format!("{} subset", text::capitalised(name))}</h2>
            <div class="radio-row" role="radiogroup" aria-labelledby=heading.clone()>
                {ChoiceMode::ALL.map(option).collect_view()}
            </div>
            <p class="hint">{dynamic(move || reason_words(choice, mode.get()))}</p>
            <SubsetProblem wizard name/>
            {dynamic(move || match mode.get() {
                ChoiceMode::TaggedItems => view! { <ShownFilter choice/> }.into_any(),
                ChoiceMode::DqlFilter => view! { <FilterChoice wizard choice saved/> }.into_any(),
                ChoiceMode::Folder => view! { <FolderChoice wizard choice/> }.into_any(),
            })}
            <AnnotationChoice wizard choice/>
            <Found wizard choice/>
        </section>
    }
}

/// What is wrong with the subset as a whole, for example that it is empty.
#[component]
fn SubsetProblem(wizard: Wizard, name: &'static str) -> impl IntoView {
    let problem = move || wizard.problem_at(name).or_else(|| wizard.problem_at(&format!("{name}.mode")));
    dynamic(move || {
        problem().map(|problem| {
            view! {
                <p class="problem" role="alert" tabindex="-1" id=format!("{name}-problem")>
                    <IconView icon=Icon::CrossInOctagon/>
                    <span>{text::capitalised(&problem)}</span>
                </p>
            }
        })
    })
}

/// Why the way was offered, as long as it is the one that was.
fn reason_words(choice: Choice, mode: ChoiceMode) -> String {
    let reason = choice.reason.get_value();
    let offered = choice.offered;
    if offered == mode {
        format!("Offered because {reason}")
    } else {
        format!("{} was offered because {reason}", mode_label(offered))
    }
}

/// The query of the tagged items, to look at.
#[component]
fn ShownFilter(choice: Choice) -> impl IntoView {
    view! {
        <details>
            <summary>"Show filter"</summary>
            <pre class="query"><code>{dynamic(move || text::spaced_json(&choice.query()))}</code></pre>
        </details>
    }
}

/// A filter of one's own, saved or edited in place.
#[component]
fn FilterChoice(wizard: Wizard, choice: Choice, saved: Fetched<Vec<SavedFilter>>) -> impl IntoView {
    let name = choice.subset.name();
    let id = match choice.subset {
        Subset::Train => "train-filter",
        Subset::Validation | Subset::Test => "validation-filter",
    };
    let value = RwSignal::new(choice.draft.with_untracked(|draft| draft.filter.clone()));
    effect(move |before: Option<()>| {
        let typed = value.get();
        if before.is_some() {
            choice.draft.update(|draft| edit_filter(draft, typed));
        }
    });
    let refusal = Signal::derive(move || wizard.problem_of(&format!("{name}.filter")));
    let take = Callback::new(move |filter: SavedFilter| {
        choice.draft.update(|draft| {
            draft.filter.clone_from(&filter.query);
            draft.saved_filter_id = filter.id;
        });
        value.set(filter.query);
    });
    let on_change = Callback::new(move |change| {
        match change {
            // What stands here was given a name.
            SavedChange::Kept(filter) => {
                let kept = query_of(&filter.query).query;
                if kept.is_some_and(|kept| value.with_untracked(|value| says(value, &kept))) {
                    take.run(filter);
                }
            }
            SavedChange::Deleted(id) => choice.draft.update(|draft| {
                if draft.saved_filter_id == id {
                    draft.saved_filter_id.clear();
                }
            }),
        }
        saved.again.run(());
    });
    let list = memo(move |_| {
        saved.state.with(|state| match state {
            Loaded::Ready(list) => list.clone(),
            Loaded::Loading | Loaded::Failed(_) => Vec::new(),
        })
    });
    let on_select = move |event| {
        let id = event_target_value(&event);
        match list.with_untracked(|list| list.iter().find(|filter| filter.id == id).cloned()) {
            Some(filter) => take.run(filter),
            None => choice.draft.update(|draft| draft.saved_filter_id = String::new()),
        }
    };
    let chosen = memo(move |_| choice.draft.with(|draft| draft.saved_filter_id.clone()));
    let complete = completion(move || untrack(|| wizard.dataset()));
    view! {
        <div class="form">
            <Show when=move || list.with(|list| !list.is_empty())>
                <div class="field">
                    <label for=format!("{name}-saved")>"Saved filter"</label>
                    <select class="select" id=format!("{name}-saved") on:change=on_select>
                        <option value="" prop:selected=move || chosen.get().is_empty()>"Edited here"</option>
                        {dynamic(move || list.get().into_iter().map(|filter| {
                            let id = filter.id.clone();
                            view! {
                                <option value=filter.id prop:selected=move || chosen.get() == id>{filter.name}</option>
                            }
                        }).collect_view())}
                    </select>
                </div>
            </Show>
            <div class="field">
                <label for=id>"Filter (DQL)"</label>
                <FilterInput named=Named { id, label: "Filter (DQL)" } value complete refusal>
                    <SavedFilters in_force=value on_use=take on_change/>
                </FilterInput>
            </div>
        </div>
    }
}

/// A filter that is edited is the saved one no longer.
fn edit_filter(draft: &mut ChoiceDraft, typed: String) {
    if draft.filter != typed {
        draft.filter = typed;
        draft.saved_filter_id = String::new();
    }
}

/// One of the dataset's folders.
#[component]
fn FolderChoice(wizard: Wizard, choice: Choice) -> impl IntoView {
    let name = choice.subset.name();
    let id = match choice.subset {
        Subset::Train => "train-folder",
        Subset::Validation | Subset::Test => "validation-folder",
    };
    let folders = fetched(move || api::datasets::folders(wizard.dataset_id.get()));
    let failure = move || {
        folders.state.with(|state| if let Loaded::Failed(error) = state { Some(error.clone()) } else { None })
    };
    let tree = memo(move |_| folders.state.with(tree_of));
    let selected = memo(move |_| choice.draft.with(|draft| draft.dir.clone()));
    let problem = Signal::derive(move || wizard.problem_of(&format!("{name}.filter")));
    let on_choose = Callback::new(move |dir| choice.draft.update(|draft| draft.dir = dir));
    view! {
        <div class="field">
            <span class="field-name" id=format!("{id}-name")>"Folder"</span>
            {dynamic(move || failure().map(|error| view! { <LoadFailed what="The folders" error again=folders.again/> }))}
            <FolderTree
                id
                tree
                selected
                on_choose
                labelled_by=format!("{id}-name")
                root="Root folder"
                otherwise="choose one of them by a DQL filter"
                problem
            />
            <label class="check">
                <input
                    type="checkbox"
                    prop:checked=move || choice.draft.with(|draft| draft.with_subfolders)
                    on:change=move |event| {
                        choice.draft.update(|draft| draft.with_subfolders = event_target_checked(&event));
                    }
                />
                <span>"With sub-folders"</span>
            </label>
        </div>
    }
}

/// Which annotations take part.
#[component]
fn AnnotationChoice(wizard: Wizard, choice: Choice) -> impl IntoView {
    let name = choice.subset.name();
    let value = RwSignal::new(choice.draft.with_untracked(|draft| draft.annotation_filter.clone()));
    effect(move |before: Option<()>| {
        let typed = value.get();
        if before.is_some() {
            choice.draft.update(|draft| draft.annotation_filter = typed);
        }
    });
    let problem = Signal::derive(move || wizard.problem_of(&format!("{name}.annotation_filter")));
    let is_open = choice.draft.with_untracked(|draft| !draft.annotation_filter.is_empty());
    let usual = wizard.usual_annotations();
    view! {
        <details open=is_open>
            <summary>"Annotations"</summary>
            <TextArea
                id=format!("{name}-annotations")
                label="Filter of annotations (DQL)"
                hint="Left empty, all that fit the model's output take part, except predictions made by models"
                value
                problem
                rows=3
            />
            <Show when=move || value.with(|value| value.trim().is_empty())>
                <p class="hint">"In force:"</p>
                <pre class="query"><code>{usual.clone()}</code></pre>
            </Show>
        </details>
    }
}

/// How many items it finds, and the first of them.
#[component]
fn Found(wizard: Wizard, choice: Choice) -> impl IntoView {
    let wanted = settled(
        move || {
            let is_usable = choice.draft.with(|draft| draft.problem().is_none());
            is_usable.then(|| (wizard.dataset_id.get(), choice.query()))
        },
        PREVIEW_AFTER,
    );
    let preview = fetched(move || {
        let wanted = wanted.get();
        async move {
            match wanted {
                Some((dataset, query)) => {
                    api::filters::preview_with_items(dataset, query, PICTURES).await.map(Some)
                }
                None => Ok(None),
            }
        }
    });
    dynamic(move || match preview.state.get() {
        Loaded::Loading => view! { <p class="muted" role="status">"Counting"</p> }.into_any(),
        Loaded::Ready(None) => view! { <p class="muted">"Nothing can be counted yet"</p> }.into_any(),
        Loaded::Failed(error) => view! { <p class="problem" role="alert">{error.sentence()}</p> }.into_any(),
        Loaded::Ready(Some(found)) => view! { <Pictures found/> }.into_any(),
    })
}

#[component]
fn Pictures(found: PreviewFilterResponse) -> impl IntoView {
    let labels = found
        .labels
        .iter()
        .take(8)
        .map(|label| format!("{} {}", text::count(label.annotation_count), label.label));
    let labels = labels.collect::<Vec<_>>().join(", ");
    let picture = |item: proto::v1::Item| {
        let name = item.name.clone();
        view! { <li><img src=thumbnail(&item.content_hash) alt=name loading="lazy" decoding="async"/></li> }
    };
    view! {
        <p role="status">
            <strong>{text::counted(found.total_count, "item", "items")}</strong>
            {(!labels.is_empty()).then(|| view! { <span class="muted">{format!(" with {labels}")}</span> })}
        </p>
        {found.warnings.into_iter().map(|warning| view! { <p class="hint">{warning}</p> }).collect_view()}
        <ul class="picture-strip">{found.items.into_iter().map(picture).collect_view()}</ul>
    }
}
