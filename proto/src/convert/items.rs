//! Folders, selections of items, and changes of them.
//!
//! Must not know how a change is made.

use super::{ConvertError, id_from_wire, json_from_wire, list_from_wire, required, word_from_wire};
use crate::v1;
use shared::dataset::{
    Folder, ItemDetail, ItemEvent, ItemEventKind, ItemSelection, ItemsChange, PastItemsChange, SelectedItems,
    normal_dir,
};

/// Deeper folders than any file system has are a mistake.
const MOST_DIR_BYTES: usize = 1_024;

/// A folder that items are moved into: from `/`, without a slash at its end, and without names that lead elsewhere.
///
/// # Errors
/// If it is empty or too long, or one of its names cannot be a folder's.
pub fn dir_from_wire(field: &str, text: &str) -> Result<String, ConvertError> {
    let problem = if text.trim().is_empty() {
        "is empty; write `/` for the folder of all folders"
    } else if text.len() > MOST_DIR_BYTES {
        "is longer than 1,024 bytes"
    } else if text.chars().any(char::is_control) {
        "holds control characters"
    } else if text.contains('\\') {
        "holds a backslash; folders are written with `/`"
    } else {
        let dir = normal_dir(text);
        let is_name = |name: &str| !matches!(name, "" | "." | "..");
        if dir == "/" || dir.split('/').skip(1).all(is_name) {
            return Ok(dir);
        }
        "holds `.`, `..` or two slashes in a row; write the folder's path from `/`, for example `/train/day`"
    };
    Err(ConvertError::new(field, problem))
}

impl From<Folder> for v1::Folder {
    fn from(folder: Folder) -> Self {
        Self { dir: folder.dir, item_count: folder.item_count, total_count: folder.total_count }
    }
}

impl From<v1::Folder> for Folder {
    fn from(folder: v1::Folder) -> Self {
        Self { dir: folder.dir, item_count: folder.item_count, total_count: folder.total_count }
    }
}

impl From<ItemSelection> for v1::ItemSelection {
    fn from(selection: ItemSelection) -> Self {
        let (item_ids, filter) = match selection.items {
            SelectedItems::ById(ids) => (ids.iter().map(ToString::to_string).collect(), String::new()),
            SelectedItems::ByFilter(filter) => (Vec::new(), filter),
        };
        Self { dataset: selection.dataset, item_ids, filter }
    }
}

impl TryFrom<v1::ItemSelection> for ItemSelection {
    type Error = ConvertError;

    fn try_from(selection: v1::ItemSelection) -> Result<Self, ConvertError> {
        let items = match (selection.item_ids.is_empty(), selection.filter.is_empty()) {
            (true, true) => {
                return Err(ConvertError::new(
                    "item_ids",
                    "is empty, and so is `filter`; name items, or write the filter {} for all of them",
                ));
            }
            (false, false) => {
                return Err(ConvertError::new("filter", "is given beside `item_ids`; leave one of them out"));
            }
            (true, false) => SelectedItems::ByFilter(selection.filter),
            (false, true) => {
                let id = |(at, text): (usize, &String)| id_from_wire(&format!("item_ids[{at}]"), text);
                SelectedItems::ById(selection.item_ids.iter().enumerate().map(id).collect::<Result<_, _>>()?)
            }
        };
        Ok(Self { dataset: selection.dataset, items })
    }
}

fn kind_from_wire(kind: &str) -> Result<ItemEventKind, ConvertError> {
    let expected = "`added`, `tagged`, `moved`, `deleted` or `restored`";
    word_from_wire("kind", kind, ItemEventKind::from_name, expected)
}

impl From<ItemEvent> for v1::ItemEvent {
    fn from(event: ItemEvent) -> Self {
        Self { at_ms: event.at_ms, kind: event.kind.name().to_owned(), detail: event.detail }
    }
}

impl TryFrom<v1::ItemEvent> for ItemEvent {
    type Error = ConvertError;

    fn try_from(event: v1::ItemEvent) -> Result<Self, ConvertError> {
        let kind = kind_from_wire(&event.kind)?;
        Ok(Self { at_ms: event.at_ms, kind, detail: event.detail })
    }
}

