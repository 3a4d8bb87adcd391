//! Changes of a query by a click: folder, subset, labels, annotated or not, order.
//!
//! Must not know what is shown. What a click does not speak of stays as it is.

use shared::dataset::Subset;
use shared::dql::{
    ClauseKind, Direction, Filter, Literal, Order, Path, Query, SortKey, Test, annotations_join, folder_query,
};

const TAGS: &str = "metadata.system.tags";

/// A subset, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubsetChoice {
    In(Subset),
    None,
}

impl SubsetChoice {
    pub const ALL: [Self; 4] =
        [Self::In(Subset::Train), Self::In(Subset::Validation), Self::In(Subset::Test), Self::None];

    pub const fn label(self) -> &'static str {
        match self {
            Self::In(Subset::Train) => "Train",
            Self::In(Subset::Validation) => "Validation",
            Self::In(Subset::Test) => "Test",
            Self::None => "No subset",
        }
    }
}

/// The conditions that must all hold, each as a filter of its own.
fn conditions(filter: &Filter) -> Vec<Filter> {
    let mut found = Vec::new();
    for clause in &filter.clauses {
        match &clause.kind {
            ClauseKind::And(filters) => found.extend(filters.iter().flat_map(conditions)),
            ClauseKind::Or(filters) if filters.len() == 1 => {
                found.extend(filters.iter().flat_map(conditions))
            }
            kind => found.push(kind.clone().into()),
        }
    }
    found
}

fn all_of(mut conditions: Vec<Filter>) -> Filter {
    if conditions.len() > 1 {
        return ClauseKind::And(conditions).into();
    }
    conditions.pop().unwrap_or_default()
}

/// Field and test of a condition with a single test.
fn single(filter: &Filter) -> Option<(&str, &Test)> {
    let [clause] = filter.clauses.as_slice() else { return None };
    match &clause.kind {
        ClauseKind::Field(path, tests) => match tests.as_slice() {
            [test] => Some((path.as_str(), test)),
            _ => None,
        },
        _ => None,
    }
}

fn condition(field: &str, test: Test) -> Option<Filter> {
    Path::new(field).map(|path| ClauseKind::Field(path, vec![test]).into())
}

/// The query with the conditions that `is_replaced` finds taken out, and `new` put in their place.
fn replaced(query: &Query, is_replaced: impl Fn(&Filter) -> bool, new: Option<Filter>) -> Query {
    let (mut kept, mut new) = (Vec::new(), new);
    for filter in conditions(&query.filter) {
        if is_replaced(&filter) {
            kept.extend(new.take());
        } else {
            kept.push(filter);
        }
    }
    kept.extend(new);
    Query { filter: all_of(kept), page: None, ..query.clone() }
}

/// The folder that a condition names, with its sub-folders or without.
fn folder_in(filter: &Filter) -> Option<String> {
    match single(filter)? {
        ("dir", Test::Plain(Literal::Text(dir)) | Test::Eq(Literal::Text(dir))) => Some(dir.clone()),
        ("filename", Test::Wildcard(pattern)) => {
            let dir = pattern.strip_suffix("/**").filter(|dir| !dir.contains('*'))?;
            Some(if dir.is_empty() { "/".into() } else { dir.to_owned() })
        }
        _ => None,
    }
}

/// The folder that the query is narrowed to.
pub fn folder_of(query: &Query) -> Option<String> {
    conditions(&query.filter).iter().find_map(folder_in)
}

/// Narrowed to a folder with its sub-folders; the root is everything.
pub fn with_folder(query: &Query, dir: &str) -> Query {
    // In a pattern, a star of the folder's own name would stand for others too.
    let filter = folder_query(dir, !dir.contains('*')).filter;
    let new = conditions(&filter).into_iter().find(|filter| folder_in(filter).is_some());
    replaced(query, |filter| folder_in(filter).is_some(), new.filter(|_| dir != "/"))
}

