//! Filters that are meant to exhaust a reader end in a refusal or in a result, and the time each takes is printed.
//!
//! `cargo test -p shared --test hostile -- --nocapture` shows the times; the only bound asserted is one that no
//! busy machine exceeds, far below what a quadratic step would take.

use shared::dql::{Documents, Matcher, Normal, canonical_text, compare, parse};
use std::time::{Duration, Instant};

/// Far more than any case takes, and far less than what is quadratic in its size.
const DEADLINE: Duration = Duration::from_secs(5);

/// Parses, compares and runs a filter; gives the refusal, or how many documents match.
fn run(filter: &str, documents: &Documents) -> Result<usize, String> {
    let parsed = parse(filter).map_err(|refusal| refusal.to_string())?;
    assert!(!canonical_text(&parsed.query).is_empty());
    assert!(compare(filter, filter).is_ok());
    let matcher = Matcher::new(&Normal::of(&parsed.query.filter))?;
    Ok(matcher.matching(documents).len())
}

fn check(name: &str, filter: &str, documents: &Documents, expected: Result<usize, &str>) {
    let started = Instant::now();
    let refused_or_found = run(filter, documents);
    let took = started.elapsed();
    let text = match &refused_or_found {
        Ok(found) => format!("{found} found"),
        Err(refusal) => format!("refused: {refusal:.90}"),
    };
    println!(
        "hostile filter | {name} | {} bytes | {:.3} ms | {text}",
        filter.len(),
        took.as_secs_f64() * 1e3
    );
    match (&refused_or_found, expected) {
        (Ok(found), Ok(expected)) => assert_eq!(*found, expected, "{name}"),
        (Err(refusal), Err(part)) => assert!(refusal.contains(part), "{name}: {refusal:.500}"),
        (outcome, expected) => panic!("{name}: {expected:?} expected, not {outcome:.500?}"),
    }
    if let Err(refusal) = &refused_or_found {
        assert!(refusal.len() < (1 << 16) + 4 * filter.len(), "{name}: a refusal of {} bytes", refusal.len());
    }
    assert!(took < DEADLINE, "{name} took {took:?}");
}

