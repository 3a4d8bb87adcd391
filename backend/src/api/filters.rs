//! Filters: those that are kept by name, what one finds, and what can be written into one.
//!
//! Must not know how items are searched.

use super::datasets::{refused_filter, with_place};
use super::error::{OrProblem, Problem};
use crate::store::Store;
use proto::convert::{filter_resource_from_wire, id_from_wire, name_from_wire};
use proto::v1;
use proto::v1::filter_service_server::FilterService;
use shared::dql::{Parsed, Resource, parse};
use shared::filter::{FilterPreview, FilterResource, SavedFilter};
use tonic::{Request, Response, Status};

/// Items of a preview, and completions, at most.
const MOST_SHOWN: u32 = 100;
/// Completions when nothing is said.
const USUAL_COMPLETIONS: u32 = 20;

pub(super) struct Filters {
    pub(super) store: Store,
}

#[tonic::async_trait]
impl FilterService for Filters {
    async fn save_filter(
        &self,
        request: Request<v1::SaveFilterRequest>,
    ) -> Result<Response<v1::SavedFilter>, Status> {
        let saved = save(&self.store, request.into_inner()).await.or_problem()?;
        Ok(Response::new(saved.into()))
    }

    async fn list_filters(
        &self,
        request: Request<v1::ListFiltersRequest>,
    ) -> Result<Response<v1::ListFiltersResponse>, Status> {
        let resource = Some(request.into_inner().resource).filter(|word| !word.is_empty());
        let resource = resource.map(|word| filter_resource_from_wire("resource", &word)).transpose();
        let filters = self.store.filters(resource.or_problem()?).await.or_problem()?;
        Ok(Response::new(v1::ListFiltersResponse { filters: filters.into_iter().map(Into::into).collect() }))
    }

    async fn delete_filter(
        &self,
        request: Request<v1::DeleteFilterRequest>,
    ) -> Result<Response<v1::DeleteFilterResponse>, Status> {
        let id = id_from_wire("id", &request.get_ref().id).or_problem()?;
        self.store.delete_filter(id).await.or_problem()?;
        Ok(Response::new(v1::DeleteFilterResponse {}))
    }

    async fn preview_filter(
        &self,
        request: Request<v1::PreviewFilterRequest>,
    ) -> Result<Response<v1::PreviewFilterResponse>, Status> {
        let preview = preview(&self.store, request.into_inner()).await.or_problem()?;
        Ok(Response::new(preview.into()))
    }

    async fn complete_filter(
        &self,
        request: Request<v1::CompleteFilterRequest>,
    ) -> Result<Response<v1::CompleteFilterResponse>, Status> {
        let request = request.into_inner();
        let dataset_id = self.store.dataset_id(&request.dataset).await.or_problem()?;
        let limit = if request.limit == 0 { USUAL_COMPLETIONS } else { request.limit.min(MOST_SHOWN) };
        let completions = self
            .store
            .complete_filter(dataset_id, &request.field, &request.prefix, limit as usize)
            .await
            .or_problem()?;
        let completions = completions.into_iter().map(Into::into).collect();
        Ok(Response::new(v1::CompleteFilterResponse { completions }))
    }
}

async fn save(store: &Store, request: v1::SaveFilterRequest) -> Result<SavedFilter, Problem> {
    let name = name_from_wire("name", &request.name)?;
    let resource = filter_resource_from_wire("resource", &request.resource)?;
    let parsed =
        parse(&request.query).map_err(|refusal| refused_filter(&request.query, &refusal.problems))?;
    let wanted = match resource {
        FilterResource::Items => Resource::Items,
        FilterResource::Annotations => Resource::Annotations,
    };
    let query = match parsed.query.resource {
        Some(other) if other != wanted => {
            let problem = format!("asks for {}, and is to be kept for {}", other.name(), wanted.name());
            return Err(Problem::field("query", problem).next("name the resource that the query asks for"));
        }
        Some(_) => request.query,
        // What is kept is a whole query, which says what it asks for.
        None => shared::dql::Query { resource: Some(wanted), ..parsed.query }.to_string(),
    };
    Ok(store.save_filter(name, resource, query).await?)
}

async fn preview(store: &Store, request: v1::PreviewFilterRequest) -> Result<FilterPreview, Problem> {
    let text = request.filter;
    let (query, warnings) = match text.is_empty() {
        true => (shared::dql::Query::default(), Vec::new()),
        false => {
            let Parsed { query, warnings } =
                parse(&text).map_err(|refusal| refused_filter(&text, &refusal.problems))?;
            (query, warnings.iter().map(|warning| with_place(warning, &text)).collect())
        }
    };
    let dataset_id = store.dataset_id(&request.dataset).await?;
    let found = store.preview_items(dataset_id, &query, request.item_limit.min(MOST_SHOWN)).await?;
    Ok(FilterPreview { warnings, ..found })
}
