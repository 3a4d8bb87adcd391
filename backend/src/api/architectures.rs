//! The architectures that this server can train, with the form of their settings; private ones are added by a manifest.
//!
//! Must not know how one is trained.

use super::error::{OrProblem, Problem};
use crate::store::{ArchitectureRevision, Store};
use proto::convert::manifest_to_wire;
use proto::v1;
use proto::v1::architecture_service_server::ArchitectureService;
use shared::architecture::{Catalog, Manifest, UnknownArchitecture};
use shared::config::FieldError;
use tonic::{Code, Request, Response, Status};

/// Bytes of a manifest's text at most.
const MOST_MANIFEST_BYTES: usize = 256 << 10;
/// Bytes of the path of a folder at most.
const MOST_FOLDER_BYTES: usize = 4_096;

pub(super) struct Architectures {
    pub(super) store: Store,
}

impl Architectures {
    async fn save(&self, request: v1::SaveArchitectureRequest) -> Result<v1::Architecture, Problem> {
        let manifest = manifest_from_text(&request.manifest)?;
        let folder = folder_from_wire(&request.folder)?;
        self.store.catalog().check(&manifest, &folder).map_err(refused)?;
        if request.validate_only {
            return Ok(v1::Architecture {
                id: manifest.id,
                title: manifest.name,
                ..v1::Architecture::default()
            });
        }
        Ok(self.store.save_architecture(manifest, folder).await?.into())
    }
}

#[tonic::async_trait]
impl ArchitectureService for Architectures {
    async fn list_architectures(
        &self,
        _request: Request<v1::ListArchitecturesRequest>,
    ) -> Result<Response<v1::ListArchitecturesResponse>, Status> {
        let architectures = self.store.catalog().families().map(Into::into).collect();
        Ok(Response::new(v1::ListArchitecturesResponse { architectures }))
    }

    async fn get_architecture(
        &self,
        request: Request<v1::GetArchitectureRequest>,
    ) -> Result<Response<v1::Architecture>, Status> {
        let id = request.into_inner().id;
        let catalog = self.store.catalog();
        let family = catalog.family(&id).ok_or_else(|| unknown(&catalog, &id)).or_problem()?;
        Ok(Response::new(family.into()))
    }

    async fn save_architecture(
        &self,
        request: Request<v1::SaveArchitectureRequest>,
    ) -> Result<Response<v1::Architecture>, Status> {
        self.save(request.into_inner()).await.map(Response::new).or_problem()
    }

    async fn list_architecture_revisions(
        &self,
        request: Request<v1::ListArchitectureRevisionsRequest>,
    ) -> Result<Response<v1::ListArchitectureRevisionsResponse>, Status> {
        let revisions = self.store.architecture_revisions(&request.into_inner().id).await.or_problem()?;
        let revisions = revisions.into_iter().map(revision_to_wire).collect();
        Ok(Response::new(v1::ListArchitectureRevisionsResponse { revisions }))
    }

    async fn delete_architecture(
        &self,
        request: Request<v1::DeleteArchitectureRequest>,
    ) -> Result<Response<v1::DeleteArchitectureResponse>, Status> {
        self.store.delete_architecture(&request.into_inner().id).await.or_problem()?;
        Ok(Response::new(v1::DeleteArchitectureResponse {}))
    }
}

impl From<UnknownArchitecture> for Problem {
    fn from(error: UnknownArchitecture) -> Self {
        let message = error.to_string();
        let mut problem = Self::new(Code::InvalidArgument, "ARCHITECTURE_UNKNOWN", message.clone());
        problem.violations.push(("architecture".to_owned(), message));
        problem
    }
}

fn unknown(catalog: &Catalog, id: &str) -> Problem {
    let known: Vec<&str> = catalog.families().map(|family| family.id).collect();
    let shown: String = id.chars().take(48).collect();
    let message = format!("there is no architecture `{shown}`; known ones are {}", known.join(", "));
    Problem::new(Code::NotFound, "NOT_FOUND", message)
}

