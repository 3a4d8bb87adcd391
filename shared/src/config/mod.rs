//! What a person can set before a training: schema, defaults, validation and the resolved values.
//!
//! Must not know how a form is drawn or a value is stored.

mod detection;

pub use detection::{DetectionConfig, DeviceKind, Optimizer, Schedule};
