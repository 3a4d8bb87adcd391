//! Instants in texts: ISO 8601, in UTC or with an offset, or a plain date, which is its midnight in UTC.
//!
//! Must not know which fields hold them, nor what time it is.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

/// Length of a text such as `2024-03-31T12:00:00.000Z`.
const CANONICAL_LENGTH: usize = 24;

/// Microseconds since 1970 of a date or an instant with its offset; `None` for anything else.
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
    let has_time = text.contains(['T', 't', ' ']);
    let instant = if has_time {
        text.parse::<Timestamp>().ok()?
    } else {
        Offset::UTC.to_timestamp(text.parse::<Date>().ok()?.at(0, 0, 0, 0)).ok()?
    };
    Some(instant.as_microsecond())
}

/// The instant as this product writes it, `2024-03-31T12:00:00.000Z`, cut to milliseconds; `None` for a year that has
/// more than four digits.
#[must_use]
pub fn iso_text(instant_us: i64) -> Option<String> {
    let millisecond = instant_us.div_euclid(1_000);
    let text = format!("{:.3}", Timestamp::from_millisecond(millisecond).ok()?);
    (text.len() == CANONICAL_LENGTH).then_some(text)
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
            ("2024-02-30", None),
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
