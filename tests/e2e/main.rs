//! Journeys of a person through the real program in a real browser, with real (tiny) trainings.
//!
//! Must not know the product's code.

/// What needs Chromium; `cargo xtask test --no-browser` leaves it out by this name.
mod in_browser {
    mod abort;
    mod bccd;
    mod charts;
    mod compare;
    mod datasets;
    mod detail;
    mod every_page;
    mod failures;
    mod harness;
    mod help;
    mod house;
    mod journey;
    mod layers;
    mod look;
    mod many_trainings;
    mod outage;
    mod own_architecture;
    pub mod pages;
    pub mod predictions;
    mod scrolling;
    mod secrets;
    mod selection;
    mod services;
    mod settings;
    mod tabs;
    mod timeline;
    mod training_tab;
    mod twice;
    mod wizard;
}

/// How fast it is. Nothing of it runs among the journeys; `cargo xtask bench ui` runs it all.
mod measure {
    mod away;
    mod charts;
    mod figures;
    mod house;
    mod live;
    mod loading;
    mod log;
    mod memory;
    mod million;
    mod protocol;
    mod responses;
    mod routes;
    mod sliders;
}
