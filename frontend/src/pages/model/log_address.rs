//! What the Logs tab shows, as it stands in the URL.
//!
//! Must not know the browser: it reads and writes texts.

use crate::components::logs::layout::Narrow;
use crate::routes::{ModelTab, Place, encoded};
use shared::metric::LogLevel;

/// Levels, with their words in the URL and on the buttons.
pub const LEVELS: [(LogLevel, &str, &str); 4] = [
    (LogLevel::Debug, "", "All levels"),
    (LogLevel::Info, "info", "Info and above"),
    (LogLevel::Warning, "warning", "Warnings and errors"),
    (LogLevel::Error, "error", "Errors"),
];

/// The parts of the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogAddress {
    pub least: LogLevel,
    pub search: String,
    /// Lines without what is searched for are left out.
    pub only_matching: bool,
    pub attempt: Option<u32>,
    /// The line that is pointed at, by its number.
    pub line: Option<u64>,
}

impl LogAddress {
    /// Reads the parts of a URL's query, and its fragment; what is not understood is left out.
    pub fn from_parts(get: impl Fn(&str) -> Option<String>, fragment: &str) -> Self {
        let word = get("level").unwrap_or_default();
        let level = LEVELS.iter().find(|(_, name, _)| *name == word);
        Self {
            least: level.map_or(LogLevel::Debug, |(level, ..)| *level),
            search: get("q").unwrap_or_default(),
            only_matching: get("only").is_some(),
            attempt: get("attempt").and_then(|text| text.parse().ok()),
            line: fragment.trim_start_matches('#').strip_prefix('L').and_then(|text| text.parse().ok()),
        }
    }

    /// The whole path of the tab.
    pub fn to_url(&self, model: &str) -> String {
        let mut parts = Vec::new();
        if let Some((_, word, _)) =
            LEVELS.iter().find(|(level, ..)| *level == self.least).filter(|(_, word, _)| !word.is_empty())
        {
            parts.push(format!("level={word}"));
        }
        if !self.search.is_empty() {
            parts.push(format!("q={}", encoded(&self.search)));
        }
        if self.only_matching {
            parts.push("only=1".to_owned());
        }
        if let Some(attempt) = self.attempt {
            parts.push(format!("attempt={attempt}"));
        }
        let path = Place::Model { model: model.to_owned(), tab: ModelTab::Logs }.path();
        let query = if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) };
        let fragment = self.line.map(|line| format!("#L{line}")).unwrap_or_default();
        format!("{path}{query}{fragment}")
    }

    /// Which lines are listed.
    pub fn narrow(&self) -> Narrow {
        let text = if self.only_matching { self.search.clone() } else { String::new() };
        Narrow { least: self.least, attempt: self.attempt, text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> LogAddress {
        let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        LogAddress::from_parts(
            |key| query.split('&').find_map(|part| part.strip_prefix(&format!("{key}="))).map(str::to_owned),
            fragment,
        )
    }

    #[test]
    fn addresses_are_read_back_as_they_were_written() {
        let plain = read("");
        assert_eq!(plain.to_url("m"), "/models/m/logs");
        let whole = LogAddress {
            least: LogLevel::Warning,
            search: "loss".into(),
            only_matching: true,
            attempt: Some(2),
            line: Some(1234),
        };
        let url = "/models/m/logs?level=warning&q=loss&only=1&attempt=2#L1234";
        assert_eq!(whole.to_url("m"), url);
        assert_eq!(read(url), whole);
        assert_eq!(read("?level=x&attempt=y#Lz"), plain);
    }

    #[test]
    fn a_search_leaves_lines_out_only_where_it_is_asked_to() {
        assert_eq!(read("?q=loss").narrow().text, "");
        assert_eq!(read("?q=loss&only=1").narrow().text, "loss");
    }
}
