//! Something that is fetched once and may be fetched again: loading, loaded or failed.
//!
//! Must not know what it is.

use super::kept::{asked, recalled};
use super::latest::Latest;
use super::session::Session;
use crate::api::ApiError;
use crate::components::dynamic::{effect, memo};
use futures::future::LocalBoxFuture;
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
/// the one before, and so does leaving the page. What is kept of an earlier visit is shown at once, until the server has
/// answered; `fetch` must do nothing but ask.
pub fn fetched<T, F, R>(fetch: F) -> Fetched<T>
where
    T: Clone + Send + Sync + 'static,
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<T, ApiError>> + 'static,
{
    asked_by(Box::new(move || Box::pin(fetch())), None)
}

/// The same for a form: once somebody has begun to fill in what was kept, no answer takes its place by itself.
pub fn fetched_for_form<T, F, R>(fetch: F) -> Fetched<T>
where
    T: Clone + Send + Sync + 'static,
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<T, ApiError>> + 'static,
{
    let is_filled_in = StoredValue::new(false);
    let listener = window_event_listener(leptos::ev::input, move |_| is_filled_in.set_value(true));
    on_cleanup(move || listener.remove());
    asked_by(Box::new(move || Box::pin(fetch())), Some(is_filled_in))
}

/// Behind a pointer, so that what follows is compiled once for each answer and not for each question.
type Ask<T> = Box<dyn Fn() -> LocalBoxFuture<'static, Result<T, ApiError>> + Send + Sync>;

fn asked_by<T: Clone + Send + Sync + 'static>(
    ask: Ask<T>,
    is_filled_in: Option<StoredValue<bool>>,
) -> Fetched<T> {
    let session = expect_context::<Session>();
    let recall = |ask: &Ask<T>| match untrack(|| recalled(ask())) {
        Some((Ok(value), digest)) => Some((value, digest)),
        Some((Err(_), _)) | None => None,
    };
    let (first, digest) = recall(&ask).unzip();
    let state = RwSignal::new(first.map_or(Loaded::Loading, Loaded::Ready));
    // What the answers come to that are shown.
    let shown = StoredValue::new(digest);
    let turn = RwSignal::new(0u32);
    let asked_in_turn = StoredValue::new(turn.get_untracked());
    let latest = Latest::new();
    effect(move |before| {
        let now = turn.get();
        let is_again = asked_in_turn.get_value() != now;
        asked_in_turn.set_value(now);
        let mut was_kept = before.is_none() && shown.with_value(Option::is_some);
        // Whoever asks again wants to know what the server says.
        if before.is_some()
            && !is_again
            && let Some((value, digest)) = recall(&ask)
        {
            was_kept = true;
            if shown.with_value(|shown| *shown != Some(digest)) {
                shown.set_value(Some(digest));
                state.set(Loaded::Ready(value));
            }
        }
        let answer = ask();
        latest.run(0, async move {
            let (result, digest) = asked(answer).await;
            if let Err(error) = &result {
                session.check(error);
            }
            let is_same = result.is_ok() && shown.try_get_value() == Some(Some(digest));
            let is_filled_in = is_filled_in.and_then(|is| is.try_get_value()).unwrap_or_default();
            if was_kept && (is_same || is_filled_in) {
                return;
            }
            shown.try_set_value(result.is_ok().then_some(digest));
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
