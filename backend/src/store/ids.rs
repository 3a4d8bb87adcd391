//! Minting of typed ids: the randomness that `shared::id` must not know.

use shared::id::{
    AnnotationId, ArtifactId, DatasetId, ExecutionId, FilterId, InstanceId, ItemId, ItemsChangeId, ModelId,
    ProjectId, RecipeId, SecretId, ServiceId, TrainingId, UploadId, uuid_v7,
};
use uuid::Uuid;

/// An id that the store can mint.
pub trait MintedId: Sized {
    /// Wraps a fresh UUID.
    fn from_fresh(uuid: Uuid) -> Self;
}

macro_rules! minted {
    ($($name:ident),*) => {$(
        impl MintedId for $name {
            fn from_fresh(uuid: Uuid) -> Self {
                Self::from_uuid(uuid)
            }
        }
    )*};
}

minted!(
    AnnotationId,
    ArtifactId,
    DatasetId,
    ExecutionId,
    FilterId,
    InstanceId,
    ItemId,
    ItemsChangeId,
    ModelId,
    ProjectId,
    RecipeId,
    SecretId,
    ServiceId,
    TrainingId,
    UploadId
);

/// A new id of this moment.
pub(super) fn mint<T: MintedId>(now_ms: i64) -> T {
    T::from_fresh(uuid_v7(u64::try_from(now_ms).unwrap_or(0), &rand::random()))
}
