//! The items that filters are measured on, the same in every benchmark, in the browser and beside other engines.
//!
//! Must not know how time is measured.

mod random;

use random::SplitMix;
use std::fmt::Write;

/// A filter that is measured: a name and its text.
pub type NamedFilter = (&'static str, &'static str);

/// The filters that are measured.
pub const FILTERS: [NamedFilter; 3] = [
    ("tagged train", r#"{"$and":[{"hidden":false},{"type":"file"},{"metadata.system.tags.train":true}]}"#),
    ("filename /train/**", r#"{"filename":"/train/**"}"#),
    (
        "five conditions with ranges",
        r#"{"annotated":true,"annotationsCount":{"$gte":5,"$lt":20},"metadata.system.width":{"$gte":640,"$lte":4000},"metadata.user.score":{"$gt":0.25,"$lte":0.9},"createdAt":{"$gte":"2024-06-01T00:00:00.000Z","$lt":"2025-06-01T00:00:00.000Z"}}"#,
    ),
];

const FOLDERS: [&str; 8] =
    ["/train", "/train/a", "/train/b/c", "/validation", "/validation/a", "/test/raw", "/", "/trainer/old"];
const ENDS: [(&str, &str); 4] =
    [("jpg", "image/jpeg"), ("JPG", "image/jpeg"), ("png", "image/png"), ("webp", "image/webp")];
const SIZES: [(u32, u32); 6] = [(320, 240), (512, 512), (640, 480), (1280, 720), (1920, 1080), (4000, 3000)];
const NAMES: [&str; 4] = ["img", "IMG", "scan", "b\u{e4}r"];
const WEATHER: [&str; 4] = ["sunny", "rain", "snow", "fog"];
const LABELS: [&str; 6] = ["cat", "dog", "person", "tree", "car", "sign"];

/// JSON documents that differ from each other, one for each number from 0. Each holds what a platform knows of an
/// image, and metadata of a user in which fields are missing, null, lists or objects.
pub fn items(count: usize, seed: u64) -> impl Iterator<Item = String> {
    let mut random = SplitMix(seed);
    (0..count).map(move |number| item(&mut random, number))
}

fn one<T: Copy>(random: &mut SplitMix, choices: &[T]) -> T {
    choices[random.below(choices.len())]
}

fn chance(random: &mut SplitMix, of_a_hundred: usize) -> bool {
    random.below(100) < of_a_hundred
}

fn item(random: &mut SplitMix, number: usize) -> String {
    let (dir, (end, kind)) = (one(random, &FOLDERS), one(random, &ENDS));
    let name = format!("{}_{number:06}.{end}", one(random, &NAMES));
    let mut json = String::with_capacity(640);
    let mut add = |text: String| json.push_str(&text);
    add(format!("{{\"id\":\"{:016x}{:08x}\",", random.bits(), number));
    add(format!(
        "\"name\":\"{name}\",\"filename\":\"{}/{name}\",\"dir\":\"{dir}\",",
        dir.trim_end_matches('/')
    ));
    let is_hidden = chance(random, 5);
    add(format!("\"type\":\"file\",\"hidden\":{is_hidden},"));
    let boxes = if chance(random, 70) { 1 + random.below(30) } else { 0 };
    add(format!("\"annotated\":{},\"annotationsCount\":{boxes},", boxes > 0));
    add(format!("\"createdAt\":\"{}\",", instant(random)));
    let (width, height) = one(random, &SIZES);
    let size = 20_000 + random.below(3_000_000);
    add(format!("\"metadata\":{{\"system\":{{\"width\":{width},\"height\":{height},\"size\":{size},"));
    add(format!("\"mimetype\":\"{kind}\",\"encoding\":\"7bit\"{}", tags(random)));
    add(format!("}},\"user\":{{{}}}}}}}", user(random)));
    json
}

fn instant(random: &mut SplitMix) -> String {
    let (year, month, day) = (2023 + random.below(3), 1 + random.below(12), 1 + random.below(28));
    let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", random.below(1_000))
}

fn tags(random: &mut SplitMix) -> &'static str {
    match random.below(10) {
        0..=4 => ",\"tags\":{\"train\":true}",
        5 => ",\"tags\":{\"validation\":true}",
        6 => ",\"tags\":{\"train\":null,\"validation\":null,\"test\":true}",
        7 => ",\"tags\":{}",
        _ => "",
    }
}

fn user(random: &mut SplitMix) -> String {
    let mut json = format!("\"weather\":\"{}\"", one(random, &WEATHER));
    if chance(random, 75) {
        // Writing to a text cannot fail.
        let _ = write!(json, ",\"score\":{}", (random.unit() * 1_000.0).floor() / 1_000.0);
    }
    if chance(random, 60) {
        let labels: Vec<String> =
            (0..random.below(4)).map(|_| format!("\"{}\"", one(random, &LABELS))).collect();
        let _ = write!(json, ",\"labels\":[{}]", labels.join(","));
    }
    let reviewed = one(random, &["", ",\"reviewed\":null", ",\"reviewed\":true", ",\"reviewed\":false"]);
    json.push_str(reviewed);
    if chance(random, 50) {
        let iso = 100 * (1 + random.below(32));
        let _ =
            write!(json, ",\"camera\":{{\"model\":\"A{}\",\"iso\":{iso},\"lens\":null}}", random.below(9));
    }
    if chance(random, 30) {
        let (first, second) = (random.below(50), random.below(50));
        let _ = write!(json, ",\"readings\":[{first},{second}],\"deep\":[{{\"a\":{{\"b\":[{first}]}}}}]");
    }
    json
}
