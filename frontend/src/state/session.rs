//! Who is signed in. The session itself is a cookie that no script can read.
//!
//! Must not know any page.

use super::kept;
use crate::api::{self, ApiError, ErrorKind};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::permission::{Permission, Permissions};

/// Where the session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionState {
    /// Not known yet.
    Asking,
    SignedIn {
        user: String,
        server_version: String,
        permissions: Permissions,
    },
    /// With the reason, where there is one.
    SignedOut(Option<String>),
    /// The server does not answer.
    Unreachable,
}

/// The session of this tab.
#[derive(Debug, Clone, Copy)]
pub struct Session {
    pub state: RwSignal<SessionState>,
}

impl Session {
    /// Signs in by the link that was followed, or finds out who is signed in.
    pub fn start() -> Self {
        let session = Self { state: RwSignal::new(SessionState::Asking) };
        match token_from_link() {
            Some(token) => spawn_local(session.sign_in(token)),
            None => session.ask(),
        }
        // Following a link while the app is open changes nothing but the fragment.
        let handle = window_event_listener(leptos::ev::hashchange, move |_| {
            if let Some(token) = token_from_link() {
                spawn_local(session.sign_in(token));
            }
        });
        on_cleanup(move || handle.remove());
        session
    }

    /// Finds out who is signed in.
    pub fn ask(self) {
        spawn_local(async move {
            match api::access::session().await {
                Ok(answer) => self.state.set(SessionState::SignedIn {
                    user: answer.user,
                    server_version: answer.server_version,
                    permissions: answer
                        .permissions
                        .iter()
                        .filter_map(|name| Permission::from_name(name))
                        .collect(),
                }),
                Err(error) => self.lost(&error),
            }
        });
    }

    /// Takes note of a call that failed for want of a session.
    pub fn check(self, error: &ApiError) {
        if error.kind == ErrorKind::SignedOut {
            kept::forget();
            self.state.set(SessionState::SignedOut(Some("Your session has ended".into())));
        }
    }

    /// Why the session may not do this; `None` when it may.
    pub fn lacks(self, permission: Permission) -> Option<&'static str> {
        self.state.with(|state| match state {
            SessionState::SignedIn { permissions, .. } if permissions.has(permission) => None,
            _ => Some(permission.lack()),
        })
    }

    pub fn sign_out(self) {
        spawn_local(async move {
            match api::access::sign_out().await {
                Ok(()) => self.state.set(SessionState::SignedOut(None)),
                Err(error) => self.lost(&error),
            }
        });
    }

    async fn sign_in(self, token: String) {
        match api::access::sign_in(token).await {
            Ok(()) => self.ask(),
            Err(error) if error.kind == ErrorKind::Unreachable => self.state.set(SessionState::Unreachable),
            Err(_) => self.state.set(SessionState::SignedOut(Some(
                "This sign-in link was used already or has expired".into(),
            ))),
        }
    }

    fn lost(self, error: &ApiError) {
        kept::forget();
        self.state.set(match error.kind {
            ErrorKind::SignedOut => SessionState::SignedOut(None),
            ErrorKind::Unreachable => SessionState::Unreachable,
            _ => SessionState::SignedOut(Some(error.sentence())),
        });
    }
}

/// Takes the token out of the address, so that it stays neither on screen nor in the history.
fn token_from_link() -> Option<String> {
    let hash = location().hash().ok()?;
    let token = hash.strip_prefix("#token=")?.to_owned();
    let path = location().pathname().ok()?;
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&path));
    }
    Some(token)
}
