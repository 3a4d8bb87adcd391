//! What the parts of the page share: what is compared, and what is known of it.
//!
//! Must not know how it is drawn.

use super::address::Address;
use super::columns::Column;
use super::facts::{Facts, titles};
use super::rows::{Group, differing, table};
use super::table::Head;
use crate::components::chart::look::hues;
use crate::components::dynamic::memo;
use crate::state::clock::Clock;
use leptos::prelude::*;
use shared::training::Training;

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub struct Comparison {
    pub address: Memo<Address>,
    pub change: Callback<Address>,
    /// Those that are in the URL, by their ids there.
    pub columns: RwSignal<Vec<(String, Column)>>,
    /// What is known of those that were found, in the order of their columns.
    pub facts: Memo<Vec<Facts>>,
    pub groups: Memo<Vec<Group>>,
    pub shown: Memo<Vec<Group>>,
    pub heads: Memo<Vec<Head>>,
}

impl Comparison {
    pub fn new(address: Memo<Address>, change: Callback<Address>) -> Self {
        let clock = expect_context::<Clock>();
        let columns = RwSignal::new(Vec::<(String, Column)>::new());
        let facts = memo(move |_| {
            let order = address.with(Address::columns);
            columns.with(|columns| {
                let of = |id: String| columns.iter().find(|(known, _)| *known == id)?.1.facts();
                order.into_iter().filter_map(of).collect::<Vec<_>>()
            })
        });
        // Only what runs is measured against the clock.
        let runs = memo(move |_| {
            let is_under_way = |facts: &Facts| {
                facts.training.started_at_ms.is_some() && facts.training.ended_at_ms.is_none()
            };
            facts.with(|all| all.iter().any(is_under_way))
        });
        let groups = memo(move |_| {
            let now_ms = if runs.get() { clock.now_ms() } else { 0 };
            facts.with(|all| table(all, now_ms))
        });
        let shown = memo(move |_| {
            let groups = groups.get();
            // Of one alone nothing differs.
            let all = address.with(|address| address.shows_equal) || facts.with(|facts| facts.len() < 2);
            if all { groups } else { differing(groups) }
        });
        let heads =
            memo(move |_| facts.with(|facts| heads(facts, &address.with(|address| address.ids.clone()))));
        Self { address, change, columns, facts, groups, shown, heads }
    }
}

/// Colours follow the order in which trainings were chosen: another baseline changes none.
fn heads(all: &[Facts], chosen: &[String]) -> Vec<Head> {
    let known = |id: &&String| all.iter().find(|facts| facts.id == **id).map(|facts| &facts.training);
    let versions: Vec<(&String, String)> =
        chosen.iter().filter_map(|id| Some((id, known(&id)?.model_id.to_string()))).collect();
    let hues = hues(versions.iter().map(|(_, model)| model.as_str()));
    let trainings: Vec<&Training> = all.iter().map(|facts| &facts.training).collect();
    let head = |(facts, title): (&Facts, String)| {
        let place = versions.iter().position(|(known, _)| **known == facts.id);
        Head {
            id: facts.id.clone(),
            title,
            hue: place.and_then(|place| hues.get(place).copied()).unwrap_or_default(),
            model: facts.training.model_id,
            status: facts.training.status,
            attempts: (facts.training.attempt, facts.training.max_attempts),
        }
    };
    all.iter().zip(titles(&trainings)).map(head).collect()
}

/// Fetches one training as long as its id is in the URL.
#[component]
pub fn Fetching(page: Comparison, id: String, range: RwSignal<Option<(f64, f64)>>) -> impl IntoView {
    let axis = memo(move |_| page.address.with(|address| address.settings.axis));
    let range = memo(move |_| range.get());
    let column = Column::new(id.clone(), axis, range);
    page.columns.update(|columns| columns.push((id.clone(), column)));
    on_cleanup(move || {
        page.columns.try_update(|columns| columns.retain(|(known, _)| *known != id));
    });
}
