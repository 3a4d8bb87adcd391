//! What changes in a view, what follows a change, and what is worked out from others, behind pointers.
//!
//! Leptos compiles its machinery anew for each closure that it is handed: three kilobytes for what a view shows, two for
//! an effect, half of one for a memo. Behind a pointer it is compiled once, which is less to download.
//!
//! Must not know what changes.

use leptos::prelude::*;

/// A part of a view that is drawn anew whenever something changes that it reads.
pub fn dynamic<V: IntoAny>(
    mut view: impl FnMut() -> V + Send + 'static,
) -> Box<dyn FnMut() -> AnyView + Send> {
    Box::new(move || view().into_any())
}

/// Does this now and whenever something changes that it reads; it is told whether it ran before.
pub fn effect(work: impl FnMut(Option<()>) + 'static) {
    let work: Box<dyn FnMut(Option<()>)> = Box::new(work);
    Effect::new(work);
}

type Work<T> = Box<dyn Fn(Option<&T>) -> T + Send + Sync>;

/// What is worked out from other values, and anew only when one of them changed; it is told what it was before.
pub fn memo<T>(work: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Memo<T>
where
    T: PartialEq + Send + Sync + 'static,
{
    let work: Work<T> = Box::new(work);
    Memo::new(work)
}
