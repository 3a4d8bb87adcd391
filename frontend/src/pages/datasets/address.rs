//! What the browser of a dataset shows, as it stands in the URL: filter, view, selection and the open item.
//!
//! Must not know the browser: it reads and writes texts.

use super::selection::Selection;
use crate::routes::{Place, encoded};

/// How items are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ItemsView {
    #[default]
    Grid,
    Table,
}

impl ItemsView {
    pub const ALL: [Self; 2] = [Self::Grid, Self::Table];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Table => "table",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Grid => "Grid",
            Self::Table => "Table",
        }
    }
}

/// The parts of the address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// A query or a bare filter; empty for everything.
    pub dql: String,
    pub view: ItemsView,
    pub selection: Selection,
    /// The item in the panel, by its id.
    pub item: Option<String>,
}

impl Address {
    /// Reads the parts of a URL's query; what is not understood is left out.
    pub fn from_parts(get: impl Fn(&str) -> Option<String>) -> Self {
        let view = get("view").unwrap_or_default();
        Self {
            dql: get("dql").unwrap_or_default(),
            view: ItemsView::ALL.into_iter().find(|known| known.name() == view).unwrap_or_default(),
            selection: get("sel").map(|part| Selection::from_part(&part)).unwrap_or_default(),
            item: get("item").filter(|id| !id.is_empty()),
        }
    }

    /// The whole path for a dataset.
    pub fn to_url(&self, dataset: &str) -> String {
        let mut parts = Vec::new();
        if !self.dql.is_empty() {
            parts.push(format!("dql={}", encoded(&self.dql)));
        }
        if self.view != ItemsView::default() {
            parts.push(format!("view={}", self.view.name()));
        }
        if let Some(part) = self.selection.to_part() {
            parts.push(format!("sel={}", encoded(&part)));
        }
        if let Some(item) = &self.item {
            parts.push(format!("item={}", encoded(item)));
        }
        let path = Place::Dataset { dataset: dataset.to_owned() }.path();
        if parts.is_empty() { path } else { format!("{path}?{}", parts.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            let hex = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
            bytes.push(if byte == b'%' {
                hex(rest.next().unwrap()) * 16 + hex(rest.next().unwrap())
            } else {
                byte
            });
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn addresses_are_read_back_as_they_were_written() {
        for address in [
            Address::default(),
            Address { dql: r#"{"dir":"/a & b"}"#.into(), view: ItemsView::Table, ..Address::default() },
            Address { selection: Selection::all(), item: Some("x/y".into()), ..Address::default() },
        ] {
            let url = address.to_url("bees & wasps");
            assert!(url.starts_with("/datasets/bees%20%26%20wasps"), "{url}");
            let part = |key: &str| {
                let query = url.split_once('?')?.1;
                query.split('&').find_map(|part| part.strip_prefix(&format!("{key}="))).map(decoded)
            };
            assert_eq!(Address::from_parts(part), address, "{url}");
        }
        let nonsense = Address::from_parts(|_| Some("nonsense".into()));
        assert_eq!((nonsense.view, nonsense.selection), (ItemsView::Grid, Selection::default()));
    }
}
