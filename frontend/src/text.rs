//! Numbers and times as the UI writes them.
//!
//! Must not know the clock: the caller says what time it is.

#[cfg(target_arch = "wasm32")]
pub use shared::format::bytes;
pub use shared::format::{count, duration, metric};

const SECOND: i64 = 1_000;

/// A place on the horizontal axis: epochs are whole, steps may lie between.
pub fn position(x: f64) -> String {
    if x.fract() == 0.0 { format!("{x:.0}") } else { format!("{x:.2}") }
}

/// The day of a time on a wall, for example `2026-03-01`; nothing for a year that has not four digits.
pub fn date(local_ms: i64) -> String {
    let mut text = shared::dql::iso_text(local_ms.saturating_mul(1_000)).unwrap_or_default();
    text.truncate("2026-03-01".len());
    text
}

/// How long ago something was; a clock that is a little ahead is forgiven.
pub fn ago(then_ms: i64, now_ms: i64) -> String {
    shared::format::relative_time(then_ms.min(now_ms), now_ms)
}

/// For example "about 8 min left"; nothing before there is something to go by.
pub fn time_left(fraction: f64, running_ms: i64) -> Option<String> {
    if !(0.02..1.0).contains(&fraction) || running_ms < 2 * SECOND {
        return None;
    }
    let left = running_ms as f64 * (1.0 - fraction) / fraction;
    Some(match left {
        left if left < 90_000.0 => format!("about {:.0} s left", (left / 5_000.0).ceil() * 5.0),
        left if left < 5_400_000.0 => format!("about {:.0} min left", left / 60_000.0),
        left => format!("about {:.1} h left", left / 3_600_000.0),
    })
}

/// "1 item", "2 items".
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// At most so many letters, and an ellipsis where some were left out.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((place, _)) => format!("{}…", text.get(..place).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

/// With a capital letter in front.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Whether a text has each of these words in it, in small letters or capital ones.
pub fn has_words(text: &str, words: &str) -> bool {
    let text = text.to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// JSON with line breaks and indents; any other text stays as it is.
pub fn spaced_json(text: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(text);
    value.ok().and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| text.to_owned())
}

/// What happened, apart from what to do next where a message says both.
pub fn without_next_step(message: &str, next_step: &str) -> String {
    let bare = if next_step.is_empty() { None } else { message.strip_suffix(next_step) };
    let bare =
        bare.map(|text| text.trim_end_matches([' ', ';', ',', '.', ':'])).filter(|text| !text.is_empty());
    capitalised(bare.unwrap_or(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let day_ms = 86_400_000;
        for (days, date_) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_513, "2026-03-01"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(date(days * day_ms), date_);
            assert_eq!(date(days * day_ms + day_ms - 1), date_);
        }
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        assert_eq!(shortened("äöü", 3), "äöü");
        assert_eq!(shortened("äöü x", 4), "äöü…");
    }

    #[test]
    fn words_are_found_in_any_order() {
        for (words, is_found) in
            [("", true), (" ", true), ("cell BLOOD", true), ("blo", true), ("blood mouse", false)]
        {
            assert_eq!(has_words("Blood cells", words), is_found, "{words}");
        }
    }

    #[test]
    fn positions_are_whole_where_they_can_be() {
        assert_eq!((position(3.0), position(3.25)), ("3".into(), "3.25".into()));
    }

    #[test]
    fn a_clock_that_is_ahead_is_forgiven() {
        assert_eq!(ago(1_000_000 + 30_000, 1_000_000), "just now");
        assert_eq!(ago(0, 120_000), "2 min ago");
    }

    #[test]
    fn the_time_left_is_said_once_it_is_known() {
        assert_eq!(time_left(0.0, 60_000), None);
        assert_eq!(time_left(1.0, 60_000), None);
        assert_eq!(time_left(0.5, 500), None);
        assert_eq!(time_left(0.5, 60_000).as_deref(), Some("about 60 s left"));
        assert_eq!(time_left(0.25, 300_000).as_deref(), Some("about 15 min left"));
        assert_eq!(time_left(0.1, 3_600_000).as_deref(), Some("about 9.0 h left"));
    }

    #[test]
    fn json_is_spaced_and_the_rest_is_left() {
        assert_eq!(spaced_json(r#"{"a":1}"#), "{\n  \"a\": 1\n}");
        assert_eq!(spaced_json("{"), "{");
    }

    #[test]
    fn one_is_one() {
        assert_eq!(counted(1, "item", "items"), "1 item");
        assert_eq!(counted(1_000, "item", "items"), "1,000 items");
    }

    #[test]
    fn a_next_step_is_said_once() {
        let cases = [
            ("too large; set batch to 2", "set batch to 2", "Too large"),
            ("too large", "set batch to 2", "Too large"),
            ("set batch to 2", "set batch to 2", "Set batch to 2"),
            ("it died", "", "It died"),
            ("", "", ""),
        ];
        for (message, next_step, expected) in cases {
            assert_eq!(without_next_step(message, next_step), expected);
        }
    }
}