/// Everything that is wrong with a manifest, at its fields.
fn refused(errors: Vec<FieldError>) -> Problem {
    let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let mut problem = Problem::new(Code::InvalidArgument, "MANIFEST_INVALID", text.join("\n"));
    problem.violations =
        errors.into_iter().map(|error| (format!("manifest.{}", error.key), error.message)).collect();
    problem
}

/// Reads a manifest: JSON where it begins with a brace, TOML otherwise.
fn manifest_from_text(text: &str) -> Result<Manifest, Problem> {
    if text.len() > MOST_MANIFEST_BYTES {
        let problem = format!("is larger than {} KiB; shorten it", MOST_MANIFEST_BYTES >> 10);
        return Err(Problem::field("manifest", problem));
    }
    if text.trim().is_empty() {
        return Err(Problem::field("manifest", "is empty: it names the architecture and its command"));
    }
    let read = if text.trim_start().starts_with('{') {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        toml::from_str(text).map_err(|error| error.to_string().trim().to_owned())
    };
    read.map_err(|error| Problem::field("manifest", format!("cannot be read: {error}")))
}

/// A whole path without a slash at its end; empty for none.
fn folder_from_wire(folder: &str) -> Result<String, Problem> {
    let folder = folder.trim();
    if folder.is_empty() {
        return Ok(String::new());
    }
    if !folder.starts_with('/') || folder.contains('\0') || folder.len() > MOST_FOLDER_BYTES {
        return Err(Problem::field("folder", "is no whole path, such as /opt/trainers/mine"));
    }
    Ok(folder.trim_end_matches('/').to_owned())
}

fn revision_to_wire(revision: ArchitectureRevision) -> v1::ArchitectureRevision {
    v1::ArchitectureRevision {
        revision: revision.revision,
        manifest_json: manifest_to_wire(&revision.manifest),
        folder: revision.folder,
        created_at_ms: revision.created_at_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: &str =
        "id = \"tiny\"\nname = \"Tiny\"\ntask = \"detection\"\ncommand = [\"python3\", \"{folder}/a.py\"]\n";

    #[test]
    fn both_texts_say_the_same() {
        let of_toml = manifest_from_text(&format!(
            "{TINY}\n[[settings]]\nkey = \"lr\"\ntype = \"number\"\nmin = 0.0\nmax = 1.0\ndefault = 0.1\n\n[service]\nmax_attempts = 2\n"
        ))
        .unwrap();
        let of_json = manifest_from_text(
            r#" {"id": "tiny", "name": "Tiny", "task": "detection", "command": ["python3", "{folder}/a.py"],
            "settings": [{"key": "lr", "type": "number", "min": 0.0, "max": 1.0, "default": 0.1}],
            "service": {"max_attempts": 2}}"#,
        )
        .unwrap();
        assert_eq!(of_toml, of_json);
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let huge = "#".repeat(MOST_MANIFEST_BYTES + 1);
        for (text, part) in [
            ("", "is empty"),
            ("id = ", "line 1"),
            ("{\"id\": }", "line 1 column 8"),
            ("id = \"a\"\nnam = \"b\"", "unknown field `nam`"),
            (huge.as_str(), "larger than 256 KiB"),
        ] {
            let problem = manifest_from_text(text).unwrap_err();
            assert_eq!(problem.violations[0].0, "manifest");
            assert!(problem.message.contains(part), "{part}: {}", problem.message);
        }
    }

    #[test]
    fn folders_are_whole_paths() {
        assert_eq!(folder_from_wire(" /opt/tiny/ ").unwrap(), "/opt/tiny");
        assert_eq!(folder_from_wire("").unwrap(), "");
        for folder in ["opt", "./a", "/a\0b"] {
            assert!(folder_from_wire(folder).is_err(), "{folder}");
        }
    }
}
