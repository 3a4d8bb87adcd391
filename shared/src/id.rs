//! The one list of typed ids. An id is a UUIDv7, so ids sort by creation time.
//!
//! Must not know clocks or randomness: the caller brings both (see [`uuid_v7`]).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Builds a UUIDv7 (RFC 9562, section 5.7) from a wall-clock time and 10 random bytes.
#[must_use]
pub fn uuid_v7(unix_ms: u64, random: &[u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(unix_ms, random).into_uuid()
}

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {kind} id: expected 32 hexadecimal digits in the form of a UUID")]
pub struct ParseIdError {
    kind: &'static str,
    text: String,
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that is known to name this kind of thing.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, for the edges that store or send it.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text)
                    .map(Self)
                    .map_err(|_| ParseIdError { kind: $kind, text: text.chars().take(64).collect() })
            }
        }
    )*};
}

// Append only: stored data and the wire refer to these kinds.
typed_ids! {
    /// Scope of datasets, models and trainings.
    ProjectId = "project";
    /// A set of items.
    DatasetId = "dataset";
    /// One image of a dataset.
    ItemId = "item";
    /// One box or class on an item.
    AnnotationId = "annotation";
    /// One model version.
    ModelId = "model";
    /// One training of one model version.
    TrainingId = "training";
    /// The unit of work in a service's queue.
    ExecutionId = "execution";
    /// A training service.
    ServiceId = "service";
    /// One running copy of a service.
    InstanceId = "instance";
    /// A stored file of a model.
    ArtifactId = "artifact";
    /// A query that is kept by name.
    FilterId = "saved filter";
    /// A named list of labels.
    RecipeId = "recipe";
    /// A change of many items at once.
    ItemsChangeId = "change of items";
    /// A value that nobody may read.
    SecretId = "secret";
    /// Files that are on their way in.
    UploadId = "upload";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_and_parse_back_and_sort_by_time() {
        let early = ModelId::from_uuid(uuid_v7(1_000, &[7; 10]));
        let late = ModelId::from_uuid(uuid_v7(2_000, &[0; 10]));
        assert!(early < late);
        assert_eq!(early.to_string().parse::<ModelId>(), Ok(early));
    }

    #[test]
    fn a_bad_id_says_what_was_expected() {
        let error = "nonsense".parse::<DatasetId>().unwrap_err();
        assert!(error.to_string().contains("not a dataset id"), "{error}");
    }
}
