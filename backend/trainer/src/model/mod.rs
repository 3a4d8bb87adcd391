//! Model families.
//!
//! A family knows its own layers and the names of its parameters in the wider ecosystem.
//! It must not know losses, data or optimisers.

pub mod yolov8;
