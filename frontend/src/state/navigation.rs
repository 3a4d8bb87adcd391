//! Going to another place, from anywhere.
//!
//! Must not know any page.

use crate::routes::Place;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

/// The router's way of going somewhere, small enough to be copied.
#[derive(Debug, Clone, Copy)]
pub struct Navigation {
    go: Callback<(String, NavigateOptions)>,
}

impl Navigation {
    /// Must be called inside the router.
    pub fn new() -> Self {
        let navigate = use_navigate();
        Self { go: Callback::new(move |(path, options): (String, NavigateOptions)| navigate(&path, options)) }
    }

    pub fn go(self, place: &Place) {
        self.go.run((place.path(), NavigateOptions::default()));
    }

    /// Goes to an address of the page that stands, with a new entry in the history.
    pub fn go_to(self, url: String) {
        self.go.run((url, NavigateOptions { scroll: false, ..NavigateOptions::default() }));
    }

    /// Changes the address of the page that stands, without a new entry in the history.
    pub fn replace(self, url: String) {
        self.go.run((url, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() }));
    }
}
