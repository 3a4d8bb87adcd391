//! Finds the service, and puts the tabs below its head.
//!
//! Must not know what a tab shows.

use super::configuration::ConfigurationTab;
use super::errors::ErrorsTab;
use super::executions::ExecutionsTab;
use super::head::ServiceHead;
use super::instances::InstancesTab;
use super::list::Stale;
use crate::api::ApiError;
use crate::api::services::ServiceNow;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::Skeleton;
use crate::pages::not_found::{NoSuch, NotFoundPage, NotLoaded, Thing};
use crate::routes::{Place, ServiceTab};
use crate::state::resource::Loaded;
use crate::state::services::Services;
use crate::state::title::use_title;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use shared::id::ServiceId;

#[derive(Debug, Clone, PartialEq)]
enum Stage {
    Loading,
    NoPage,
    Failed(ApiError),
    Missing,
    Found(ServiceId),
}

#[component]
pub fn ServicePage() -> impl IntoView {
    let services = Services::watched();
    let parameters = use_params_map();
    let wanted = memo(move |_| parameters.with(|all| all.get("name").unwrap_or_default()));
    let tab = memo(move |_| {
        let word = parameters.with(|all| all.get("tab"));
        word.map_or(Some(ServiceTab::Executions), |word| ServiceTab::from_name(&word))
    });
    let stage = memo(move |_| match services.list.get() {
        _ if tab.get().is_none() => Stage::NoPage,
        Loaded::Loading => Stage::Loading,
        Loaded::Failed(error) => Stage::Failed(error),
        Loaded::Ready(list) => {
            let is_wanted = |now: &&ServiceNow| {
                wanted.with(|wanted| now.0.name == *wanted || now.0.id.to_string() == *wanted)
            };
            list.iter().find(is_wanted).map_or(Stage::Missing, |(service, _)| Stage::Found(service.id))
        }
    });
    dynamic(move || match stage.get() {
        Stage::NoPage => view! { <NotFoundPage/> }.into_any(),
        Stage::Missing => view! { <NoSuch thing=Thing::Service/> }.into_any(),
        Stage::Loading => view! { <h1>"Service"</h1> <Skeleton rows=5/> }.into_any(),
        Stage::Failed(error) => {
            let again = Callback::new(move |()| services.look());
            view! { <NotLoaded thing=Thing::Service error again/> }.into_any()
        }
        Stage::Found(id) => {
            let tab = Signal::derive(move || tab.get().unwrap_or(ServiceTab::Executions));
            view! { <Found id tab services/> }.into_any()
        }
    })
}

#[component]
fn Found(id: ServiceId, tab: Signal<ServiceTab>, services: Services) -> impl IntoView {
    let now = services.follow(id);
    let name = memo(move |_| {
        now.with(|now| now.as_ref().map(|(service, _)| service.name.clone()).unwrap_or_default())
    });
    use_title(move || format!("{} · {}", name.get(), tab.get().label()));
    let link = move |item: ServiceTab| {
        let path = move || Place::service(&name.get(), item).path();
        view! {
            <a href=path aria-current=move || (tab.get() == item).then_some("page")>{item.label()}</a>
        }
    };
    view! {
        <Stale services/>
        <ServiceHead now name services/>
        <nav class="tabs" aria-label="Service">{ServiceTab::ALL.map(link).collect_view()}</nav>
        {dynamic(move || match tab.get() {
            ServiceTab::Executions => view! { <ExecutionsTab id/> }.into_any(),
            ServiceTab::Instances => view! { <InstancesTab id services/> }.into_any(),
            ServiceTab::Errors => view! { <ErrorsTab id services/> }.into_any(),
            ServiceTab::Configuration => view! { <ConfigurationTab now services/> }.into_any(),
        })}
    }
}
