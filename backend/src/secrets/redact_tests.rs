//! Cases and properties of the redactor.

use super::*;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;

fn patterns(secrets: &[(&str, &str)]) -> Arc<Patterns> {
    let secrets: Vec<(String, SecretValue)> = secrets
        .iter()
        .map(|(name, value)| ((*name).to_owned(), SecretValue::handed_over((*value).to_owned())))
        .collect();
    Arc::new(Patterns::new(&secrets))
}

fn in_pieces(patterns: &Arc<Patterns>, stream: &[u8], pieces: &[usize]) -> Vec<u8> {
    let mut redactor = Redactor::new(Arc::clone(patterns));
    let (mut shown, mut rest) = (Vec::new(), stream);
    for length in pieces {
        let (piece, after) = rest.split_at((*length).min(rest.len()));
        shown.extend(redactor.push(piece));
        rest = after;
    }
    shown.extend(redactor.push(rest));
    shown.extend(redactor.finish());
    shown
}

#[test]
fn every_usual_form_is_hidden_wherever_it_stands() {
    let value = "p/s s+w?ö\"d\\1";
    let patterns = patterns(&[("TOKEN", value)]);
    let json = serde_json::to_string(value).unwrap();
    let forms = [
        value.to_owned(),
        json.trim_matches('"').to_owned(),
        "p/s s+w?\\u00f6\\\"d\\\\1".to_owned(),
        STANDARD.encode(value),
        URL_SAFE.encode(value),
        STANDARD.encode(value).trim_end_matches('=').to_owned(),
        "p%2Fs%20s%2Bw%3F%C3%B6%22d%5C1".to_owned(),
        "p%2fs%20s%2bw%3f%c3%b6%22d%5c1".to_owned(),
        "p%2Fs+s%2Bw%3F%C3%B6%22d%5C1".to_owned(),
        "p/s%20s%2Bw%3F%C3%B6%22d%5C1".to_owned(),
        "p/s%20s+w?%C3%B6%22d%5C1".to_owned(),
    ];
    for form in forms {
        let line = format!("before {form} after {form}");
        assert_eq!(patterns.redacted(&line), "before [redacted TOKEN] after [redacted TOKEN]", "{form}");
    }
}

#[test]
fn a_value_inside_a_longer_base64_text_does_not_show() {
    let value = "correct horse battery";
    let patterns = patterns(&[("TOKEN", value)]);
    for before in ["", "u", "us", "user:", "user-name:"] {
        for after in ["", "x", "yz", "and more"] {
            let text = STANDARD.encode(format!("{before}{value}{after}"));
            let shown = patterns.redacted(&text);
            assert!(shown.contains("[redacted TOKEN]"), "{before:?} {after:?}: {shown}");
            let rest: usize = shown.split("[redacted TOKEN]").map(str::len).sum();
            assert!(rest <= 4 * (before.len() + after.len() + 6), "{before:?} {after:?}: {shown}");
        }
    }
}

#[test]
fn lines_of_a_value_are_hidden_also_by_themselves() {
    let key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ\n-----END KEY-----\n";
    let patterns = patterns(&[("KEY", key)]);
    assert_eq!(patterns.redacted(&format!("{key}.")), "[redacted KEY].");
    assert_eq!(patterns.redacted("INFO: kqhkiG9w0BAQ"), "INFO: [redacted KEY]");
}

#[test]
fn the_longest_of_overlapping_values_is_hidden_and_what_only_begins_like_one_is_shown() {
    let patterns = patterns(&[("SHORT", "abcd"), ("LONG", "abcdefgh")]);
    for (text, expected) in [
        ("abcdefgh", "[redacted LONG]"),
        ("abcdefg", "[redacted SHORT]efg"),
        ("abcabcd", "abc[redacted SHORT]"),
        ("abc", "abc"),
        ("", ""),
        ("aaaabcdd", "aaa[redacted SHORT]d"),
    ] {
        assert_eq!(patterns.redacted(text), expected);
        assert_eq!(in_pieces(&patterns, text.as_bytes(), &vec![1; text.len()]), expected.as_bytes());
    }
}

/// Letters that the markers do not have, so that no value can come about beside one.
const VALUE: &str = "[xyzXYZ019/+?= ö\n]{4,12}";

/// Text with forms of the values in it, and letters of theirs between them.
fn stream_of(values: &[String]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let forms: Vec<Vec<u8>> =
        values.iter().flat_map(|value| forms_of(value)).map(|form| form.to_vec()).collect();
    let piece = prop_oneof![
        prop::sample::select(forms.clone()),
        prop::sample::select(forms)
            .prop_flat_map(|form| { (0..=form.len()).prop_map(move |length| form[..length].to_vec()) }),
        "[xyzXYZ019/+?= ö\n]{0,6}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn cases() -> impl Strategy<Value = (Vec<String>, Vec<u8>)> {
    prop::collection::vec(VALUE, 1..4)
        .prop_filter("not blank", |values| values.iter().all(|value| value.trim().len() >= 4))
        .prop_flat_map(|values| (Just(values.clone()), stream_of(&values)))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

proptest! {
    #[test]
    fn however_the_stream_is_cut_the_same_comes_out_and_no_value(
        (values, stream) in cases(),
        pieces in prop::collection::vec(0_usize..9, 0..40),
    ) {
        let named: Vec<(&str, &str)> = values.iter().map(|value| ("QQ", value.as_str())).collect();
        let patterns = patterns(&named);
        let whole = in_pieces(&patterns, &stream, &[]);
        prop_assert_eq!(&in_pieces(&patterns, &stream, &pieces), &whole);
        prop_assert_eq!(&in_pieces(&patterns, &stream, &vec![1; stream.len()]), &whole);
        for value in &values {
            for form in forms_of(value) {
                prop_assert!(!contains(&whole, &form), "{:?} shows", String::from_utf8_lossy(&form));
            }
        }
    }

    #[test]
    fn what_holds_no_value_is_left_as_it_is(text in "[a-w \n]{0,200}", pieces in prop::collection::vec(0_usize..9, 0..40)) {
        let patterns = patterns(&[("QQ", "xyz1"), ("QQ", "XYZ\n0019")]);
        prop_assert_eq!(in_pieces(&patterns, text.as_bytes(), &pieces), text.as_bytes());
    }
}
