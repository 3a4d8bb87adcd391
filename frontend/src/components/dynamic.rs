//! What changes in a view, what follows a change, and what is worked out from others, behind pointers.
//!
//! Leptos compiles its machinery anew for each closure that it is handed: three kilobytes for what a view shows, two for
//! an effect, half of one for a memo. Behind a pointer it is compiled once, which is less to download.
//!
//! And each of them stops to follow what it read once its view goes. By itself it would stay in the books of every signal
//! that outlives the view, until that changes: a tab that is left open would grow with each page that is visited.
//!
//! Must not know what changes.

use leptos::prelude::*;
use leptos::reactive::graph::{AnySubscriber, Observer, Subscriber};
use std::sync::{Arc, OnceLock};

/// Who follows signals on behalf of the view that is being made; not known before it first runs.
#[derive(Clone)]
struct Follower(Arc<OnceLock<AnySubscriber>>);

impl Follower {
    /// Follows nothing any more once the view goes.
    fn of_this_view() -> Self {
        let follower = Self(Arc::default());
        let leaving = follower.clone();
        on_cleanup(move || {
            if let Some(subscriber) = leaving.0.get() {
                subscriber.clear_sources(subscriber);
            }
        });
        follower
    }

    /// It runs.
    fn runs(&self) {
        if self.0.get().is_none()
            && let Some(subscriber) = Observer::get()
        {
            // Nobody else sets it.
            let _ = self.0.set(subscriber);
        }
    }
}

/// A part of a view that is drawn anew whenever something changes that it reads.
pub fn dynamic<V: IntoAny>(
    mut view: impl FnMut() -> V + Send + 'static,
) -> Box<dyn FnMut() -> AnyView + Send> {
    let follower = Follower::of_this_view();
    Box::new(move || {
        follower.runs();
        view().into_any()
    })
}

/// Does this now and whenever something changes that it reads; it is told what it came to before.
pub fn effect<T: 'static>(mut work: impl FnMut(Option<T>) -> T + 'static) {
    let follower = Follower::of_this_view();
    let work: Box<dyn FnMut(Option<T>) -> T> = Box::new(move |before| {
        follower.runs();
        work(before)
    });
    Effect::new(work);
}

type Work<T> = Box<dyn Fn(Option<&T>) -> T + Send + Sync>;

/// What is worked out from other values, and anew only when one of them changed; it is told what it was before.
pub fn memo<T>(work: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    memo_by(work, |before, now| before != now)
}

/// The same for what is compared in a way of its own: `is_other` is told what it was and what it is now.
pub fn memo_by<T: Send + Sync + 'static>(
    work: impl Fn(Option<&T>) -> T + Send + Sync + 'static,
    is_other: fn(Option<&T>, Option<&T>) -> bool,
) -> Memo<T> {
    let follower = Follower::of_this_view();
    let work: Work<T> = Box::new(move |before| {
        follower.runs();
        work(before)
    });
    Memo::new_with_compare(work, is_other)
}
