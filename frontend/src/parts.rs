//! The parts of the program that a browser fetches when somebody goes to one of their pages: what the first page needs
//! comes at once, the rest after it, while nobody waits.
//!
//! Must not know what a page shows. What several parts share, and the first page does not need, becomes a part as well:
//! there are few of them, so that these stay few, too.

use crate::components::dynamic::dynamic;
use crate::components::empty::Skeleton;
use crate::pages::compare::ComparePage;
use crate::pages::datasets::{DatasetPage, DatasetsPage};
use crate::pages::filter_language::FilterLanguagePage;
#[cfg(feature = "gallery")]
use crate::pages::gallery::GalleryPage;
use crate::pages::model::ModelPage;
use crate::pages::models::{ArchitecturesPage, CreatePage, VersionsPage};
use crate::pages::recipes::RecipesPage;
use crate::pages::secrets::SecretsPage;
use crate::pages::services::{MachinesPage, ServicePage, ServicesPage};
use crate::pages::settings::AppearancePage;
use crate::pages::train::TrainPage;
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

/// A page that is fetched with its part.
#[derive(Debug)]
pub struct Page {
    fetch: fn() -> LocalBoxFuture<'static, Result<(), SplitLoaderError>>,
    view: fn() -> LocalBoxFuture<'static, Result<AnyView, SplitLoaderError>>,
}

macro_rules! page {
    ($part:ident, $page:ident, $view:ident, $fetch:ident, $component:ident) => {
        #[wasm_split($part, wasm_split_path = leptos::wasm_split, fallible, preload($fetch))]
        fn $view() -> Result<AnyView, SplitLoaderError> {
            Ok($component().into_any())
        }

        pub static $page: Page = Page { fetch: || $fetch().boxed_local(), view: || $view().boxed_local() };
    };
}

page!(model, MODEL, model, fetch_model, ModelPage);
page!(model, COMPARE, compare, fetch_compare, ComparePage);
page!(train, TRAIN, train, fetch_train, TrainPage);
page!(train, CREATE, create, fetch_create, CreatePage);
page!(train, VERSIONS, versions, fetch_versions, VersionsPage);
page!(train, ARCHITECTURES, architectures, fetch_architectures, ArchitecturesPage);
page!(datasets, DATASETS, datasets, fetch_datasets, DatasetsPage);
page!(datasets, DATASET, dataset, fetch_dataset, DatasetPage);
page!(datasets, RECIPES, recipes, fetch_recipes, RecipesPage);
page!(services, SERVICES, services, fetch_services, ServicesPage);
page!(services, SERVICE, service, fetch_service, ServicePage);
page!(services, MACHINES, machines, fetch_machines, MachinesPage);
page!(services, SECRETS, secrets, fetch_secrets, SecretsPage);
page!(services, APPEARANCE, appearance, fetch_appearance, AppearancePage);
page!(help, FILTER_LANGUAGE, filter_language, fetch_filter_language, FilterLanguagePage);
#[cfg(feature = "gallery")]
page!(gallery, GALLERY, gallery, fetch_gallery, GalleryPage);

/// One page of each part.
static PARTS: [&Page; 5] = [&MODEL, &TRAIN, &DATASETS, &SERVICES, &FILTER_LANGUAGE];

/// Fetches every part, one after the other: from then on a page opens at once, even while the server is away.
pub fn fetch_all() {
    spawn_local(async {
        for page in PARTS {
            // Whoever goes there while it is missing is told so.
            let _ = (page.fetch)().await;
        }
    });
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    UnderWay,
    Here,
    Missing,
}

/// The page, once its part is here.
pub fn show(page: &'static Page) -> AnyView {
    let arrival = RwSignal::new(Arrival::UnderWay);
    let fetch = move || {
        arrival.set(Arrival::UnderWay);
        spawn_local(async move {
            let arrived = (page.fetch)().await;
            arrival.try_set(if arrived.is_ok() { Arrival::Here } else { Arrival::Missing });
        });
    };
    match (page.fetch)().now_or_never() {
        Some(Ok(())) => arrival.set(Arrival::Here),
        _ => fetch(),
    }
    let missing = move || {
        view! {
            <div class="notice" data-look="error" role="alert">
                <div class="grow">
                    <strong>"This page could not be fetched"</strong>
                    <p>"The server does not answer, or it was updated since this tab was opened: then load the tab again"</p>
                </div>
                <button class="button" type="button" on:click=move |_| fetch()>"Retry"</button>
            </div>
        }
    };
    dynamic(move || match arrival.get() {
        Arrival::UnderWay => view! { <Skeleton rows=6/> }.into_any(),
        // What is here is given without waiting.
        Arrival::Here => match (page.view)().now_or_never() {
            Some(Ok(view)) => view,
            _ => missing().into_any(),
        },
        Arrival::Missing => missing().into_any(),
    })
    .into_any()
}
