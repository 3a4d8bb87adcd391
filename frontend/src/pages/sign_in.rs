//! What is seen without a session: how to get one.
//!
//! Must not know how a session is kept.

use crate::components::dynamic::dynamic;
use crate::components::icon::{Icon, IconView};
use crate::state::session::{Session, SessionState};
use leptos::prelude::*;

#[component]
pub fn SignInPage() -> impl IntoView {
    let session = expect_context::<Session>();
    document().set_title("Sign in · Trainyard");
    let reason = move || match session.state.get() {
        SessionState::SignedOut(reason) => reason,
        _ => None,
    };
    view! {
        <main class="sign-in" id="main">
            <div class="card">
                <h1>"Sign in to Trainyard"</h1>
                {dynamic(move || reason().map(|reason| view! {
                    <p class="notice" data-look="error" role="alert">
                        <IconView icon=Icon::CrossInOctagon/>
                        <span class="grow">{reason}</span>
                    </p>
                }))}
                <p>
                    "Sign in by the link that the server printed when it started. A link works once, and \
                     for a short time"
                </p>
                <p>"For a new link, run this on the server's machine and open what it prints:"</p>
                <pre><code>"trainyard link"</code></pre>
            </div>
        </main>
    }
}

/// The server gave no answer at all.
#[component]
pub fn UnreachablePage() -> impl IntoView {
    let session = expect_context::<Session>();
    document().set_title("No connection · Trainyard");
    view! {
        <main class="sign-in" id="main">
            <div class="card" role="alert">
                <h1>"The server does not answer"</h1>
                <p>"Trainings go on without it and report when it is back. Start it again with:"</p>
                <pre><code>"trainyard serve"</code></pre>
                <div>
                    <button class="button primary" type="button" on:click=move |_| session.ask()>"Retry"</button>
                </div>
            </div>
        </main>
    }
}
