//! The document's title, which is also said to screen readers when it changes.
//!
//! Must not know any page.

use crate::components::dynamic::effect;
use leptos::prelude::*;

/// What the route announcer says.
#[derive(Debug, Clone, Copy)]
pub struct Announcement(pub RwSignal<String>);

/// Gives the document this title for as long as the page stands.
pub fn use_title(title: impl Fn() -> String + 'static) {
    let announcement = expect_context::<Announcement>();
    effect(move |_| {
        let title = title();
        document().set_title(&format!("{title} · Trainyard"));
        announcement.0.set(title);
    });
}
