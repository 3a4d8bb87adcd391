//! Short messages in the corner, some with a way back.
//!
//! Must not know what they are about.

use super::act::Act;
use leptos::prelude::*;
use std::time::Duration;

/// How long a message stays; looking at it keeps it.
pub const STAYS: Duration = Duration::from_secs(10);

/// So many are seen at once; those with a way back go last.
const MOST: usize = 4;

/// What kind of news it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastKind {
    Done,
    Problem,
}

/// A button of a message.
#[derive(Clone)]
pub struct ToastAction {
    pub label: &'static str,
    pub run: Act,
}

/// One message.
#[derive(Clone)]
pub struct Toast {
    pub id: u64,
    pub kind: ToastKind,
    pub text: String,
    pub action: Option<ToastAction>,
}

/// The messages that are seen.
#[derive(Clone, Copy)]
pub struct Toasts {
    pub list: RwSignal<Vec<Toast>>,
    next_id: StoredValue<u64>,
}

impl Toasts {
    pub fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), next_id: StoredValue::new(1) }
    }

    /// Says that something was done.
    pub fn done(self, text: impl Into<String>) {
        self.push(ToastKind::Done, text.into(), None);
    }

    /// Says that something was done, and offers an action.
    pub fn done_with(self, text: impl Into<String>, label: &'static str, run: Act) {
        self.push(ToastKind::Done, text.into(), Some(ToastAction { label, run }));
    }

    /// Says what went wrong.
    pub fn problem(self, text: impl Into<String>) {
        self.push(ToastKind::Problem, text.into(), None);
    }

    /// Says what went wrong, and offers an action.
    pub fn problem_with(self, text: impl Into<String>, label: &'static str, run: Act) {
        self.push(ToastKind::Problem, text.into(), Some(ToastAction { label, run }));
    }

    pub fn dismiss(self, id: u64) {
        self.list.update(|list| list.retain(|toast| toast.id != id));
    }

    fn push(self, kind: ToastKind, text: String, action: Option<ToastAction>) {
        let id = self.next_id.get_value();
        self.next_id.set_value(id + 1);
        self.list.update(|list| {
            // The same news twice is one message, unless it has a way back: that belongs to one change.
            list.retain(|toast| toast.action.is_some() || toast.text != text);
            list.push(Toast { id, kind, text, action });
            while list.len() > MOST {
                let oldest = list.iter().position(|toast| toast.action.is_none()).unwrap_or(0);
                list.remove(oldest);
            }
        });
    }
}
