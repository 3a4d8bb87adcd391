//! What is asked before selected items are moved or split.
//!
//! Must not know how a change is stored or taken back.

use super::split_fields::{SplitFields, SplitForm};
use super::state::Browser;
use crate::api;
use crate::components::dialog::Dialog;
use crate::components::field::TextField;
use crate::text;
use leptos::prelude::*;

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
    let dir = RwSignal::new("/".to_owned());
    let problem = Signal::derive(move || {
        dir.with(|dir| {
            (!dir.starts_with('/')).then(|| "Write it from the root, for example /night/rain".to_owned())
        })
    });
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if problem.get_untracked().is_some() {
            return;
        }
        open.set(false);
        let to = dir.get_untracked();
        let words = to.clone();
        let call = api::datasets::move_to(browser.chosen(), to);
        browser.change(
            call,
            move |items| format!("{items} moved to {words}"),
            "The items could not be moved",
        );
    };
    view! {
        <form class="dialog-form" on:submit=submit novalidate>
            <h2 id="move-title">"Move to a folder"</h2>
            <TextField id="move-dir" label="Folder" hint="It is made if there is none" value=dir problem/>
            <div class="dialog-actions">
                <button class="button" type="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button class="button primary" type="submit">"Move"</button>
            </div>
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
    let form = SplitForm::new();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(split) = form.choice() else { return };
        open.set(false);
        let call = api::datasets::split(browser.chosen(), split);
        browser.change(
            call,
            |items| format!("Split: {items} changed their subset"),
            "The items could not be split",
        );
    };
    view! {
        <form class="dialog-form" on:submit=submit novalidate>
            <h2 id="split-title">{move || format!("Split {} by chance", text::counted(count.get(), "item", "items"))}</h2>
            <p class="muted">"Each gets one of the three subsets, in place of the one that it has"</p>
            <SplitFields form id="split"/>
            <div class="dialog-actions">
                <button class="button" type="button" on:click=move |_| open.set(false)>"Cancel"</button>
                <button class="button primary" type="submit">"Split"</button>
            </div>
        </form>
    }
}
