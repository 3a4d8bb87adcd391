//! `trainyard artifacts ...`: the files of a model version.
//!
//! Must not know what is in them.

use super::args::{Output, Place};
use super::connect::{Connection, WithoutServer};
use super::failure::Failure;
use super::print;
use clap::{Args, Subcommand};
use futures::StreamExt;
use proto::v1;
use sha2::{Digest, Sha256};
use shared::model::Artifact;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// `trainyard artifacts ...`.
#[derive(Debug, Subcommand)]
pub enum ArtifactsCommand {
    /// List the files of a model version.
    List(ListArtifacts),
    /// Fetch the files of a model version into a folder.
    Pull(PullArtifacts),
}

/// `trainyard artifacts list`.
#[derive(Debug, Args)]
pub struct ListArtifacts {
    /// The model version's name or id.
    pub model: String,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// `trainyard artifacts pull`.
#[derive(Debug, Args)]
pub struct PullArtifacts {
    /// The model version's name or id.
    pub model: String,
    /// The folder to write into; it is made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

pub(super) async fn run(place: &Place, command: ArtifactsCommand) -> Result<(), Failure> {
    let connection = Connection::open(place, WithoutServer::WorkAlone).await?;
    let result = match command {
        ArtifactsCommand::List(arguments) => list(&connection, arguments).await,
        ArtifactsCommand::Pull(arguments) => pull(&connection, arguments).await,
    };
    connection.close().await;
    result
}

/// The files of a model, of its newest run first.
pub(super) async fn of_model(connection: &Connection, model: &str) -> Result<Vec<Artifact>, Failure> {
    let request = v1::ListArtifactsRequest { model: model.to_owned() };
    let answer = connection.models().list_artifacts(request).await?.into_inner();
    Ok(answer.artifacts.into_iter().map(Artifact::try_from).collect::<Result<_, _>>()?)
}

async fn list(connection: &Connection, arguments: ListArtifacts) -> Result<(), Failure> {
    let artifacts = of_model(connection, &arguments.model).await?;
    if arguments.output.json {
        return print::json(&artifacts);
    }
    let rows: Vec<[String; 5]> = artifacts
        .iter()
        .map(|artifact| {
            [
                artifact.name.clone(),
                artifact.kind.name().to_owned(),
                artifact.size_bytes.to_string(),
                artifact.epoch.map_or_else(|| "-".to_owned(), |epoch| epoch.to_string()),
                artifact.id.to_string(),
            ]
        })
        .collect();
    print::table(["NAME", "KIND", "BYTES", "EPOCH", "ID"], &rows)
}

async fn pull(connection: &Connection, arguments: PullArtifacts) -> Result<(), Failure> {
    let artifacts = of_model(connection, &arguments.model).await?;
    let Some(newest) = artifacts.first().map(|artifact| artifact.execution_id) else {
        return Err(no_files(&arguments.model));
    };
    std::fs::create_dir_all(&arguments.to).map_err(|error| {
        Failure::failed(format!("the folder {} cannot be made: {error}", arguments.to.display()))
    })?;
    let mut written = Vec::new();
    for artifact in artifacts.iter().filter(|artifact| artifact.execution_id == newest) {
        let path = fetch(connection, artifact, &arguments.to).await?;
        if !arguments.output.json {
            print::line(&path.display().to_string())?;
        }
        written.push(path);
    }
    if arguments.output.json { print::json(&written) } else { Ok(()) }
}

pub(super) fn no_files(model: &str) -> Failure {
    Failure::failed(format!(
        "the model `{}` has no files yet; train it first with `trainyard train {0}`",
        print::plain(model)
    ))
}

/// Fetches one file into a folder. What arrives is checked against its hash before it gets its name.
pub(super) async fn fetch(
    connection: &Connection,
    artifact: &Artifact,
    folder: &Path,
) -> Result<PathBuf, Failure> {
    let name = safe_name(&artifact.name).ok_or_else(|| {
        Failure::failed(format!("the file name `{}` cannot be used here", print::plain(&artifact.name)))
    })?;
    let path = folder.join(name);
    let cannot_write =
        |error: std::io::Error| Failure::failed(format!("{} cannot be written: {error}", path.display()));
    let mut file = readable_file(folder).map_err(cannot_write)?;
    let mut hasher = Sha256::new();
    let mut chunks = connection.fetch(&format!("/v1/artifacts/{}", artifact.id)).await?.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk =
            chunk.map_err(|error| Failure::failed(format!("{name} broke off: {error}; try again")))?;
        hasher.update(&chunk);
        file.write_all(&chunk).map_err(cannot_write)?;
    }
    let found: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if found != artifact.content_hash {
        return Err(Failure::failed(format!(
            "{name} arrived damaged (hash {found}, not {}); try again",
            artifact.content_hash
        )));
    }
    file.persist(&path).map_err(|error| cannot_write(error.error))?;
    Ok(path)
}

/// An unfinished file with the permissions that a person's files have, not a temporary one's.
fn readable_file(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    let permissions = std::fs::Permissions::from_mode(0o666);
    tempfile::Builder::new().prefix(".unfinished-").permissions(permissions).tempfile_in(folder)
}

/// A name that stays inside its folder.
fn safe_name(name: &str) -> Option<&str> {
    let is_plain = !name.is_empty()
        && name != "."
        && name != ".."
        && !name.contains(['/', '\\'])
        && !name.chars().any(char::is_control);
    is_plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_their_folder() {
        assert_eq!(safe_name("best.safetensors"), Some("best.safetensors"));
        for name in ["", ".", "..", "../x", "/etc/passwd", "a\\b", "a\nb"] {
            assert_eq!(safe_name(name), None, "{name}");
        }
    }
}
