//! Any text as a filter: it is refused within bounds, or it says the same after it was printed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::dql::{
    Normal, ProblemKind, Resource, canonical_text, filter_from_text, parse, same_without_white_space,
    text_from_filter,
};

fuzz_target!(|text: &str| {
    search_text(text);
    let query = match parse(text) {
        Ok(parsed) => parsed.query,
        Err(refusal) => {
            let told = refusal.to_string();
            assert!(!told.is_empty() && told.len() < (1 << 16) + 8 * text.len(), "{} bytes", told.len());
            return;
        }
    };
    let printed = query.to_string();
    // A printed text can be longer than what was written, and so beyond a limit.
    if let Some(again) = read_again(&printed) {
        assert_eq!(again.query, query, "printed: {printed}");
        assert_eq!(again.query.to_string(), printed);
        assert_eq!(canonical_text(&again.query), canonical_text(&query), "printed: {printed}");
    }
    let normal = Normal::of(&query.filter);
    let normal_text = normal.to_string();
    // The language has no words for combined tests of an element itself; the normal form writes them in brackets.
    let is_readable = !normal_text.contains("\"$match\":[");
    if let Some(again) = is_readable.then(|| read_again(&normal_text)).flatten() {
        assert_eq!(Normal::of(&again.query.filter), normal, "normal form: {normal_text}");
    }
    assert!(same_without_white_space(text, text));
});

/// What is read from our own text, which must be readable unless a limit says no.
fn read_again(text: &str) -> Option<shared::dql::Parsed> {
    match parse(text) {
        Ok(parsed) => Some(parsed),
        Err(refusal) => {
            let is_limit = |kind: &ProblemKind| matches!(kind, ProblemKind::TooLarge { .. });
            assert!(refusal.problems.iter().any(|problem| is_limit(&problem.kind)), "{refusal}\nof {text}");
            None
        }
    }
}

/// The search box's text form, both ways.
fn search_text(text: &str) {
    let Ok((filter, _)) = filter_from_text(text, Resource::Items) else { return };
    if let Ok(written) = text_from_filter(&filter) {
        match filter_from_text(&written, Resource::Items) {
            Ok((again, _)) => assert_eq!(Normal::of(&again), Normal::of(&filter), "{written}"),
            Err(refusal) => panic!("{refusal}\nof {written}"),
        }
    }
}
