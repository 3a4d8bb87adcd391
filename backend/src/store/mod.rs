//! Everything durable: the database behind one facade, and the stored files.
//!
//! Must not know gRPC, processes or what the scheduler decides. The only place with SQL, and the
//! only place that knows paths of stored files.

mod error;
mod records;

pub use error::{ErrorKind, StoreError};
pub use records::*;