fn documents() -> Documents {
    let long = "a".repeat(1 << 20);
    let mut documents = Documents::new();
    for json in [
        format!(r#"{{"name": "{long}", "metadata": {{"user": {{"list": [1, 2, {{"a": [3]}}]}}}}}}"#),
        r#"{"name": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "annotationsCount": 7}"#.to_owned(),
    ] {
        assert!(documents.push_json(&json).is_ok());
    }
    documents
}

fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

fn joined(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect::<Vec<_>>().join(",")
}

#[test]
fn depth_is_refused_beyond_the_limit_and_read_up_to_it() {
    let documents = documents();
    for depth in [1_000, 10_000, 50_000] {
        for (open, close) in [("{\"$and\":[", "]}"), ("{\"$nor\":[", "]}"), ("{\"a\":", "}"), ("[", "]")] {
            let name = format!("{open} {depth} deep");
            check(&name, &nested(open, "{}", close, depth), &documents, Err("depth is at most 64"));
        }
    }
    // An object and a list each level, and the innermost object.
    let nor = nested("{\"$nor\":[", "{\"annotationsCount\":7}", "]}", 31);
    check("$nor up to the limit", &nor, &documents, Ok(1));
    let not = format!("{{\"annotationsCount\":{}}}", nested("{\"$not\":", "{\"$eq\":7}", "}", 62));
    check("$not up to the limit", &not, &documents, Ok(1));
    let matching =
        format!("{{\"metadata.user.list\":{}}}", nested("{\"$match\":{\"a\":", "{\"$size\":1}", "}}", 31));
    check("$match up to the limit", &matching, &documents, Ok(0));
}

#[test]
fn wide_filters_are_refused_or_finish() {
    let documents = documents();
    let clauses = format!("{{\"$or\":[{}]}}", joined(100_000, |at| format!("{{\"name\":\"n{at}\"}}")));
    check("100,000 clauses", &clauses, &documents, Err("at most"));
    let clauses = format!("{{\"$or\":[{}]}}", joined(9_999, |at| format!("{{\"name\":\"n{at}\"}}")));
    check("9,999 clauses", &clauses, &documents, Ok(0));
    let fields = format!("{{{}}}", joined(40_000, |at| format!("\"metadata.user.f{at}\":null")));
    check("40,000 fields of one object", &fields, &documents, Err("at most"));
    let fields = format!("{{{}}}", joined(30_000, |at| format!("\"metadata.user.f{at}\":null")));
    check("30,000 fields of one object", &fields, &documents, Err("number of its keys"));
    let fields = format!("{{{}}}", joined(20_000, |at| format!("\"metadata.user.f{at}\":null")));
    check("20,000 fields of one object", &fields, &documents, Ok(2));
    for (name, count, expected) in
        [("100,000-way $in", 100_000, Ok(1)), ("500,000-way $in", 500_000, Err("at most"))]
    {
        let list = format!("{{\"annotationsCount\":{{\"$in\":[{}]}}}}", joined(count, |at| at.to_string()));
        check(name, &list, &documents, expected);
    }
    let texts = format!("{{\"name\":{{\"$in\":[{}]}}}}", joined(80_000, |at| format!("\"n{at}\"")));
    check("80,000 texts in $in", &texts, &documents, Ok(0));
    let all = format!("{{\"metadata.user.list\":{{\"$all\":[{}]}}}}", joined(100_000, |at| at.to_string()));
    check("100,000-way $all", &all, &documents, Ok(0));
}

#[test]
fn long_texts_and_paths_are_refused_or_finish() {
    let documents = documents();
    let text = |bytes: usize| format!("{{\"name\":\"{}\"}}", "a".repeat(bytes));
    check("a text of 10 MB", &text(10 << 20), &documents, Err("length in bytes"));
    check("a text of 1,000,000 bytes", &text(1_000_000), &documents, Ok(0));
    let path = |segments: usize| format!("{{\"metadata.user{}\":null}}", ".a".repeat(segments));
    check("a path of 240 segments", &path(240), &documents, Ok(2));
    check("a path of 400,000 segments", &path(400_000), &documents, Err("a field's name"));
    check("a path of 1,000,000 segments", &path(1_000_000), &documents, Err("length in bytes"));
    let dots = format!("{{\"{}\":1}}", ".".repeat(500_000));
    check("a path of dots", &dots, &documents, Err("a field's name"));
    let dots = format!("{{\"{}\":1}}", ".".repeat(500));
    check("a path of 500 dots", &dots, &documents, Err("between dots there must be a name"));
    let below = |bytes: usize| {
        let fields = joined(19_000, |at| format!("\"{at}\":1"));
        format!("{{\"metadata\":{{\"user\":{{\"{}\":{{{fields}}}}}}}}}", "a".repeat(bytes))
    };
    check("19,000 fields below a name of 300,000 bytes", &below(300_000), &documents, Err("a field's name"));
    check("19,000 fields below a name of 400 bytes", &below(400), &documents, Ok(0));
    let digits = format!("{{\"annotationsCount\":{}}}", "9".repeat(1_000_000));
    check("a number of 1,000,000 digits", &digits, &documents, Err("is too large"));
    check("spaces", &" ".repeat(1_000_000), &documents, Err("the text is empty"));
    check("quotes", &"\"".repeat(1_000_000), &documents, Err("not JSON"));
    check("NUL", &"\0".repeat(1_000_000), &documents, Err("not JSON"));
}

#[test]
fn patterns_end_in_linear_time_or_are_refused() {
    let documents = documents();
    let regex = |pattern: &str| format!("{{\"name\":{{\"$regex\":\"{pattern}\"}}}}");
    for (name, filter, expected) in [
        ("(a+)+$", regex("^(a+)+$"), Ok(1)),
        ("(a|a)*b", regex("(a|a)*b"), Ok(0)),
        ("(.*)*x with an end", regex("^(.*)*x$"), Ok(0)),
        ("counted repetition of counted repetition", regex("((a{1000}){1000}){1000}"), Err("too large")),
        ("groups 1,000 deep", regex(&nested("(", "a", ")", 1_000)), Err("this pattern")),
        ("a pattern of 100,000 letters", regex(&"a".repeat(100_000)), Err("longer than")),
        ("look-around", regex("(?=a)"), Err("look-around")),
        ("500 stars", format!("{{\"name\":\"{}b\"}}", "a*".repeat(500)), Ok(0)),
        ("400,000 stars", format!("{{\"name\":\"{}b\"}}", "a*".repeat(400_000)), Ok(0)),
        ("stars in a path", format!("{{\"filename\":\"{}b\"}}", "/*a".repeat(300)), Ok(0)),
        ("$glob of braces", format!("{{\"name\":{{\"$glob\":\"{}\"}}}}", "{a,b}".repeat(150)), Ok(0)),
        ("$glob of open braces", format!("{{\"name\":{{\"$glob\":\"{}\"}}}}", "{a,".repeat(300)), Ok(0)),
    ] {
        check(name, &filter, &documents, expected);
    }
}

#[test]
fn many_problems_are_told_at_once() {
    let documents = documents();
    let duplicates = format!("{{{}}}", joined(10_000, |_| "\"name\":1".to_owned()));
    check("a key 10,000 times", &duplicates, &documents, Err("and 9899 more"));
    let unknown = format!("{{{}}}", joined(9_000, |at| format!("\"unknown{at}\":1")));
    check("9,000 unknown fields", &unknown, &documents, Ok(0));
    let operators = format!("{{\"name\":{{{}}}}}", joined(9_000, |at| format!("\"$unknown{at}\":1")));
    check("9,000 unknown operators", &operators, &documents, Err("no operator"));
    let lines = format!("{{{}}}", joined(9_000, |at| format!("\n\"$unknown{at}\":1")));
    check("9,000 unknown operators on lines of their own", &lines, &documents, Err("no operator"));
}
