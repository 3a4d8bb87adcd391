//! What lies over the page: the palette, the sheet of shortcuts and the question before a step
//! that cannot be taken back.
//!
//! Must not know what is asked.

use super::act::Act;
use leptos::prelude::*;

/// A question, and what a yes does.
#[derive(Clone)]
pub struct Question {
    pub title: String,
    pub body: String,
    /// The button that says yes, for example "Abort training".
    pub yes: &'static str,
    pub on_yes: Act,
    /// What a yes does cannot be taken back.
    pub is_dangerous: bool,
}

/// Which layers are open.
#[derive(Clone, Copy)]
pub struct Layers {
    pub palette: RwSignal<bool>,
    pub shortcuts: RwSignal<bool>,
    pub question: RwSignal<Option<Question>>,
}

impl Layers {
    pub fn new() -> Self {
        Self { palette: RwSignal::new(false), shortcuts: RwSignal::new(false), question: RwSignal::new(None) }
    }

    /// Asks; nothing happens unless the answer is yes.
    pub fn ask(self, question: Question) {
        self.question.set(Some(question));
    }
}

/// Whether a dialog covers the page, so that the page's own keys must rest.
pub fn is_covered() -> bool {
    document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some())
}
