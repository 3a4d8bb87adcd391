//! What the page shows, as it stands in the URL.
//!
//! Must not know the browser: it reads and writes texts.

use crate::components::chart::settings::Settings;
use crate::routes::{Place, encoded};

/// Trainings that are compared at once.
pub const MOST_TRAININGS: usize = 8;

/// The parts of the address.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Address {
    /// Ids of trainings, or of versions for their latest one, in the order in which they were chosen.
    pub ids: Vec<String>,
    /// Ids that the URL has beyond the most.
    pub left_out: usize,
    /// The id whose column is the first, and that the others are measured against; `None` for the first of them.
    pub base: Option<String>,
    /// Rows in which all are equal are shown as well.
    pub shows_equal: bool,
    /// The figures that have a chart; `None` for the usual ones.
    pub charts: Option<Vec<String>>,
    pub settings: Settings,
}

impl Address {
    /// Reads the parts of a URL's query; what is not understood is left out.
    pub fn from_parts(get: impl Fn(&str) -> Option<String>) -> Self {
        let words = |text: String| -> Vec<String> {
            let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        let mut ids: Vec<String> = Vec::new();
        for id in words(get("ids").unwrap_or_default()) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let left_out = ids.len().saturating_sub(MOST_TRAININGS);
        ids.truncate(MOST_TRAININGS);
        let base = get("base").filter(|base| ids.contains(base));
        let shows_equal = get("equal").is_some();
        let charts = get("charts").map(words);
        Self { ids, left_out, base, shows_equal, charts, settings: Settings::from_parts(get) }
    }

    /// The whole path of the page.
    pub fn to_url(&self) -> String {
        let mut parts = Vec::new();
        if let Some(base) = &self.base {
            parts.push(format!("base={}", encoded(base)));
        }
        if self.shows_equal {
            parts.push("equal=1".to_owned());
        }
        if let Some(charts) = &self.charts {
            parts.push(format!("charts={}", encoded(&charts.join(","))));
        }
        parts.extend(self.settings.to_parts());
        let path = Place::Compare { ids: self.ids.clone() }.path();
        match (parts.is_empty(), self.ids.is_empty()) {
            (true, _) => path,
            (false, true) => format!("{path}?{}", parts.join("&")),
            (false, false) => format!("{path}&{}", parts.join("&")),
        }
    }

    /// The ids in the order of their columns.
    pub fn columns(&self) -> Vec<String> {
        let mut columns = self.ids.clone();
        if let Some(place) = self.base.as_ref().and_then(|base| columns.iter().position(|id| id == base)) {
            columns[..=place].rotate_right(1);
        }
        columns
    }

    /// With another column first; its place among the chosen ones, and so its colour, stays.
    pub fn with_base(mut self, id: &str) -> Self {
        self.base = (self.ids.first().map(String::as_str) != Some(id)).then(|| id.to_owned());
        self
    }

    pub fn with_id(mut self, id: &str) -> Self {
        if self.ids.len() < MOST_TRAININGS && !self.ids.iter().any(|known| known == id) {
            self.ids.push(id.to_owned());
        }
        self
    }

    pub fn without_id(mut self, id: &str) -> Self {
        self.ids.retain(|known| known != id);
        self.base = self.base.filter(|base| base != id);
        self
    }
}

/// Whether so many selected trainings can be compared, or why not.
pub const fn can_compare(count: usize) -> Result<(), &'static str> {
    match count {
        0 | 1 => Err("Select two trainings at least to compare them"),
        2..=MOST_TRAININGS => Ok(()),
        _ => Err("No more than eight trainings are compared at once"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Address {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        Address::from_parts(|key| {
            let part = query.split('&').find_map(|part| part.strip_prefix(&format!("{key}=")));
            part.map(|part| part.replace("%2C", ","))
        })
    }

    #[test]
    fn addresses_are_read_back_as_they_were_written() {
        let whole = Address {
            ids: vec!["a".into(), "b".into()],
            base: Some("b".into()),
            shows_equal: true,
            charts: Some(vec!["box_loss".into(), "speed".into()]),
            settings: Settings { smoothing: 0.5, ..Settings::default() },
            left_out: 0,
        };
        let url = "/models/compare?ids=a,b&base=b&equal=1&charts=box_loss%2Cspeed&smooth=0.5";
        assert_eq!(whole.to_url(), url);
        assert_eq!(read(url), whole);
        let none = Address { charts: Some(Vec::new()), ..Address::default() };
        assert_eq!(none.to_url(), "/models/compare?charts=");
        assert_eq!(read(&none.to_url()), none);
        assert_eq!(Address::default().to_url(), "/models/compare");
    }

    #[test]
    fn no_training_is_there_twice_and_no_more_than_eight_are() {
        let many = read("?ids=1,2,,2,3,4,5,6,7,8,9,10&base=9");
        assert_eq!((many.ids.len(), many.left_out, many.base.as_deref()), (MOST_TRAININGS, 2, None));
        assert_eq!(many.clone().with_id("11").ids, many.ids);
        assert_eq!(many.without_id("1").with_id("11").ids.last().map(String::as_str), Some("11"));
        assert_eq!(read("?ids=a").with_id("a").ids, ["a"]);
    }

    #[test]
    fn the_baseline_is_the_first_column() {
        let chosen = read("?ids=a,b,c");
        assert_eq!(chosen.columns(), ["a", "b", "c"]);
        let other = chosen.with_base("c");
        assert_eq!(
            (other.columns(), other.ids.clone()),
            (vec!["c".into(), "a".into(), "b".into()], vec!["a".into(), "b".into(), "c".into()])
        );
        assert_eq!(other.clone().without_id("c").base, None);
        assert_eq!(other.with_base("a").base, None);
    }

    #[test]
    fn two_to_eight_are_compared() {
        let possible: Vec<usize> = (0..12).filter(|count| can_compare(*count).is_ok()).collect();
        assert_eq!(possible, (2..=8).collect::<Vec<_>>());
    }
}
