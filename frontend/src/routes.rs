//! Every path of the UI, built and taken apart in one place.
//!
//! Must not know which page is drawn for a path.

use crate::pages::train::steps::Step;
use shared::dataset::Subset;

/// A tab of a model's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelTab {
    Explore,
    Predictions,
    Logs,
    Data,
    Artifacts,
    Config,
}

impl ModelTab {
    pub const ALL: [Self; 6] =
        [Self::Explore, Self::Predictions, Self::Logs, Self::Data, Self::Artifacts, Self::Config];

    /// The word in the path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Explore => "explore",
            Self::Predictions => "predictions",
            Self::Logs => "logs",
            Self::Data => "data",
            Self::Artifacts => "artifacts",
            Self::Config => "config",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Explore => "Explore",
            Self::Predictions => "Predictions",
            Self::Logs => "Logs",
            Self::Data => "Data",
            Self::Artifacts => "Artifacts",
            Self::Config => "Config",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.name() == name)
    }
}

/// A tab of a service's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceTab {
    Executions,
    Instances,
    Errors,
    Configuration,
}

impl ServiceTab {
    pub const ALL: [Self; 4] = [Self::Executions, Self::Instances, Self::Errors, Self::Configuration];

    /// The word in the path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Executions => "executions",
            Self::Instances => "instances",
            Self::Errors => "errors",
            Self::Configuration => "configuration",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Executions => "Executions",
            Self::Instances => "Instances",
            Self::Errors => "Errors",
            Self::Configuration => "Configuration",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.name() == name)
    }
}

/// A place in the UI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Training,
    /// The versions.
    Models,
    Architectures,
    /// The form that makes a version, with what is known of it already.
    NewModel(NewModel),
    /// A step of the wizard.
    Train {
        model: String,
        step: Step,
    },
    Model {
        model: String,
        tab: ModelTab,
    },
    /// Trainings side by side.
    Compare {
        /// Ids of trainings, or of versions for their latest one.
        ids: Vec<String>,
    },
    /// The form of Train, for a dataset and a filter for one of its subsets.
    TrainOn {
        dataset: String,
        subset: Subset,
        /// A query or a bare filter.
        dql: String,
    },
    Datasets,
    /// The list of datasets, with the form of an import over it.
    ImportDataset,
    /// The items of a dataset.
    Dataset {
        dataset: String,
    },
    /// Those that a filter finds.
    DatasetItems {
        dataset: String,
        filter: String,
    },
    Recipes {
        dataset: String,
    },
    Services,
    /// What services may run on.
    Machines,
    Service {
        service: String,
        tab: ServiceTab,
    },
    Secrets,
    /// How this browser shows the UI.
    Appearance,
    /// The user's reference of filters.
    FilterLanguage,
}

impl Place {
    /// The path with its query, ready for a link.
    pub fn path(&self) -> String {
        match self {
            Self::Training => "/models/training".into(),
            Self::Models => "/models".into(),
            Self::Architectures => "/models/architectures".into(),
            Self::NewModel(known) => format!("/models/new{}", known.query()),
            Self::Train { model, step } => format!("/models/{}/train/{}", encoded(model), step.name()),
            Self::Model { model, tab } => format!("/models/{}/{}", encoded(model), tab.name()),
            Self::Compare { ids } if ids.is_empty() => "/models/compare".into(),
            Self::Compare { ids } => {
                let ids: Vec<String> = ids.iter().map(|id| encoded(id)).collect();
                format!("/models/compare?ids={}", ids.join(","))
            }
            Self::TrainOn { dataset, subset, dql } => {
                let filter = if dql.is_empty() { "{}" } else { dql };
                format!("/models/new?dataset={}&{}={}", encoded(dataset), subset.name(), encoded(filter))
            }
            Self::Datasets => "/datasets".into(),
            Self::ImportDataset => "/datasets?import=open".into(),
            Self::Dataset { dataset } => format!("/datasets/{}", encoded(dataset)),
            Self::DatasetItems { dataset, filter } => {
                format!("/datasets/{}?dql={}", encoded(dataset), encoded(filter))
            }
            Self::Recipes { dataset } => format!("/datasets/{}/recipes", encoded(dataset)),
            Self::Services => "/services".into(),
            Self::Machines => "/services/machines".into(),
            Self::Service { service, tab } => format!("/services/{}/{}", encoded(service), tab.name()),
            Self::Secrets => "/settings/secrets".into(),
            Self::Appearance => "/settings/appearance".into(),
            Self::FilterLanguage => "/help/filters".into(),
        }
    }

    /// A model's first tab.
    pub fn model(model: impl std::fmt::Display) -> Self {
        Self::Model { model: model.to_string(), tab: ModelTab::Explore }
    }

