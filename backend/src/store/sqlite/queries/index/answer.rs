//! Queries over a dataset in memory.
//!
//! Must not know SQL. Where a field has few values, evaluation itself says which of them pass; the rest is compared
//! value by value. What is found is what the statements and evaluation find, which a property test holds it to.

use super::super::atoms;
use super::super::condition::{is_about_user_metadata, is_in_context};
use super::super::fields::{JoinKey, Scope, Table, join_key};
use super::{Base, Details, Dir, Index};
use roaring::RoaringBitmap;
use serde_json::{Value, json};
use shared::dataset::Subset;
use shared::dql::{Atom, Documents, Join, Literal, Matcher, Normal, Order, Path, Pattern, Query, Resource};
use shared::id::{DatasetId, ProjectId};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is needed to say what a query finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::sqlite::queries) enum Missing {
    /// The details, which can be read.
    Details,
    /// The rows: only a statement can tell.
    Rows,
}

type Found = Result<RoaringBitmap, Missing>;

/// What a query finds. Once it is not wanted any more, it ends early, with anything.
pub(super) fn answer(
    index: &Index,
    query: &Query,
    (dataset_id, project_id): (DatasetId, ProjectId),
    is_wanted: &AtomicBool,
) -> Found {
    if query.resource() != Resource::Items || query.skip.is_some() || query.limit.is_some() {
        return Err(Missing::Rows);
    }
    let scope = Scope { dataset_id: dataset_id.to_string(), files: HashSet::new() };
    let project_id = project_id.to_string();
    let asked = Asked { index, details: index.details.get(), scope, project_id, is_wanted };
    let mut found = asked.part(query)?;
    if let Some(inner) = &query.intersect {
        found &= asked.part(inner)?;
    }
    if let Some(inner) = &query.except {
        found -= asked.part(inner)?;
    }
    Ok(found)
}

struct Asked<'a> {
    index: &'a Index,
    details: Option<&'a Details>,
    scope: Scope,
    project_id: String,
    is_wanted: &'a AtomicBool,
}

