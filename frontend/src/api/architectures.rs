//! Architectures: what can be trained.
//!
//! Must not know what is shown.

use super::{ApiError, call::calls};
use proto::convert::catalog_from_wire;
use proto::v1::{DeleteArchitectureRequest, ListArchitecturesRequest, SaveArchitectureRequest};
use shared::architecture::Catalog;

calls! {
    list_architectures(ListArchitecturesRequest) -> ListArchitecturesResponse = "ArchitectureService/ListArchitectures";
    save_architecture(SaveArchitectureRequest) -> Architecture = "ArchitectureService/SaveArchitecture";
    delete_architecture(DeleteArchitectureRequest) -> DeleteArchitectureResponse = "ArchitectureService/DeleteArchitecture";
}

/// All of them; those that are `known` already are taken from there.
pub async fn list(known: &Catalog) -> Result<Catalog, ApiError> {
    let answer = rpc::list_architectures(ListArchitecturesRequest {}).await?;
    catalog_from_wire(known, answer.architectures).map_err(|error| ApiError::malformed(&error))
}

/// Adds a private one by its manifest, or a revision of it: its id.
pub async fn save(manifest: String, folder: String) -> Result<String, ApiError> {
    let request = SaveArchitectureRequest { manifest, folder, validate_only: false };
    Ok(rpc::save_architecture(request).await?.id)
}

/// Takes a private one out.
pub async fn delete(id: String) -> Result<(), ApiError> {
    rpc::delete_architecture(DeleteArchitectureRequest { id }).await?;
    Ok(())
}
