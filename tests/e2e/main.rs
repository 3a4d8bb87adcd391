//! Journeys of a person through the real program in a real browser, with real (tiny) trainings.
//!
//! Must not know the product's code.

/// What needs Chromium; `cargo xtask test --no-browser` leaves it out by this name.
mod in_browser {
    mod abort;
    mod bccd;
    mod charts;
    mod datasets;
    mod every_page;
    mod failures;
    mod harness;
    mod help;
    mod house;
    mod journey;
    mod layers;
    mod look;
    mod outage;
    mod pages;
    mod scrolling;
    mod secrets;
    mod selection;
    mod services;
    mod settings;
    mod training_tab;
    mod twice;
    mod wizard;
}
