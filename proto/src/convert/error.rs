//! The one error of conversions: which field, and what is wrong with it.

/// A message of the wire that does not mean anything in the domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {problem}")]
pub struct ConvertError {
    field: String,
    problem: String,
}

impl ConvertError {
    /// Names the field (as in the `.proto` file) and the problem, in words that follow the field's name.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }

    /// The same error, seen from the message around it: `region.x1` becomes `annotations[3].region.x1`.
    #[must_use]
    pub fn within(self, outer: &str) -> Self {
        Self { field: format!("{outer}.{}", self.field), problem: self.problem }
    }

    /// The path of the field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What is wrong with it.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}
