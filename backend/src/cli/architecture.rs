//! `trainyard architecture ...`.
//!
//! Must not know what makes a manifest usable: the server says it.

use super::args::{Output, Place};
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::print;
use crate::clock::{Clock, SystemClock};
use clap::{Args, Subcommand};
use proto::convert::catalog_from_wire;
use proto::v1;
use shared::architecture::Catalog;
use shared::format::relative_time;
use std::path::{Path, PathBuf};

/// What a manifest is called where only its folder is named.
const MANIFEST_FILE: &str = "trainyard.toml";

/// `trainyard architecture ...`.
#[derive(Debug, Subcommand)]
pub enum ArchitectureCommand {
    /// List what can be trained.
    List(ListArchitectures),
    /// Show one with its settings.
    Show(OneArchitecture),
    /// Add one of your own by its manifest, or a revision of it.
    Add(AddArchitecture),
    /// Show every manifest that was added under an id.
    Revisions(OneArchitecture),
    /// Take one of your own out; refused while model versions of it are there.
    Remove(OneArchitecture),
}

/// `trainyard architecture list`.
#[derive(Debug, Args)]
pub struct ListArchitectures {
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// A command about one architecture.
#[derive(Debug, Args)]
pub struct OneArchitecture {
    /// For example yolov8.
    #[arg(value_name = "ARCHITECTURE")]
    pub id: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard architecture add`.
#[derive(Debug, Args)]
pub struct AddArchitecture {
    /// The manifest, as TOML or JSON, or a folder with a `trainyard.toml`.
    #[arg(value_name = "MANIFEST")]
    pub manifest: PathBuf,
    /// Where its files are on the server's machine; without it, the folder of the manifest.
    #[arg(long, value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// Say everything that refuses it, and add nothing.
    #[arg(long)]
    pub check: bool,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

pub(super) async fn run(place: &Place, command: ArchitectureCommand) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let result = dispatch(&connection, command).await;
    connection.close().await;
    result
}

async fn dispatch(connection: &Connection, command: ArchitectureCommand) -> Result<(), Failure> {
    match command {
        ArchitectureCommand::List(list) => run_list(connection, list.output.json).await,
        ArchitectureCommand::Show(one) => {
            let request = v1::GetArchitectureRequest { id: one.id };
            let answer = connection.architectures().get_architecture(request).await?;
            show(&answer.into_inner(), one.output.json)
        }
        ArchitectureCommand::Add(add) => run_add(connection, add).await,
        ArchitectureCommand::Revisions(one) => run_revisions(connection, one).await,
        ArchitectureCommand::Remove(one) => {
            let request = v1::DeleteArchitectureRequest { id: one.id.clone() };
            connection.architectures().delete_architecture(request).await?;
            if one.output.json {
                return print::json(&serde_json::json!({"id": one.id}));
            }
            print::line(&format!("architecture {} is out of the lists", print::plain(&one.id)))
        }
    }
}

async fn fetch(connection: &Connection) -> Result<Vec<v1::Architecture>, Failure> {
    let request = v1::ListArchitecturesRequest {};
    Ok(connection.architectures().list_architectures(request).await?.into_inner().architectures)
}

/// What the server can train.
pub(super) async fn catalog(connection: &Connection) -> Result<Catalog, Failure> {
    Ok(catalog_from_wire(&Catalog::default(), fetch(connection).await?)?)
}

fn as_json(family: &v1::Architecture) -> serde_json::Value {
    let variant = |variant: &v1::ArchitectureVariant| {
        serde_json::json!({
            "name": format!("{}{}", family.id, variant.name),
            "title": variant.title,
            "parameters": (variant.parameters > 0).then_some(variant.parameters),
        })
    };
    let setting = |field: &v1::ConfigurationField| {
        serde_json::json!({
            "key": field.key,
            "type": field.kind,
            "default": serde_json::from_str::<serde_json::Value>(&field.default_json).unwrap_or_default(),
            "min": field.minimum,
            "max": field.maximum,
            "options": field.choices,
            "help": field.help,
        })
    };
    let private = family.private.as_ref();
    serde_json::json!({
        "id": family.id,
        "name": family.title,
        "description": family.description,
        "task": family.task,
        "service": family.service_name,
        "variants": family.variants.iter().map(variant).collect::<Vec<_>>(),
        "settings": family.fields.iter().map(setting).collect::<Vec<_>>(),
        "labels": family.labels,
        "secrets": family.secrets.iter().map(|secret| &secret.name).collect::<Vec<_>>(),
        "revision": private.map(|private| private.revision),
        "folder": private.map(|private| &private.folder),
        "manifest": private.and_then(|private| {
            serde_json::from_str::<serde_json::Value>(&private.manifest_json).ok()
        }),
    })
}

async fn run_list(connection: &Connection, json: bool) -> Result<(), Failure> {
    let families = fetch(connection).await?;
    if json {
        return print::json(&families.iter().map(as_json).collect::<Vec<_>>());
    }
    let rows: Vec<[String; 5]> = families
        .iter()
        .map(|family| {
            let names: Vec<String> =
                family.variants.iter().map(|variant| format!("{}{}", family.id, variant.name)).collect();
            let origin = match &family.private {
                Some(private) => format!("revision {}", private.revision),
                None => "built in".to_owned(),
            };
            [names.join(", "), family.title.clone(), family.task.clone(), origin, family.service_name.clone()]
        })
        .collect();
    print::table(["ARCHITECTURES", "NAME", "TASK", "ORIGIN", "SERVICE"], &rows)
}

fn show(family: &v1::Architecture, json: bool) -> Result<(), Failure> {
    if json {
        return print::json(&as_json(family));
    }
    print::line(&format!("{}: {}", print::plain(&family.title), print::plain(&family.description)))?;
    if let Some(private) = &family.private {
        let folder = if private.folder.is_empty() { "no folder" } else { &private.folder };
        print::line(&format!("revision {}, files in {}", private.revision, print::plain(folder)))?;
    }
    let rows: Vec<[String; 4]> = family
        .fields
        .iter()
        .map(|field| {
            let range = match (field.minimum, field.maximum) {
                (Some(least), Some(most)) if field.kind != "text" => format!("{least} to {most}"),
                _ => field.choices.join(", "),
            };
            [field.key.clone(), field.kind.clone(), range, field.default_json.clone()]
        })
        .collect();
    print::table(["SETTING", "TYPE", "VALUES", "DEFAULT"], &rows)
}

async fn run_add(connection: &Connection, add: AddArchitecture) -> Result<(), Failure> {
    let path = if add.manifest.is_dir() { add.manifest.join(MANIFEST_FILE) } else { add.manifest };
    let unreadable =
        |error: std::io::Error| Failure::usage(format!("{} cannot be read: {error}", path.display()));
    let manifest = std::fs::read_to_string(&path).map_err(unreadable)?;
    let folder = match add.folder {
        Some(folder) => folder,
        None => std::path::absolute(path.parent().unwrap_or_else(|| Path::new("."))).map_err(unreadable)?,
    };
    let request = v1::SaveArchitectureRequest {
        manifest,
        folder: folder.to_string_lossy().into_owned(),
        validate_only: add.check,
    };
    let family = connection.architectures().save_architecture(request).await?.into_inner();
    if add.output.json {
        return print::json(&as_json(&family));
    }
    if add.check {
        return print::line(&format!("architecture {} can be added", family.id));
    }
    let name = family.variants.first().map(|variant| variant.name.as_str()).unwrap_or_default();
    print::line(&format!(
        "architecture {} is there as revision {}; make a version of it with `trainyard model create --architecture {}{name}`",
        family.id,
        family.private.as_ref().map_or(0, |private| private.revision),
        family.id,
    ))
}

async fn run_revisions(connection: &Connection, one: OneArchitecture) -> Result<(), Failure> {
    let request = v1::ListArchitectureRevisionsRequest { id: one.id };
    let answer = connection.architectures().list_architecture_revisions(request).await?.into_inner();
    if one.output.json {
        let revision = |revision: &v1::ArchitectureRevision| {
            serde_json::json!({
                "revision": revision.revision,
                "created_at_ms": revision.created_at_ms,
                "folder": revision.folder,
                "manifest": serde_json::from_str::<serde_json::Value>(&revision.manifest_json).unwrap_or_default(),
            })
        };
        return print::json(&answer.revisions.iter().map(revision).collect::<Vec<_>>());
    }
    let now_ms = SystemClock::new().now_ms();
    let rows: Vec<[String; 3]> = answer
        .revisions
        .into_iter()
        .map(|revision| {
            let at = relative_time(revision.created_at_ms, now_ms);
            [revision.revision.to_string(), at, revision.folder]
        })
        .collect();
    print::table(["REVISION", "ADDED", "FOLDER"], &rows)
}
