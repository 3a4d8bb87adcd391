//! Time zones: in which one a person reads times, and how a time is written in it.
//!
//! Must not know the browser: who asks says what the zone is ahead of UTC.

use crate::text;

const SECOND_MS: i64 = 1_000;
const DAY_MS: i64 = 86_400_000;

/// In which zone times are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Zone {
    /// That of the browser, wherever it is.
    #[default]
    Browser,
    Utc,
    /// Another one by its name in the IANA's database, for example `Europe/Berlin`.
    Named(String),
}

impl Zone {
    /// As it is kept.
    pub fn name(&self) -> &str {
        match self {
            Self::Browser => "browser",
            Self::Utc => "UTC",
            Self::Named(name) => name,
        }
    }

    pub fn from_name(name: &str) -> Self {
        match name {
            "" | "browser" => Self::Browser,
            "UTC" => Self::Utc,
            name => Self::Named(name.to_owned()),
        }
    }
}

/// Date and time with the offset, for example `2026-03-01 14:05:09 UTC+01:00`.
pub fn written(ms: i64, ahead_ms: i64) -> String {
    format!("{} {} {}", text::date(ms.saturating_add(ahead_ms)), time_of_day(ms, ahead_ms), offset(ahead_ms))
}

/// Time of day, for example `14:05:09`.
pub fn time_of_day(ms: i64, ahead_ms: i64) -> String {
    let seconds = ms.saturating_add(ahead_ms).rem_euclid(DAY_MS) / SECOND_MS;
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// What a zone is ahead of UTC in words, for example `UTC+01:00`.
pub fn offset(ahead_ms: i64) -> String {
    let minutes = ahead_ms.abs() / (60 * SECOND_MS);
    format!("UTC{}{:02}:{:02}", if ahead_ms < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
}

/// Reads the offset from what browsers write with a long one: `3/1/2026, GMT+01:00`, or `GMT` alone for none.
pub fn ahead_in(text: &str) -> Option<i64> {
    let (_, offset) = text.rsplit_once("GMT")?;
    let mut letters = offset.trim().chars();
    let sign = match letters.next() {
        None => return Some(0),
        Some('+') => 1,
        Some('-' | '\u{2212}') => -1,
        Some(_) => return None,
    };
    let mut seconds = 0;
    for (part, unit) in letters.as_str().split(':').zip([3_600, 60, 1]) {
        seconds += part.parse::<i64>().ok()?.checked_mul(unit)?;
    }
    Some(sign * seconds * SECOND_MS)
}

/// The zones of a list by what they begin with (`Europe`), in the order of the list; those of no region come last.
pub fn by_region(names: &[String]) -> Vec<(String, Vec<String>)> {
    let mut regions: Vec<(String, Vec<String>)> = Vec::new();
    let (with_region, others): (Vec<&String>, Vec<&String>) =
        names.iter().partition(|name| name.contains('/'));
    let placed = with_region.into_iter().map(|name| (name.split('/').next().unwrap_or_default(), name));
    for (region, name) in placed.chain(others.into_iter().map(|name| ("Other", name))) {
        match regions.last_mut().filter(|(last, _)| last == region) {
            Some((_, zones)) => zones.push(name.clone()),
            None => regions.push((region.to_owned(), vec![name.clone()])),
        }
    }
    regions
}

/// The name of a zone as a person reads it: `America/Argentina/Buenos_Aires` is Buenos Aires, Argentina.
pub fn place(name: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').skip(1).collect();
    parts.reverse();
    let place = if parts.is_empty() { name.to_owned() } else { parts.join(", ") };
    place.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    #[test]
    fn a_time_is_written_with_its_offset() {
        let noon = 1_772_366_709_000;
        for (ahead_ms, expected) in [
            (0, "2026-03-01 12:05:09 UTC+00:00"),
            (HOUR, "2026-03-01 13:05:09 UTC+01:00"),
            (14 * HOUR, "2026-03-02 02:05:09 UTC+14:00"),
            (-9 * HOUR - HOUR / 2, "2026-03-01 02:35:09 UTC-09:30"),
        ] {
            assert_eq!(written(noon, ahead_ms), expected);
        }
        assert_eq!(time_of_day(-1, 0), "23:59:59");
    }

    #[test]
    fn offsets_are_read_as_browsers_write_them() {
        for (text, ahead_ms) in [
            ("3/1/2026, GMT+01:00", Some(HOUR)),
            ("3/1/2026, GMT", Some(0)),
            ("3/1/2026, GMT-03:30", Some(-3 * HOUR - HOUR / 2)),
            ("1/1/1900, GMT-00:01:15", Some(-75_000)),
            ("3/1/2026, GMT*1", None),
            ("3/1/2026, GMT+x", None),
            ("3/1/2026", None),
        ] {
            assert_eq!(ahead_in(text), ahead_ms, "{text}");
        }
    }

    #[test]
    fn zones_are_kept_by_name_and_shown_by_region() {
        for zone in [Zone::Browser, Zone::Utc, Zone::Named("Asia/Kolkata".into())] {
            assert_eq!(Zone::from_name(zone.name()), zone);
        }
        let names = ["Africa/Cairo", "Europe/Berlin", "GMT", "Europe/Rome"].map(str::to_owned);
        let regions: Vec<(String, usize)> =
            by_region(&names).into_iter().map(|(region, zones)| (region, zones.len())).collect();
        assert_eq!(regions, [("Africa".to_owned(), 1), ("Europe".to_owned(), 2), ("Other".to_owned(), 1)]);
        assert_eq!(place("America/Argentina/Buenos_Aires"), "Buenos Aires, Argentina");
        assert_eq!(place("GMT"), "GMT");
    }
}
