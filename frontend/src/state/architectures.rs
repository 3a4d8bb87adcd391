//! What can be trained, as the server last said it. The built-in architectures are known from the start.
//!
//! Must not know any page.

use super::resource::{Fetched, fetched};
use crate::api::{self, ApiError};
use leptos::prelude::*;
use shared::architecture::{Architecture, Catalog};

/// The architectures that this tab knows.
#[derive(Clone, Copy)]
pub struct Architectures(RwSignal<Catalog>);

impl Architectures {
    pub fn new() -> Self {
        Self(RwSignal::new(Catalog::default()))
    }

    pub fn from_context() -> Self {
        expect_context()
    }

    /// What is known; whoever reads it is told of changes.
    pub fn catalog(self) -> Catalog {
        self.0.get()
    }

    /// Asks the server.
    pub async fn look(self) -> Result<Catalog, ApiError> {
        let known = self.0.get_untracked();
        let catalog = api::architectures::list(&known).await?;
        self.0.try_set(catalog.clone());
        Ok(catalog)
    }
}

/// All of them, asked for once.
pub fn all() -> Fetched<Catalog> {
    let architectures = Architectures::from_context();
    fetched(move || architectures.look())
}

/// The one of this id; the server is asked for those that are not built in.
pub fn family(id: String) -> Fetched<Option<&'static Architecture>> {
    let architectures = Architectures::from_context();
    fetched(move || {
        let id = id.clone();
        async move {
            let built_in = Catalog::default().family(&id);
            if built_in.is_some() { Ok(built_in) } else { Ok(architectures.look().await?.family(&id)) }
        }
    })
}
