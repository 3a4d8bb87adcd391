//! Which items are selected: some by their ids, or all that the filter finds.
//!
//! Must not know what is done with them.

use crate::components::filter::draft::dql_of;
use shared::dql::{ClauseKind, Filter, Literal, Path, Query, Test};
use shared::id::ItemId;
use std::collections::BTreeSet;

/// The address holds no more ids than this.
const MOST_IN_ADDRESS: usize = 50;
const ALL: &str = "all";

/// What is selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    Items(BTreeSet<ItemId>),
    /// Everything that the filter finds, without these.
    All(BTreeSet<ItemId>),
}

impl Default for Selection {
    fn default() -> Self {
        Self::Items(BTreeSet::new())
    }
}

/// The items as calls name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    Ids(Vec<String>),
    /// A query that finds them.
    Filter(String),
}

impl Selection {
    pub fn all() -> Self {
        Self::All(BTreeSet::new())
    }

    pub fn only(id: ItemId) -> Self {
        Self::Items(BTreeSet::from([id]))
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Items(ids) if ids.is_empty())
    }

    pub fn contains(&self, id: &ItemId) -> bool {
        match self {
            Self::Items(ids) => ids.contains(id),
            Self::All(except) => !except.contains(id),
        }
    }

    /// With this one taken in, or out if it was in.
    pub fn toggled(&self, id: ItemId) -> Self {
        let toggle = |ids: &BTreeSet<ItemId>| {
            let mut ids = ids.clone();
            if !ids.remove(&id) {
                ids.insert(id);
            }
            ids
        };
        match self {
            Self::Items(ids) => Self::Items(toggle(ids)),
            Self::All(except) => Self::All(toggle(except)),
        }
    }

    /// With all of these taken in.
    pub fn with(&self, more: impl IntoIterator<Item = ItemId>) -> Self {
        match self {
            Self::Items(ids) => Self::Items(ids.iter().copied().chain(more).collect()),
            Self::All(except) => {
                let mut except = except.clone();
                for id in more {
                    except.remove(&id);
                }
                Self::All(except)
            }
        }
    }

    /// How many, of `total` that the filter finds.
    pub fn count(&self, total: u64) -> u64 {
        match self {
            Self::Items(ids) => ids.len() as u64,
            Self::All(except) => total.saturating_sub(except.len() as u64),
        }
    }

    /// As the address holds it; nothing, if there are none or too many.
    pub fn to_part(&self) -> Option<String> {
        let listed = |ids: &BTreeSet<ItemId>| {
            let texts: Vec<String> = ids.iter().map(ItemId::to_string).collect();
            texts.join(",")
        };
        match self {
            Self::Items(ids) if ids.is_empty() || ids.len() > MOST_IN_ADDRESS => None,
            Self::All(except) if except.len() > MOST_IN_ADDRESS => None,
            Self::Items(ids) => Some(listed(ids)),
            Self::All(except) if except.is_empty() => Some(ALL.into()),
            Self::All(except) => Some(format!("{ALL},{}", listed(except))),
        }
    }

    /// From what an address holds; what is no id is left out.
    pub fn from_part(part: &str) -> Self {
        let is_all = part.split(',').next() == Some(ALL);
        let ids = part.split(',').filter_map(|text| text.parse().ok()).collect();
        if is_all { Self::All(ids) } else { Self::Items(ids) }
    }

    /// The items for a call, given the query of the page.
    pub fn chosen(&self, query: &Query) -> Chosen {
        let except = match self {
            Self::Items(ids) => return Chosen::Ids(ids.iter().map(ItemId::to_string).collect()),
            Self::All(except) => except,
        };
        let mut query = query.clone();
        let ids = except.iter().map(|id| Literal::Text(id.to_string())).collect();
        if let Some(path) = Path::new("id").filter(|_| !except.is_empty()) {
            let own = std::mem::take(&mut query.filter);
            let others = Filter::from(ClauseKind::Field(path, vec![Test::Nin(ids)]));
            query.filter = ClauseKind::And(vec![own, others]).into();
        }
        let dql = dql_of(&query);
        Chosen::Filter(if dql.is_empty() { "{}".into() } else { dql })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::dql::parse;
    use shared::id::uuid_v7;

    fn id(number: u8) -> ItemId {
        ItemId::from_uuid(uuid_v7(1_000, &[number; 10]))
    }

    #[test]
    fn ids_go_in_and_out() {
        let two = Selection::only(id(1)).toggled(id(2));
        assert!(two.contains(&id(1)) && two.contains(&id(2)) && !two.contains(&id(3)));
        assert_eq!(two.toggled(id(1)), Selection::only(id(2)));
        assert_eq!(two.with([id(2), id(3)]).count(100), 3);
        let all_but_one = Selection::all().toggled(id(1));
        assert_eq!((all_but_one.count(100), all_but_one.contains(&id(1))), (99, false));
        assert_eq!(all_but_one.with([id(1)]), Selection::all());
        assert!(Selection::default().is_empty() && !Selection::all().is_empty());
    }

    #[test]
    fn addresses_hold_what_is_selected() {
        for selection in [
            Selection::default(),
            Selection::only(id(1)).toggled(id(2)),
            Selection::all(),
            Selection::all().toggled(id(3)),
        ] {
            let part = selection.to_part().unwrap_or_default();
            assert_eq!(Selection::from_part(&part), selection, "{part}");
        }
        let many = Selection::default().with((0..=50).map(id));
        assert_eq!(many.to_part(), None);
        assert_eq!(Selection::from_part("nonsense,"), Selection::default());
    }

    #[test]
    fn calls_name_ids_or_a_query() {
        let query = parse(r#"{"dir": "/a"}"#).unwrap().query;
        assert_eq!(Selection::only(id(1)).chosen(&query), Chosen::Ids(vec![id(1).to_string()]));
        assert_eq!(Selection::all().chosen(&query), Chosen::Filter(r#"{"dir":"/a"}"#.into()));
        assert_eq!(Selection::all().chosen(&Query::default()), Chosen::Filter("{}".into()));
        let expected = format!(r#"{{"$and":[{{"dir":"/a"}},{{"id":{{"$nin":["{}"]}}}}]}}"#, id(1));
        assert_eq!(Selection::all().toggled(id(1)).chosen(&query), Chosen::Filter(expected));
    }
}
