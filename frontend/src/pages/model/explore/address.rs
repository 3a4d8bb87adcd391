//! What the Explore tab shows, as it stands in the URL.
//!
//! Must not know the browser: it reads and writes texts.

use crate::components::chart::settings::Settings;
use crate::routes::{ModelTab, Place, encoded};

/// Versions that are compared at once, with the one whose page it is.
pub const MOST_VERSIONS: usize = 8;

/// The parts of the address.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Address {
    pub settings: Settings,
    /// Ids of the versions that it is compared with, in the order in which they were chosen.
    pub with: Vec<String>,
}

impl Address {
    /// Reads the parts of a URL's query; what is not understood is left out.
    pub fn from_parts(get: impl Fn(&str) -> Option<String>) -> Self {
        let mut with: Vec<String> = Vec::new();
        for id in get("with").unwrap_or_default().split(',').filter(|id| !id.is_empty()) {
            if !with.iter().any(|known| known == id) && with.len() + 1 < MOST_VERSIONS {
                with.push(id.to_owned());
            }
        }
        Self { settings: Settings::from_parts(get), with }
    }

    /// The whole path of the tab.
    pub fn to_url(&self, model: &str) -> String {
        let mut parts = self.settings.to_parts();
        if !self.with.is_empty() {
            parts.push(format!("with={}", encoded(&self.with.join(","))));
        }
        let path = Place::Model { model: model.to_owned(), tab: ModelTab::Explore }.path();
        if parts.is_empty() { path } else { format!("{path}?{}", parts.join("&")) }
    }

    /// With one version more, or without it.
    pub fn with_other(mut self, id: &str) -> Self {
        if self.with.iter().any(|known| known == id) {
            self.with.retain(|known| known != id);
        } else if self.with.len() + 1 < MOST_VERSIONS {
            self.with.push(id.to_owned());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Address {
        Address::from_parts(|key| {
            let part = query.split('&').find_map(|part| part.strip_prefix(&format!("{key}=")));
            part.map(|part| part.replace("%2C", ","))
        })
    }

    #[test]
    fn addresses_are_read_back_as_they_were_written() {
        let settings = Settings { smoothing: 0.5, ..Settings::default() };
        let whole = Address { settings, with: vec!["a".into(), "b".into()] };
        assert_eq!(whole.to_url("m"), "/models/m/explore?smooth=0.5&with=a%2Cb");
        assert_eq!(read("smooth=0.5&with=a%2Cb"), whole);
        assert_eq!(Address::default().to_url("m"), "/models/m/explore");
    }

    #[test]
    fn no_version_is_compared_twice_and_no_more_than_eight_are() {
        assert_eq!(read("with=a,,a,b").with, ["a", "b"]);
        assert_eq!(read("with=1,2,3,4,5,6,7,8,9").with.len(), MOST_VERSIONS - 1);
        let full = read("with=1,2,3,4,5,6,7");
        assert_eq!(full.clone().with_other("8").with.len(), MOST_VERSIONS - 1);
        assert_eq!(full.with_other("1").with_other("8").with.last().map(String::as_str), Some("8"));
    }
}
