//! Saved filters, previews and completions.
//!
//! Must not know whether a query can be read: the store's callers parse it.

use super::{
    ConvertError, id_from_wire, list_from_wire, subset_filter_from_wire, subset_to_wire, word_from_wire,
};
use crate::v1;
use shared::filter::{Completion, FilterPreview, FilterResource, FilterUse, LabelCount, SavedFilter};

/// Parses the resource of a saved filter.
///
/// # Errors
/// If it is neither `items` nor `annotations`.
pub fn filter_resource_from_wire(field: &str, word: &str) -> Result<FilterResource, ConvertError> {
    word_from_wire(field, word, FilterResource::from_name, "`items` or `annotations`")
}

impl From<SavedFilter> for v1::SavedFilter {
    fn from(filter: SavedFilter) -> Self {
        Self {
            id: filter.id.to_string(),
            project_id: filter.project_id.to_string(),
            name: filter.name,
            resource: filter.resource.name().to_owned(),
            query: filter.query,
            created_at_ms: filter.created_at_ms,
            updated_at_ms: filter.updated_at_ms,
            used_by: filter.used_by.into_iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<v1::SavedFilter> for SavedFilter {
    type Error = ConvertError;

    fn try_from(filter: v1::SavedFilter) -> Result<Self, ConvertError> {
        Ok(Self {
            id: id_from_wire("id", &filter.id)?,
            project_id: id_from_wire("project_id", &filter.project_id)?,
            name: filter.name,
            resource: filter_resource_from_wire("resource", &filter.resource)?,
            query: filter.query,
            created_at_ms: filter.created_at_ms,
            updated_at_ms: filter.updated_at_ms,
            used_by: list_from_wire("used_by", filter.used_by)?,
        })
    }
}

impl From<FilterUse> for v1::FilterUse {
    fn from(used: FilterUse) -> Self {
        Self {
            model_id: used.model_id.to_string(),
            model_name: used.model_name,
            subset: subset_to_wire(Some(used.subset)).into(),
        }
    }
}

impl TryFrom<v1::FilterUse> for FilterUse {
    type Error = ConvertError;

    fn try_from(used: v1::FilterUse) -> Result<Self, ConvertError> {
        let subset = subset_filter_from_wire("subset", used.subset)?;
        Ok(Self {
            model_id: id_from_wire("model_id", &used.model_id)?,
            model_name: used.model_name,
            subset: subset.ok_or_else(|| ConvertError::new("subset", "is not set"))?,
        })
    }
}

impl From<FilterPreview> for v1::PreviewFilterResponse {
    fn from(preview: FilterPreview) -> Self {
        let [train_count, validation_count, test_count] = preview.subset_counts;
        Self {
            total_count: preview.total_count,
            train_count,
            validation_count,
            test_count,
            unannotated_count: preview.unannotated_count,
            labels: preview.labels.into_iter().map(Into::into).collect(),
            items: preview.items.into_iter().map(Into::into).collect(),
            warnings: preview.warnings,
        }
    }
}

impl TryFrom<v1::PreviewFilterResponse> for FilterPreview {
    type Error = ConvertError;

    fn try_from(preview: v1::PreviewFilterResponse) -> Result<Self, ConvertError> {
        Ok(Self {
            total_count: preview.total_count,
            subset_counts: [preview.train_count, preview.validation_count, preview.test_count],
            unannotated_count: preview.unannotated_count,
            labels: preview.labels.into_iter().map(Into::into).collect(),
            items: list_from_wire("items", preview.items)?,
            warnings: preview.warnings,
        })
    }
}

impl From<LabelCount> for v1::LabelCount {
    fn from(count: LabelCount) -> Self {
        Self { label: count.label, item_count: count.item_count, annotation_count: count.annotation_count }
    }
}

impl From<v1::LabelCount> for LabelCount {
    fn from(count: v1::LabelCount) -> Self {
        Self { label: count.label, item_count: count.item_count, annotation_count: count.annotation_count }
    }
}

impl From<Completion> for v1::Completion {
    fn from(completion: Completion) -> Self {
        Self { text: completion.text, detail: completion.detail }
    }
}

impl From<v1::Completion> for Completion {
    fn from(completion: v1::Completion) -> Self {
        Self { text: completion.text, detail: completion.detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::dataset::Subset;
    use shared::id::{FilterId, ModelId, ProjectId, uuid_v7};

    #[test]
    fn a_saved_filter_survives_the_way_there_and_back() {
        let id = |at| uuid_v7(at, &[3; 10]);
        for resource in FilterResource::ALL {
            let used = Subset::ALL.map(|subset| FilterUse {
                model_id: ModelId::from_uuid(id(2)),
                model_name: "m".into(),
                subset,
            });
            let filter = SavedFilter {
                id: FilterId::from_uuid(id(1)),
                project_id: ProjectId::from_uuid(id(3)),
                name: "cats".into(),
                resource,
                query: "{\"filter\":{}}".into(),
                created_at_ms: 1,
                updated_at_ms: 2,
                used_by: used.to_vec(),
            };
            assert_eq!(SavedFilter::try_from(v1::SavedFilter::from(filter.clone())), Ok(filter));
        }
        assert_eq!(filter_resource_from_wire("resource", "models").unwrap_err().field(), "resource");
    }

    #[test]
    fn a_preview_survives_the_way_there_and_back() {
        let preview = FilterPreview {
            total_count: 6,
            subset_counts: [1, 2, 3],
            unannotated_count: 4,
            labels: vec![LabelCount { label: "cat".into(), item_count: 2, annotation_count: 5 }],
            items: Vec::new(),
            warnings: vec!["line 1, column 2: did you mean `name`?".into()],
        };
        assert_eq!(FilterPreview::try_from(v1::PreviewFilterResponse::from(preview.clone())), Ok(preview));
    }
}
