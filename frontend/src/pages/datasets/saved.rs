//! Filters that are kept by name: use one, keep the one in force, or delete one.
//!
//! Must not know how a filter is written, nor what it is used for.

use super::dialogs::words_of_refusal;
use crate::api;
use crate::components::dialog::Dialog;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::components::field::TextField;
use crate::components::filter::draft::{Draft, query_of};
use crate::components::icon::{Icon, IconView};
use crate::routes::Place;
use crate::state::act::Act;
use crate::state::resource::{Fetched, Loaded, fetched};
use crate::state::session::Session;
use crate::state::toasts::Toasts;
use leptos::prelude::*;
use leptos::task::spawn_local;
use proto::v1::SavedFilter;

/// What happened to a saved filter.
pub enum SavedChange {
    /// It was made, replaced, or brought back.
    Kept(SavedFilter),
    /// It is gone; its id.
    Deleted(String),
}

/// What the rows of the dialog share.
#[derive(Clone, Copy)]
struct Saved {
    filters: Fetched<Vec<SavedFilter>>,
    on_use: Callback<SavedFilter>,
    on_change: Callback<SavedChange>,
    session: Session,
    toasts: Toasts,
}

impl Saved {
    fn changed(self, change: SavedChange) {
        self.on_change.try_run(change);
        self.filters.again.try_run(());
    }
}

#[component]
pub fn SavedFilters(
    /// The filter that a name would be given to.
    #[prop(into)]
    in_force: Signal<String>,
    /// Called with one that can be read.
    on_use: Callback<SavedFilter>,
    on_change: Callback<SavedChange>,
) -> impl IntoView {
    let open = RwSignal::new(false);
    let close = Callback::new(move |()| open.set(false));
    view! {
        <button class="button" type="button" aria-haspopup="dialog" on:click=move |_| open.set(true)>"Saved filters…"</button>
        <Dialog open on_close=close labelled_by="saved-title">
            <SavedBody open in_force on_use on_change/>
        </Dialog>
    }
}

#[component]
fn SavedBody(
    open: RwSignal<bool>,
    in_force: Signal<String>,
    on_use: Callback<SavedFilter>,
    on_change: Callback<SavedChange>,
) -> impl IntoView {
    let filters = fetched(api::filters::list);
    let saved = Saved {
        filters,
        on_use,
        on_change,
        session: expect_context::<Session>(),
        toasts: expect_context::<Toasts>(),
    };
    view! {
        <div class="dialog-head">
            <h2 id="saved-title">"Saved filters"</h2>
            <button class="icon-button" type="button" aria-label="Close" on:click=move |_| open.set(false)>
                <IconView icon=Icon::Close/>
            </button>
        </div>
        {dynamic(move || match filters.state.get() {
            Loaded::Loading => view! { <Skeleton rows=2/> }.into_any(),
            Loaded::Failed(error) => view! { <LoadFailed what="The saved filters" error again=filters.again/> }.into_any(),
            Loaded::Ready(list) if list.is_empty() => {
                view! { <p class="muted">"None yet. A saved filter can be used in every dataset of the project, and by models"</p> }.into_any()
            }
            Loaded::Ready(list) => view! {
                <ul class="saved-list">
                    {list.into_iter().map(|filter| view! { <SavedRow filter saved open/> }).collect_view()}
                </ul>
            }
            .into_any(),
        })}
        <SaveForm saved in_force/>
    }
}

/// The filter as people read it.
fn words_of(dql: &str) -> String {
    query_of(dql).query.map_or_else(
        || dql.to_owned(),
        |query| {
            let text = Draft::of_query(&query).text;
            if text.is_empty() { "everything".into() } else { text }
        },
    )
}

