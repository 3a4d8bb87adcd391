//! The pages of a section, side by side.
//!
//! Must not know what they show.

use crate::routes::Place;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// A part of the program that has several pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Models,
    Services,
    Settings,
}

impl Section {
    const fn label(self) -> &'static str {
        match self {
            Self::Models => "Models",
            Self::Services => "Services",
            Self::Settings => "Settings",
        }
    }

    fn pages(self) -> Vec<(Place, &'static str)> {
        match self {
            Self::Models => vec![
                (Place::Architectures, "Models"),
                (Place::Models, "Versions"),
                (Place::Training, "Training"),
            ],
            Self::Services => {
                vec![(Place::Services, "Training services"), (Place::Machines, "Machine types")]
            }
            Self::Settings => vec![(Place::Secrets, "Secrets"), (Place::Appearance, "Appearance")],
        }
    }
}

#[component]
pub fn SectionTabs(section: Section) -> impl IntoView {
    let here = use_location().pathname;
    let link = move |(place, label): (Place, &'static str)| {
        let path = place.path();
        let target = path.clone();
        view! { <a href=path aria-current=move || here.with(|here| *here == target).then_some("page")>{label}</a> }
    };
    view! {
        <nav class="tabs" aria-label=section.label()>{section.pages().into_iter().map(link).collect_view()}</nav>
    }
}
