//! Minting of typed ids: the randomness that `shared::id` must not know.

use shared::id::{
    AnnotationId, ArtifactId, DatasetId, ExecutionId, FilterId, InstanceId, ItemId, ItemsChangeId, ModelId,
    ProjectId, RecipeId, SecretId, ServiceId, TrainingId, UploadId, uuid_v7,
};
use std::cell::Cell;
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

thread_local! {
    /// The millisecond of the last id, and how many came before it in that millisecond.
    static LAST: Cell<(i64, u16)> = const { Cell::new((0, 0)) };
}

/// A new id of this moment. Ids that one thread mints within a millisecond sort in the order of their making, by a counter
/// in place of the first random bits (RFC 9562, section 6.2, method 1): rows come from one thread, and a queue is served
/// in the order in which it was joined.
pub(super) fn mint<T: MintedId>(now_ms: i64) -> T {
    let mut random: [u8; 10] = rand::random();
    let (last_ms, before) = LAST.get();
    let count = if last_ms == now_ms { before.saturating_add(1) } else { 0 };
    LAST.set((now_ms, count));
    [random[0], random[1]] = count.min(0x0fff).to_be_bytes();
    T::from_fresh(uuid_v7(u64::try_from(now_ms).unwrap_or(0), &random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_millisecond_sort_in_the_order_of_their_making() {
        let ids: Vec<ExecutionId> = (0..1_000).map(|number| mint(7 + number / 600)).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
    }
}
