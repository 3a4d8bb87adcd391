//! A task of which only the latest counts: a new one cancels the one before, and so does leaving the page.
//!
//! Must not know what the task does.

use futures::future::{AbortHandle, LocalBoxFuture, abortable};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;

/// The task that runs, if one does.
#[derive(Debug, Clone, Copy)]
pub struct Latest {
    running: StoredValue<Option<AbortHandle>>,
}

impl Latest {
    pub fn new() -> Self {
        let latest = Self { running: StoredValue::new(None) };
        on_cleanup(move || latest.cancel());
        latest
    }

    /// Runs a task after a pause, unless another comes before. Calls that it waits for are cancelled with it.
    pub fn run(self, pause_ms: u32, task: impl Future<Output = ()> + 'static) {
        self.start(pause_ms, Box::pin(task));
    }

    /// Compiled once, and not anew for every task, which is less to download.
    fn start(self, pause_ms: u32, task: LocalBoxFuture<'static, ()>) {
        self.cancel();
        let (task, handle) = abortable(async move {
            if pause_ms > 0 {
                TimeoutFuture::new(pause_ms).await;
            }
            task.await;
        });
        self.running.set_value(Some(handle));
        spawn_local(async move {
            // A task that was cancelled has nothing to say.
            let _ = task.await;
        });
    }

    pub fn cancel(self) {
        if let Some(Some(handle)) = self.running.try_update_value(Option::take) {
            handle.abort();
        }
    }
}
