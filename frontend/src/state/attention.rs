//! Whether anybody looks at this tab. One that nobody sees gives its connection back: a browser has six for one server
//! without TLS, all tabs together, and the seventh tab would wait for ever.
//!
//! Must not know what the connection is for.

use super::live::Live;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use std::time::Duration;

/// Who looks at another tab for a moment costs nothing.
const PATIENCE: Duration = Duration::from_secs(3);

/// Has the stream rest while the tab cannot be seen.
pub fn rest_while_unseen(live: Live) {
    let pending = StoredValue::new(None::<TimeoutHandle>);
    let look = move || {
        if let Some(handle) = pending.try_update_value(Option::take).flatten() {
            handle.clear();
        }
        if document().hidden() {
            pending.set_value(set_timeout_with_handle(move || live.rest(), PATIENCE).ok());
        } else {
            live.wake();
        }
    };
    look();
    // They last as long as the tab does.
    let _ = window_event_listener_untyped("visibilitychange", move |_| look());
    // A page that is left may be kept for the way back, and would keep its connection with it.
    let _ = window_event_listener_untyped("pagehide", move |_| live.rest());
    let _ = window_event_listener_untyped("pageshow", move |_| look());
}
