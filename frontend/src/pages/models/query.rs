//! What the list of versions shows: the state of its page, as it stands in the URL.
//!
//! Must not know how versions are drawn.

use crate::routes::encoded;
use shared::model::Model;
use shared::status::ModelStatus;

/// Search and filters; empty parts show all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Part of a name or of a tag, or the start of an id.
    pub search: String,
    pub statuses: Vec<ModelStatus>,
    /// Id of an architecture.
    pub architecture: String,
}

impl Query {
    /// From the values of `q`, `status` and `architecture`; what is unknown is left out.
    pub fn from_parts(search: Option<String>, statuses: Option<&str>, architecture: Option<String>) -> Self {
        let statuses = statuses.unwrap_or_default().split(',').filter_map(ModelStatus::from_name).collect();
        Self { search: search.unwrap_or_default(), statuses, architecture: architecture.unwrap_or_default() }
    }

    /// The query of the URL, with its question mark; empty when everything is shown.
    pub fn to_url(&self) -> String {
        let statuses: Vec<&str> = self.statuses.iter().map(|status| status.name()).collect();
        let parts = [
            ("q", self.search.clone()),
            ("status", statuses.join(",")),
            ("architecture", self.architecture.clone()),
        ];
        let given = parts.iter().filter(|(_, value)| !value.is_empty());
        let pairs: Vec<String> = given.map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }

    /// With a status added or taken away.
    pub fn toggled(mut self, status: ModelStatus) -> Self {
        if self.statuses.contains(&status) {
            self.statuses.retain(|each| *each != status);
        } else {
            self.statuses.push(status);
        }
        self
    }

    /// Whether the search and the architecture let a version through, whatever its status.
    pub fn finds(&self, model: &Model) -> bool {
        let wanted = self.search.trim().to_lowercase();
        let is_found = wanted.is_empty()
            || model.name.to_lowercase().contains(&wanted)
            || model.id.to_string().starts_with(&wanted)
            || model.tags.iter().any(|tag| tag.to_lowercase().contains(&wanted));
        is_found && (self.architecture.is_empty() || self.architecture == model.architecture_id)
    }

    /// Whether a version that stands at `status` is shown.
    pub fn shows(&self, model: &Model, status: ModelStatus) -> bool {
        self.finds(model) && (self.statuses.is_empty() || self.statuses.contains(&status))
    }
}

/// The tags that a person typed, parted by commas: trimmed, each once.
pub fn tags_from(text: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

/// A name for a copy that is not the name of the original.
pub fn name_of_copy(name: &str) -> String {
    if let Some((base, number)) = name.rsplit_once("-v")
        && let Ok(number) = number.parse::<u32>()
    {
        return format!("{base}-v{}", number.saturating_add(1));
    }
    format!("{name}-v2")
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::{DatasetId, ModelId, ProjectId, uuid_v7};

    fn model(name: &str, tags: &[&str]) -> Model {
        let uuid = uuid_v7(1, &[7; 10]);
        Model {
            id: ModelId::from_uuid(uuid),
            project_id: ProjectId::from_uuid(uuid),
            name: name.into(),
            architecture_id: "yolov8".into(),
            variant: "n".into(),
            dataset_id: DatasetId::from_uuid(uuid),
            labels: Vec::new(),
            status: ModelStatus::Created,
            configuration: serde_json::Map::new(),
            description: String::new(),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            train: None,
            validation: None,
            parent: None,
            initial_weights_hash: None,
            created_at_ms: 0,
            deleted_at_ms: None,
        }
    }

    #[test]
    fn the_url_says_what_is_shown() {
        let query = Query::from_parts(Some("a b".into()), Some("trained,nonsense"), Some("yolov8".into()));
        assert_eq!(query.to_url(), "?q=a%20b&status=trained&architecture=yolov8");
        assert_eq!(Query::default().to_url(), "");
        let twice = query.clone().toggled(ModelStatus::Failed).toggled(ModelStatus::Failed);
        assert_eq!(twice, query);
    }

    #[test]
    fn names_ids_and_tags_are_searched() {
        let bees = model("Bees", &["night"]);
        let start: String = bees.id.to_string().chars().take(8).collect();
        for (search, found) in [("", true), ("bee", true), ("NIGHT", true), (&start, true), ("cells", false)]
        {
            let query = Query { search: search.to_owned(), ..Query::default() };
            assert_eq!(query.finds(&bees), found, "{search}");
        }
        let query = Query { statuses: vec![ModelStatus::Trained], ..Query::default() };
        assert!(query.shows(&bees, ModelStatus::Trained) && !query.shows(&bees, ModelStatus::Created));
        assert!(!Query { architecture: "resnet".into(), ..Query::default() }.finds(&bees));
    }

    #[test]
    fn tags_are_parted_by_commas() {
        assert_eq!(tags_from(" night, ,day,night "), ["night", "day"]);
        assert!(tags_from(" , ").is_empty());
    }

    #[test]
    fn a_copy_has_the_next_number() {
        for (name, copy) in [("bees", "bees-v2"), ("bees-v2", "bees-v3"), ("bees-vx", "bees-vx-v2")] {
            assert_eq!(name_of_copy(name), copy);
        }
    }
}
