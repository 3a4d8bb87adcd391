//! The list of training services.
//!
//! Must not know the page of one.

use super::load::{instance_words, utilisation};
use crate::api::services::ServiceNow;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::components::icon::{Icon, IconView};
use crate::components::status_chip::ServiceChip;
use crate::components::time::Elapsed;
use crate::pages::training::move_by_keys;
use crate::routes::{Place, ServiceTab};
use crate::state::resource::Loaded;
use crate::state::services::Services;
use crate::state::title::use_title;
use crate::text;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

#[component]
pub fn ServicesPage() -> impl IntoView {
    use_title(|| "Services".into());
    let services = Services::watched();
    move_by_keys();
    let stage = memo(move |_| match services.list.get() {
        Loaded::Ready(list) => Loaded::Ready(list.is_empty()),
        Loaded::Loading => Loaded::Loading,
        Loaded::Failed(error) => Loaded::Failed(error),
    });
    view! {
        <div class="page-head"><h1>"Services"</h1></div>
        <ServicesTabs/>
        <Stale services/>
        {dynamic(move || match stage.get() {
            Loaded::Loading => view! { <Skeleton rows=3/> }.into_any(),
            Loaded::Failed(error) => {
                let again = Callback::new(move |()| services.look());
                view! { <LoadFailed what="The services" error again/> }.into_any()
            }
            Loaded::Ready(true) => view! {
                <Empty title="No services yet">
                    <p>"Services appear when the first training of an architecture starts"</p>
                    <a class="button" href=Place::Models.path()>"Choose a model"</a>
                </Empty>
            }
            .into_any(),
            Loaded::Ready(false) => view! { <ServiceTable services/> }.into_any(),
        })}
    }
}

/// Services, and what they run on, side by side.
#[component]
pub fn ServicesTabs() -> impl IntoView {
    let here = use_location().pathname;
    let link = move |place: Place, label: &'static str| {
        let path = place.path();
        let target = path.clone();
        view! { <a href=path aria-current=move || here.with(|here| *here == target).then_some("page")>{label}</a> }
    };
    view! {
        <nav class="tabs" aria-label="Services">
            {link(Place::Services, "Training services")}
            {link(Place::Machines, "Machine types")}
        </nav>
    }
}

/// What is seen is kept while it cannot be fetched anew, and that is said.
#[component]
pub fn Stale(services: Services) -> impl IntoView {
    dynamic(move || {
        services.stale.get().map(|error| {
            view! {
                <div class="notice" data-look="waiting" role="status">
                    <IconView icon=Icon::Warning/>
                    <span class="grow">{format!("May be out of date: {}", error.sentence())}</span>
                    <button class="button" type="button" on:click=move |_| services.look()>"Retry"</button>
                </div>
            }
        })
    })
}

#[component]
fn ServiceTable(services: Services) -> impl IntoView {
    let list = memo(move |_| match services.list.get() {
        Loaded::Ready(list) => list,
        Loaded::Loading | Loaded::Failed(_) => Vec::new(),
    });
    let footer = move || text::counted(list.with(Vec::len) as u64, "service", "services");
    view! {
        <div class="table-frame">
            <table class="table">
                <caption class="visually-hidden">"Training services"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Instances"</th>
                        <th scope="col">"Running"</th>
                        <th scope="col">"Utilisation"</th>
                        <th scope="col">"Waiting"</th>
                        <th scope="col">"Oldest wait"</th>
                        <th scope="col">"Last error"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || list.get() key=|(service, _)| service.id let:now><ServiceRow now services/></For>
                </tbody>
            </table>
            <div class="table-footer">{dynamic(footer)}</div>
        </div>
    }
}

#[component]
fn ServiceRow(now: ServiceNow, services: Services) -> impl IntoView {
    let (id, name) = (now.0.id, now.0.name.clone());
    let place = Place::service(&name, ServiceTab::Executions).path();
    let errors = StoredValue::new(Place::service(&name, ServiceTab::Errors).path());
    // The link keeps the focus while what stands beside it changes.
    let now = services.follow(id);
    let state = move || {
        now.get().map(|(service, load)| {
            let state = service.state(load.alive as usize, load.registered as usize);
            view! { <ServiceChip state/> }
        })
    };
    let instances = move || now.get().map(|(service, load)| instance_words(&service.settings, load.alive));
    let running = move || now.get().map(|(_, load)| load.running);
    let used =
        move || now.get().map(|(service, load)| utilisation(&service.settings, load.alive, load.running));
    let waiting = move || now.get().map(|(_, load)| load.waiting);
    let oldest = Signal::derive(move || (now.get().and_then(|(_, load)| load.oldest_waiting_ms), None));
    let error = move || match now.get().and_then(|(service, _)| service.error) {
        Some(error) => view! {
            <a href=errors.get_value()>{error.reason.name()}</a>
            <span class="waiting-for" title=error.detail.clone()>{error.detail.clone()}</span>
        }
        .into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    };
    view! {
        <tr data-row=id.to_string()>
            <td><a class="name-link mono" href=place>{name}</a></td>
            <td>{dynamic(state)}</td>
            <td>{dynamic(instances)}</td>
            <td>{dynamic(running)}</td>
            <td>{dynamic(used)}</td>
            <td>{dynamic(waiting)}</td>
            <td><Elapsed from_to=oldest/></td>
            <td>{dynamic(error)}</td>
        </tr>
    }
}
