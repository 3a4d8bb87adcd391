//! The items of the validation subset, fetched in pieces as they come into view.
//!
//! Must not know what was predicted on them.

use crate::api;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::dataset::{Item, Subset};
use std::collections::HashMap;

/// Items that are fetched at once.
const PIECE: u32 = 50;

type Piece = ArcRwSignal<Option<Vec<Item>>>;

#[derive(Clone, Copy)]
pub struct Pictures {
    training: StoredValue<String>,
    pieces: StoredValue<HashMap<u32, Piece>>,
}

impl Pictures {
    /// Those that this training froze.
    pub fn of(training: String) -> Self {
        Self { training: StoredValue::new(training), pieces: StoredValue::new(HashMap::new()) }
    }

    /// The item with this index in the subset, once it is here. One that cannot be fetched stays without a picture, and
    /// is asked for again when it is looked at again.
    pub fn item(self, index: u32) -> Option<Item> {
        let number = index / PIECE;
        let known = self.pieces.with_value(|pieces| pieces.get(&number).cloned());
        let piece = known.unwrap_or_else(|| self.fetch(number));
        piece.with(|items| items.as_ref()?.get((index % PIECE) as usize).cloned())
    }

    fn fetch(self, number: u32) -> Piece {
        let piece = Piece::new(None);
        let (kept, training) = (piece.clone(), self.training.get_value());
        self.pieces.update_value(|pieces| {
            pieces.insert(number, kept);
        });
        let filled = piece.clone();
        spawn_local(async move {
            let skip = u64::from(number) * u64::from(PIECE);
            match api::trainings::snapshot_items(training, Subset::Validation, skip, PIECE).await {
                Ok(items) => filled.set(Some(items)),
                Err(_) => {
                    self.pieces.try_update_value(|pieces| pieces.remove(&number));
                }
            }
        });
        piece
    }
}
