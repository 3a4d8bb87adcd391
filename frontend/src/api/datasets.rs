//! Datasets.
//!
//! Must not know what is shown.

use super::{ApiError, transport};
use proto::v1::ListDatasetsRequest;
use proto::v1::dataset_service_client::DatasetServiceClient;
use shared::dataset::Dataset;

/// All datasets.
pub async fn list() -> Result<Vec<Dataset>, ApiError> {
    let mut client = DatasetServiceClient::new(transport());
    let mut datasets = Vec::new();
    let mut page_token = String::new();
    loop {
        let page =
            client.list_datasets(ListDatasetsRequest { page_size: 100, page_token }).await?.into_inner();
        for dataset in page.datasets {
            datasets.push(Dataset::try_from(dataset).map_err(|error| ApiError::malformed(&error))?);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(datasets);
        }
    }
}
