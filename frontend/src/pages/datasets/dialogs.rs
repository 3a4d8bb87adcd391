//! What is asked before selected items are moved or split.
//!
//! Must not know how a change is stored or taken back.

use super::split_fields::{SplitFields, SplitForm};
use super::state::Browser;
use crate::api::datasets::Changed;
use crate::api::{self, ApiError};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::dynamic::{dynamic, effect};
use crate::components::field::TextField;
use crate::state::resource::{Loaded, fetched};
use crate::text;
use leptos::prelude::*;
use std::future::Future;

/// More folders than this are not offered; any can be written.
const MOST_FOLDERS: usize = 500;

/// A change that a dialog asks for. The dialog stays until the answer is there, and shows a refusal.
#[derive(Clone, Copy)]
struct Asking {
    open: RwSignal<bool>,
    is_busy: RwSignal<bool>,
    refusal: RwSignal<Option<ApiError>>,
}

impl Asking {
    fn new(open: RwSignal<bool>) -> Self {
        Self { open, is_busy: RwSignal::new(false), refusal: RwSignal::new(None) }
    }

    fn run(
        self,
        browser: Browser,
        call: impl Future<Output = Result<Changed, ApiError>> + 'static,
        done: impl Fn(String) -> String + 'static,
        failed: &'static str,
    ) {
        self.is_busy.set(true);
        self.refusal.set(None);
        browser.change_and(call, done, move |answer| {
            // Who closed the dialog meanwhile is told in the way of other changes.
            let is_open = self.is_busy.try_set(false).is_none();
            match answer {
                Ok(()) if is_open => self.open.set(false),
                Ok(()) => {}
                Err(error) if is_open => {
                    browser.session.check(&error);
                    self.refusal.set(Some(error));
                }
                Err(error) => browser.failed(failed, &error),
            }
        });
    }

    fn close(self) -> Callback<()> {
        Callback::new(move |()| self.open.set(false))
    }

    /// What is wrong, as the server says it.
    fn problem(self) -> Option<String> {
        self.refusal.with(|refusal| refusal.as_ref().map(words_of_refusal))
    }
}

/// What is wrong with the field, if the server says so, else with the whole.
pub(super) fn words_of_refusal(error: &ApiError) -> String {
    let of_field = error.fields.first().map(|(_, words)| text::capitalised(words));
    of_field.unwrap_or_else(|| error.sentence())
}

#[component]
pub fn MoveDialog(open: RwSignal<bool>) -> impl IntoView {
    let close = Callback::new(move |()| open.set(false));
    view! {
        <Dialog open on_close=close labelled_by="move-title">
            <MoveForm open/>
        </Dialog>
    }
}

#[component]
fn MoveForm(open: RwSignal<bool>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let asking = Asking::new(open);
    let dir = RwSignal::new("/".to_owned());
    let folders = fetched(move || api::datasets::folders(browser.id()));
    let offered = move || {
        folders.state.with(|state| match state {
            Loaded::Ready(folders) => {
                let dirs = folders.iter().take(MOST_FOLDERS);
                dirs.map(|folder| view! { <option value=folder.dir.clone()></option> }).collect()
            }
            // Without them the name can still be written.
            Loaded::Loading | Loaded::Failed(_) => Vec::new(),
        })
    };
    let is_relative = move || dir.with(|dir| !dir.starts_with('/'));
    let problem = Signal::derive(move || {
        let why = is_relative().then(|| "Write it from the root, for example /night/rain".to_owned());
        why.or_else(|| asking.problem())
    });
    // A refusal is about what was written when it came.
    effect(move |_| {
        dir.track();
        asking.refusal.set(None);
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if untrack(is_relative) || asking.is_busy.get_untracked() {
            return;
        }
        let to = dir.get_untracked();
        let words = to.clone();
        let call = api::datasets::move_to(browser.chosen(), to);
        let done = move |items| format!("{items} moved to {words}");
        asking.run(browser, call, done, "The items could not be moved");
    };
    view! {
        <form class="dialog-form" on:submit=submit novalidate>
            <h2 id="move-title">"Move to a folder"</h2>
            <TextField
                id="move-dir"
                label="Folder"
                hint="Choose one of the folders that are there, or write a new one"
                value=dir
                problem
                list="move-dirs"
            />
            <datalist id="move-dirs">{dynamic(offered)}</datalist>
            <DialogButtons close=asking.close() is_busy=asking.is_busy yes="Move"/>
        </form>
    }
}

#[component]
pub fn SplitDialog(open: RwSignal<bool>, count: Memo<u64>) -> impl IntoView {
    let close = Callback::new(move |()| open.set(false));
    view! {
        <Dialog open on_close=close labelled_by="split-title">
            <SplitQuestion open count/>
        </Dialog>
    }
}

#[component]
fn SplitQuestion(open: RwSignal<bool>, count: Memo<u64>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let asking = Asking::new(open);
    let form = SplitForm::new();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(split) = form.choice().filter(|_| !asking.is_busy.get_untracked()) else { return };
        let call = api::datasets::split(browser.chosen(), split);
        let done = |items| format!("Split: {items} changed their subset");
        asking.run(browser, call, done, "The items could not be split");
    };
    view! {
        <form class="dialog-form" on:submit=submit novalidate>
            <h2 id="split-title">{dynamic(move || format!("Split {} by chance", text::counted(count.get(), "item", "items")))}</h2>
            <p class="muted">"Each gets one of the three subsets, in place of the one that it has"</p>
            <SplitFields form id="split"/>
            {dynamic(move || asking.problem().map(|problem| view! { <p class="problem" role="alert">{problem}</p> }))}
            <DialogButtons close=asking.close() is_busy=asking.is_busy yes="Split"/>
        </form>
    }
}
