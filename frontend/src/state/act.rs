//! Something to do later, maybe when the view that offered it is long gone.
//!
//! Must not know what it is. A `Callback` would not do: it lives only as long as the view that made it.

use std::sync::Arc;

/// What a yes, an undo or a chosen entry does.
#[derive(Clone)]
pub struct Act(Arc<dyn Fn() + Send + Sync>);

impl Act {
    pub fn new(act: impl Fn() + Send + Sync + 'static) -> Self {
        Self(Arc::new(act))
    }

    pub fn run(&self) {
        (self.0)();
    }
}
