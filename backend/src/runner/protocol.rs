//! The protocol between a runner and a Train function: JSON lines on the child's standard output
//! and input, and the files in its folder. Described for authors in `docs/train-function-protocol.md`.
//!
//! Must not know how a process is started, what a trainer is, or how a report travels.

use serde::{Deserialize, Serialize};
use shared::metric::{LogLevel, MetricSample};
use shared::model::ArtifactKind;
use shared::table::Table;
use shared::training::{Cause, Progress};
use std::path::PathBuf;

/// The version that this runner speaks.
pub const PROTOCOL_VERSION: u32 = 1;

/// Name of the environment variable that holds the path of `job.json`.
pub const JOB_VARIABLE: &str = "TRAINYARD_JOB";

/// What a Train function says, one message a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Message {
    /// The first message: which version it speaks.
    Hello {
        /// [`PROTOCOL_VERSION`] of the function.
        protocol: u32,
    },
    /// A log line.
    Log {
        /// How grave it is.
        level: LogLevel,
        /// The text, without line break.
        text: String,
    },
    /// What it computes on, for whoever wants to repeat it.
    Device {
        /// For example `cpu (16 threads)`.
        name: String,
    },
    /// How far it is.
    Progress(Progress),
    /// One point of one line of one chart.
    Sample(MetricSample),
    /// A finished file that is to be kept.
    Artifact(ArtifactMessage),
    /// The last message: how it ended.
    End {
        /// Well, not well, or because it was told to stop.
        outcome: EndOutcome,
        /// Why, when it did not end well.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
    },
    /// A matrix or a summary, which has the types of its own: what it says is kept as a file.
    #[serde(untagged)]
    Table(Table),
}

/// A file that a Train function wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactMessage {
    /// Where it lies: inside the job's folder, absolute or relative to it.
    pub path: PathBuf,
    /// The name under which it is kept, for example `best.safetensors`.
    pub name: String,
    /// What it is.
    pub kind: ArtifactKind,
    /// The epoch after which it was written, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u32>,
}

/// How a Train function says that it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndOutcome {
    /// The training is complete.
    Succeeded,
    /// It could not go on.
    Failed,
    /// It was told to stop and did.
    Stopped,
}

/// What a runner says to a Train function, one order a line on standard input.
/// The end of standard input means that the runner is gone: the function must end, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Order {
    /// Stop gracefully, say `end` with the outcome `stopped`, and exit.
    Stop,
}

/// `job.json`: everything that an attempt depends on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// [`PROTOCOL_VERSION`] of the runner.
    pub protocol: u32,
    /// Which execution it is, for log lines.
    pub execution_id: String,
    /// Which try at it, counted from 1.
    pub attempt: u32,
    /// For example `yolov8`.
    pub architecture_id: String,
    /// For example `n`.
    pub variant: String,
    /// The resolved configuration.
    pub configuration: serde_json::Value,
    /// Class names in class order.
    pub labels: Vec<String>,
    /// What it learns from and is measured on.
    pub data: JobData,
    /// Where files are to be written; it exists and is empty, but for earlier checkpoints.
    pub output_dir: PathBuf,
    /// Weights to start from: those of another version, or uploaded ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_weights: Option<PathBuf>,
    /// The checkpoint from which to go on; it comes before `initial_weights`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<PathBuf>,
}

/// Where the two subsets lie: COCO files whose images are in the folder `images` beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobData {
    /// `annotations.json` of the train subset.
    pub train: PathBuf,
    /// `annotations.json` of the validation subset.
    pub validation: PathBuf,
}

/// The part of the COCO format that jobs are written in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CocoFile {
    /// The images.
    pub images: Vec<CocoImage>,
    /// The boxes; or the classes, one an image.
    pub annotations: Vec<CocoAnnotation>,
    /// The classes: category id = class index + 1.
    pub categories: Vec<CocoCategory>,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CocoImage {
    /// From 1, in the order of the subset.
    pub id: u64,
    /// The file in `images/`; made from the hash of its content, in the folder of its class where images have one.
    pub file_name: String,
    /// The item's folder and name in the dataset, to show; never a path on this disk.
    pub item: String,
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// One box, or the class of a whole image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CocoAnnotation {
    /// From 1.
    pub id: u64,
    /// Whose it is.
    pub image_id: u64,
    /// Class index + 1.
    pub category_id: u64,
    /// Left, top, width, height in pixels of the original image; of a class the whole image.
    pub bbox: [f64; 4],
    /// Width times height.
    pub area: f64,
    /// Always 0: no crowds.
    pub iscrowd: u8,
}

/// One class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CocoCategory {
    /// Class index + 1.
    pub id: u64,
    /// The label.
    pub name: String,
}

/// What a line of a Train function's standard output is.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A message of the protocol.
    Message(Message),
    /// Anything else, which is a log line.
    Text(String),
}

/// Reads one line of standard output. Only a whole message counts as one; everything else,
/// including a message with an unknown type or a wrong field, stays visible as a log line.
#[must_use]
pub fn said_from_line(line: &str) -> Said {
    let trimmed = line.trim();
    if trimmed.starts_with('{')
        && let Ok(message) = serde_json::from_str(trimmed)
    {
        return Said::Message(message);
    }
    Said::Text(line.trim_end().to_owned())
}

/// A message or an order as a line, with its line break.
///
/// # Errors
/// If the value cannot be written as JSON, which none of the types of this protocol does.
pub fn line_from<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(value).map(|mut line| {
        line.push('\n');
        line
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::training::{CauseKind, Phase};

    #[test]
    fn messages_survive_their_line() {
        let messages = [
            Message::Hello { protocol: PROTOCOL_VERSION },
            Message::Log { level: LogLevel::Warning, text: "zwölf\tfünf".into() },
            Message::Device { name: "cpu (2 threads)".into() },
            Message::Progress(Progress { epoch: 1, epochs: 3, step: 2, steps: 9, phase: Phase::Validating }),
            Message::Sample(MetricSample {
                figure: "box_loss".into(),
                legend: "train".into(),
                x: 1.0,
                y: f64::INFINITY,
            }),
            Message::Artifact(ArtifactMessage {
                path: "output/best.safetensors".into(),
                name: "best.safetensors".into(),
                kind: ArtifactKind::Weights,
                epoch: Some(3),
            }),
            Message::End {
                outcome: EndOutcome::Failed,
                cause: Some(Cause {
                    kind: CauseKind::Data,
                    message: "no boxes".into(),
                    next_step: String::new(),
                }),
            },
        ];
        for message in messages {
            let line = line_from(&message).unwrap();
            assert_eq!(line.matches('\n').count(), 1, "one line: {line:?}");
            assert_eq!(said_from_line(&line), Said::Message(message));
        }
        assert_eq!(line_from(&Order::Stop).unwrap(), "{\"type\":\"stop\"}\n");
    }

    #[test]
    fn everything_else_is_a_log_line() {
        let cases = [
            "plain text",
            "",
            "{",
            "{\"type\":\"party\"}",
            "{\"type\":\"sample\",\"figure\":\"box_loss\"}",
            "{\"type\":\"end\",\"outcome\":\"maybe\"}",
            "[1, 2]",
        ];
        for line in cases {
            assert_eq!(said_from_line(line), Said::Text(line.to_owned()), "{line}");
        }
    }

    #[test]
    fn a_number_that_is_none_arrives_as_such() {
        let line = r#"{"type":"sample","figure":"box_loss","legend":"val","x":2,"y":"NaN"}"#;
        let Said::Message(Message::Sample(sample)) = said_from_line(line) else { panic!("not a sample") };
        assert!(sample.y.is_nan());
    }
}
