//! A modal dialog, and the one that asks before a step that cannot be taken back.
//!
//! Must not know what it holds. The browser keeps the focus inside and gives it back afterwards.

use crate::components::dynamic::{dynamic, effect};
use crate::state::layers::Layers;
use leptos::html;
use leptos::prelude::*;

/// Open while the signal says so; Esc and a click beside it close it.
#[component]
pub fn Dialog(
    #[prop(into)] open: Signal<bool>,
    on_close: Callback<()>,
    /// Id of the heading inside.
    labelled_by: &'static str,
    #[prop(default = "dialog")] class: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    effect(move |_| {
        let Some(element) = dialog.get() else { return };
        if open.get() && !element.open() {
            // It fails only for a dialog that is not in the page.
            let _ = element.show_modal();
        } else if !open.get() && element.open() {
            element.close();
        }
    });
    let close_if_beside = move |event: web_sys::MouseEvent| {
        let is_backdrop = dialog.get_untracked().is_some_and(|element| {
            let target = event.target();
            target.is_some_and(|target| target == *AsRef::<web_sys::EventTarget>::as_ref(&element))
                && !is_inside(&element.get_bounding_client_rect(), &event)
        });
        if is_backdrop {
            on_close.run(());
        }
    };
    view! {
        <dialog
            node_ref=dialog
            class=class
            aria-labelledby=labelled_by
            on:close=move |_| on_close.run(())
            on:mousedown=close_if_beside
        >
            <Show when=move || open.get()>{children()}</Show>
        </dialog>
    }
}

fn is_inside(rect: &web_sys::DomRect, event: &web_sys::MouseEvent) -> bool {
    let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
    (rect.left()..=rect.right()).contains(&x) && (rect.top()..=rect.bottom()).contains(&y)
}

/// Asks the question of the moment.
#[component]
pub fn QuestionDialog() -> impl IntoView {
    let layers = expect_context::<Layers>();
    let close = Callback::new(move |()| layers.question.set(None));
    let is_open = Signal::derive(move || layers.question.with(Option::is_some));
    view! {
        <Dialog open=is_open on_close=close labelled_by="question-title">
            {dynamic(move || layers.question.get().map(|question| {
                let answer_yes = move |_| {
                    close.run(());
                    question.on_yes.run();
                };
                view! {
                    <h2 id="question-title">{question.title.clone()}</h2>
                    {question.body.lines().map(|line| view! { <p>{line.to_owned()}</p> }).collect_view()}
                    <div class="dialog-actions">
                        <button class="button" type="button" on:click=move |_| close.run(())>"Cancel"</button>
                        <button
                            class="button"
                            class:danger=question.is_dangerous
                            class:primary=!question.is_dangerous
                            type="button"
                            on:click=answer_yes
                        >
                            {question.yes}
                        </button>
                    </div>
                }
            }))}
        </Dialog>
    }
}

/// Cancel, and what the form of the dialog does; it keeps its word while the answer is on its way.
#[component]
pub fn DialogButtons(close: Callback<()>, is_busy: RwSignal<bool>, yes: &'static str) -> impl IntoView {
    view! {
        <div class="dialog-actions">
            <button class="button" type="button" on:click=move |_| close.run(())>"Cancel"</button>
            <button
                class="button primary"
                type="submit"
                aria-busy=move || is_busy.get().to_string()
                aria-disabled=move || is_busy.get().then_some("true")
            >
                {yes}
            </button>
        </div>
    }
}
