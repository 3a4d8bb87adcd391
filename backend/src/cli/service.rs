//! `trainyard service ...`: training services, their instances and troubles.
//!
//! Must not know how an instance is made.

use super::args::{Output, Place, Setting};
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::print;
use super::service_args::{InstanceLog, OneService, ServiceCommand, SetService};
use crate::clock::{Clock, SystemClock};
use proto::convert::ServiceLoad;
use proto::v1;
use serde_json::json;
use shared::format::{duration, relative_time};
use shared::service::{Service, ServiceSettings, effect_of};

pub(super) async fn run(place: &Place, command: ServiceCommand) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let result = match command {
        ServiceCommand::List(output) => list(&connection, output).await,
        ServiceCommand::Show(one) => show(&connection, one).await,
        ServiceCommand::Set(set) => change(&connection, set).await,
        ServiceCommand::Pause(one) => act(&connection, one, Action::Pause).await,
        ServiceCommand::Resume(one) => act(&connection, one, Action::Resume).await,
        ServiceCommand::Restart(one) => act(&connection, one, Action::Restart).await,
        ServiceCommand::Errors(one) => errors(&connection, one).await,
        ServiceCommand::Instances(one) => instances(&connection, one).await,
        ServiceCommand::Revisions(one) => revisions(&connection, one).await,
        ServiceCommand::Log(log) => instance_log(&connection, log).await,
    };
    connection.close().await;
    result
}

/// What is done to one service.
#[derive(Clone, Copy)]
enum Action {
    Pause,
    Resume,
    Restart,
}

type Shown = (Service, ServiceLoad);

async fn get(connection: &Connection, service: String) -> Result<Shown, Failure> {
    let request = v1::GetTrainingServiceRequest { service };
    let found = connection.compute().get_training_service(request).await?.into_inner();
    Ok(Shown::try_from(found)?)
}

fn state_of((service, load): &Shown) -> &'static str {
    service.state(load.alive as usize, load.registered as usize).label()
}

fn as_json(shown: &Shown) -> serde_json::Value {
    let (service, load) = shown;
    let mut value = serde_json::to_value(service).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.insert("state".into(), state_of(shown).to_lowercase().into());
        object.insert("waiting".into(), load.waiting.into());
        object.insert("running".into(), load.running.into());
        object.insert("oldest_waiting_ms".into(), json!(load.oldest_waiting_ms));
        object.insert("instances".into(), load.alive.into());
        let next_step = service.error.as_ref().map_or("", |error| error.reason.next_step());
        object.insert("next_step".into(), next_step.into());
    }
    value
}

async fn list(connection: &Connection, output: Output) -> Result<(), Failure> {
    let answer = connection.compute().list_training_services(v1::ListTrainingServicesRequest {}).await?;
    let services = answer.into_inner().services.into_iter();
    let services = services.map(Shown::try_from).collect::<Result<Vec<_>, _>>()?;
    if output.json {
        return print::json(&services.iter().map(as_json).collect::<Vec<_>>());
    }
    let rows: Vec<[String; 6]> = services.iter().map(row).collect();
    print::table(["SERVICE", "STATE", "INSTANCES", "RUNNING", "WAITING", "TROUBLE"], &rows)
}

fn row(shown: &Shown) -> [String; 6] {
    let (service, load) = shown;
    let settings = &service.settings;
    [
        service.name.clone(),
        state_of(shown).to_owned(),
        format!("{} of {}-{}", load.alive, settings.min_instances, settings.max_instances),
        load.running.to_string(),
        load.waiting.to_string(),
        service.error.as_ref().map_or_else(|| "-".to_owned(), |error| error.reason.to_string()),
    ]
}

async fn show(connection: &Connection, one: OneService) -> Result<(), Failure> {
    let shown = get(connection, one.service).await?;
    if one.output.json {
        return print::json(&as_json(&shown));
    }
    print_service(&shown)
}

fn print_service(shown: &Shown) -> Result<(), Failure> {
    let (service, load) = shown;
    print::line(&format!(
        "{} is {}: {} running, {} waiting, {} instances",
        print::plain(&service.name),
        state_of(shown),
        load.running,
        load.waiting,
        load.alive
    ))?;
    if service.paused_by_force {
        print::line(&format!("paused by force after {} failed starts", service.failed_starts))?;
    }
    if let Some(error) = &service.error {
        print::line(&format!("{}: {}", error.reason, print::plain(&error.detail)))?;
        print::line(&format!("next: {}", error.reason.next_step()))?;
    }
    print::line(&format!("settings, revision {}:", service.settings_revision))?;
    let settings = serde_json::to_value(&service.settings).unwrap_or_default();
    for (key, value) in settings.as_object().into_iter().flatten() {
        print::line(&format!(
            "  {key} = {}",
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        ))?;
    }
    Ok(())
}

/// Settings with some of them set.
///
/// # Errors
/// If there is no such setting, or a text is no value of it.
pub(super) fn settings_with(
    settings: &ServiceSettings,
    given: &[Setting],
) -> Result<ServiceSettings, Failure> {
    let mut object = serde_json::to_value(settings)
        .map_err(|error| Failure::failed(format!("the settings cannot be written: {error}")))?;
    let known: Vec<String> = object.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect();
    for Setting { key, text } in given {
        let place = object.get_mut(key).ok_or_else(|| {
            Failure::usage(format!("a service has no setting `{key}`; it has {}", known.join(", ")))
        })?;
        *place = serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.clone()));
    }
    serde_json::from_value(object)
        .map_err(|error| Failure::usage(format!("the settings of the service cannot be used: {error}")))
}

