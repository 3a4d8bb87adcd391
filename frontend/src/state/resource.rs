//! Something that is fetched once and may be fetched again: loading, loaded or failed.
//!
//! Must not know what it is.

use super::latest::Latest;
use super::session::Session;
use crate::api::ApiError;
use crate::components::dynamic::{effect, memo};
use leptos::prelude::*;
use std::future::Future;

/// Where the fetch stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Loaded<T> {
    Loading,
    Ready(T),
    Failed(ApiError),
}

/// The thing, and how to fetch it again.
pub struct Fetched<T: Send + Sync + 'static> {
    pub state: RwSignal<Loaded<T>>,
    pub again: Callback<()>,
}

impl<T: Send + Sync + 'static> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Fetched<T> {}

/// Fetches, and again whenever a signal that `fetch` reads changes. Only the latest answer counts: a later fetch cancels
/// the one before, and so does leaving the page.
pub fn fetched<T, F, R>(fetch: F) -> Fetched<T>
where
    T: Clone + Send + Sync + 'static,
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<T, ApiError>> + 'static,
{
    let session = expect_context::<Session>();
    let state = RwSignal::new(Loaded::Loading);
    let turn = RwSignal::new(0u32);
    let latest = Latest::new();
    effect(move |_| {
        turn.track();
        let answer = fetch();
        latest.run(0, async move {
            let result = answer.await;
            if let Err(error) = &result {
                session.check(error);
            }
            state.try_set(match result {
                Ok(value) => Loaded::Ready(value),
                Err(error) => Loaded::Failed(error),
            });
        });
    });
    Fetched { state, again: Callback::new(move |()| turn.update(|turn| *turn += 1)) }
}

/// What was fetched, kept while a later fetch fails: whoever fetches again and again says elsewhere that it does.
pub fn kept<T: Clone + PartialEq + Send + Sync + 'static>(fetched: Fetched<T>) -> Memo<Loaded<T>> {
    memo(move |before: Option<&Loaded<T>>| match (fetched.state.get(), before) {
        (Loaded::Failed(_), Some(Loaded::Ready(value))) => Loaded::Ready(value.clone()),
        (state, _) => state,
    })
}