impl Asked<'_> {
    fn part(&self, query: &Query) -> Found {
        if query.resource() != Resource::Items {
            return Err(Missing::Rows);
        }
        if !is_in_context(query, &self.scope, &self.project_id) {
            return Ok(RoaringBitmap::new());
        }
        let within = match &query.join {
            Some(join) => self.joined(join)?,
            None => self.base().all(),
        };
        self.filter(&Normal::of(&query.filter), within)
    }

    fn base(&self) -> &Base {
        &self.index.base
    }

    fn details(&self) -> Result<&Details, Missing> {
        self.details.ok_or(Missing::Details)
    }

    /// The items with an annotation for whose label a filter holds.
    fn joined(&self, join: &Join) -> Found {
        let keys = (
            join_key(Table::Items, join.foreign.as_str(), &self.scope),
            join_key(Table::Annotations, join.local.as_str(), &self.scope),
        );
        let filter = Normal::of(&join.filter);
        let is_by_item = keys == (Some(JoinKey::Column("i.id")), Some(JoinKey::Column("a.item_id")));
        if join.resource != Resource::Annotations || !is_by_item || !is_about_labels(&filter) {
            return Err(Missing::Rows);
        }
        let labels = &self.base().labels;
        let passing = passing(&filter, labels.keys().map(|label| json!({ "label": label })))?;
        let mut found = RoaringBitmap::new();
        for (labelled, _) in labels.values().zip(passing).filter(|(_, passes)| *passes) {
            found |= &labelled.items;
        }
        Ok(found)
    }

    /// Those of the items for which a filter holds.
    fn filter(&self, filter: &Normal, mut within: RoaringBitmap) -> Found {
        match filter {
            Normal::And(conditions) => {
                // What is quick comes first and leaves less to what is slow.
                let mut conditions: Vec<&Normal> = conditions.iter().collect();
                conditions.sort_by_key(|condition| cost(condition));
                for condition in conditions {
                    within = self.filter(condition, within)?;
                }
                Ok(within)
            }
            Normal::Or(conditions) if conditions.is_empty() => Ok(RoaringBitmap::new()),
            condition if is_about_user_metadata(condition) => self.by_user_metadata(condition, &within),
            Normal::Or(conditions) => {
                let mut found = RoaringBitmap::new();
                for condition in conditions {
                    let more = self.filter(condition, within.clone())?;
                    within -= &more;
                    found |= more;
                }
                Ok(found)
            }
            Normal::Not(condition) => {
                let inner = self.filter(condition, within.clone())?;
                Ok(within - inner)
            }
            Normal::Test(Some(path), atom) => self.test(filter, path, atom, within),
            Normal::Test(None, _) => Err(Missing::Rows),
        }
    }

    fn test(&self, filter: &Normal, path: &Path, atom: &Atom, within: RoaringBitmap) -> Found {
        let base = self.base();
        match path.as_str() {
            "dir" => self.by_dir(atom, within),
            "filename" => self.by_file_name(atom, within),
            "name" => {
                let test = text_test(atom, false)?;
                Ok(within.iter().filter(|place| test(base.names.get(*place))).collect())
            }
            "createdAt" => by_number(&base.times_ms, &atoms::time("", atom), &within),
            "annotationsCount" => by_number(&base.annotation_counts, &atoms::number("", atom), &within),
            "metadata.system.size" => by_number(&self.details()?.sizes, &atoms::number("", atom), &within),
            "metadata.system.width" => by_number(&self.details()?.widths, &atoms::number("", atom), &within),
            "metadata.system.height" => {
                by_number(&self.details()?.heights, &atoms::number("", atom), &within)
            }
            "metadata.system.mimetype" => self.by_mimetype(atom, &within),
            "annotated" => {
                let kind = |is_annotated: bool| json!({ "annotated": is_annotated });
                let others = base.all() - &base.annotated;
                by_class(filter, [(kind(true), base.annotated.clone()), (kind(false), others)], within)
            }
            other if other == "metadata.system.tags" || other.starts_with("metadata.system.tags.") => {
                by_class(filter, self.tags(), within)
            }
            "id" | "metadata" | "metadata.system" => Err(Missing::Rows),
            // The same for all items.
            _ => {
                let same = json!({ "datasetId": self.scope.dataset_id, "type": "file", "hidden": false });
                by_class(filter, [(same, base.all())], within)
            }
        }
    }

    /// The documents of items as far as tags go, and which items are so.
    fn tags(&self) -> Vec<(Value, RoaringBitmap)> {
        let mut without = self.base().all();
        let mut classes = Vec::new();
        for subset in Subset::ALL {
            let items = self.index.subset(subset);
            without -= items;
            classes.push((
                json!({ "metadata": { "system": { "tags": { subset.name(): true } } } }),
                items.clone(),
            ));
        }
        classes.push((json!({ "metadata": { "system": {} } }), without));
        classes
    }

    fn by_dir(&self, atom: &Atom, within: RoaringBitmap) -> Found {
        let test = text_test(atom, true)?;
        let mut passing = RoaringBitmap::new();
        for dir in self.base().dirs.iter().filter(|dir| test(&dir.dir)) {
            passing.insert_range(dir.places.clone());
        }
        Ok(within & passing)
    }

    fn by_file_name(&self, atom: &Atom, within: RoaringBitmap) -> Found {
        let pattern = pattern(atom, true)?;
        if let Some(folder) = pattern.as_ref().and_then(Pattern::folder) {
            return Ok(within & self.below(folder));
        }
        if let Atom::Equals(Literal::Text(text)) = atom {
            return Ok(within & self.file(text).into_iter().collect::<RoaringBitmap>());
        }
        let test = text_test(atom, true)?;
        let beginning = pattern.as_ref().map_or("", Pattern::prefix);
        let can_begin = |dir: &Dir| {
            let dir = if dir.dir == "/" { "" } else { dir.dir.as_str() };
            beginning.starts_with(dir) || dir.starts_with(beginning)
        };
        let mut found = RoaringBitmap::new();
        for dir in self.base().dirs.iter().filter(|dir| can_begin(dir)) {
            let places = within.range(dir.places.clone());
            found.extend(places.filter(|place| test(&self.index.file_name(dir, *place))));
        }
        Ok(found)
    }

    /// Items in a folder and below it, and the one that is called so itself.
    fn below(&self, folder: &str) -> RoaringBitmap {
        let mut found: RoaringBitmap = self.file(folder).into_iter().collect();
        let is_below = |dir: &&Dir| {
            dir.dir.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        // Without a name, the folder is the one of all folders.
        for dir in self.base().dirs.iter().filter(|dir| folder.is_empty() || is_below(dir)) {
            found.insert_range(dir.places.clone());
        }
        found
    }

    /// The item of this folder and name.
    fn file(&self, path: &str) -> Option<u32> {
        let (dir, name) = path.rsplit_once('/')?;
        let dir = self.base().dir(if dir.is_empty() { "/" } else { dir })?;
        self.base().place_in(dir, name, dir.places.start)
    }

    fn by_mimetype(&self, atom: &Atom, within: &RoaringBitmap) -> Found {
        let details = self.details()?;
        let test = text_test(atom, false)?;
        let passing: Vec<bool> = details.mimetypes.iter().map(|mimetype| test(mimetype)).collect();
        let passes = |place: &u32| {
            let mimetype = details.mimetype_of.get(*place as usize);
            mimetype.and_then(|mimetype| passing.get(*mimetype as usize)).copied().unwrap_or(false)
        };
        Ok(within.iter().filter(passes).collect())
    }

    /// Evaluation over documents that are there already.
    fn by_user_metadata(&self, filter: &Normal, within: &RoaringBitmap) -> Found {
        let details = self.details()?;
        let matcher = Matcher::new(filter).map_err(|_| Missing::Rows)?;
        let bound = matcher.bind(&details.documents);
        let passes_without = passing(filter, [json!({})])?.contains(&true);
        let passes = |place: &u32| {
            let document = details.document_of.get(*place as usize).copied().flatten();
            match document.and_then(|document| details.documents.get(document as usize)) {
                Some(document) => bound.matches(document),
                None => passes_without,
            }
        };
        let in_time = within.iter().take_while(|_| self.is_wanted.load(Ordering::Relaxed));
        Ok(in_time.filter(passes).collect())
    }
}

