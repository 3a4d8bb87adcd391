//! The browser UI: pages made of shared components, kept true by one stream.
//!
//! Must not know any rule of the business that is not in `shared`. Modules that need no browser
//! build and are tested anywhere; the rest exists for WebAssembly alone.
#![cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "outside the browser only the tests use the pure parts")
)]
#![cfg_attr(
    target_arch = "wasm32",
    expect(
        clippy::needless_pass_by_value,
        clippy::redundant_clone,
        reason = "a component owns its properties, and what `view!` is expanded to moves them"
    )
)]

#[cfg(target_arch = "wasm32")]
mod api;
#[cfg(target_arch = "wasm32")]
mod app;
mod arrange;
mod commands;
mod components;
mod differences;
mod pages;
#[cfg(target_arch = "wasm32")]
mod parts;
mod routes;
mod state;
mod text;

#[cfg(target_arch = "wasm32")]
fn main() {
    std::panic::set_hook(Box::new(state::panic::tell));
    leptos::mount::mount_to_body(app::App);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    eprintln!("this program is the UI and runs in a browser; `cargo xtask demo` builds and serves it");
}
