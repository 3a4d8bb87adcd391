//! Datasets: get, list, items, and imports that tell how far they are.
//!
//! Must not know any format of datasets.

use super::error::{OrProblem, Problem};
use super::page::Window;
use crate::datasets::ImportError;
use crate::datasets::import::{self, ImportRequest};
use crate::store::{ItemQuery, Page, Store};
use futures::Stream;
use proto::convert::{SplitPercentages, name_from_wire, subset_filter_from_wire};
use proto::v1;
use proto::v1::dataset_service_server::DatasetService;
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
        let window = Window::from_request(request.page_size, &request.page_token).or_problem()?;
        let subset = subset_filter_from_wire("subset", request.subset).or_problem()?;
        let dataset = self.store.dataset(&request.dataset).await.or_problem()?;
        let query = ItemQuery { subset, offset: window.offset, limit: window.limit };
        let (items, total_count) = self.store.items(dataset.id, query).await.or_problem()?;
        Ok(Response::new(v1::ListItemsResponse {
            next_page_token: window.next_token(items.len(), total_count),
            items: items.into_iter().map(Into::into).collect(),
            total_count,
        }))
    }

    type ImportDatasetStream = Events;

    async fn import_dataset(
        &self,
        request: Request<v1::ImportDatasetRequest>,
    ) -> Result<Response<Events>, Status> {
        let request = import_request(request.get_ref()).or_problem()?;
        let (sender, receiver) = mpsc::channel(4);
        let store = self.store.clone();
        tokio::spawn(async move {
            let progress = sender.clone();
            let imported = import::run(&store, request, move |done, total| {
                let event = v1::import_dataset_event::Event::Progress(v1::ImportProgress {
                    files_done: done,
                    files_total: total,
                });
                // A slow reader misses some of the steps in between, which nobody minds.
                let _ = progress.try_send(Ok(event));
            })
            .await;
            let last =
                imported.map(|report| v1::import_dataset_event::Event::Report(report.into())).or_problem();
            // A caller that went away does not stop the import, which is repeatable.
            let _ = sender.send(last).await;
        });
        let events = ReceiverStream::new(receiver)
            .map(|event| event.map(|event| v1::ImportDatasetEvent { event: Some(event) }));
        Ok(Response::new(Box::pin(events)))
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let message = error.to_string();
        match error {
            ImportError::Store(error) => error.into(),
            ImportError::Interrupted(_) => Self::new(Code::Internal, "IMPORT_INTERRUPTED", message),
            ImportError::Split(_) => Self::new(Code::InvalidArgument, "SPLIT_INVALID", message),
            ImportError::Folder { .. } => Self::new(Code::InvalidArgument, "FOLDER_UNUSABLE", message),
            ImportError::OtherFormat { .. } => Self::new(Code::InvalidArgument, "OTHER_FORMAT", message),
            ImportError::Broken { .. } => Self::new(Code::InvalidArgument, "FILE_BROKEN", message),
            ImportError::Empty { .. } => Self::new(Code::InvalidArgument, "NOTHING_TO_IMPORT", message),
        }
    }
}

fn import_request(request: &v1::ImportDatasetRequest) -> Result<ImportRequest, Problem> {
    let format = match request.format() {
        v1::DatasetFormat::Voc => import::Format::Voc,
        v1::DatasetFormat::Coco => import::Format::Coco,
        v1::DatasetFormat::Yolo => import::Format::Yolo,
        v1::DatasetFormat::Folder => import::Format::Folder,
        v1::DatasetFormat::Unspecified => {
            return Err(Problem::field("format", "is not set; choose voc, coco, yolo or folder"));
        }
    };
    let path = PathBuf::from(&request.path);
    if !path.is_absolute() {
        return Err(Problem::field("path", "is not an absolute path on the server's machine"));
    }
    let split =
        request.split.map(SplitPercentages::try_from).transpose().map_err(|error| error.within("split"))?;
    Ok(ImportRequest {
        path,
        format,
        name: name_from_wire("name", &request.name)?,
        split: split.map(|split| import::Split {
            percentages: [split.train, split.validation, split.test],
            seed: split.seed,
        }),
    })
}
