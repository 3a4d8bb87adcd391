//! How messages that carry values of secrets are shown in logs and panics: by their names alone.
//!
//! Must not show a value.

use crate::v1::{Assignment, CreateSecretRequest, LeaseResponse, ReplaceSecretRequest};
use std::fmt;

impl fmt::Debug for CreateSecretRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateSecretRequest").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for ReplaceSecretRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplaceSecretRequest").field("id", &self.id).finish_non_exhaustive()
    }
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assignment")
            .field("execution_id", &self.execution_id)
            .field("attempt", &self.attempt)
            .field("fencing_token", &self.fencing_token)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LeaseResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeaseResponse")
            .field("assignment", &self.assignment)
            .field("stop", &self.stop)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_shown() {
        let value = "canary-value".to_owned();
        let create = CreateSecretRequest { name: "TOKEN".into(), value: value.clone(), ..Default::default() };
        let replace = ReplaceSecretRequest { id: "1".into(), value: value.clone() };
        let assignment =
            Assignment { secrets: [("TOKEN".to_owned(), value.clone())].into(), ..Default::default() };
        let lease = LeaseResponse { assignment: Some(assignment.clone()), stop: false };
        for shown in
            [format!("{create:?}"), format!("{replace:?}"), format!("{assignment:?}"), format!("{lease:?}")]
        {
            assert!(!shown.contains(&value), "{shown}");
        }
    }
}
