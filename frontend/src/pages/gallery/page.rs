//! The page: its sections one below the other.
//!
//! Must not know a component: the sections do.

use super::fields::FieldSection;
use super::figures::FigureSection;
use super::layers::LayerSection;
use super::marks::{EmptySection, MarkSection, TableSection};
use crate::state::title::use_title;
use leptos::prelude::*;

#[component]
pub fn GalleryPage() -> impl IntoView {
    use_title(|| "Gallery".into());
    view! {
        <div class="page-head"><h1>"Gallery"</h1></div>
        <p class="hint">"Every component in every state. Theme, density, motion and contrast are those of Settings, Appearance"</p>
        <MarkSection/>
        <EmptySection/>
        <LayerSection/>
        <FieldSection/>
        <TableSection/>
        <FigureSection/>
    }
}

/// A part of the gallery.
#[component]
pub fn Section(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="card stack" aria-label=title>
            <h2>{title}</h2>
            {children()}
        </section>
    }
}
