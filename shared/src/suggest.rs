//! "Did you mean ...?": the known name nearest to one that is unknown.
//!
//! Must not know what the names stand for.

/// The known name nearest to `given`, ignoring case, if one is near enough to have been meant.
///
/// Near enough is an edit distance of at most a third of the longer name; a name that begins with
/// `given` (of three letters or more), or the other way round, is near too.
#[must_use]
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .filter_map(|name| closeness(&given, &name.to_lowercase()).map(|distance| (distance, name)))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

fn closeness(given: &str, name: &str) -> Option<usize> {
    let distance = edit_distance(given, name);
    let longer = given.chars().count().max(name.chars().count());
    let shorter = given.chars().count().min(name.chars().count());
    let is_start = shorter >= 3 && (name.starts_with(given) || given.starts_with(name));
    (distance <= longer.div_ceil(3) && distance < longer || is_start).then_some(distance)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`, at least.
///
/// Optimal string alignment (Damerau 1964; Boytsov 2011, section 2.2). Texts of over 64 characters
/// are cut there, so that the cost stays small for any input.
#[must_use]
pub fn edit_distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut before_last = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &from) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, &to) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(from != to);
            row[j + 1] = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && from == b[j - 1] && a[i - 1] == to;
            if swapped {
                row[j + 1] = row[j + 1].min(before_last[j - 1] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn distances_of_known_pairs() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("epochs", "epochs", 0),
            ("epoch", "epochs", 1),
            ("ehpocs", "epochs", 2),
            ("peochs", "epochs", 1),
            ("kitten", "sitting", 3),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(edit_distance(a, b), expected, "{a} to {b}");
        }
    }

    #[test]
    fn what_was_probably_meant() {
        let known = ["epochs", "batch_size", "imgsz", "lr0", "lrf"];
        for (given, expected) in [
            ("epoch", Some("epochs")),
            ("EPOCHS", Some("epochs")),
            ("batch", Some("batch_size")),
            ("imgsize", Some("imgsz")),
            ("lr", Some("lr0")),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, known), expected, "{given}");
        }
    }

    proptest! {
        #[test]
        fn the_distance_is_symmetric_and_bounded(a in "[a-d]{0,9}", b in "[a-d]{0,9}") {
            let distance = edit_distance(&a, &b);
            prop_assert_eq!(distance, edit_distance(&b, &a));
            prop_assert!(distance <= a.len().max(b.len()) && distance >= a.len().abs_diff(b.len()));
            prop_assert_eq!(distance == 0, a == b);
        }
    }
}
