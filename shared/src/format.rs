//! Numbers, times and sizes as a person reads them, the same in browser and command line.
//!
//! Must not know clocks or locales: both times of a difference are given.

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A duration in its two largest units: `2 d 03 h`, `1 h 04 min`, `4 min 10 s`, `12 s`; `0.4 s`
/// below a second. A negative one counts as 0.
#[must_use]
pub fn duration(milliseconds: i64) -> String {
    let milliseconds = u64::try_from(milliseconds).unwrap_or(0);
    let seconds = milliseconds / 1000;
    if milliseconds == 0 {
        "0 s".into()
    } else if seconds == 0 {
        // Never rounded down to nothing.
        format!("0.{} s", (milliseconds / 100).max(1))
    } else if seconds < MINUTE {
        format!("{seconds} s")
    } else if seconds < HOUR {
        format!("{} min {:02} s", seconds / MINUTE, seconds % MINUTE)
    } else if seconds < DAY {
        format!("{} h {:02} min", seconds / HOUR, seconds % HOUR / MINUTE)
    } else {
        format!("{} d {:02} h", seconds / DAY, seconds % DAY / HOUR)
    }
}

/// How long ago a time was, or how soon it is: `just now`, `2 min ago`, `in 3 h`. Both in UTC
/// milliseconds since 1970.
#[must_use]
pub fn relative_time(at_ms: i64, now_ms: i64) -> String {
    let seconds = at_ms.abs_diff(now_ms) / 1000;
    let amount = match seconds {
        0..10 => return "just now".into(),
        10..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        HOUR..DAY => format!("{} h", seconds / HOUR),
        _ => format!("{} d", seconds / DAY),
    };
    if at_ms > now_ms { format!("in {amount}") } else { format!("{amount} ago") }
}

/// A size in binary units with three digits at least: `812 B`, `1.21 KiB`, `18.0 GiB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut size = count as f64 / 1024.0;
    let mut unit = 0;
    // From here on three digits would be printed as the next unit's 1.
    while size >= 1023.5 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let decimals = if size < 9.995 { 2 } else { usize::from(size < 99.95) };
    format!("{size:.decimals$} {}", UNITS[unit])
}

/// A count with thousands apart: `12,431`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A metric to 4 significant digits: `0.6123`, `12.50`, `1234`; `1.500e-5` below 0.001 and `2.000e6`
/// from a million on; between 10,000 and that as a whole number. `NaN`, `Infinity` and `-Infinity` in words.
#[must_use]
pub fn metric(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    if value == 0.0 {
        return "0".into();
    }
    let scientific = format!("{value:.3e}");
    let exponent: i32 =
        scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    if !(-3..6).contains(&exponent) {
        return scientific;
    }
    let decimals = usize::try_from(3 - exponent).unwrap_or(0);
    format!("{value:.decimals$}")
}

/// A share as a percentage without decimals: `42 %`; 100 % only when it is whole, 0 % only when it
/// is nothing. NaN counts as nothing.
#[must_use]
pub fn percent(share: f64) -> String {
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let rounded = (share * 100.0 + 0.5) as u32;
    let honest = if share < 1.0 { rounded.min(99) } else { 100 };
    format!("{} %", if share > 0.0 { honest.max(1) } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (milliseconds, expected) in [
            (-5, "0 s"),
            (0, "0 s"),
            (7, "0.1 s"),
            (430, "0.4 s"),
            (999, "0.9 s"),
            (1_000, "1 s"),
            (59_999, "59 s"),
            (60_000, "1 min 00 s"),
            (250_000, "4 min 10 s"),
            (3_599_999, "59 min 59 s"),
            (3_840_000, "1 h 04 min"),
            (86_399_000, "23 h 59 min"),
            (183_600_000, "2 d 03 h"),
            (i64::MAX, "106751991167 d 07 h"),
        ] {
            assert_eq!(duration(milliseconds), expected);
        }
    }

    #[test]
    fn relative_times() {
        let now = 1_000_000_000_000;
        for (at, expected) in [
            (now, "just now"),
            (now - 9_999, "just now"),
            (now - 42_000, "42 s ago"),
            (now - 130_000, "2 min ago"),
            (now - 3_600_000, "1 h ago"),
            (now - 172_800_000, "2 d ago"),
            (now + 180_000, "in 3 min"),
            (now + 5_000, "just now"),
        ] {
            assert_eq!(relative_time(at, now), expected);
        }
        assert_eq!(relative_time(i64::MIN, i64::MAX), "213503982334 d ago");
    }

    #[test]
    fn sizes() {
        for (count, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (1239, "1.21 KiB"),
            (10_240, "10.0 KiB"),
            (1_048_575, "1.00 MiB"),
            (150 << 20, "150 MiB"),
            (18 << 30, "18.0 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
    }

    #[test]
    fn counts() {
        for (number, expected) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (12_431, "12,431"), (1_234_567, "1,234,567")]
        {
            assert_eq!(count(number), expected);
        }
    }

    #[test]
    fn metrics() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.612_345, "0.6123"),
            (0.6, "0.6000"),
            (0.999_96, "1.000"),
            (1.82, "1.820"),
            (12.5, "12.50"),
            (-12.5, "-12.50"),
            (1234.4, "1234"),
            (99_999.6, "100000"),
            (123_456.0, "123456"),
            (2e6, "2.000e6"),
            (0.002, "0.002000"),
            (1.5e-5, "1.500e-5"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(metric(value), expected, "{value}");
        }
    }

    #[test]
    fn percentages() {
        for (share, expected) in [
            (0.0, "0 %"),
            (0.001, "1 %"),
            (0.424, "42 %"),
            (0.999, "99 %"),
            (1.0, "100 %"),
            (7.0, "100 %"),
            (f64::NAN, "0 %"),
        ] {
            assert_eq!(percent(share), expected);
        }
    }
}
