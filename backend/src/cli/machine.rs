//! `trainyard machine ...`: what instances may run on.
//!
//! Must not know how machines are found.

use super::args::{Output, Place};
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::print;
use super::service_args::{MachineCommand, OneMachine, SetMachine};
use proto::v1;
use shared::machine::MachineType;

pub(super) async fn run(place: &Place, command: MachineCommand) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let result = match command {
        MachineCommand::List(output) => list(&connection, output).await,
        MachineCommand::Set(set) => change(&connection, set).await,
        MachineCommand::Remove(one) => remove(&connection, one).await,
    };
    connection.close().await;
    result
}

async fn all(connection: &Connection) -> Result<Vec<MachineType>, Failure> {
    let answer = connection.compute().list_machine_types(v1::ListMachineTypesRequest {}).await?;
    Ok(answer.into_inner().machine_types.into_iter().map(Into::into).collect())
}

async fn list(connection: &Connection, output: Output) -> Result<(), Failure> {
    let machines = all(connection).await?;
    if output.json {
        return print::json(&machines);
    }
    machines.iter().try_for_each(print_machine)
}

fn print_machine(machine: &MachineType) -> Result<(), Failure> {
    let sharing = if machine.shares_gpus { "; instances may share a GPU" } else { "" };
    let taking = if machine.is_preemptible { "" } else { "; never taken from a training" };
    print::line(&format!("{}{sharing}{taking}", print::plain(&machine.to_string())))
}

async fn change(connection: &Connection, set: SetMachine) -> Result<(), Failure> {
    let known = all(connection).await?.into_iter().find(|machine| machine.name == set.name);
    let mut machine = known.unwrap_or_else(|| MachineType::named(&set.name));
    machine.cores = set.cores.unwrap_or(machine.cores);
    machine.memory_bytes = set.memory_mib.map_or(machine.memory_bytes, |mebibytes| mebibytes << 20);
    if set.no_gpus || !set.gpus.is_empty() {
        machine.gpus = set.gpus;
    }
    machine.shares_gpus = set.shares_gpus.unwrap_or(machine.shares_gpus);
    machine.is_preemptible = set.preemptible.unwrap_or(machine.is_preemptible);
    let saved = connection.compute().save_machine_type(v1::MachineType::from(machine)).await?.into_inner();
    let saved = MachineType::from(saved);
    if set.output.json { print::json(&saved) } else { print_machine(&saved) }
}

async fn remove(connection: &Connection, one: OneMachine) -> Result<(), Failure> {
    let request = v1::DeleteMachineTypeRequest { name: one.name.clone() };
    connection.compute().delete_machine_type(request).await?;
    if one.output.json {
        return print::json(&serde_json::json!({ "name": one.name }));
    }
    print::line(&format!("the machine type {} is gone", print::plain(&one.name)))
}
