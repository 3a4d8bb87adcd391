//! One setting of a service as a field, in the wizard and on the page of the service.
//!
//! Must not know where its value comes from.

use super::fields::Reset;
use super::service_form::{Kind, ON_RESET, ServiceField, refusal_of};
use crate::components::dynamic::{dynamic, memo};
use crate::components::field::{SelectField, SwitchField, TextField};
use leptos::prelude::*;
use shared::machine::MachineType;

#[component]
pub fn ServiceSetting(
    field: &'static ServiceField,
    value: RwSignal<String>,
    problem: Signal<Option<String>>,
    /// What Reset puts back.
    default: String,
    /// The types of machines that there are.
    machines: Signal<Vec<MachineType>>,
    /// The name of the one that is chosen.
    machine: Signal<String>,
) -> impl IntoView {
    // Where the machine leaves no choice, the field says so in place of its hint.
    let refusal = memo(move |_| {
        let chosen = machine.get();
        let machine = machines.get().into_iter().find(|machine| machine.name == chosen);
        machine.and_then(|machine| refusal_of(&machine, field.key))
    });
    let is_refused = Signal::derive(move || refusal.with(Option::is_some));
    let hint = Signal::derive(move || refusal.get().unwrap_or_else(|| field.hint.to_owned()));
    let (id, label) = (field.key, field.label);
    let input = match field.kind {
        Kind::OnReset => {
            let options = ON_RESET.map(|(word, label)| (word.to_owned(), label.to_owned())).to_vec();
            view! { <SelectField id label hint=field.hint options=Signal::stored(options) value problem/> }
                .into_any()
        }
        Kind::MachineType => {
            // What is free changes all the time, and must not draw the options anew under the pointer.
            let names =
                memo(move |_| machines.get().into_iter().map(|machine| machine.name).collect::<Vec<_>>());
            let options = Signal::derive(move || {
                let mut names = names.get();
                let chosen = value.get();
                // One that was chosen and is there no more is shown, so that its problem has a place.
                if !names.contains(&chosen) {
                    names.push(chosen);
                }
                names.into_iter().map(|name| (name.clone(), name)).collect()
            });
            let facts = move || {
                let machine =
                    machines.get().into_iter().find(|machine| value.with(|name| *name == machine.name));
                machine.map(|machine| machine.facts())
            };
            view! {
                <SelectField id label hint=field.hint options value problem/>
                <p class="hint">{dynamic(facts)}</p>
            }
            .into_any()
        }
        Kind::Switch => {
            view! { <SwitchField id label hint value problem is_disabled=is_refused/> }.into_any()
        }
        Kind::Text => {
            let drawn = move || view! { <TextField id label hint=hint.get() value problem read_only=is_refused.get()/> };
            drawn.into_any()
        }
        Kind::Number(..) | Kind::OptionalNumber(..) => {
            view! { <TextField id label hint=field.help() value problem input_mode="numeric"/> }.into_any()
        }
    };
    view! { <div class="setting">{input}<Reset label=field.label value default/></div> }
}
