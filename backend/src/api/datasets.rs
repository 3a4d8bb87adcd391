//! Datasets: get, list, items and their changes, and imports that tell how far they are.
//!
//! Must not know any format of datasets.

use super::error::{OrProblem, Problem};
use super::page::Window;
use super::{idempotency, items};
use crate::crash_point::{CrashPoint, pass};
use crate::datasets::ImportError;
use crate::datasets::import::{self, ImportRequest};
use crate::datasets::upload::{self, UploadImport};
use crate::store::{Call, Page, Store};
use futures::Stream;
use proto::convert::{SplitPercentages, id_from_wire, name_from_wire, subset_filter_from_wire};
use proto::v1;
use proto::v1::dataset_service_server::DatasetService;
use shared::dql::{self, Query, parse, tagged_items_query};
use std::path::PathBuf;
use std::pin::Pin;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status};

pub(super) struct Datasets {
    pub(super) store: Store,
}

type Events = Pin<Box<dyn Stream<Item = Result<v1::ImportDatasetEvent, Status>> + Send>>;

#[tonic::async_trait]
impl DatasetService for Datasets {
    async fn get_dataset(
        &self,
        request: Request<v1::GetDatasetRequest>,
    ) -> Result<Response<v1::Dataset>, Status> {
        let dataset = self.store.dataset(&request.get_ref().dataset).await.or_problem()?;
        Ok(Response::new(dataset.into()))
    }

    async fn list_datasets(
        &self,
        request: Request<v1::ListDatasetsRequest>,
    ) -> Result<Response<v1::ListDatasetsResponse>, Status> {
        let request = request.get_ref();
        let window = Window::from_request(request.page_size, &request.page_token).or_problem()?;
        let page = Page { offset: window.offset, limit: window.limit };
        let (datasets, total) = self.store.datasets(page).await.or_problem()?;
        Ok(Response::new(v1::ListDatasetsResponse {
            next_page_token: window.next_token(datasets.len(), total),
            datasets: datasets.into_iter().map(Into::into).collect(),
        }))
    }

    async fn list_items(
        &self,
        request: Request<v1::ListItemsRequest>,
    ) -> Result<Response<v1::ListItemsResponse>, Status> {
        let request = request.get_ref();
        let (query, warnings) = query_of(request).or_problem()?;
        let chooses_page = query.page.is_some() || query.page_size.is_some();
        let window = if chooses_page && request.page_size == 0 && request.page_token.is_empty() {
            Window::from_query(query.page, query.page_size)
        } else {
            Window::from_request(request.page_size, &request.page_token).or_problem()?
        };
        let dataset_id = self.store.dataset_id(&request.dataset).await.or_problem()?;
        let mut answer = v1::ListItemsResponse { warnings, ..Default::default() };
        if !request.count_only {
            let page = Page { offset: window.offset, limit: window.limit };
            let found = self.store.find_items(dataset_id, &query, page).await.or_problem()?;
            answer.next_page_token = window.token_if(found.has_more, found.rows.len());
            answer.items = found.rows.into_iter().map(Into::into).collect();
        }
        if request.count_only || !request.without_total {
            answer.total_count = self.store.count_items(dataset_id, &query).await.or_problem()?;
        }
        Ok(Response::new(answer))
    }

    async fn create_dataset(
        &self,
        request: Request<v1::CreateDatasetRequest>,
    ) -> Result<Response<v1::Dataset>, Status> {
        let answer = items::create_dataset(&self.store, request.into_inner()).await.or_problem()?;
        Ok(Response::new(answer.into()))
    }

    async fn list_folders(
        &self,
        request: Request<v1::ListFoldersRequest>,
    ) -> Result<Response<v1::ListFoldersResponse>, Status> {
        let answer = items::list_folders(&self.store, request.into_inner()).await.or_problem()?;
        Ok(Response::new(answer))
    }

