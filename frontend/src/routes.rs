//! Every path of the UI, built and taken apart in one place.
//!
//! Must not know which page is drawn for a path.

/// A tab of a model's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelTab {
    Explore,
    Logs,
    Artifacts,
    Config,
}

impl ModelTab {
    pub const ALL: [Self; 4] = [Self::Explore, Self::Logs, Self::Artifacts, Self::Config];

    /// The word in the path.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Explore => "explore",
            Self::Logs => "logs",
            Self::Artifacts => "artifacts",
            Self::Config => "config",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Explore => "Explore",
            Self::Logs => "Logs",
            Self::Artifacts => "Artifacts",
            Self::Config => "Config",
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
    Models,
    /// The form of Train, for a version that exists or for a new one.
    Train {
        model: Option<String>,
    },
    Model {
        model: String,
        tab: ModelTab,
    },
    Datasets,
    /// The user's reference of filters.
    FilterLanguage,
}

impl Place {
    /// The path with its query, ready for a link.
    pub fn path(&self) -> String {
        match self {
            Self::Training => "/models/training".into(),
            Self::Models => "/models".into(),
            Self::Train { model: None } => "/models/new".into(),
            Self::Train { model: Some(model) } => format!("/models/new?model={}", encoded(model)),
            Self::Model { model, tab } => format!("/models/{}/{}", encoded(model), tab.name()),
            Self::Datasets => "/datasets".into(),
            Self::FilterLanguage => "/help/filters".into(),
        }
    }

    /// A model's first tab.
    pub fn model(model: impl std::fmt::Display) -> Self {
        Self::Model { model: model.to_string(), tab: ModelTab::Explore }
    }
}

/// Where the browser fetches a stored file of a model.
pub fn artifact_download(artifact_id: &str) -> String {
    format!("/v1/artifacts/{}", encoded(artifact_id))
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
            (Place::Train { model: None }, "/models/new"),
            (Place::Train { model: Some("a b".into()) }, "/models/new?model=a%20b"),
            (Place::model("x/y"), "/models/x%2Fy/explore"),
            (Place::Model { model: "m".into(), tab: ModelTab::Logs }, "/models/m/logs"),
            (Place::Datasets, "/datasets"),
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
