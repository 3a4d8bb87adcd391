//! Questions to the filter language.
//!
//! Must not know the right answers.

use crate::digest::Digest;
use crate::random::Random;
use serde_json::{Value, json};
use shared::dql::{
    Documents, Matcher, Normal, Pattern, canonical_text, filter_from_text, instant_us, iso_text, parse,
    text_from_filter,
};

const FIELDS: &[&str] = &[
    "dir",
    "filename",
    "createdAt",
    "hidden",
    "annotationsCount",
    "metadata.user.a",
    "metadata.user.a.b",
    "metadata.user.list",
    "metadata.user.list.0",
    "lable",
];
const TEXTS: &[&str] = &[
    "/train",
    "/train/a.jpg",
    "/train/**",
    "/t*/a.jpg",
    "2024-03-31",
    "2024-03-31T10:00:00.000Z",
    "2024-03-31T12:00:00+02:00",
    "b\u{e4}r",
    "cat",
    "c*t",
    "",
];
const TESTS: &[&str] = &["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$glob", "$regex", "$eqq"];

fn number(random: &mut Random) -> f64 {
    match random.below(4) {
        0 => random.below(5) as f64,
        1 => -(random.below(5) as f64),
        2 => random.unit(),
        _ => random.unit() * 1e18,
    }
}

fn text(random: &mut Random) -> &'static str {
    random.one(TEXTS).copied().unwrap_or_default()
}

fn scalar(random: &mut Random) -> Value {
    match random.below(6) {
        0 => Value::Null,
        1 => json!(random.chance(50)),
        2 | 3 => json!(number(random)),
        _ => json!(text(random)),
    }
}

fn filter(random: &mut Random, depth: usize) -> Value {
    if depth > 0 && random.chance(40) {
        let operator = random.one(&["$and", "$or", "$nor"]).copied().unwrap_or("$and");
        let inner: Vec<Value> = (0..1 + random.below(3)).map(|_| filter(random, depth - 1)).collect();
        return json!({ operator: inner });
    }
    let field = random.one(FIELDS).copied().unwrap_or("dir");
    let test = match random.below(8) {
        0 => json!({ "$in": [scalar(random), scalar(random), scalar(random)] }),
        1 => json!({ "$exists": random.chance(50) }),
        2 => json!({ "$match": { "k": scalar(random) } }),
        3 => json!({ "$not": { "$gt": scalar(random) } }),
        4 | 5 => {
            let operator = random.one(TESTS).copied().unwrap_or("$eq");
            json!({ operator: scalar(random) })
        }
        _ => scalar(random),
    };
    json!({ field: test })
}

fn item(random: &mut Random) -> String {
    let list: Vec<Value> = (0..random.below(4))
        .map(|_| if random.chance(30) { json!({ "k": scalar(random) }) } else { scalar(random) })
        .collect();
    let a = if random.chance(30) { json!({ "b": scalar(random) }) } else { scalar(random) };
    let mut user = json!({ "list": list });
    if let Value::Object(fields) = &mut user
        && random.chance(80)
    {
        fields.insert("a".into(), a);
    }
    let item = json!({
        "dir": text(random),
        "filename": text(random),
        "createdAt": text(random),
        "hidden": random.chance(30),
        "annotationsCount": random.below(5),
        "metadata": { "user": user },
    });
    item.to_string()
}

pub(super) fn texts(random: &mut Random, digest: &mut Digest) {
    let mut text = json!({ "filter": filter(random, 3), "page": random.below(3) }).to_string();
    if random.chance(20) {
        let cut = text.floor_char_boundary(random.below(text.len()));
        text.truncate(cut);
    }
    match parse(&text) {
        Ok(parsed) => {
            digest.text(&format!("{parsed:?}")).text(&parsed.query.to_string());
            digest.text(&canonical_text(&parsed.query));
            match text_from_filter(&parsed.query.filter) {
                Ok(text) => digest.text(&format!("{:?}", filter_from_text(&text, parsed.query.resource()))),
                Err(error) => digest.text(&format!("{error:?}")),
            };
        }
        Err(refusal) => {
            digest.text(&refusal.to_string());
        }
    }
}

pub(super) fn matching(random: &mut Random, digest: &mut Digest) {
    let mut documents = Documents::new();
    for _ in 0..80 {
        digest.flag(documents.push_json(&item(random)).is_ok());
    }
    for _ in 0..6 {
        let text = filter(random, 2).to_string();
        let compiled = parse(&text)
            .map_err(|refusal| refusal.to_string())
            .and_then(|parsed| Matcher::new(&Normal::of(&parsed.query.filter)));
        match compiled {
            Ok(matcher) => digest.text(&format!("{:?}", matcher.matching(&documents))),
            Err(reason) => digest.text(&reason),
        };
    }
}

pub(super) fn dates(random: &mut Random, digest: &mut Digest) {
    for _ in 0..20 {
        let instant = ((number(random) * 1e3) as i64).wrapping_mul(977);
        digest.text(&format!("{:?}", iso_text(instant)));
        let (year, month, day) = (1900 + random.below(200), random.below(14), random.below(33));
        let offset = random.one(&["Z", "+02:00", "-11:30", ""]).copied().unwrap_or_default();
        for text in [
            format!("{year}-{month:02}-{day:02}"),
            format!(
                "{year}-{month:02}-{day:02}T{:02}:30:00.{:03}{offset}",
                random.below(25),
                random.below(999)
            ),
        ] {
            digest.text(&format!("{:?}", instant_us(&text)));
        }
    }
}

pub(super) fn patterns(random: &mut Random, digest: &mut Digest) {
    const PIECES: &[&str] = &[
        "/", "a", "b", "*", "**", "?", "[ab]", "{a,b}", ".jpg", "\u{e4}", "(", "+", "\\", "^", "$", "@(a|b)",
    ];
    let mut made = |most| -> String {
        (0..1 + random.below(most)).map(|_| random.one(PIECES).copied().unwrap_or_default()).collect()
    };
    let texts: Vec<String> = (0..12).map(|_| made(6)).collect();
    for _ in 0..6 {
        let pattern = made(5);
        for compiled in [
            Pattern::wildcard(&pattern, true),
            Pattern::wildcard(&pattern, false),
            Pattern::glob(&pattern),
            Pattern::regex(&pattern, "i"),
        ] {
            match compiled {
                Ok(compiled) => {
                    texts.iter().for_each(|text| {
                        digest.flag(compiled.matches(text));
                    });
                    digest.text(compiled.prefix());
                }
                Err(reason) => {
                    digest.text(&reason);
                }
            }
        }
    }
}