    /// A tab of a service's page.
    pub fn service(service: &str, tab: ServiceTab) -> Self {
        Self::Service { service: service.to_owned(), tab }
    }
}

/// What is known of a version before it is made; empty parts are left open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewModel {
    /// For example `yolov8n`.
    pub architecture: String,
    /// Id of a dataset.
    pub dataset: String,
    /// The filter of the train subset (DQL).
    pub train: String,
    /// The filter of the validation subset (DQL).
    pub validation: String,
}

impl NewModel {
    fn query(&self) -> String {
        let parts = [
            ("architecture", &self.architecture),
            ("dataset", &self.dataset),
            ("train", &self.train),
            ("validation", &self.validation),
        ];
        let known = parts.into_iter().filter(|(_, value)| !value.is_empty());
        let pairs: Vec<String> = known.map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

/// Where the browser fetches the small picture of a stored image.
pub fn thumbnail(content_hash: &str) -> String {
    format!("/v1/thumbnails/{}", encoded(content_hash))
}

/// Where the browser fetches a stored file of a model.
pub fn artifact_download(artifact_id: &str) -> String {
    format!("/v1/artifacts/{}", encoded(artifact_id))
}

/// Where the browser fetches an image as it was imported.
pub fn image(content_hash: &str) -> String {
    format!("/v1/blobs/{}", encoded(content_hash))
}

/// Percent-encodes what may not stand in one part of a path or query (RFC 3986, section 2.3).
pub fn encoded(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            result.push(char::from(byte));
        } else {
            result.push_str(&format!("%{byte:02X}"));
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_its_path() {
        let cases = [
            (Place::Training, "/models/training"),
            (Place::Models, "/models"),
            (Place::Architectures, "/models/architectures"),
            (Place::NewModel(NewModel::default()), "/models/new"),
            (
                Place::NewModel(NewModel { dataset: "d".into(), train: "{}".into(), ..NewModel::default() }),
                "/models/new?dataset=d&train=%7B%7D",
            ),
            (Place::Train { model: "a b".into(), step: Step::Configuration }, "/models/a%20b/train/config"),
            (Place::Dataset { dataset: "d".into() }, "/datasets/d"),
            (
                Place::DatasetItems { dataset: "d".into(), filter: "{\"a\"".into() },
                "/datasets/d?dql=%7B%22a%22",
            ),
            (Place::Recipes { dataset: "d".into() }, "/datasets/d/recipes"),
            (Place::Secrets, "/settings/secrets"),
            (Place::Appearance, "/settings/appearance"),
            (Place::Services, "/services"),
            (Place::Machines, "/services/machines"),
            (Place::service("mgmt-train-a", ServiceTab::Errors), "/services/mgmt-train-a/errors"),
            (Place::model("x/y"), "/models/x%2Fy/explore"),
            (Place::Model { model: "m".into(), tab: ModelTab::Logs }, "/models/m/logs"),
            (Place::Compare { ids: Vec::new() }, "/models/compare"),
            (Place::Compare { ids: vec!["a".into(), "b c".into()] }, "/models/compare?ids=a,b%20c"),
            (Place::Datasets, "/datasets"),
            (Place::ImportDataset, "/datasets?import=open"),
            (Place::Dataset { dataset: "a b".into() }, "/datasets/a%20b"),
            (
                Place::TrainOn { dataset: "d".into(), subset: Subset::Validation, dql: String::new() },
                "/models/new?dataset=d&validation=%7B%7D",
            ),
            (Place::FilterLanguage, "/help/filters"),
        ];
        for (place, path) in cases {
            assert_eq!(place.path(), path);
        }
        assert_eq!(artifact_download("a?b"), "/v1/artifacts/a%3Fb");
    }

    #[test]
    fn tabs_are_found_by_their_word() {
        for tab in ModelTab::ALL {
            assert_eq!(ModelTab::from_name(tab.name()), Some(tab));
            assert!(tab.path_is_lower_case(), "{tab:?}");
        }
        assert_eq!(ModelTab::from_name("nonsense"), None);
        for tab in ServiceTab::ALL {
            assert_eq!(ServiceTab::from_name(tab.name()), Some(tab));
            assert_eq!(tab.label().to_lowercase(), tab.name());
        }
        assert_eq!(ServiceTab::from_name("nonsense"), None);
    }

    impl ModelTab {
        fn path_is_lower_case(self) -> bool {
            self.label().to_lowercase() == self.name()
        }
    }

    #[test]
    fn what_is_encoded_is_bytes() {
        assert_eq!(encoded("Zellen-ü.~_"), "Zellen-%C3%BC.~_");
    }
}
