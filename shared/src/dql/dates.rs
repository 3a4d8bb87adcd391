//! Instants in texts: ISO 8601, in UTC or with an offset, or a plain date, which is its midnight in UTC.
//!
//! Must not know which fields hold them, nor what time it is.

use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime, Time};

/// Length of a text such as `2024-03-31T12:00:00.000Z`.
#[cfg(feature = "matching")]
const CANONICAL_LENGTH: usize = 24;
/// Length of a date such as `2024-03-31`.
const DATE_LENGTH: usize = 10;

/// Microseconds since 1970 of a date or an instant with its offset; `None` for anything else.
///
/// A date is written out, `2024-03-31`; between it and the time stands a `T` or a space, and seconds and what is less
/// may be left out.
///
/// ```
/// use shared::dql::instant_us;
/// assert_eq!(instant_us("1970-01-02"), Some(86_400_000_000));
/// assert_eq!(instant_us("1970-01-01T01:00:00+01:00"), Some(0));
/// assert_eq!(instant_us("1970-01"), None);
/// ```
#[must_use]
pub fn instant_us(text: &str) -> Option<i64> {
    // Longer ones would only be refused more slowly.
    if text.len() > 64 {
        return None;
    }
    let (date, time) = (text.get(..DATE_LENGTH)?, text.get(DATE_LENGTH..)?);
    // Dates by week or by day of the year would be read, too.
    let is_written_out = date.bytes().zip(b"0000-00-00").all(|(byte, shape)| match shape {
        b'0' => byte.is_ascii_digit(),
        dash => byte == *dash,
    });
    if !is_written_out {
        return None;
    }
    let instant = if time.is_empty() {
        Date::parse(date, &Iso8601::DATE).ok()?.with_time(Time::MIDNIGHT).assume_utc()
    } else {
        let time = time.strip_prefix(['T', 't', ' '])?.to_ascii_uppercase();
        OffsetDateTime::parse(&format!("{date}T{time}"), &Iso8601::PARSING).ok()?
    };
    i64::try_from(instant.unix_timestamp_nanos() / 1_000).ok()
}

/// The instant as this product writes it, `2024-03-31T12:00:00.000Z`, cut to milliseconds; `None` for a year that has
/// not four digits.
#[must_use]
pub fn iso_text(instant_us: i64) -> Option<String> {
    let nanoseconds = i128::from(instant_us.div_euclid(1_000)) * 1_000_000;
    let instant = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?;
    let (year, month, day) = instant.to_calendar_date();
    let (hour, minute, second, millisecond) = instant.to_hms_milli();
    (0..=9_999).contains(&year).then(|| {
        let month = u8::from(month);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
    })
}

/// Whether a text looks like `2024-03-31T12:00:00.000Z`. Such texts stand in the order of time.
#[must_use]
#[cfg(feature = "matching")]
pub(super) fn is_iso_text(text: &str) -> bool {
    let Ok(bytes): Result<&[u8; CANONICAL_LENGTH], _> = text.as_bytes().try_into() else {
        return false;
    };
    const SHAPE: &[u8; CANONICAL_LENGTH] = b"0000-00-00T00:00:00.000Z";
    let mut fits = true;
    for (byte, shape) in bytes.iter().zip(SHAPE) {
        fits &= if *shape == b'0' { byte.is_ascii_digit() } else { byte == shape };
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_and_instants_are_read() {
        for (text, expected) in [
            ("2024-03-31", Some(1_711_843_200_000_000)),
            ("2024-03-31T00:00:00Z", Some(1_711_843_200_000_000)),
            ("2024-03-31T00:00:00.000Z", Some(1_711_843_200_000_000)),
            ("2024-03-31T00:00:00.000001Z", Some(1_711_843_200_000_001)),
            ("2024-03-31T02:00:00+02:00", Some(1_711_843_200_000_000)),
            ("2024-03-31 00:00:00Z", Some(1_711_843_200_000_000)),
            ("2024-03-31t02:00:00.5+02:00", Some(1_711_843_200_500_000)),
            ("2024-03-31T00:00Z", Some(1_711_843_200_000_000)),
            ("1969-12-31T23:59:59.999999Z", Some(-1)),
            ("2024-02-30", None),
            ("2024-03-31T00:00:00", None),
            ("2024-03-31T25:00:00Z", None),
            ("2024-03-31TZ", None),
            ("2024-03-31T", None),
            ("2024-091", None),
            ("2024-W13-7", None),
            ("2024-W13-7T00:00Z", None),
            ("20240331", None),
            ("2024-03-*", None),
            ("2024-03", None),
            ("yesterday", None),
            ("", None),
            ("1711843200000", None),
        ] {
            assert_eq!(instant_us(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_stands_in_order(a in 0i64..4_000_000_000_000, b in 0i64..4_000_000_000_000) {
            let (a_text, b_text) = (iso_text(a * 1_000).unwrap(), iso_text(b * 1_000).unwrap());
            prop_assert!(is_iso_text(&a_text), "{}", a_text);
            prop_assert_eq!(instant_us(&a_text), Some(a * 1_000));
            prop_assert_eq!(a.cmp(&b), a_text.cmp(&b_text));
        }
    }
}
