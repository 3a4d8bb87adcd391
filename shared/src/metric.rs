//! What a run reports while it trains: metric samples and log lines.
//!
//! Must not know how they travel, are stored or drawn.

use serde::{Deserialize, Serialize};

/// One point of one line of one chart, for example (`box_loss`, `train`, epoch 3, 1.82).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricSample {
    /// The chart, for example `mAP50(B)`.
    pub figure: String,
    /// The line, for example `train`, `val` or `metrics`.
    pub legend: String,
    /// Epoch, counted from 1 (fractions for figures by step).
    pub x: f64,
    /// The value; NaN and infinities are kept and shown as gaps.
    #[serde(with = "crate::metric::finite_or_text")]
    pub y: f64,
}

/// How grave a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Detail for the author of a trainer.
    Debug,
    /// What happens.
    Info,
    /// Degraded, but it goes on.
    Warning,
    /// Something was lost.
    Error,
}

/// One line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// UTC milliseconds since 1970.
    pub at_ms: i64,
    /// How grave it is.
    pub level: LogLevel,
    /// The text, without line break.
    pub text: String,
}

/// JSON has no NaN or infinity, so those travel as the texts `NaN`, `Infinity` and `-Infinity`.
pub mod finite_or_text {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes a number, or the text of one that JSON cannot hold.
    ///
    /// # Errors
    /// As the serializer.
    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() {
            serializer.serialize_f64(*value)
        } else if value.is_nan() {
            serializer.serialize_str("NaN")
        } else if *value > 0.0 {
            serializer.serialize_str("Infinity")
        } else {
            serializer.serialize_str("-Infinity")
        }
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum NumberOrText {
        Number(f64),
        Text(String),
    }

    /// Reads what [`serialize`] wrote.
    ///
    /// # Errors
    /// If the text is none of the three.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        match NumberOrText::deserialize(deserializer)? {
            NumberOrText::Number(value) => Ok(value),
            NumberOrText::Text(text) => match text.as_str() {
                "NaN" => Ok(f64::NAN),
                "Infinity" => Ok(f64::INFINITY),
                "-Infinity" => Ok(f64::NEG_INFINITY),
                other => Err(serde::de::Error::custom(format!(
                    "`{other}` is not a number: expected digits, `NaN`, `Infinity` or `-Infinity`"
                ))),
            },
        }
    }
}
