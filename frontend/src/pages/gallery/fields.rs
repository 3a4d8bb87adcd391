//! Fields of forms: empty, filled, wrong, and not to be changed.
//!
//! Must not know what a page asks.

use super::hostile::texts;
use super::page::Section;
use crate::components::combo_field::{ComboField, ComboOption};
use crate::components::field::{SelectField, SwitchField, TextArea, TextField};
use crate::components::folder_tree::FolderTree;
use crate::components::folders::{FolderCount, Tree};
use crate::components::search_field::SearchField;
use leptos::prelude::*;

const PROBLEM: &str = "There is a version of this name: choose another";

fn no_problem() -> Signal<Option<String>> {
    Signal::stored(None)
}

fn problem() -> Signal<Option<String>> {
    Signal::stored(Some(PROBLEM.to_owned()))
}

#[component]
pub fn FieldSection() -> impl IntoView {
    let text = |value: &str| RwSignal::new(value.to_owned());
    let options: Vec<(String, String)> =
        texts().into_iter().map(|(what, text)| (what.to_owned(), format!("{what}: {text}"))).collect();
    let choices: Vec<ComboOption> = texts()
        .into_iter()
        .map(|(what, text)| ComboOption { value: what.into(), label: what.into(), detail: text })
        .collect();
    let options = Signal::stored(options);
    let choices = Signal::stored(choices);
    let searched = text("");
    view! {
        <Section title="Fields">
            <SearchField words="Search name or ID" value=searched on_input=Callback::new(move |value| searched.set(value))/>
            <div class="form-grid">
                <TextField id="g-empty" label="Empty" hint="What it is for" value=text("") problem=no_problem()/>
                <TextField id="g-wrong" label="Wrong" hint="Unique among the versions" value=text("bees") problem=problem()/>
                <TextField id="g-fixed" label="Not to be changed" value=text("bees") problem=no_problem() read_only=true/>
                <SelectField id="g-select" label="One of several" options value=text("Emoji") problem=no_problem()/>
                <SelectField id="g-select-wrong" label="One of several, wrong" options value=text("Markup") problem=problem()/>
                <ComboField id="g-combo" label="Searched for" options=choices value=text("Emoji") problem=no_problem()/>
                <TextArea id="g-area" label="Several lines" value=text("{\n  \"epochs\": 50\n}") problem=no_problem() rows=3/>
                <TextArea id="g-hidden" label="Hidden" value=text("secret") problem=problem() rows=3 hidden=true/>
                <SwitchField
                    id="g-on"
                    label="On"
                    hint=Signal::stored("A more urgent training may take the machine".to_owned())
                    value=text("true")
                    problem=no_problem()
                    is_disabled=Signal::stored(false)
                />
                <SwitchField
                    id="g-no-choice"
                    label="No choice"
                    hint=Signal::stored("The machine type is never preemptible".to_owned())
                    value=text("false")
                    problem=no_problem()
                    is_disabled=Signal::stored(true)
                />
            </div>
            <Folders/>
        </Section>
    }
}

#[component]
fn Folders() -> impl IntoView {
    let folders: Vec<FolderCount> = texts()
        .into_iter()
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(_, text)| FolderCount { dir: format!("/{}", text.replace('/', "-")), total: 12_431 })
        .collect();
    let tree = Memo::new(move |_| Tree::of(&folders));
    let selected = RwSignal::new("/".to_owned());
    view! {
        <h3 id="g-folders">"Folders"</h3>
        <FolderTree
            id="g-tree"
            tree
            selected
            on_choose=Callback::new(move |dir| selected.set(dir))
            labelled_by="g-folders"
            root="All folders"
            otherwise="Search for it"
        />
    }
}