    async fn get_item(
        &self,
        request: Request<v1::GetItemRequest>,
    ) -> Result<Response<v1::ItemDetail>, Status> {
        let answer = items::get_item(&self.store, request.into_inner()).await.or_problem()?;
        Ok(Response::new(answer.into()))
    }

    async fn tag_items(
        &self,
        request: Request<v1::TagItemsRequest>,
    ) -> Result<Response<v1::ItemsChange>, Status> {
        let answer = items::tag_items(&self.store, request.into_inner()).await.or_problem()?;
        Ok(Response::new(answer.into()))
    }

    async fn split_items(
        &self,
        request: Request<v1::SplitItemsRequest>,
    ) -> Result<Response<v1::ItemsChange>, Status> {
        let answer = items::split_items(&self.store, request.into_inner()).await.or_problem()?;
        Ok(Response::new(answer.into()))
    }

    async fn move_items(
        &self,
        request: Request<v1::MoveItemsRequest>,
    ) -> Result<Response<v1::ItemsChange>, Status> {
        let answer = items::move_items(&self.store, request.into_inner()).await.or_problem()?;
        Ok(Response::new(answer.into()))
    }

    async fn delete_items(
        &self,
        request: Request<v1::DeleteItemsRequest>,
    ) -> Result<Response<v1::ItemsChange>, Status> {
        let answer = items::delete_items(&self.store, request.into_inner()).await.or_problem()?;
        Ok(Response::new(answer.into()))
    }

    async fn undo_items_change(
        &self,
        request: Request<v1::UndoItemsChangeRequest>,
    ) -> Result<Response<v1::ItemsChange>, Status> {
        let answer = items::undo_items_change(&self.store, request.into_inner()).await.or_problem()?;
        Ok(Response::new(answer.into()))
    }

    async fn list_items_changes(
        &self,
        request: Request<v1::ListItemsChangesRequest>,
    ) -> Result<Response<v1::ListItemsChangesResponse>, Status> {
        let answer = items::list_items_changes(&self.store, request.into_inner()).await.or_problem()?;
        Ok(Response::new(answer))
    }

    type ImportDatasetStream = Events;

    async fn import_dataset(
        &self,
        request: Request<v1::ImportDatasetRequest>,
    ) -> Result<Response<Events>, Status> {
        let origin = import_request(request.get_ref()).or_problem()?;
        let (sender, receiver) = mpsc::channel(4);
        let store = self.store.clone();
        tokio::spawn(Call::carry(async move {
            let progress = sender.clone();
            let tell = move |done, total| {
                let event = v1::import_dataset_event::Event::Progress(v1::ImportProgress {
                    files_done: done,
                    files_total: total,
                });
                // A slow reader misses some of the steps in between, which nobody minds.
                let _ = progress.try_send(Ok(event));
            };
            let imported = match origin {
                Origin::Folder(request) => {
                    import::run(&store, request, tell).await.map(|report| (report, None))
                }
                Origin::Upload(request) => {
                    upload::run(&store, request, tell).await.map(|(report, upload)| (report, Some(upload)))
                }
            };
            let (last, upload) = match imported {
                Ok((report, upload)) => (Ok(v1::import_dataset_event::Event::Report(report.into())), upload),
                Err(error) => (Err(error).or_problem(), None),
            };
            if let Ok(event) = &last {
                idempotency::keep(&store, &v1::ImportDatasetEvent { event: Some(event.clone()) }).await;
                pass(CrashPoint::ImportBeforeReply);
            }
            if let Some(upload) = upload {
                upload.forget(&store).await;
            }
            // A caller that went away does not stop the import, which is repeatable.
            let _ = sender.send(last).await;
        }));
        let events = ReceiverStream::new(receiver)
            .map(|event| event.map(|event| v1::ImportDatasetEvent { event: Some(event) }));
        Ok(Response::new(Box::pin(events)))
    }
}

