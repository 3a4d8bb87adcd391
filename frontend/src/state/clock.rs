//! The time of day by the server's clock, ticking once a second.
//!
//! Must not know who looks at it.

use leptos::prelude::*;
use std::time::Duration;

/// The server's time; the browser's own clock may be wrong by hours.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    now_ms: RwSignal<i64>,
    ahead_ms: StoredValue<i64>,
}

/// UTC milliseconds by the browser's clock.
pub fn browser_now_ms() -> i64 {
    // Whole milliseconds, exact for the next 285,000 years.
    js_sys::Date::now() as i64
}

impl Clock {
    /// Starts to tick.
    pub fn start() -> Self {
        let clock = Self { now_ms: RwSignal::new(browser_now_ms()), ahead_ms: StoredValue::new(0) };
        // Lives as long as the tab.
        set_interval(move || clock.tick(), Duration::from_secs(1));
        clock
    }

    /// UTC milliseconds; whoever reads it is drawn again each second.
    pub fn now_ms(self) -> i64 {
        self.now_ms.get()
    }

    /// UTC milliseconds, read once.
    pub fn now_ms_untracked(self) -> i64 {
        browser_now_ms() + self.ahead_ms.get_value()
    }

    /// Takes over the server's time.
    pub fn set_by_server(self, server_now_ms: i64) {
        self.ahead_ms.set_value(server_now_ms - browser_now_ms());
    }

    fn tick(self) {
        self.now_ms.set(self.now_ms_untracked());
    }
}

/// Date and time in the browser's time zone with its offset, for example `2026-03-01 14:05:09 UTC+01:00`.
pub fn absolute(ms: i64) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(ms as f64));
    let east = -date.get_timezone_offset();
    let (sign, minutes) = if east < 0.0 { ('-', -east) } else { ('+', east) };
    format!(
        "{} {} UTC{sign}{:02}:{:02}",
        date_of(&date),
        time_of_day(ms),
        (minutes / 60.0).floor().abs(),
        (minutes % 60.0).abs()
    )
}

/// Time of day in the browser's time zone, for example `14:05:09`.
pub fn time_of_day(ms: i64) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(ms as f64));
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

fn date_of(date: &js_sys::Date) -> String {
    format!("{:04}-{:02}-{:02}", date.get_full_year(), date.get_month() + 1, date.get_date())
}
