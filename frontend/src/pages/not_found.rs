//! What stands in place of a page: a path that leads nowhere, a thing that is not there, one that could not be loaded.
//!
//! Must not know which one.

use crate::api::ApiError;
use crate::components::empty::{Empty, LoadFailed};
use crate::routes::Place;
use crate::state::title::use_title;
use leptos::prelude::*;

#[component]
pub fn NotFoundPage() -> impl IntoView {
    use_title(|| "Page not found".into());
    view! {
        <h1>"Page not found"</h1>
        <Empty title="There is no page at this address">
            <p>"The link may be old, or a character of it was lost on the way"</p>
            <a class="button primary" href=Place::Training.path()>"Go to Training"</a>
        </Empty>
    }
}

/// A kind of thing that has a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    Model,
    Dataset,
    Service,
}

impl Thing {
    /// What is said of it: not found, none such, where all are and what they are called, and what could not be loaded.
    const fn words(self) -> (&'static str, &'static str, &'static str, &'static str) {
        match self {
            Self::Model => ("Model not found", "There is no such model", "All versions", "The model"),
            Self::Dataset => ("Dataset not found", "There is no such dataset", "All datasets", "The dataset"),
            Self::Service => ("Service not found", "There is no such service", "All services", "The service"),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Model => "Model",
            Self::Dataset => "Dataset",
            Self::Service => "Service",
        }
    }

    fn all(self) -> String {
        match self {
            Self::Model => Place::Models.path(),
            Self::Dataset => Place::Datasets.path(),
            Self::Service => Place::Services.path(),
        }
    }
}

/// There is none of this id or name.
#[component]
pub fn NoSuch(thing: Thing) -> impl IntoView {
    let (title, none, all, _) = thing.words();
    use_title(move || title.into());
    view! {
        <h1>{title}</h1>
        <Empty title=none>
            <p>"It may have been deleted, have another name, or belong to another server"</p>
            <a class="button primary" href=thing.all()>{all}</a>
        </Empty>
    }
}

/// Whether it is there is not known: it could not be asked for.
#[component]
pub fn NotLoaded(thing: Thing, error: ApiError, again: Callback<()>) -> impl IntoView {
    let (.., what) = thing.words();
    use_title(move || thing.name().into());
    view! {
        <h1>{thing.name()}</h1>
        <LoadFailed what error again/>
    }
}
