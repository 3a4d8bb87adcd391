//! What the Data and the Config tab of a model show, as it stands in the URL.
//!
//! Must not know the browser: it reads and writes texts.

use crate::routes::{ModelTab, Place, encoded};
use shared::dataset::Subset;

/// No list is so long; numbers beyond it are slips.
const LAST_PAGE: u64 = 1_000_000;

/// The parts of the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The id of a training; `None` for the latest.
    pub training: Option<String>,
    /// Whose frozen items are listed.
    pub subset: Subset,
    /// Which page of them, from 1.
    pub page: u64,
    /// The id of the version that settings are compared with.
    pub compare: Option<String>,
}

impl Default for Address {
    /// The latest training, the first page of what it learns from, and no comparison.
    fn default() -> Self {
        Self { training: None, subset: Subset::Train, page: 1, compare: None }
    }
}

impl Address {
    /// Reads the parts of a URL's query; what is not understood is left out.
    pub fn from_parts(get: impl Fn(&str) -> Option<String>) -> Self {
        let word = get("subset").unwrap_or_default();
        let page = get("page").and_then(|text| text.parse().ok()).unwrap_or(1);
        Self {
            training: get("training").filter(|id| !id.is_empty()),
            subset: Subset::ALL.into_iter().find(|subset| subset.name() == word).unwrap_or(Subset::Train),
            page: u64::clamp(page, 1, LAST_PAGE),
            compare: get("compare").filter(|id| !id.is_empty()),
        }
    }

    /// The whole path of a tab of a model.
    pub fn to_url(&self, model: &str, tab: ModelTab) -> String {
        let mut parts = Vec::new();
        if let Some(training) = &self.training {
            parts.push(format!("training={}", encoded(training)));
        }
        if self.subset != Subset::Train {
            parts.push(format!("subset={}", self.subset.name()));
        }
        if self.page > 1 {
            parts.push(format!("page={}", self.page));
        }
        if let Some(model) = &self.compare {
            parts.push(format!("compare={}", encoded(model)));
        }
        let path = Place::Model { model: model.to_owned(), tab }.path();
        if parts.is_empty() { path } else { format!("{path}?{}", parts.join("&")) }
    }

    /// The same training on another tab, without what belongs to this one.
    pub fn of_training(&self) -> Self {
        Self { training: self.training.clone(), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_back_as_they_were_written() {
        let whole = Address {
            training: Some("t".into()),
            subset: Subset::Validation,
            page: 3,
            compare: Some("c".into()),
        };
        for (address, url) in [
            (Address::default(), "/models/m/data"),
            (Address { training: Some("t".into()), ..Address::default() }, "/models/m/data?training=t"),
            (Address { page: 2, ..Address::default() }, "/models/m/data?page=2"),
            (whole.clone(), "/models/m/data?training=t&subset=validation&page=3&compare=c"),
        ] {
            assert_eq!(address.to_url("m", ModelTab::Data), url);
            let query = url.split_once('?').map_or("", |(_, query)| query);
            let part = |key: &str| {
                query.split('&').find_map(|part| part.strip_prefix(&format!("{key}="))).map(str::to_owned)
            };
            assert_eq!(Address::from_parts(part), address, "{url}");
        }
        assert_eq!(whole.of_training().to_url("m", ModelTab::Config), "/models/m/config?training=t");
        for nonsense in ["", "0", "-1", "nonsense"] {
            let read = Address::from_parts(|_| Some(nonsense.into()));
            assert_eq!((read.page, read.subset), (1, Subset::Train), "{nonsense}");
        }
        assert_eq!(Address::from_parts(|_| Some(u64::MAX.to_string())).page, LAST_PAGE);
    }
}
