//! The dialog that makes a machine type or changes one.
//!
//! Must not know what a machine type may be: `shared` and the server do.

use super::gpus::{bytes_from, gpus_from, mib_of, text_of};
use crate::api::{self, ApiError};
use crate::components::dialog::{Dialog, DialogButtons};
use crate::components::dynamic::dynamic;
use crate::components::field::{SwitchField, TextArea, TextField};
use crate::state::session::Session;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::machine::MachineType;
use std::collections::BTreeMap;

/// What the dialog is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    New,
    Change(MachineType),
}

/// Open while something is asked.
#[component]
pub fn MachineDialog(asked: RwSignal<Option<Asked>>, on_done: Callback<MachineType>) -> impl IntoView {
    let close = Callback::new(move |()| asked.set(None));
    let is_open = Signal::derive(move || asked.with(Option::is_some));
    view! {
        <Dialog open=is_open on_close=close labelled_by="machine-title">
            {dynamic(move || asked.get().map(|what| view! { <MachineForm what close on_done/> }))}
        </Dialog>
    }
}

/// What is typed.
#[derive(Clone, Copy)]
struct Typed {
    given: StoredValue<MachineType>,
    name: RwSignal<String>,
    cores: RwSignal<String>,
    memory: RwSignal<String>,
    gpus: RwSignal<String>,
    shares_gpus: RwSignal<String>,
    is_preemptible: RwSignal<String>,
}

impl Typed {
    fn of(machine: MachineType) -> Self {
        Self {
            name: RwSignal::new(machine.name.clone()),
            cores: RwSignal::new(machine.cores.to_string()),
            memory: RwSignal::new(mib_of(machine.memory_bytes).to_string()),
            gpus: RwSignal::new(text_of(&machine.gpus)),
            shares_gpus: RwSignal::new(machine.shares_gpus.to_string()),
            is_preemptible: RwSignal::new(machine.is_preemptible.to_string()),
            given: StoredValue::new(machine),
        }
    }

    /// The machine type that is asked for, or what cannot be used of it.
    fn read(self) -> Result<MachineType, BTreeMap<String, String>> {
        let given = self.given.get_value();
        let mut problems = BTreeMap::new();
        let mut keep = |field: &str, problem: String| {
            problems.insert(field.to_owned(), problem);
        };
        let typed = self.cores.get();
        let cores = typed.trim().parse().unwrap_or_else(|_| {
            keep("cores", format!("`{}` is no whole number", typed.trim()));
            given.cores
        });
        let memory_bytes =
            self.memory.with(|text| bytes_from(text, given.memory_bytes)).unwrap_or_else(|problem| {
                keep("memory_bytes", problem);
                given.memory_bytes
            });
        let gpus = self.gpus.with(|text| gpus_from(text, &given.gpus)).unwrap_or_else(|problem| {
            keep("gpus", problem);
            Vec::new()
        });
        let machine = MachineType {
            name: self.name.get().trim().to_owned(),
            cores,
            memory_bytes,
            gpus,
            shares_gpus: self.shares_gpus.get() == "true",
            is_preemptible: self.is_preemptible.get() == "true",
            ..given
        };
        for error in machine.check().err().into_iter().flatten() {
            problems.entry(error.key).or_insert_with(|| text::capitalised(&error.message));
        }
        if problems.is_empty() { Ok(machine) } else { Err(problems) }
    }
}

#[component]
fn MachineForm(what: Asked, close: Callback<()>, on_done: Callback<MachineType>) -> impl IntoView {
    let session = expect_context::<Session>();
    let is_new = what == Asked::New;
    let (title, given) = match what {
        Asked::New => ("New machine type".to_owned(), MachineType::named("")),
        Asked::Change(machine) => (format!("Machine type {}", machine.name), machine),
    };
    let typed = Typed::of(given);
    let is_busy = RwSignal::new(false);
    let refusal = RwSignal::new(None::<ApiError>);
    // A name that nobody has typed yet is not complained about.
    let is_tried = RwSignal::new(false);
    let problem_of = move |field: &'static str| {
        Signal::derive(move || {
            if let Err(mut problems) = typed.read() {
                return problems.remove(field).filter(|_| is_tried.get() || field != "name");
            }
            refusal.with(|refusal| {
                let mut fields = refusal.iter().flat_map(|error| &error.fields);
                fields.find(|(known, _)| known == field).map(|(_, reason)| reason.clone())
            })
        })
    };
    let on_submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        is_tried.set(true);
        let Ok(machine) = untrack(|| typed.read()) else { return };
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        refusal.set(None);
        spawn_local(async move {
            let answer = api::services::save_machine_type(machine).await;
            is_busy.try_set(false);
            match answer {
                Ok(machine) => {
                    on_done.try_run(machine);
                    close.try_run(());
                }
                Err(error) => {
                    session.check(&error);
                    refusal.try_set(Some(error));
                }
            }
        });
    };
    let never = Signal::stored(None);
    let no = Signal::stored(false);
    view! {
        <h2 id="machine-title">{title}</h2>
        <form class="form" novalidate on:submit=on_submit>
            <TextField
                id="machine-name"
                label="Name"
                hint="Lower-case letters, digits and dashes"
                value=typed.name
                problem=problem_of("name")
                read_only=!is_new
            />
            <TextField
                id="machine-cores"
                label="Cores"
                value=typed.cores
                problem=problem_of("cores")
                input_mode="numeric"
            />
            <TextField
                id="machine-memory"
                label="Memory (MiB)"
                hint="0 where it is not known"
                value=typed.memory
                problem=problem_of("memory_bytes")
                input_mode="numeric"
            />
            <TextArea
                rows=3
                id="machine-gpus"
                label="GPUs"
                hint="One a line, with its number, name and memory, for example 0: H100, 81559 MiB"
                value=typed.gpus
                problem=problem_of("gpus")
            />
            <SwitchField
                id="machine-shares"
                label="Shares GPUs"
                hint=Signal::stored("Several instances may hold the same GPU".to_owned())
                value=typed.shares_gpus
                problem=never
                is_disabled=no
            />
            <SwitchField
                id="machine-preemptible"
                label="Preemptible"
                hint=Signal::stored("A service may let a more urgent training take it".to_owned())
                value=typed.is_preemptible
                problem=never
                is_disabled=no
            />
            {dynamic(move || refusal.get().filter(|error| error.fields.is_empty()).map(|error| view! {
                <p class="problem" role="alert">{error.sentence()}</p>
            }))}
            <DialogButtons close is_busy yes="Save machine type"/>
        </form>
    }
}
