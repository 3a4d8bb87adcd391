//! The types of machines that services may run on.
//!
//! Must not know how machines are found.

use super::machine_form::{Asked, MachineDialog};
use crate::api;
use crate::components::dynamic::dynamic;
use crate::components::empty::{Empty, LoadFailed, Skeleton};
use crate::components::section_tabs::{Section, SectionTabs};
use crate::state::act::Act;
use crate::state::layers::{Layers, Question};
use crate::state::resource::{Loaded, fetched};
use crate::state::session::Session;
use crate::state::title::use_title;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::machine::MachineType;

#[component]
pub fn MachinesPage() -> impl IntoView {
    use_title(|| "Machine types".into());
    let toasts = expect_context::<Toasts>();
    let machines = fetched(api::services::machine_types);
    let asked = RwSignal::new(None::<Asked>);
    let on_done = Callback::new(move |machine: MachineType| {
        toasts.done(format!("The machine type {} is saved", machine.name));
        machines.again.try_run(());
    });
    view! {
        <div class="page-head">
            <h1>"Machine types"</h1>
            <button class="button primary" type="button" on:click=move |_| asked.set(Some(Asked::New))>
                "New machine type…"
            </button>
        </div>
        <SectionTabs section=Section::Services/>
        <p class="hint">"What the instances of a service may run on, and hold of it. The type local is this machine, as it was found at the first start"</p>
        {dynamic(move || match machines.state.get() {
            Loaded::Loading => view! { <Skeleton rows=3/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <LoadFailed what="The machine types" error again=machines.again/> }.into_any()
            }
            Loaded::Ready(list) if list.is_empty() => view! {
                <Empty title="No machine types">
                    <p>"Without one, no service can start an instance. Make one, or start the server again: it looks at this machine then"</p>
                </Empty>
            }
            .into_any(),
            Loaded::Ready(list) => view! { <MachineTable list asked again=machines.again/> }.into_any(),
        })}
        <MachineDialog asked on_done/>
    }
}

#[component]
fn MachineTable(
    list: Vec<MachineType>,
    asked: RwSignal<Option<Asked>>,
    again: Callback<()>,
) -> impl IntoView {
    let row = move |machine: MachineType| view! { <MachineRow machine asked again/> };
    view! {
        <div class="table-frame">
            <table class="table">
                <caption class="visually-hidden">"Machine types"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Cores"</th>
                        <th scope="col">"Memory"</th>
                        <th scope="col">"GPUs"</th>
                        <th scope="col">"Shares GPUs"</th>
                        <th scope="col">"Preemptible"</th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>{list.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn memory_words(machine: &MachineType) -> String {
    match (machine.memory_bytes, machine.free_memory_bytes) {
        (0, _) => "Not known".into(),
        (all, 0) => text::bytes(all),
        (all, free) => format!("{}, {} free now", text::bytes(all), text::bytes(free)),
    }
}

const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "Yes" } else { "No" }
}

#[component]
fn MachineRow(machine: MachineType, asked: RwSignal<Option<Asked>>, again: Callback<()>) -> impl IntoView {
    let layers = expect_context::<Layers>();
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let name = machine.name.clone();
    let memory = memory_words(&machine);
    let gpus: Vec<String> = machine.gpus.iter().map(|gpu| gpu.name.clone()).collect();
    let gpus = if gpus.is_empty() { "None".to_owned() } else { gpus.join(", ") };
    let (cores, shares, preemptible) = (machine.cores, machine.shares_gpus, machine.is_preemptible);
    let for_delete = name.clone();
    let delete = move |_| {
        let name = for_delete.clone();
        layers.ask(Question {
            title: format!("Delete the machine type {name}?"),
            body: "No service can be set to it any more. It is refused while one runs on it".into(),
            yes: "Delete machine type",
            on_yes: Act::new(move || {
                let name = name.clone();
                spawn_local(async move {
                    match api::services::delete_machine_type(name.clone()).await {
                        Ok(()) => {
                            toasts.done(format!("The machine type {name} is deleted"));
                            again.try_run(());
                        }
                        Err(error) => {
                            session.check(&error);
                            toasts.problem(format!("{name} was not deleted: {}", error.sentence()));
                        }
                    }
                });
            }),
            is_dangerous: true,
        });
    };
    view! {
        <tr data-row=name.clone()>
            <td class="mono">{name.clone()}</td>
            <td>{cores}</td>
            <td>{memory}</td>
            <td>{gpus}</td>
            <td>{yes_or_no(shares)}</td>
            <td>{yes_or_no(preemptible)}</td>
            <td class="number">
                <button
                    class="button"
                    type="button"
                    aria-label=format!("Edit {name}…")
                    on:click=move |_| asked.set(Some(Asked::Change(machine.clone())))
                >
                    "Edit…"
                </button>
                " "
                <button class="button danger" type="button" aria-label=format!("Delete {name}…") on:click=delete>
                    "Delete…"
                </button>
            </td>
        </tr>
    }
}