fn subset_in(filter: &Filter) -> Option<SubsetChoice> {
    match single(filter)? {
        (TAGS, Test::Exists(false)) => Some(SubsetChoice::None),
        (field, Test::Plain(Literal::Bool(true)) | Test::Eq(Literal::Bool(true))) => {
            let name = field.strip_prefix(TAGS)?.strip_prefix('.')?;
            Subset::ALL.into_iter().find(|subset| subset.name() == name).map(SubsetChoice::In)
        }
        _ => None,
    }
}

/// The subset that the query is narrowed to.
pub fn subset_of(query: &Query) -> Option<SubsetChoice> {
    conditions(&query.filter).iter().find_map(subset_in)
}

/// Narrowed to a subset, or to none of them.
pub fn with_subset(query: &Query, choice: Option<SubsetChoice>) -> Query {
    let new = choice.and_then(|choice| match choice {
        SubsetChoice::In(subset) => {
            condition(&format!("{TAGS}.{}", subset.name()), Test::Plain(Literal::Bool(true)))
        }
        SubsetChoice::None => condition(TAGS, Test::Exists(false)),
    });
    replaced(query, |filter| subset_in(filter).is_some(), new)
}

fn annotated_in(filter: &Filter) -> Option<bool> {
    match single(filter)? {
        ("annotated", Test::Plain(Literal::Bool(annotated)) | Test::Eq(Literal::Bool(annotated))) => {
            Some(*annotated)
        }
        _ => None,
    }
}

/// Whether the query is narrowed to items with annotations, or to those without.
pub fn annotated_of(query: &Query) -> Option<bool> {
    conditions(&query.filter).iter().find_map(annotated_in)
}

/// Narrowed to items with annotations, or to those without.
pub fn with_annotated(query: &Query, annotated: Option<bool>) -> Query {
    let new = annotated.and_then(|annotated| condition("annotated", Test::Plain(Literal::Bool(annotated))));
    replaced(query, |filter| annotated_in(filter).is_some(), new)
}

const SIZE: &str = "metadata.system.size";
const KIBIBYTE: f64 = 1024.0;

/// Sizes of files from one bound up to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeRange {
    Small,
    Medium,
    Large,
    Huge,
}

impl SizeRange {
    pub const ALL: [Self; 4] = [Self::Small, Self::Medium, Self::Large, Self::Huge];

    pub const fn label(self) -> &'static str {
        match self {
            Self::Small => "Under 100 KiB",
            Self::Medium => "100 KiB to 1 MiB",
            Self::Large => "1 to 10 MiB",
            Self::Huge => "10 MiB and more",
        }
    }

    /// In bytes: at least the first, and less than the second.
    const fn bounds(self) -> (Option<f64>, Option<f64>) {
        const BOUNDS: [f64; 3] = [100.0 * KIBIBYTE, KIBIBYTE * KIBIBYTE, 10.0 * KIBIBYTE * KIBIBYTE];
        let [first, second, third] = BOUNDS;
        match self {
            Self::Small => (None, Some(first)),
            Self::Medium => (Some(first), Some(second)),
            Self::Large => (Some(second), Some(third)),
            Self::Huge => (Some(third), None),
        }
    }
}

/// The bounds that a condition on the size sets.
fn size_in(filter: &Filter) -> Option<(Option<f64>, Option<f64>)> {
    let [clause] = filter.clauses.as_slice() else { return None };
    let ClauseKind::Field(path, tests) = &clause.kind else { return None };
    if path.as_str() != SIZE || tests.is_empty() {
        return None;
    }
    tests.iter().try_fold((None, None), |(least, below), test| match test {
        Test::Order(Order::GreaterOrEqual, Literal::Number(bound)) => Some((Some(*bound), below)),
        Test::Order(Order::Less, Literal::Number(bound)) => Some((least, Some(*bound))),
        _ => None,
    })
}

/// The range of sizes that the query is narrowed to, whether its bounds stand in one condition or in two.
pub fn size_of(query: &Query) -> Option<SizeRange> {
    let conditions = conditions(&query.filter);
    let bounds =
        conditions.iter().filter_map(size_in).reduce(|one, other| (one.0.or(other.0), one.1.or(other.1)))?;
    SizeRange::ALL.into_iter().find(|range| range.bounds() == bounds)
}