/// The query of a request, with warnings.
fn query_of(request: &v1::ListItemsRequest) -> Result<(Query, Vec<String>), Problem> {
    let (mut query, mut warnings) = (Query::default(), Vec::new());
    if !request.filter.is_empty() {
        let parsed =
            parse(&request.filter).map_err(|refusal| refused_filter(&request.filter, &refusal.problems))?;
        warnings = parsed.warnings.iter().map(|problem| with_place(problem, &request.filter)).collect();
        query = parsed.query;
    }
    if let Some(subset) = subset_filter_from_wire("subset", request.subset)? {
        query.filter.clauses.extend(tagged_items_query(subset).filter.clauses);
    }
    Ok((query, warnings))
}

pub(super) fn with_place(problem: &dql::Problem, text: &str) -> String {
    let (line, column) = problem.span.line_and_column(text);
    format!("line {line}, column {column}: {problem}")
}

/// One violation for each thing that is wrong.
pub(super) fn refused_filter(text: &str, problems: &[dql::Problem]) -> Problem {
    let told: Vec<String> = problems.iter().map(|problem| with_place(problem, text)).collect();
    let mut problem = Problem::new(
        Code::InvalidArgument,
        "FILTER_REFUSED",
        format!("the filter is refused:\n{}", told.join("\n")),
    );
    problem.violations = told.into_iter().map(|told| ("filter".to_owned(), told)).collect();
    problem
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let message = error.to_string();
        match error {
            ImportError::Store(error) => error.into(),
            ImportError::Interrupted(_) => Self::new(Code::Internal, "IMPORT_INTERRUPTED", message),
            ImportError::Split(_) => Self::new(Code::InvalidArgument, "SPLIT_INVALID", message),
            ImportError::Folder { .. } => Self::new(Code::InvalidArgument, "FOLDER_UNUSABLE", message),
            ImportError::OtherFormat { .. } | ImportError::UnknownFormat { .. } => {
                Self::new(Code::InvalidArgument, "OTHER_FORMAT", message)
            }
            ImportError::Archive { .. } => Self::new(Code::InvalidArgument, "ARCHIVE_REFUSED", message),
            ImportError::UploadedFile { .. } => Self::new(Code::InvalidArgument, "FILE_REFUSED", message),
            ImportError::Broken { .. } => Self::new(Code::InvalidArgument, "FILE_BROKEN", message),
            ImportError::Empty { .. } => Self::new(Code::InvalidArgument, "NOTHING_TO_IMPORT", message),
        }
    }
}

/// Where an import reads from.
#[derive(Debug)]
enum Origin {
    Folder(ImportRequest),
    Upload(UploadImport),
}

fn import_request(request: &v1::ImportDatasetRequest) -> Result<Origin, Problem> {
    let format = match request.format() {
        v1::DatasetFormat::Voc => Some(import::Format::Voc),
        v1::DatasetFormat::Coco => Some(import::Format::Coco),
        v1::DatasetFormat::Yolo => Some(import::Format::Yolo),
        v1::DatasetFormat::Folder => Some(import::Format::Folder),
        v1::DatasetFormat::Unspecified => None,
    };
    let split =
        request.split.map(SplitPercentages::try_from).transpose().map_err(|error| error.within("split"))?;
    let split = split.map(|split| import::Split {
        percentages: [split.train, split.validation, split.test],
        seed: split.seed,
    });
    let name = name_from_wire("name", &request.name)?;
    if !request.upload_id.is_empty() {
        if !request.path.is_empty() {
            return Err(Problem::field("path", "is set beside `upload_id`; give one of them"));
        }
        let upload_id = id_from_wire("upload_id", &request.upload_id)?;
        return Ok(Origin::Upload(UploadImport { upload_id, format, name, split }));
    }
    let path = PathBuf::from(&request.path);
    if !path.is_absolute() {
        return Err(Problem::field("path", "is not an absolute path on the server's machine"));
    }
    Ok(Origin::Folder(ImportRequest { path, format, name, split }))
}