fn is_about_labels(filter: &Normal) -> bool {
    match filter {
        Normal::And(conditions) | Normal::Or(conditions) => conditions.iter().all(is_about_labels),
        Normal::Not(condition) => is_about_labels(condition),
        Normal::Test(path, _) => path.as_ref().map(Path::as_str) == Some("label"),
    }
}

/// How long a condition takes, roughly: sets, then numbers, then texts, then documents.
fn cost(filter: &Normal) -> u8 {
    match filter {
        Normal::And(conditions) | Normal::Or(conditions) => conditions.iter().map(cost).max().unwrap_or(0),
        Normal::Not(condition) => cost(condition),
        Normal::Test(path, _) => match path.as_ref().map_or("", Path::as_str) {
            "createdAt" | "annotationsCount" => 1,
            "name" | "filename" => 2,
            other if other.starts_with("metadata.user") => 3,
            other if other.starts_with("metadata.system.tags") => 0,
            other if other.starts_with("metadata.system") => 1,
            _ => 0,
        },
    }
}

/// Which of the documents pass, as evaluation says.
fn passing(filter: &Normal, documents: impl IntoIterator<Item = Value>) -> Result<Vec<bool>, Missing> {
    let matcher = Matcher::new(filter).map_err(|_| Missing::Rows)?;
    let mut batch = Documents::new();
    for document in documents {
        batch.push_value(&document).map_err(|_| Missing::Rows)?;
    }
    let bound = matcher.bind(&batch);
    Ok(batch.iter().map(|document| bound.matches(document)).collect())
}

/// Items that come in a few kinds, each with the document of its kind.
fn by_class(
    filter: &Normal,
    classes: impl IntoIterator<Item = (Value, RoaringBitmap)>,
    within: RoaringBitmap,
) -> Found {
    let (documents, sets): (Vec<Value>, Vec<RoaringBitmap>) = classes.into_iter().unzip();
    let mut found = RoaringBitmap::new();
    for (set, _) in sets.into_iter().zip(passing(filter, documents)?).filter(|(_, passes)| *passes) {
        found |= set;
    }
    Ok(found & within)
}

/// Items whose number passes; the condition is on one column.
fn by_number(column: &[i64], bounds: &atoms::Bounds, within: &RoaringBitmap) -> Found {
    let test = bounds.at_most.on_integers().filter(|_| bounds.is_exact).ok_or(Missing::Rows)?;
    let passes = |place: &u32| column.get(*place as usize).is_some_and(|value| test.passes(*value));
    Ok(within.iter().filter(passes).collect())
}

/// The pattern that an atom asks for, if it is one.
fn pattern(atom: &Atom, is_path: bool) -> Result<Option<Pattern>, Missing> {
    let compiled = match atom {
        Atom::Wildcard(text) => Pattern::wildcard(text, is_path),
        Atom::Glob(text) => Pattern::glob(text),
        Atom::Regex { pattern, options } => Pattern::regex(pattern, options),
        _ => return Ok(None),
    };
    compiled.map(Some).map_err(|_| Missing::Rows)
}

type TextTest<'a> = Box<dyn Fn(&str) -> bool + 'a>;

/// What a text must be that is always there.
fn text_test(atom: &Atom, is_path: bool) -> Result<TextTest<'_>, Missing> {
    if let Some(pattern) = pattern(atom, is_path)? {
        return Ok(Box::new(move |text| pattern.matches(text)));
    }
    Ok(match atom {
        Atom::Equals(Literal::Text(wanted)) => Box::new(move |text| text == wanted),
        Atom::Order(order, Literal::Text(bound)) => {
            let bound = bound.as_str();
            match order {
                Order::Greater => Box::new(move |text| text > bound),
                Order::GreaterOrEqual => Box::new(move |text| text >= bound),
                Order::Less => Box::new(move |text| text < bound),
                Order::LessOrEqual => Box::new(move |text| text <= bound),
            }
        }
        Atom::OneOf(literals) => {
            let wanted: HashSet<&str> = atoms::texts(literals).into_iter().collect();
            Box::new(move |text| wanted.contains(text))
        }
        Atom::Exists => Box::new(|_| true),
        _ => Box::new(|_| false),
    })
}
