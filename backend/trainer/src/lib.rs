//! The numeric part of Trainyard: model families, losses, data, training and evaluation.
//!
//! A library with a small synchronous interface. It must not know tokio, gRPC, SQL or the scheduler.

pub mod decode;
pub mod kernels;
pub mod model;
pub mod weights;
