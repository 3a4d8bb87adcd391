//! A value that is followed once it has been still for a while: for what is asked while one types.
//!
//! Must not know what is asked.

use crate::components::dynamic::{effect, memo};
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use std::time::Duration;

/// Follows `source`, at once at first and later after it has not changed for `quiet`.
pub fn settled<T>(source: impl Fn() -> T + Send + Sync + 'static, quiet: Duration) -> Signal<T>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let source = memo(move |_| source());
    let still = RwSignal::new(source.get_untracked());
    let pending = StoredValue::new(None::<TimeoutHandle>);
    let forget = move || {
        if let Some(handle) = pending.try_update_value(Option::take).flatten() {
            handle.clear();
        }
    };
    effect(move |before: Option<()>| {
        let value = source.get();
        forget();
        if before.is_none() {
            return;
        }
        let follow = move || {
            still.try_set(value);
        };
        pending.set_value(set_timeout_with_handle(follow, quiet).ok());
    });
    on_cleanup(forget);
    still.into()
}
