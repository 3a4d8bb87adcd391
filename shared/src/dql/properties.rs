//! What must hold for every query and every document.

use super::naive::naive_match;
use super::strategies::{document, filter, query};
use super::*;
use proptest::prelude::*;

fn matcher(filter: &Filter) -> Matcher {
    Matcher::new(&Normal::of(filter)).unwrap()
}

fn documents(values: &[serde_json::Value]) -> Documents {
    let mut documents = Documents::new();
    values.iter().for_each(|value| documents.push_value(value).unwrap());
    documents
}

/// The same filter with everything that has no order in another one.
fn shuffled(filter: &Filter) -> Filter {
    let mut shuffled = filter.clone();
    shuffled.clauses.reverse();
    for clause in &mut shuffled.clauses {
        match &mut clause.kind {
            ClauseKind::And(filters) | ClauseKind::Or(filters) | ClauseKind::Nor(filters) => {
                filters.reverse();
                filters.iter_mut().for_each(|filter| *filter = self::shuffled(filter));
            }
            ClauseKind::Field(_, tests) => tests.reverse(),
        }
    }
    shuffled
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_is_printed_is_read_as_the_same_tree(query in query()) {
        let text = query.to_string();
        let parsed = parse(&text).map_err(|refusal| TestCaseError::fail(format!("{text}\n{refusal}")))?;
        prop_assert_eq!(&parsed.query, &query, "{}", text);
        prop_assert_eq!(parsed.query.to_string(), text);
    }

    #[test]
    fn the_normal_form_is_a_filter_with_the_same_normal_form(filter in filter()) {
        let normal = Normal::of(&filter).to_string();
        // The language has no words for combined tests of an element itself.
        prop_assume!(!normal.contains("\"$match\":["));
        let parsed = parse(&normal).map_err(|refusal| TestCaseError::fail(format!("{normal}\n{refusal}")))?;
        prop_assert_eq!(Normal::of(&parsed.query.filter).to_string(), normal);
    }

    #[test]
    fn order_does_not_change_the_normal_form(query in query()) {
        let mut other = query.clone();
        other.filter = shuffled(&query.filter);
        prop_assert_eq!(canonical_text(&query), canonical_text(&other));
        let (a, b) = (query.to_string(), other.to_string());
        prop_assert_ne!(compare(&a, &b).unwrap(), Comparison::Different);
        let spaced = a.replace(",\"", ",\n \"");
        prop_assert_eq!(compare(&a, &spaced).unwrap(), Comparison::TextuallyEqual);
    }

    #[test]
    fn evaluation_agrees_with_the_plain_reading(
        filters in prop::collection::vec(filter(), 1..6), values in prop::collection::vec(document(), 1..8),
    ) {
        let documents = documents(&values);
        for filter in filters {
            let found = matcher(&filter).matching(&documents);
            let expected: Vec<usize> =
                (0..values.len()).filter(|&place| naive_match(&filter, &values[place])).collect();
            prop_assert_eq!(found, expected, "{}", filter);
        }
    }

    #[test]
    fn a_filter_and_its_opposite_split_the_documents(
        filter in filter(), values in prop::collection::vec(document(), 1..8),
    ) {
        let documents = documents(&values);
        let opposite = Normal::Not(Box::new(Normal::of(&filter)));
        let mut both = matcher(&filter).matching(&documents);
        both.extend(Matcher::new(&opposite).unwrap().matching(&documents));
        both.sort_unstable();
        prop_assert_eq!(both, (0..values.len()).collect::<Vec<_>>());
    }

    #[test]
    fn any_bytes_are_read_or_refused(text in "[\\[\\]{}\",:a$0-9 ndort.*\\\\]{0,40}") {
        match parse(&text) {
            Ok(parsed) => prop_assert_eq!(parse(&parsed.query.to_string()).unwrap().query, parsed.query),
            Err(refusal) => {
                prop_assert!(!refusal.problems.is_empty());
                prop_assert!(refusal.problems.iter().all(|problem| problem.span.end <= text.len()));
            }
        }
    }
}
