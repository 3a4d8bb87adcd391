//! Datasets, items, annotations and the reports of imports.

use super::{ConvertError, id_from_wire, list_from_wire, required};
use crate::v1;
use shared::dataset::{Annotation, Dataset, ImportReport, Item, Label, PixelBox, Rejection, Subset, Task};

impl From<Task> for v1::Task {
    fn from(task: Task) -> Self {
        match task {
            Task::Detection => Self::Detection,
            Task::Classification => Self::Classification,
        }
    }
}

impl TryFrom<v1::Task> for Task {
    type Error = ConvertError;

    fn try_from(task: v1::Task) -> Result<Self, ConvertError> {
        match task {
            v1::Task::Detection => Ok(Self::Detection),
            v1::Task::Classification => Ok(Self::Classification),
            v1::Task::Unspecified => Err(ConvertError::new("task", "is not set")),
        }
    }
}

/// The subset on the wire; none is "unspecified".
#[must_use]
pub fn subset_to_wire(subset: Option<Subset>) -> v1::Subset {
    match subset {
        None => v1::Subset::Unspecified,
        Some(Subset::Train) => v1::Subset::Train,
        Some(Subset::Validation) => v1::Subset::Validation,
        Some(Subset::Test) => v1::Subset::Test,
    }
}

/// A subset that may be left out; a number that this version does not know is refused.
///
/// # Errors
/// If the number names no subset.
pub fn subset_filter_from_wire(field: &str, number: i32) -> Result<Option<Subset>, ConvertError> {
    match v1::Subset::try_from(number) {
        Ok(v1::Subset::Unspecified) => Ok(None),
        Ok(v1::Subset::Train) => Ok(Some(Subset::Train)),
        Ok(v1::Subset::Validation) => Ok(Some(Subset::Validation)),
        Ok(v1::Subset::Test) => Ok(Some(Subset::Test)),
        Err(_) => Err(ConvertError::new(field, format!("is {number}, which names no subset"))),
    }
}

impl From<Label> for v1::Label {
    fn from(label: Label) -> Self {
        Self { name: label.name, colour: label.colour }
    }
}

impl TryFrom<v1::Label> for Label {
    type Error = ConvertError;

    fn try_from(label: v1::Label) -> Result<Self, ConvertError> {
        if label.name.is_empty() {
            return Err(ConvertError::new("name", "is empty"));
        }
        Ok(Self { name: label.name, colour: label.colour })
    }
}

impl From<Dataset> for v1::Dataset {
    fn from(dataset: Dataset) -> Self {
        let [train_count, validation_count, test_count] = dataset.subset_counts;
        Self {
            id: dataset.id.to_string(),
            project_id: dataset.project_id.to_string(),
            name: dataset.name,
            task: v1::Task::from(dataset.task).into(),
            labels: dataset.labels.into_iter().map(Into::into).collect(),
            item_count: dataset.item_count,
            annotation_count: dataset.annotation_count,
            train_count,
            validation_count,
            test_count,
            created_at_ms: dataset.created_at_ms,
            revision: dataset.revision,
        }
    }
}

impl TryFrom<v1::Dataset> for Dataset {
    type Error = ConvertError;

    fn try_from(dataset: v1::Dataset) -> Result<Self, ConvertError> {
        Ok(Self {
            id: id_from_wire("id", &dataset.id)?,
            project_id: id_from_wire("project_id", &dataset.project_id)?,
            task: dataset.task().try_into()?,
            labels: list_from_wire("labels", dataset.labels)?,
            name: dataset.name,
            item_count: dataset.item_count,
            annotation_count: dataset.annotation_count,
            subset_counts: [dataset.train_count, dataset.validation_count, dataset.test_count],
            created_at_ms: dataset.created_at_ms,
            revision: dataset.revision,
        })
    }
}

impl From<PixelBox> for v1::PixelBox {
    fn from(region: PixelBox) -> Self {
        Self { x1: region.x1, y1: region.y1, x2: region.x2, y2: region.y2 }
    }
}

impl TryFrom<v1::PixelBox> for PixelBox {
    type Error = ConvertError;

    fn try_from(region: v1::PixelBox) -> Result<Self, ConvertError> {
        for (field, value) in [("x1", region.x1), ("y1", region.y1), ("x2", region.x2), ("y2", region.y2)] {
            if !value.is_finite() {
                return Err(ConvertError::new(field, "is not a finite number"));
            }
        }
        if region.x2 <= region.x1 {
            return Err(ConvertError::new("x2", "is not right of x1: the box has no area"));
        }
        if region.y2 <= region.y1 {
            return Err(ConvertError::new("y2", "is not below y1: the box has no area"));
        }
        Ok(Self { x1: region.x1, y1: region.y1, x2: region.x2, y2: region.y2 })
    }
}