#[component]
fn SavedRow(filter: SavedFilter, saved: Saved, open: RwSignal<bool>) -> impl IntoView {
    let words = words_of(&filter.query);
    let name = filter.name.clone();
    let (for_use, for_delete) = (filter.clone(), filter.clone());
    let use_it = move |_| {
        open.set(false);
        match query_of(&for_use.query).query {
            Some(_) => saved.on_use.run(for_use.clone()),
            None => saved.toasts.problem(format!("{} cannot be read by this version", for_use.name)),
        }
    };
    let is_used = !filter.used_by.is_empty();
    let reason = is_used.then_some("Models use it: give them another filter first");
    let reason_id = format!("why-kept-{}", filter.id);
    let delete = move |_| {
        if !is_used {
            delete(saved, for_delete.clone());
        }
    };
    let uses = filter
        .used_by
        .iter()
        .map(|used| {
            view! {
                " " <a href=Place::model(&used.model_id).path()>{used.model_name.clone()}</a>
            }
        })
        .collect_view();
    view! {
        <li>
            <div class="saved-words">
                <strong>{name.clone()}</strong>
                <code>{words}</code>
                {is_used.then(|| view! { <span class="muted">"Used by" {uses}</span> })}
            </div>
            <button class="button" type="button" aria-label=format!("Use {name}") on:click=use_it>"Use"</button>
            <button
                class="button quiet"
                type="button"
                aria-label=format!("Delete {name}")
                aria-disabled=reason.map(|_| "true")
                aria-describedby=reason.map(|_| reason_id.clone())
                title=reason
                on:click=delete
            >
                "Delete"
            </button>
            {reason.map(|reason| view! { <span class="visually-hidden" id=reason_id>{reason}</span> })}
        </li>
    }
}

/// Done at once, because saving it again brings it back.
fn delete(saved: Saved, filter: SavedFilter) {
    spawn_local(async move {
        match api::filters::delete(filter.id.clone()).await {
            Ok(()) => {
                let (id, name) = (filter.id.clone(), filter.name.clone());
                let undo = Act::new(move || {
                    let (filter, toasts) = (filter.clone(), saved.toasts);
                    spawn_local(async move {
                        match api::filters::save(filter.name, filter.query).await {
                            Ok(back) => {
                                toasts.done(format!("{} is back", back.name));
                                saved.changed(SavedChange::Kept(back));
                            }
                            Err(error) => {
                                toasts.problem(format!("It could not be undone: {}", error.sentence()))
                            }
                        }
                    });
                });
                saved.toasts.done_with(format!("{name} deleted"), "Undo", undo);
                saved.changed(SavedChange::Deleted(id));
            }
            Err(error) => {
                saved.session.check(&error);
                saved.toasts.problem(format!("The filter could not be deleted: {}", error.sentence()));
            }
        }
    });
}

#[component]
fn SaveForm(saved: Saved, in_force: Signal<String>) -> impl IntoView {
    let name = RwSignal::new(String::new());
    let server_problem = RwSignal::new(None::<String>);
    let is_busy = RwSignal::new(false);
    let is_taken = memo(move |_| {
        saved.filters.state.with(|state| {
            matches!(state, Loaded::Ready(list) if list.iter().any(|filter| name.with(|name| filter.name == name.trim())))
        })
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        let wanted = name.get_untracked().trim().to_owned();
        if wanted.is_empty() {
            return server_problem.set(Some("Give it a name".into()));
        }
        let query = in_force.get_untracked();
        let query = if query.is_empty() { "{}".to_owned() } else { query };
        is_busy.set(true);
        spawn_local(async move {
            let answer = api::filters::save(wanted, query).await;
            // Who closed the dialog meanwhile is told beside it.
            let is_open = is_busy.try_set(false).is_none();
            match answer {
                Ok(filter) => {
                    saved.toasts.done(format!("{} saved", filter.name));
                    name.try_set(String::new());
                    saved.changed(SavedChange::Kept(filter));
                }
                Err(error) => {
                    saved.session.check(&error);
                    let words = words_of_refusal(&error);
                    if is_open {
                        server_problem.set(Some(words));
                    } else {
                        saved.toasts.problem(format!("The filter could not be saved: {words}"));
                    }
                }
            }
        });
    };
    view! {
        <form class="dialog-form save-form" on:submit=submit novalidate>
            <p>"In force: " <code>{dynamic(move || words_of(&in_force.get()))}</code></p>
            <TextField id="save-name" label="Save it under a name" value=name problem=server_problem/>
            <div class="dialog-actions">
                <button
                    class="button primary"
                    type="submit"
                    aria-busy=move || is_busy.get().to_string()
                    aria-disabled=move || is_busy.get().then_some("true")
                >
                    {dynamic(move || if is_taken.get() { "Replace" } else { "Save" })}
                </button>
            </div>
        </form>
    }
}
