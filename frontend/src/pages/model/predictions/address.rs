//! What the Predictions tab shows, as it stands in the URL.
//!
//! Must not know the browser: it reads and writes texts.

use super::order::Order;
use crate::routes::{ModelTab, Place, encoded};

/// Both sliders move in such steps.
pub const STEP: f64 = 0.001;

/// What is beside the predictions that are looked at, on the same pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beside {
    /// Another epoch of the same training.
    Epoch(u32),
    /// The latest training of another version, by its id.
    Version(String),
}

/// A cell of the confusion matrix; the number of classes stands for the background.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub actual: usize,
    pub predicted: usize,
}

/// The parts of the address.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionsAddress {
    /// The id of a training; `None` for the latest.
    pub training: Option<String>,
    /// `None` for the best one.
    pub epoch: Option<u32>,
    pub beside: Option<Beside>,
    /// `None` for the suggested one.
    pub confidence: Option<f64>,
    pub iou: f64,
    /// Only pictures with such a box are shown.
    pub cell: Option<Cell>,
    pub order: Order,
    /// Which page of the pictures, from 1.
    pub page: usize,
    /// The picture that is open, by its index in the validation subset.
    pub picture: Option<u32>,
}

impl Default for PredictionsAddress {
    fn default() -> Self {
        Self {
            training: None,
            epoch: None,
            beside: None,
            confidence: None,
            iou: 0.5,
            cell: None,
            order: Order::default(),
            page: 1,
            picture: None,
        }
    }
}

impl PredictionsAddress {
    /// Reads the parts of a URL's query; what is not understood is left out.
    pub fn from_parts(get: impl Fn(&str) -> Option<String>) -> Self {
        let word = |key: &str| get(key).filter(|word| !word.is_empty());
        let share = |key: &str| {
            let value = word(key)?.parse::<f64>().ok()?;
            (0.0..=1.0).contains(&value).then(|| on_step(value))
        };
        let cell = word("cell").and_then(|text| {
            let (actual, predicted) = text.split_once('-')?;
            Some(Cell { actual: actual.parse().ok()?, predicted: predicted.parse().ok()? })
        });
        let beside = word("beside").map(|text| match text.strip_prefix("epoch-").map(str::parse) {
            Some(Ok(epoch)) => Beside::Epoch(epoch),
            _ => Beside::Version(text),
        });
        Self {
            training: word("training"),
            epoch: word("epoch").and_then(|text| text.parse().ok()),
            beside,
            confidence: share("confidence"),
            iou: share("iou").unwrap_or(0.5),
            cell,
            order: word("order").and_then(|text| Order::from_name(&text)).unwrap_or_default(),
            page: word("page").and_then(|text| text.parse().ok()).filter(|page| *page > 0).unwrap_or(1),
            picture: word("picture").and_then(|text| text.parse().ok()),
        }
    }

    /// The whole path of the tab.
    pub fn to_url(&self, model: &str) -> String {
        let mut parts = Vec::new();
        let mut part = |key: &str, value: Option<String>| {
            parts.extend(value.map(|value| format!("{key}={}", encoded(&value))));
        };
        part("training", self.training.clone());
        part("epoch", self.epoch.map(|epoch| epoch.to_string()));
        part(
            "beside",
            self.beside.as_ref().map(|beside| match beside {
                Beside::Epoch(epoch) => format!("epoch-{epoch}"),
                Beside::Version(id) => id.clone(),
            }),
        );
        part("confidence", self.confidence.map(|value| value.to_string()));
        part("iou", (self.iou != 0.5).then(|| self.iou.to_string()));
        part("cell", self.cell.map(|cell| format!("{}-{}", cell.actual, cell.predicted)));
        part("order", (self.order != Order::default()).then(|| self.order.name().to_owned()));
        part("page", (self.page > 1).then(|| self.page.to_string()));
        part("picture", self.picture.map(|index| index.to_string()));
        let path = Place::Model { model: model.to_owned(), tab: ModelTab::Predictions }.path();
        if parts.is_empty() { path } else { format!("{path}?{}", parts.join("&")) }
    }

    /// The first page of other pictures.
    pub fn with_cell(self, cell: Option<Cell>) -> Self {
        Self { cell, page: 1, ..self }
    }
}

/// The nearest place at which a slider can stand.
pub fn on_step(value: f64) -> f64 {
    (value / STEP).round() / (1.0 / STEP).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> PredictionsAddress {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        PredictionsAddress::from_parts(|key| {
            query.split('&').find_map(|part| part.strip_prefix(&format!("{key}="))).map(str::to_owned)
        })
    }

    #[test]
    fn addresses_are_read_back_as_they_were_written() {
        let plain = PredictionsAddress::default();
        assert_eq!(plain.to_url("m"), "/models/m/predictions");
        let whole = PredictionsAddress {
            training: Some("t".into()),
            epoch: Some(3),
            beside: Some(Beside::Epoch(1)),
            confidence: Some(0.415),
            iou: 0.75,
            cell: Some(Cell { actual: 2, predicted: 10 }),
            order: Order::Loss,
            page: 4,
            picture: Some(0),
        };
        let version = PredictionsAddress { beside: Some(Beside::Version("v".into())), ..plain.clone() };
        for address in [plain, whole, version] {
            assert_eq!(read(&address.to_url("m")), address);
        }
    }

    #[test]
    fn nonsense_is_left_out() {
        let read = read("?epoch=x&confidence=2&iou=nan&cell=1&order=x&page=0&picture=-1&training=");
        assert_eq!(read, PredictionsAddress::default());
    }

    #[test]
    fn sliders_stand_on_steps_and_read_well() {
        for (value, text) in [(0.4149, "0.415"), (0.1 + 0.2, "0.3"), (1.0, "1"), (0.0, "0")] {
            assert_eq!(on_step(value).to_string(), text);
        }
    }
}
