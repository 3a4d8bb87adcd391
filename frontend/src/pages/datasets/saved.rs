//! Filters that are kept by name: use one, keep the one in force, or delete one.
//!
//! Must not know how a filter is written, nor what it is used for.

use super::dialogs::words_of_refusal;
use crate::api;
use crate::components::dialog::Dialog;
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
        {move || match filters.state.get() {
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
        }}
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
            <p>"In force: " <code>{move || words_of(&in_force.get())}</code></p>
            <TextField id="save-name" label="Save it under a name" value=name problem=server_problem/>
            <div class="dialog-actions">
                <button
                    class="button primary"
                    type="submit"
                    aria-busy=move || is_busy.get().to_string()
                    aria-disabled=move || is_busy.get().then_some("true")
                >
                    {move || if is_taken.get() { "Replace" } else { "Save" }}
                </button>
            </div>
        </form>
    }
}