/// Narrowed to a range of sizes, or to none of them.
pub fn with_size(query: &Query, range: Option<SizeRange>) -> Query {
    let new = range.and_then(|range| {
        let (least, below) = range.bounds();
        let test =
            |order: Order, bound: Option<f64>| bound.map(|bound| Test::Order(order, Literal::Number(bound)));
        let tests =
            [test(Order::GreaterOrEqual, least), test(Order::Less, below)].into_iter().flatten().collect();
        Path::new(SIZE).map(|path| ClauseKind::Field(path, tests).into())
    });
    replaced(query, |filter| size_in(filter).is_some(), new)
}

fn labels_in(filter: &Filter) -> Option<Vec<String>> {
    let text = |literal: &Literal| if let Literal::Text(text) = literal { Some(text.clone()) } else { None };
    match single(filter)? {
        ("label", Test::Plain(literal) | Test::Eq(literal)) => text(literal).map(|label| vec![label]),
        ("label", Test::In(literals)) => literals.iter().map(text).collect(),
        _ => None,
    }
}

/// The conditions on annotations, if the query's join is of the usual kind.
fn joined_conditions(query: &Query) -> Vec<Filter> {
    let usual = |filter: &Filter| annotations_join(filter.clone());
    let is_usual = query.join.as_ref().filter(|join| usual(&join.filter).as_ref() == Some(join));
    is_usual.map(|join| conditions(&join.filter)).unwrap_or_default()
}

/// Whether the query joins annotations in a way of its own, which a choice of labels would destroy.
pub fn has_own_join(query: &Query) -> bool {
    query.join.is_some() && joined_conditions(query).is_empty()
}

/// The labels of which the query asks for at least one.
pub fn labels_of(query: &Query) -> Vec<String> {
    joined_conditions(query).iter().find_map(labels_in).unwrap_or_default()
}

/// Narrowed to items with at least one of these labels; without any, to no label.
pub fn with_labels(query: &Query, labels: &[String]) -> Query {
    let literals: Vec<Literal> = labels.iter().cloned().map(Literal::Text).collect();
    let test = match literals.as_slice() {
        [] => None,
        // A plain text with a star would be a wildcard.
        [Literal::Text(only)] if !only.contains('*') => Some(Test::Plain(Literal::Text(only.clone()))),
        _ => Some(Test::In(literals)),
    };
    let mut joined = joined_conditions(query);
    joined.retain(|filter| labels_in(filter).is_none());
    joined.extend(test.and_then(|test| condition("label", test)));
    let join = if joined.is_empty() { None } else { annotations_join(all_of(joined)) };
    Query { join, page: None, ..query.clone() }
}

/// With this label taken in, or out if it was in.
pub fn with_label_toggled(query: &Query, label: &str) -> Query {
    let mut labels = labels_of(query);
    if labels.iter().any(|other| other == label) {
        labels.retain(|other| other != label);
    } else {
        labels.push(label.to_owned());
    }
    with_labels(query, &labels)
}

/// The first key of the order.
pub fn order_of(query: &Query) -> Option<(&str, Direction)> {
    query.sort.first().map(|key| (key.field.as_str(), key.direction))
}