impl From<Annotation> for v1::Annotation {
    fn from(annotation: Annotation) -> Self {
        Self {
            id: annotation.id.to_string(),
            label: annotation.label,
            region: annotation.region.map(Into::into),
        }
    }
}

impl TryFrom<v1::Annotation> for Annotation {
    type Error = ConvertError;

    fn try_from(annotation: v1::Annotation) -> Result<Self, ConvertError> {
        Ok(Self {
            id: id_from_wire("id", &annotation.id)?,
            label: annotation.label,
            region: annotation
                .region
                .map(PixelBox::try_from)
                .transpose()
                .map_err(|error| error.within("region"))?,
        })
    }
}

impl From<Item> for v1::Item {
    fn from(item: Item) -> Self {
        Self {
            id: item.id.to_string(),
            dataset_id: item.dataset_id.to_string(),
            dir: item.dir,
            name: item.name,
            content_hash: item.content_hash,
            mimetype: item.mimetype,
            size_bytes: item.size_bytes,
            width: item.width,
            height: item.height,
            subset: subset_to_wire(item.subset).into(),
            annotations: item.annotations.into_iter().map(Into::into).collect(),
            created_at_ms: item.created_at_ms,
        }
    }
}

impl TryFrom<v1::Item> for Item {
    type Error = ConvertError;

    fn try_from(item: v1::Item) -> Result<Self, ConvertError> {
        Ok(Self {
            id: id_from_wire("id", &item.id)?,
            dataset_id: id_from_wire("dataset_id", &item.dataset_id)?,
            dir: item.dir,
            name: item.name,
            content_hash: item.content_hash,
            mimetype: item.mimetype,
            size_bytes: item.size_bytes,
            width: item.width,
            height: item.height,
            subset: subset_filter_from_wire("subset", item.subset)?,
            annotations: list_from_wire("annotations", item.annotations)?,
            created_at_ms: item.created_at_ms,
        })
    }
}

impl From<Rejection> for v1::Rejection {
    fn from(rejection: Rejection) -> Self {
        Self { file: rejection.file, reason: rejection.reason }
    }
}

impl From<v1::Rejection> for Rejection {
    fn from(rejection: v1::Rejection) -> Self {
        Self { file: rejection.file, reason: rejection.reason }
    }
}

impl From<ImportReport> for v1::ImportReport {
    fn from(report: ImportReport) -> Self {
        Self {
            dataset: Some(report.dataset.into()),
            items_added: report.items_added,
            items_unchanged: report.items_unchanged,
            annotations_added: report.annotations_added,
            rejections: report.rejections.into_iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<v1::ImportReport> for ImportReport {
    type Error = ConvertError;

    fn try_from(report: v1::ImportReport) -> Result<Self, ConvertError> {
        let dataset = required("dataset", report.dataset)?;
        Ok(Self {
            dataset: Dataset::try_from(dataset).map_err(|error| error.within("dataset"))?,
            items_added: report.items_added,
            items_unchanged: report.items_unchanged,
            annotations_added: report.annotations_added,
            rejections: report.rejections.into_iter().map(Into::into).collect(),
        })
    }
}

/// A split by chance whose parts add up to 100 percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitPercentages {
    /// Share of the train subset.
    pub train: u32,
    /// Share of the validation subset.
    pub validation: u32,
    /// Share of the test subset.
    pub test: u32,
    /// Starts the random choice.
    pub seed: u64,
}

impl From<SplitPercentages> for v1::Split {
    fn from(split: SplitPercentages) -> Self {
        Self {
            train_percent: split.train,
            validation_percent: split.validation,
            test_percent: split.test,
            seed: split.seed,
        }
    }
}

impl TryFrom<v1::Split> for SplitPercentages {
    type Error = ConvertError;

    fn try_from(split: v1::Split) -> Result<Self, ConvertError> {
        let parts = [split.train_percent, split.validation_percent, split.test_percent];
        let total: u64 = parts.iter().map(|part| u64::from(*part)).sum();
        if total != 100 {
            return Err(ConvertError::new(
                "train_percent",
                format!(
                    "and the other parts add up to {total}, not to 100; for example 80/20/0 (train/validation/test)"
                ),
            ));
        }
        let [train, validation, test] = parts;
        Ok(Self { train, validation, test, seed: split.seed })
    }
}

#[cfg(test)]
#[path = "dataset_tests.rs"]
mod tests;
