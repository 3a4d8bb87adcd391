//! What is known of one training that is compared.
//!
//! Must not know how it is fetched or shown.

use crate::state::metrics::Track;
use serde_json::Value;
use shared::config::Field;
use shared::training::Training;

/// One training.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Its id, or that of its version: as it stands in the URL.
    pub id: String,
    pub training: Training,
    /// The settings that its architecture has; none where that is not known.
    pub fields: &'static [Field],
    /// Its figures with their lines.
    pub figures: Vec<(String, Vec<Track>)>,
    /// What it learns from; `None` where that could not be fetched.
    pub frozen: Option<Frozen>,
}

/// What a training froze when it started.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frozen {
    pub content_hash: String,
    pub subsets: Vec<FrozenSubset>,
    pub labels: Vec<String>,
    /// Pictures that are both learnt from and measured on.
    pub leaked_count: u64,
    pub weights_hash: String,
    pub device: String,
    /// Of the programs that took part, by name.
    pub versions: Vec<(String, String)>,
    /// As JSON object; `None` where they were not recorded.
    pub service_settings: Option<Value>,
    pub settings_revision: i64,
    pub secrets: Vec<String>,
}

/// One subset of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrozenSubset {
    /// For example `Train`.
    pub name: &'static str,
    /// How it was chosen, in words.
    pub mode: String,
    pub filter: String,
    pub annotation_filter: String,
    pub content_hash: String,
    pub item_count: u64,
    pub annotation_count: u64,
    pub unannotated_count: u64,
}

/// A name for each training: that of its version, with the start of its id where several have the same.
pub fn titles(trainings: &[&Training]) -> Vec<String> {
    let title = |training: &&Training| {
        let namesakes = trainings.iter().filter(|other| other.model_name == training.model_name).count();
        if namesakes == 1 {
            return training.model_name.clone();
        }
        // Ids begin with their time: those that were started one after the other differ at their ends.
        let id = training.id.to_string();
        let end = id.get(id.len().saturating_sub(6)..).unwrap_or_default();
        format!("{} (…{end})", training.model_name)
    };
    trainings.iter().map(title).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::pages::training::query::tests::training;
    use shared::status::Status;

    /// A training of this name without figures.
    pub fn facts(name: &str) -> Facts {
        let dataset_id = training("shared", 1_000, Status::Success).dataset_id;
        Facts {
            fields: &shared::config::detection_schema().fields,
            id: name.to_owned(),
            training: Training { dataset_id, ..training(name, 1_000, Status::Success) },
            figures: Vec::new(),
            frozen: Some(Frozen::default()),
        }
    }

    #[test]
    fn namesakes_are_told_apart() {
        let all = [facts("a"), facts("b"), facts("a")];
        let trainings: Vec<&Training> = all.iter().map(|facts| &facts.training).collect();
        let titles = titles(&trainings);
        assert_eq!(titles[1], "b");
        assert!(titles[0].starts_with("a (…") && titles[2].starts_with("a (…"), "{titles:?}");
    }
}
