//! The API: one file a service, and the only place of the server with protobuf.
//!
//! Must not know SQL or processes.

pub mod error;
pub mod layers;

mod access;
mod architectures;
mod check;
mod choices;
mod compute;
mod datasets;
mod filters;
mod idempotency;
mod items;
mod models;
mod page;
mod plan;
mod recipes;
mod router;
pub mod runner;
mod secrets;
#[cfg(test)]
mod suite;
mod trainings;
mod watch;
mod weights;

pub(crate) use access::sign_in_url;
pub use idempotency::KEY_HEADER;
pub use router::{Api, MAX_ANSWER_BYTES, router};

use crate::auth::{Caller, TokenHash};
use error::OrProblem;
use shared::id::InstanceId;
use tonic::{Request, Status};

/// Who calls, as the layers found out.
pub(crate) fn caller<T>(request: &Request<T>) -> Caller {
    request.extensions().get::<Caller>().cloned().unwrap_or(Caller::Anonymous)
}

/// The instance whose runner calls.
///
/// # Errors
/// If someone else calls, which the layers let happen to no method of runners.
pub(crate) fn calling_instance<T>(request: &Request<T>) -> Result<InstanceId, Status> {
    match caller(request) {
        Caller::Runner(instance) => Ok(instance),
        _ => Err(crate::auth::AuthError::Missing).or_problem(),
    }
}

/// The hash of the one-time token with which a new instance calls; not checked yet.
///
/// # Errors
/// If someone else calls, which the layers let happen to no method of new instances.
pub(crate) fn presented_instance_token<T>(request: &Request<T>) -> Result<TokenHash, Status> {
    match caller(request) {
        Caller::NewInstance(hash) => Ok(hash),
        _ => Err(crate::auth::AuthError::Missing).or_problem(),
    }
}