async fn change(connection: &Connection, set: SetService) -> Result<(), Failure> {
    let (before, _) = get(connection, set.service).await?;
    let settings = settings_with(&before.settings, &set.settings)?;
    let request = v1::UpdateTrainingServiceRequest {
        service: before.id.to_string(),
        settings: Some(settings.into()),
        settings_revision: before.settings_revision,
    };
    let after = connection.compute().update_training_service(request).await?.into_inner();
    let shown = Shown::try_from(after)?;
    if set.output.json {
        return print::json(&as_json(&shown));
    }
    let changed = shown.0.settings.differences(&before.settings);
    if changed.is_empty() {
        return print::line(&format!("nothing changed: revision {}", shown.0.settings_revision));
    }
    for field in changed {
        let effect = effect_of(field).map_or("", |effect| effect.describe());
        print::line(&format!("{field}: {effect}"))?;
    }
    print::line(&format!("{} has revision {} now", shown.0.name, shown.0.settings_revision))
}

async fn act(connection: &Connection, one: OneService, action: Action) -> Result<(), Failure> {
    let mut client = connection.compute();
    let service = one.service;
    let answer = match action {
        Action::Pause => client.pause_service(v1::PauseServiceRequest { service }).await,
        Action::Resume => client.resume_service(v1::ResumeServiceRequest { service }).await,
        Action::Restart => client.restart_service(v1::RestartServiceRequest { service }).await,
    };
    let shown = Shown::try_from(answer?.into_inner())?;
    if one.output.json {
        return print::json(&as_json(&shown));
    }
    let what = match action {
        Action::Pause => "is paused: running trainings go on, and none is started",
        Action::Resume => "starts trainings again",
        Action::Restart => "replaces its instances: running trainings go on from a checkpoint",
    };
    print::line(&format!("{} {what}", shown.0.name))
}

async fn errors(connection: &Connection, one: OneService) -> Result<(), Failure> {
    let request = v1::ListServiceErrorsRequest { service: one.service };
    let errors = connection.compute().list_service_errors(request).await?.into_inner().errors;
    if one.output.json {
        let values = errors.iter().map(|error| {
            json!({
                "reason": error.reason, "count": error.count, "first_at_ms": error.first_at_ms,
                "last_at_ms": error.last_at_ms, "detail": error.detail, "output": error.output,
                "execution_ids": error.execution_ids, "next_step": error.next_step,
            })
        });
        return print::json(&values.collect::<Vec<_>>());
    }
    let now_ms = SystemClock::new().now_ms();
    for error in errors {
        print::line(&format!(
            "{} x{}, last {}, first {}: {}",
            error.reason,
            error.count,
            relative_time(error.last_at_ms, now_ms),
            relative_time(error.first_at_ms, now_ms),
            print::plain(&error.detail)
        ))?;
        for line in &error.output {
            print::line(&format!("    {}", print::plain(line)))?;
        }
        print::line(&format!("  executions: {}", error.execution_ids.join(", ")))?;
        print::line(&format!("  next: {}", error.next_step))?;
    }
    Ok(())
}

async fn instances(connection: &Connection, one: OneService) -> Result<(), Failure> {
    let (service, _) = get(connection, one.service).await?;
    let request = v1::ListInstancesRequest { service_id: service.id.to_string() };
    let instances = connection.compute().list_instances(request).await?.into_inner().instances;
    if one.output.json {
        let values = instances.iter().map(|instance| {
            json!({
                "id": instance.id, "state": instance.state, "handle": instance.handle,
                "error_reason": instance.error_reason, "error_detail": instance.error_detail,
                "execution_ids": instance.execution_ids, "created_at_ms": instance.created_at_ms,
                "heard_at_ms": instance.heard_at_ms, "generation": instance.generation,
                "machine_type": instance.machine_type, "gpus": instance.gpus, "cores": instance.cores,
                "memory_bytes": instance.memory_bytes, "drain": instance.drain,
            })
        });
        return print::json(&values.collect::<Vec<_>>());
    }
    let now_ms = SystemClock::new().now_ms();
    let rows: Vec<[String; 6]> = instances
        .into_iter()
        .map(|instance| {
            let heard = instance.heard_at_ms.map(|at| relative_time(at, now_ms));
            let why = if instance.error_reason.is_empty() { instance.drain } else { instance.error_reason };
            [
                instance.id,
                instance.state,
                duration(now_ms - instance.created_at_ms),
                heard.unwrap_or_else(|| "never".into()),
                instance.execution_ids.len().to_string(),
                why,
            ]
        })
        .collect();
    print::table(["INSTANCE", "STATE", "AGE", "HEARD", "HOLDS", "WHY"], &rows)
}

async fn revisions(connection: &Connection, one: OneService) -> Result<(), Failure> {
    let request = v1::ListServiceRevisionsRequest { service: one.service };
    let answer = connection.compute().list_service_revisions(request).await?.into_inner();
    let mut revisions = Vec::new();
    for revision in answer.revisions {
        let settings = ServiceSettings::try_from(revision.settings.unwrap_or_default())?;
        revisions.push(json!({
            "settings_revision": revision.settings_revision, "settings": settings,
            "created_at_ms": revision.created_at_ms,
        }));
    }
    if one.output.json {
        return print::json(&revisions);
    }
    for revision in revisions {
        print::line(&format!("{}: {}", revision["settings_revision"], revision["settings"]))?;
    }
    Ok(())
}

async fn instance_log(connection: &Connection, log: InstanceLog) -> Result<(), Failure> {
    let request = v1::GetInstanceLogRequest { instance_id: log.instance, lines: log.lines };
    let lines = connection.compute().get_instance_log(request).await?.into_inner().lines;
    if log.output.json {
        return print::json(&lines);
    }
    lines.iter().try_for_each(|line| print::line(&print::plain(line)))
}
