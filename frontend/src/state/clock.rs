//! The time of day by the server's clock, ticking once a second, and the zone in which times are read.
//!
//! Must not know who looks at it.

use super::time_zone::{self, Zone, ahead_in};
use js_sys::Function;
use leptos::prelude::*;
use std::cell::RefCell;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};

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

thread_local! {
    /// In which zone times are read; no page has to hand it on.
    static ZONE: ArcRwSignal<Zone> = ArcRwSignal::new(Zone::Browser);
    /// What writes the offset of a named zone: making it takes longer than using it.
    static WRITER: RefCell<Option<(String, Option<Function>)>> = const { RefCell::new(None) };
}

/// The zone in which times are read; who asks is told of changes.
pub fn zone() -> Zone {
    ZONE.with(Clone::clone).get()
}

/// From now on, times are read in this zone.
pub fn read_in(zone: Zone) {
    let signal = ZONE.with(Clone::clone);
    if signal.with_untracked(|before| *before != zone) {
        signal.set(zone);
    }
}

/// What the wall clock is ahead of UTC at a time, in the zone in which times are read.
pub fn ahead_ms(ms: i64) -> i64 {
    match zone() {
        Zone::Utc => 0,
        Zone::Browser => browser_ahead_ms(ms),
        Zone::Named(name) => named_ahead_ms(name, ms).unwrap_or_else(|| browser_ahead_ms(ms)),
    }
}

fn browser_ahead_ms(ms: i64) -> i64 {
    let date = js_sys::Date::new(&JsValue::from_f64(ms as f64));
    // A time that no calendar has is NaN, which becomes 0.
    -(date.get_timezone_offset() as i64) * 60_000
}

/// Nothing for a zone that this browser does not know.
fn named_ahead_ms(name: String, ms: i64) -> Option<i64> {
    let writer = WRITER.with_borrow_mut(|kept| {
        if kept.as_ref().is_none_or(|(known, _)| *known != name) {
            let writer = offset_writer(&name);
            *kept = Some((name, writer));
        }
        kept.as_ref().and_then(|(_, writer)| writer.clone())
    });
    let text = writer?.call1(&JsValue::UNDEFINED, &JsValue::from_f64(ms as f64)).ok()?;
    ahead_in(&text.as_string()?)
}

fn offset_writer(zone: &str) -> Option<Function> {
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"timeZone".into(), &zone.into()).ok()?;
    js_sys::Reflect::set(&options, &"timeZoneName".into(), &"longOffset".into()).ok()?;
    let class: Function = intl("DateTimeFormat")?.dyn_into().ok()?;
    let made = js_sys::Reflect::construct(&class, &js_sys::Array::of2(&"en".into(), &options)).ok()?;
    js_sys::Reflect::get(&made, &"format".into()).ok()?.dyn_into().ok()
}

/// A part of what the browser knows of the world's languages and calendars.
fn intl(part: &str) -> Option<JsValue> {
    let all = js_sys::Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    js_sys::Reflect::get(&all, &part.into()).ok()
}

/// The names of all zones that this browser knows, in order.
pub fn known_zones() -> Vec<String> {
    let list = || {
        let function: Function = intl("supportedValuesOf")?.dyn_into().ok()?;
        let names = function.call1(&JsValue::UNDEFINED, &"timeZone".into()).ok()?;
        Some(js_sys::Array::from(&names).iter().filter_map(|name| name.as_string()).collect())
    };
    list().unwrap_or_default()
}

/// The name of the browser's own zone.
pub fn browser_zone() -> Option<String> {
    let class: Function = intl("DateTimeFormat")?.dyn_into().ok()?;
    let made = js_sys::Reflect::construct(&class, &js_sys::Array::new()).ok()?;
    let get: Function = js_sys::Reflect::get(&made, &"resolvedOptions".into()).ok()?.dyn_into().ok()?;
    let options = get.call0(&made).ok()?;
    js_sys::Reflect::get(&options, &"timeZone".into()).ok()?.as_string()
}

/// Date and time with the offset, for example `2026-03-01 14:05:09 UTC+01:00`.
pub fn absolute(ms: i64) -> String {
    time_zone::written(ms, ahead_ms(ms))
}

/// Time of day, for example `14:05:09`.
pub fn time_of_day(ms: i64) -> String {
    time_zone::time_of_day(ms, ahead_ms(ms))
}
