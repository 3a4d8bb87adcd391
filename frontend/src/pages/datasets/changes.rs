//! The latest changes of the dataset's items, each with the way back.
//!
//! Must not know how a change is stored or taken back.

use super::dialogs::words_of_refusal;
use super::state::Browser;
use crate::api::{self, ApiError};
use crate::components::dialog::Dialog;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::components::icon::{Icon, IconView};
use crate::components::time::TimeAgo;
use crate::state::resource::{Loaded, fetched};
use crate::text;
use leptos::prelude::*;
use proto::v1::PastItemsChange;

#[component]
pub fn RecentChanges() -> impl IntoView {
    let open = RwSignal::new(false);
    let close = Callback::new(move |()| open.set(false));
    view! {
        <button class="button quiet" type="button" aria-haspopup="dialog" on:click=move |_| open.set(true)>
            "Recent changes…"
        </button>
        <Dialog open on_close=close labelled_by="changes-title" class="dialog wide">
            <ChangesBody open/>
        </Dialog>
    }
}

/// What stands in the dialog; another list draws only those rows anew that are new.
#[derive(Debug, Clone, PartialEq)]
enum Stage {
    Loading,
    Failed(ApiError),
    Nothing,
    Shown,
}

/// An undo that was asked for here.
#[derive(Debug, Clone, Copy)]
struct Undoing {
    /// The change whose answer is on its way.
    busy: RwSignal<Option<String>>,
    /// The change that could not be taken back, and why.
    refusal: RwSignal<Option<(String, String)>>,
}

#[component]
fn ChangesBody(open: RwSignal<bool>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let listed = fetched(move || {
        browser.revision.track();
        api::datasets::changes(browser.id())
    });
    let changes = memo(move |_| match listed.state.get() {
        Loaded::Ready(changes) => changes,
        Loaded::Loading | Loaded::Failed(_) => Vec::new(),
    });
    let stage = memo(move |_| {
        listed.state.with(|state| match state {
            Loaded::Loading => Stage::Loading,
            Loaded::Failed(error) => Stage::Failed(error.clone()),
            Loaded::Ready(changes) if changes.is_empty() => Stage::Nothing,
            Loaded::Ready(_) => Stage::Shown,
        })
    });
    let undoing = Undoing { busy: RwSignal::new(None), refusal: RwSignal::new(None) };
    view! {
        <div class="dialog-head">
            <h2 id="changes-title">"Recent changes"</h2>
            <button class="icon-button" type="button" aria-label="Close" on:click=move |_| open.set(false)>
                <IconView icon=Icon::Close/>
            </button>
        </div>
        {dynamic(move || match stage.get() {
            Stage::Loading => view! { <Skeleton rows=3/> }.into_any(),
            Stage::Failed(error) => {
                view! { <LoadFailed what="The changes" error again=listed.again/> }.into_any()
            }
            Stage::Nothing => view! {
                <p class="muted">"None yet. What is tagged, split, moved or deleted is listed here; imports are not"</p>
            }
            .into_any(),
            Stage::Shown => view! {
                <ul class="saved-list">
                    <For each=move || changes.get() key=|change| change.change_id.clone() let:change>
                        <ChangeRow change changes undoing/>
                    </For>
                </ul>
            }
            .into_any(),
        })}
    }
}

/// For example "Tagged into test", or "Undo: tagged into test".
fn words_of(change: &PastItemsChange) -> String {
    let words = format!("{} {}", change.kind, change.detail);
    let words = words.trim_end();
    if change.is_undo { format!("Undo: {words}") } else { text::capitalised(words) }
}

#[component]
fn ChangeRow(
    change: PastItemsChange,
    changes: Memo<Vec<PastItemsChange>>,
    undoing: Undoing,
) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let Undoing { busy, refusal } = undoing;
    let (words, items) = (words_of(&change), text::counted(change.changed_count, "item", "items"));
    let (label, reason_id) = (format!("Undo: {words}, {items}"), format!("why-not-{}", change.change_id));
    let id = StoredValue::new(change.change_id);
    let is_this = move |other: &str| id.with_value(|id| id == other);
    // A later change, or an undo, may stand in the way of this one.
    let why_not = memo(move |_| {
        changes.with(|changes| {
            let now = changes.iter().find(|change| is_this(&change.change_id))?;
            (!now.can_undo).then(|| text::capitalised(&now.why_not))
        })
    });
    let is_busy = move || busy.with(|busy| busy.as_deref().is_some_and(is_this));
    let refused =
        move || refusal.with(|refusal| refusal.clone().filter(|(id, _)| is_this(id)).map(|(_, words)| words));
    let undo = move |_| {
        if why_not.with_untracked(Option::is_some) || busy.with_untracked(Option::is_some) {
            return;
        }
        busy.set(Some(id.get_value()));
        refusal.set(None);
        browser.undo_and(id.get_value(), move |answer| {
            // Who closed the dialog meanwhile is told in the way of other changes.
            let is_open = busy.try_set(None).is_none();
            if let Err(error) = answer {
                match id.try_get_value().filter(|_| is_open) {
                    Some(id) => refusal.set(Some((id, words_of_refusal(&error)))),
                    None => browser.failed("The change could not be undone", &error),
                }
            }
        });
    };
    let described_by = reason_id.clone();
    view! {
        <li>
            <div class="saved-words">
                <strong>{words}</strong>
                <span class="muted">{items} " · " <TimeAgo at_ms=change.at_ms/></span>
                <span class="muted" id=reason_id>{why_not}</span>
                {dynamic(move || refused().map(|words| view! { <span class="problem" role="alert">{words}</span> }))}
            </div>
            <button
                class="button"
                type="button"
                aria-label=label
                aria-busy=move || is_busy().to_string()
                aria-disabled=move || (is_busy() || why_not.with(Option::is_some)).then_some("true")
                aria-describedby=move || why_not.with(Option::is_some).then(|| described_by.clone())
                title=why_not
                on:click=undo
            >
                "Undo"
            </button>
        </li>
    }
}