impl From<ItemDetail> for v1::ItemDetail {
    fn from(detail: ItemDetail) -> Self {
        Self {
            item: Some(detail.item.into()),
            document_json: detail.document.to_string(),
            history: detail.history.into_iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<v1::ItemDetail> for ItemDetail {
    type Error = ConvertError;

    fn try_from(detail: v1::ItemDetail) -> Result<Self, ConvertError> {
        let item = required("item", detail.item)?;
        Ok(Self {
            item: item.try_into().map_err(|error: ConvertError| error.within("item"))?,
            document: json_from_wire("document_json", &detail.document_json)?,
            history: list_from_wire("history", detail.history)?,
        })
    }
}

impl From<ItemsChange> for v1::ItemsChange {
    fn from(change: ItemsChange) -> Self {
        Self {
            change_id: change.id.map(|id| id.to_string()).unwrap_or_default(),
            changed_count: change.changed_count,
            dataset: Some(change.dataset.into()),
        }
    }
}

impl TryFrom<v1::ItemsChange> for ItemsChange {
    type Error = ConvertError;

    fn try_from(change: v1::ItemsChange) -> Result<Self, ConvertError> {
        let dataset = required("dataset", change.dataset)?;
        Ok(Self {
            id: super::optional_id_from_wire("change_id", &change.change_id)?,
            changed_count: change.changed_count,
            dataset: dataset.try_into().map_err(|error: ConvertError| error.within("dataset"))?,
        })
    }
}

impl From<PastItemsChange> for v1::PastItemsChange {
    fn from(change: PastItemsChange) -> Self {
        Self {
            change_id: change.id.to_string(),
            kind: change.kind.name().to_owned(),
            detail: change.detail,
            changed_count: change.changed_count,
            at_ms: change.at_ms,
            is_undo: change.is_undo,
            can_undo: change.why_not.is_none(),
            why_not: change.why_not.unwrap_or_default(),
        }
    }
}

impl TryFrom<v1::PastItemsChange> for PastItemsChange {
    type Error = ConvertError;

    fn try_from(change: v1::PastItemsChange) -> Result<Self, ConvertError> {
        Ok(Self {
            id: id_from_wire("change_id", &change.change_id)?,
            kind: kind_from_wire(&change.kind)?,
            detail: change.detail,
            changed_count: change.changed_count,
            at_ms: change.at_ms,
            is_undo: change.is_undo,
            why_not: (!change.can_undo).then_some(change.why_not),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0190a5b0-0000-7000-8000-000000000001";

    #[test]
    fn folders_are_written_from_the_root_and_lead_nowhere_else() {
        let long = "x".repeat(1_025);
        for (text, expected) in [
            ("/", Ok("/")),
            ("a", Ok("/a")),
            ("/a/b/", Ok("/a/b")),
            ("/a b/é", Ok("/a b/é")),
            ("", Err("is empty")),
            ("/a/../b", Err("`..`")),
            ("/./a", Err("`.`")),
            ("/a//b", Err("two slashes")),
            ("/a\0b", Err("control")),
            ("\\a", Err("backslash")),
            (&long, Err("longer")),
        ] {
            match (dir_from_wire("dir", text), expected) {
                (Ok(dir), Ok(wanted)) => assert_eq!(dir, wanted),
                (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{text:?}: {error}"),
                (got, wanted) => panic!("{text:?}: got {got:?}, wanted {wanted:?}"),
            }
        }
    }

    #[test]
    fn a_selection_is_ids_or_a_filter() {
        let selection = |ids: &[&str], filter: &str| {
            let item_ids = ids.iter().map(|id| (*id).to_owned()).collect();
            ItemSelection::try_from(v1::ItemSelection {
                dataset: "d".into(),
                item_ids,
                filter: filter.into(),
            })
        };
        for (ids, filter, expected) in [
            (&[][..], "", Err("item_ids")),
            (&[ID], "{}", Err("filter")),
            (&[ID, "x"], "", Err("item_ids[1]")),
            (&[ID], "", Ok(SelectedItems::ById(vec![ID.parse().unwrap()]))),
            (&[], "{}", Ok(SelectedItems::ByFilter("{}".into()))),
        ] {
            match (selection(ids, filter), expected) {
                (Ok(found), Ok(items)) => {
                    assert_eq!(found.items, items);
                    let back = v1::ItemSelection::from(found.clone());
                    assert_eq!(ItemSelection::try_from(back), Ok(found));
                }
                (Err(error), Err(field)) => assert_eq!(error.field(), field),
                (got, wanted) => panic!("{ids:?} {filter:?}: got {got:?}, wanted {wanted:?}"),
            }
        }
    }

    #[test]
    fn events_keep_their_kind() {
        for kind in ItemEventKind::ALL {
            let event = ItemEvent { at_ms: 5, kind, detail: "from /a to /b".into() };
            assert_eq!(ItemEvent::try_from(v1::ItemEvent::from(event.clone())), Ok(event));
            for why_not in [None, Some("it was taken back already".to_owned())] {
                let change = PastItemsChange {
                    id: ID.parse().unwrap(),
                    kind,
                    detail: "into test".into(),
                    changed_count: 7,
                    at_ms: 5,
                    is_undo: why_not.is_some(),
                    why_not,
                };
                let wire = v1::PastItemsChange::from(change.clone());
                assert_eq!(PastItemsChange::try_from(wire), Ok(change));
            }
        }
        let unknown = v1::ItemEvent { at_ms: 5, kind: "eaten".into(), detail: String::new() };
        assert_eq!(ItemEvent::try_from(unknown).unwrap_err().field(), "kind");
    }
}
