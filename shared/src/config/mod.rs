//! What a person can set before a training: schema, defaults, validation and the resolved values.
//!
//! Must not know how a form is drawn or a value is stored.

mod classification;
mod classification_schema;
mod detection;
mod detection_schema;
mod fields;
mod resolve;
pub mod schema;

pub use classification::ClassificationConfig;
pub use classification_schema::{classification_schema, resolve_classification};
pub use detection::{DetectionConfig, DeviceKind, Optimizer, Schedule};
pub use detection_schema::detection_schema;
pub use resolve::{overrides_of, resolve};
pub use schema::{Field, FieldError, Group, Kind, Rules, Schema};
