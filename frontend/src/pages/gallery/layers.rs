//! Buttons, and what they open: menus, popovers, questions and messages.
//!
//! Must not know the pages that use them.

use super::hostile::texts;
use super::page::Section;
use crate::components::icon::{Icon, IconView};
use crate::components::menu::{MenuButton, MenuEntry};
use crate::components::popover::PopoverBadge;
use crate::state::act::Act;
use crate::state::layers::{Layers, Question};
use crate::state::toasts::Toasts;
use leptos::prelude::*;

#[component]
pub fn LayerSection() -> impl IntoView {
    view! {
        <Section title="Buttons">
            <div class="toolbar">
                <button class="button primary" type="button">"Primary"</button>
                <button class="button" type="button">"Plain"</button>
                <button class="button danger" type="button">"Danger…"</button>
                <button class="button quiet" type="button">"Quiet"</button>
                <button class="button" type="button" aria-disabled="true" title="Why it is not possible now">"Not now"</button>
                <button class="button primary" type="button" aria-busy="true">"At work"</button>
                <button class="icon-button" type="button" aria-label="Close"><IconView icon=Icon::Close/></button>
                <button class="filter-chip" type="button" aria-pressed="true">"Chosen " <span class="count">"3"</span></button>
                <button class="filter-chip" type="button" aria-pressed="false">"Other " <span class="count">"0"</span></button>
                <span><kbd>"Ctrl"</kbd>" "<kbd>"K"</kbd></span>
            </div>
        </Section>
        <Opening/>
    }
}

#[component]
fn Opening() -> impl IntoView {
    let layers = expect_context::<Layers>();
    let toasts = expect_context::<Toasts>();
    let hostile = StoredValue::new(texts());
    let text = move |at: usize| {
        hostile.with_value(|all| all.get(at).map(|(_, text)| text.clone()).unwrap_or_default())
    };
    let entries = Callback::new(|()| {
        vec![
            MenuEntry::new("Open", || {}),
            MenuEntry::new("Retry", || {}).when(Err("Only failed or aborted trainings can be tried again")),
            MenuEntry::new("Delete…", || {}).dangerous(),
            MenuEntry::new("Abort training…", || {}).dangerous().when(Err("It has ended")),
        ]
    });
    let ask = move |is_dangerous: bool, at: usize| {
        layers.ask(Question {
            title: format!("Delete {}?", text(at)),
            body: format!("What it does\n{}", text(1)),
            yes: "Delete",
            on_yes: Act::new(move || toasts.done("Deleted")),
            is_dangerous,
        });
    };
    view! {
        <Section title="Layers">
            <div class="toolbar">
                <MenuButton label="Actions for bees" entries/>
                <MenuButton label="Actions" text="Actions" entries/>
                <PopoverBadge id="gallery-error".into() icon=Icon::CrossInOctagon look="error" word="Error" label="Error of bees".into()>
                    <strong>"OOMKilled"</strong>
                    <p>{text(0)}</p>
                    <a href="#">"Choose a larger machine"</a>
                </PopoverBadge>
                <PopoverBadge id="gallery-warning".into() icon=Icon::Warning look="warning" word="Paused" label="Warning of bees".into()>
                    <p>"It starts no execution"</p>
                </PopoverBadge>
                <button class="button" type="button" on:click=move |_| ask(false, 2)>"Question…"</button>
                <button class="button danger" type="button" on:click=move |_| ask(true, 0)>"Dangerous question…"</button>
                <button class="button" type="button" on:click=move |_| toasts.done(text(6))>"Message"</button>
                <button class="button" type="button" on:click=move |_| toasts.problem(text(0))>"Problem"</button>
                <button
                    class="button"
                    type="button"
                    on:click=move |_| toasts.done_with("Removed from training", "Undo", Act::new(|| {}))
                >
                    "Message with a way back"
                </button>
                <button class="button" type="button" on:click=move |_| layers.palette.set(true)>"Palette"</button>
                <button class="button" type="button" on:click=move |_| layers.shortcuts.set(true)>"Shortcuts"</button>
            </div>
            <div class="notice">
                <IconView icon=Icon::Info/>
                <span class="grow">{text(0)}</span>
                <button class="button" type="button">"Change"</button>
            </div>
            <div class="notice" data-look="waiting" role="status"><span class="grow">"May be out of date"</span></div>
        </Section>
    }
}
