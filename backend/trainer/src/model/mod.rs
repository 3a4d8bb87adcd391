//! Model families.
//!
//! A family knows its own layers and the names of its parameters in the wider ecosystem.
//! It must not know losses, data or optimisers.

mod init;
mod layers;
mod names;
mod network;
pub mod resnet;
pub mod yolov8;

pub use names::{ParameterKind, published_name};
pub(crate) use names::{is_class_layer, is_class_output};
pub use network::{Network, UnknownNetwork};
