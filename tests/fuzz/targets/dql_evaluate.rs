//! A filter over documents: the first line is the filter, each other line a document. The answer is always the same,
//! one document alone gives what it gives among others, and the opposite filter finds all others.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::dql::{Documents, Filter, Matcher, Normal, Query, parse};

fuzz_target!(|text: &str| {
    let (filter, lines) = text.split_once('\n').unwrap_or((text, ""));
    let mut documents = Documents::new();
    for line in lines.lines() {
        let before = documents.len();
        let is_read = documents.push_json(line).is_ok();
        assert_eq!(documents.len(), before + usize::from(is_read));
    }
    let Ok(parsed) = parse(filter) else { return };
    // The parser has checked patterns before.
    let matcher = Matcher::new(&Normal::of(&parsed.query.filter)).unwrap();
    let found = matcher.matching(&documents);
    assert_eq!(matcher.matching(&documents), found);
    let bound = matcher.bind(&documents);
    let one_by_one: Vec<usize> = documents
        .iter()
        .enumerate()
        .filter_map(|(place, document)| bound.matches(document).then_some(place))
        .collect();
    assert_eq!(one_by_one, found);
    let Ok(opposite) = parse(&format!("{{\"$nor\":[{}]}}", filter_text(&parsed.query.filter))) else {
        return;
    };
    let opposite = Matcher::new(&Normal::of(&opposite.query.filter)).unwrap();
    let rest: Vec<usize> = (0..documents.len()).filter(|place| !found.contains(place)).collect();
    assert_eq!(opposite.matching(&documents), rest);
});

fn filter_text(filter: &Filter) -> String {
    let whole = Query::of_filter(filter.clone()).to_string();
    whole.strip_prefix("{\"filter\":").and_then(|rest| rest.strip_suffix('}')).unwrap_or_default().to_owned()
}