/// Ordered by a field; a second time turns the order round, and a third leaves it to the server.
pub fn ordered_by(query: &Query, field: &str) -> Query {
    let direction = match order_of(query) {
        Some((current, Direction::Ascending)) if current == field => Some(Direction::Descending),
        Some((current, Direction::Descending)) if current == field => None,
        _ => Some(Direction::Ascending),
    };
    let key = direction.zip(Path::new(field)).map(|(direction, field)| SortKey { field, direction });
    Query { sort: key.into_iter().collect(), page: None, ..query.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::dql::{parse, text_from_query};

    fn query(json: &str) -> Query {
        parse(json).unwrap().query
    }

    fn text(query: &Query) -> String {
        text_from_query(query).unwrap()
    }

    #[test]
    fn clicks_narrow_the_query_and_leave_the_rest() {
        let start = query(r#"{"name": "*.png"}"#);
        let narrowed = with_folder(&start, "/a");
        let narrowed = with_subset(&narrowed, Some(SubsetChoice::In(Subset::Train)));
        let narrowed = with_annotated(&narrowed, Some(true));
        let narrowed = with_label_toggled(&with_label_toggled(&narrowed, "cat"), "dog");
        assert_eq!(
            text(&narrowed),
            "name = *.png AND filename = /a/** AND metadata.system.tags.train = true AND annotated = true AND \
             label IN cat, dog"
        );
        assert_eq!(folder_of(&narrowed).as_deref(), Some("/a"));
        assert_eq!(subset_of(&narrowed), Some(SubsetChoice::In(Subset::Train)));
        assert_eq!(annotated_of(&narrowed), Some(true));
        assert_eq!(labels_of(&narrowed), ["cat", "dog"]);

        let moved = with_subset(&with_folder(&narrowed, "/b"), Some(SubsetChoice::None));
        assert_eq!(
            text(&moved),
            "name = *.png AND filename = /b/** AND metadata.system.tags DOESNT-EXIST AND annotated = true AND \
             label IN cat, dog"
        );
        let wide = with_labels(&with_annotated(&with_subset(&with_folder(&moved, "/"), None), None), &[]);
        assert_eq!(wide, start);
    }

    #[test]
    fn what_is_written_by_hand_is_seen_and_replaced() {
        for json in [
            r#"{"dir": "/a"}"#,
            r#"{"$and": [{"$and": [{"dir": {"$eq": "/a"}}]}]}"#,
            r#"{"filename": "/a/**"}"#,
        ] {
            let written = query(json);
            assert_eq!(folder_of(&written).as_deref(), Some("/a"), "{json}");
            assert_eq!(text(&with_folder(&written, "/b")), "filename = /b/**", "{json}");
        }
        for json in [r#"{"filename": "/a/*.png"}"#, r#"{"$or": [{"dir": "/a"}, {"dir": "/b"}]}"#] {
            assert_eq!(folder_of(&query(json)), None, "{json}");
        }
        let starred = with_folder(&Query::default(), "/a*");
        assert_eq!(folder_of(&starred).as_deref(), Some("/a*"));
        let choice = query(r#"{"$or": [{"dir": "/a"}, {"dir": "/b"}]}"#);
        assert_eq!(with_annotated(&with_annotated(&choice, Some(false)), None), choice);
    }

    #[test]
    fn sizes_are_found_again_however_they_are_written() {
        let start = query(r#"{"name": "*.png"}"#);
        for range in SizeRange::ALL {
            let narrowed = with_size(&start, Some(range));
            assert_eq!(size_of(&narrowed), Some(range));
            // Through the text, where two bounds become two conditions.
            let written = shared::dql::query_from_text(&text(&narrowed)).unwrap().0;
            assert_eq!(size_of(&written), Some(range), "{}", text(&narrowed));
            assert_eq!(with_size(&written, None), start);
        }
        let by_hand = query(r#"{"metadata.system.size": {"$gt": 5}}"#);
        assert_eq!(size_of(&by_hand), None);
    }

    #[test]
    fn labels_keep_company_with_other_conditions_on_annotations() {
        let both = r#"{"filter": {}, "join": {"on": {"resource": "annotations", "local": "itemId", "forigen": "id"},
            "filter": {"type": "box", "label": "cat"}}}"#;
        let query = query(both);
        assert_eq!(labels_of(&query), ["cat"]);
        let without = with_labels(&query, &[]);
        assert!(without.join.is_some());
        assert_eq!(labels_of(&without), Vec::<String>::new());
        assert_eq!(labels_of(&with_label_toggled(&without, "a*")), ["a*"]);
    }

    #[test]
    fn a_third_click_leaves_the_order_to_the_server() {
        let once = ordered_by(&Query::default(), "name");
        let twice = ordered_by(&once, "name");
        assert_eq!(order_of(&once), Some(("name", Direction::Ascending)));
        assert_eq!(order_of(&twice), Some(("name", Direction::Descending)));
        assert_eq!(order_of(&ordered_by(&twice, "name")), None);
        assert_eq!(order_of(&ordered_by(&twice, "createdAt")), Some(("createdAt", Direction::Ascending)));
    }
}
