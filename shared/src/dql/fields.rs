//! The names that the language knows: operators, keys of a query, and the fields of each resource.
//!
//! Must not know how a field is stored.

use super::ast::{Path, Resource};
use crate::suggest::nearest;

/// Operators that combine filters.
pub const COMBINERS: &[&str] = &["$and", "$or", "$nor"];

/// Operators that test the value of a field.
pub const TESTS: &[&str] = &[
    "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$match", "$not", "$all", "$size",
    "$glob", "$regex", "$options",
];

/// Keys of a query.
pub const QUERY_KEYS: &[&str] = &[
    "filter",
    "resource",
    "page",
    "pageSize",
    "skip",
    "limit",
    "sort",
    "join",
    "intersect",
    "except",
    "select",
    "context",
];

/// Keys that other platforms know, each with what to do instead.
pub const UNSUPPORTED_KEYS: &[(&str, &str)] = &[
    ("update", "a query changes nothing; edit what it finds"),
    ("delete", "a query deletes nothing; delete what it finds"),
    ("systemSpace", "a query changes nothing"),
    ("references", "a query links nothing"),
    ("countTotal", "the count is always there"),
    ("collectMetrics", "leave it out"),
    ("queryEngine", "there is one engine; leave it out"),
    ("user", "who asks is known from signing in; leave it out"),
    ("sign", "leave it out"),
    ("projects", "write it into `context`"),
    ("datasets", "write it into `context`"),
];

const OTHER_RESOURCES: &[&str] = &[
    "datasets",
    "tasks",
    "assignments",
    "labels",
    "directory",
    "models",
    "metrics",
    "executions",
    "services",
    "apps",
    "dpks",
    "packages",
    "triggers",
    "pipeline",
    "pipelineState",
    "pipelineTemplate",
    "composition",
    "resourceExecution",
    "feature_sets",
    "feature_vectors",
    "compute",
    "serviceDrivers",
    "setting",
    "settings",
    "recipe",
    "ontology",
    "webhooks",
    "organizations",
    "drivers",
];

const ITEM_FIELDS: &[&str] = &[
    "id",
    "datasetId",
    "name",
    "filename",
    "dir",
    "type",
    "hidden",
    "annotated",
    "annotationsCount",
    "createdAt",
    "updatedAt",
    "creator",
    "description",
    "thumbnail",
    "url",
    "stream",
    "metadata",
];

const ITEM_SYSTEM_FIELDS: &[&str] = &[
    "originalname",
    "mimetype",
    "size",
    "encoding",
    "width",
    "height",
    "exif",
    "refs",
    "taskStatusLog",
    "annotationStatus",
    "tags",
    "collections",
    "executionLogs",
    "itemLinks",
    "modalities",
    "thumbnailId",
    "isBinary",
];

const ANNOTATION_FIELDS: &[&str] = &[
    "id",
    "itemId",
    "datasetId",
    "type",
    "label",
    "attributes",
    "creator",
    "parentId",
    "coordinates",
    "createdAt",
    "updatedAt",
    "metadata",
];

const ANNOTATION_SYSTEM_FIELDS: &[&str] = &["status", "attributes", "system", "model"];

/// The resource of this name.
pub(super) fn resource_from_name(name: &str) -> Option<Resource> {
    match name {
        "items" => Some(Resource::Items),
        "annotations" => Some(Resource::Annotations),
        other => OTHER_RESOURCES.iter().find(|known| **known == other).map(|known| Resource::Other(known)),
    }
}

/// The resource whose name is nearest to one that is unknown.
pub(super) fn nearest_resource(name: &str) -> Option<&'static str> {
    nearest(name, ["items", "annotations"].into_iter().chain(OTHER_RESOURCES.iter().copied()))
}

/// The fields that a person can name, for completion and for "did you mean".
#[must_use]
pub fn known_fields(resource: Resource) -> Vec<String> {
    let (own, system) = lists(resource);
    let nested = system.iter().map(|name| format!("metadata.system.{name}"));
    let subsets =
        ["train", "validation", "test"].iter().map(|subset| format!("metadata.system.tags.{subset}"));
    let subsets = subsets.filter(|_| resource == Resource::Items);
    own.iter()
        .filter(|name| **name != "metadata")
        .map(|name| (*name).to_owned())
        .chain(nested)
        .chain(subsets)
        .collect()
}

fn lists(resource: Resource) -> (&'static [&'static str], &'static [&'static str]) {
    match resource {
        Resource::Items => (ITEM_FIELDS, ITEM_SYSTEM_FIELDS),
        Resource::Annotations => (ANNOTATION_FIELDS, ANNOTATION_SYSTEM_FIELDS),
        Resource::Other(_) => (&[], &[]),
    }
}

/// Whether a resource can have this field. Below `metadata.user`, and in resources without known fields, all can be.
pub(super) fn is_known(resource: Resource, path: &Path) -> bool {
    let (own, system) = lists(resource);
    let mut segments = path.segments();
    match (segments.next(), segments.next(), segments.next()) {
        _ if own.is_empty() => true,
        (Some("metadata"), Some("user") | None, _) | (Some("metadata"), Some("system"), None) => true,
        (Some("metadata"), Some("system"), Some(name)) => system.contains(&name),
        (Some("metadata"), Some(_), _) => false,
        (Some(first), _, _) => own.contains(&first),
        (None, _, _) => true,
    }
}

/// The known field nearest to an unknown one.
pub(super) fn nearest_field(resource: Resource, path: &Path) -> Option<String> {
    let known = known_fields(resource);
    let last_segment_matches = |name: &&String| {
        path.segments()
            .last()
            .is_some_and(|last| name.rsplit('.').next() == Some(last) && last != path.as_str())
    };
    nearest(path.as_str(), known.iter().map(String::as_str))
        .map(str::to_owned)
        .or_else(|| known.iter().find(last_segment_matches).cloned())
}

/// Whether a field holds a path, in whose patterns `*` stays within a folder.
#[must_use]
pub fn is_path_field(path: &Path) -> bool {
    matches!(path.as_str(), "dir" | "filename")
}

/// Whether a field holds an instant, which is compared in time.
#[must_use]
pub fn is_date_field(path: &Path) -> bool {
    matches!(path.as_str(), "createdAt" | "updatedAt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_known_or_has_a_neighbour() {
        for (name, known, suggestion) in [
            ("dir", true, None),
            ("metadata.user.anything.at.all", true, None),
            ("metadata.system.tags.train", true, None),
            ("metadata.system", true, None),
            ("lable", false, Some("name")),
            ("filenam", false, Some("filename")),
            ("metadata.sytem.width", false, Some("metadata.system.width")),
            ("system.mimetype", false, Some("metadata.system.mimetype")),
            ("metadata.system.heigth", false, Some("metadata.system.height")),
        ] {
            let path = Path::new(name).unwrap();
            assert_eq!(is_known(Resource::Items, &path), known, "{name}");
            if !known && name != "lable" {
                assert_eq!(nearest_field(Resource::Items, &path).as_deref(), suggestion, "{name}");
            }
        }
        let label = Path::new("lable").unwrap();
        assert_eq!(nearest_field(Resource::Annotations, &label).as_deref(), Some("label"));
    }
}
