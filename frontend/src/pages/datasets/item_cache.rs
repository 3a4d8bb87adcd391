//! The items around what is seen, fetched page by page and forgotten again when one has scrolled far away.
//!
//! Must not know how items are drawn.

use crate::api::{self, ApiError};
use crate::arrange::map_of;
use crate::state::kept::{asked, recalled};
use crate::state::latest::Latest;
use crate::state::resource::Loaded;
use crate::state::session::Session;
use futures::future::{AbortHandle, abortable, join};
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::dataset::Item;
use shared::dql::Query;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Items of a page.
const PAGE: usize = 100;
/// Pages that are kept.
const MOST_PAGES: usize = 24;
/// Who scrolls fast passes over pages; only those are fetched where the eye rests.
const REST_MS: u32 = 50;

/// A page of items; a later page of the same number replaces it.
type Page = Arc<Vec<Arc<Item>>>;

/// Items by their place in what the query finds.
#[derive(Clone, Copy)]
pub struct ItemCache {
    /// How many the query finds.
    pub total: RwSignal<Loaded<u64>>,
    /// Why a page could not be fetched.
    pub failure: RwSignal<Option<ApiError>>,
    /// Whether what is here belongs to the query before, and stays until the answer to the present one is here.
    pub is_turning: RwSignal<bool>,
    on_turned: Callback<()>,
    dataset: StoredValue<String>,
    query: StoredValue<Query>,
    pages: RwSignal<BTreeMap<usize, Page>>,
    /// Pages that were fetched before the last change, and are shown until newer ones come.
    stale: StoredValue<Vec<usize>>,
    wanted: StoredValue<(usize, usize)>,
    fetching: StoredValue<BTreeMap<usize, AbortHandle>>,
    rest: Latest,
    counting: Latest,
    session: Session,
}

impl ItemCache {
    /// Of a dataset; `on_turned` runs before what another query found is shown.
    pub fn new(dataset: String, on_turned: Callback<()>) -> Self {
        let cache = Self {
            on_turned,
            total: RwSignal::new(Loaded::Loading),
            failure: RwSignal::new(None),
            is_turning: RwSignal::new(false),
            dataset: StoredValue::new(dataset),
            query: StoredValue::new(Query::default()),
            pages: RwSignal::new(BTreeMap::new()),
            stale: StoredValue::new(Vec::new()),
            wanted: StoredValue::new((0, 0)),
            fetching: StoredValue::new(BTreeMap::new()),
            rest: Latest::new(),
            counting: Latest::new(),
            session: expect_context(),
        };
        on_cleanup(move || cache.stop_fetching());
        cache
    }

    /// Turns to another query. What the one before found is shown until this one's answer is here.
    pub fn turn_to(self, query: Query) {
        self.query.set_value(query);
        self.stop_fetching();
        if self.total.with_untracked(|total| matches!(total, Loaded::Ready(_))) {
            return self.turn();
        }
        let (dataset, query) = (self.dataset.get_value(), self.query.get_value());
        let kept = recalled(join(api::datasets::count(dataset, &query), self.fetched(0)));
        match kept {
            // What was seen before is shown until the answers are here.
            Some(((Ok(total), Ok(first)), _)) => {
                self.replace(Loaded::Ready(total), Some(first));
                self.stale.set_value(vec![0]);
            }
            _ => self.replace(Loaded::Loading, None),
        }
        self.count();
        self.fetch_wanted();
    }

    fn turn(self) {
        self.failure.set(None);
        self.is_turning.set(true);
        let (dataset, query) = (self.dataset.get_value(), self.query.get_value());
        self.counting.run(0, async move {
            let (total, first) = join(api::datasets::count(dataset, &query), self.fetched(0)).await;
            for error in [total.as_ref().err(), first.as_ref().err()].into_iter().flatten() {
                self.session.check(error);
            }
            self.replace(total.map_or_else(Loaded::Failed, Loaded::Ready), first.as_ref().ok().cloned());
            self.failure.set(first.err());
        });
    }

    /// Shows what another query found.
    fn replace(self, total: Loaded<u64>, first: Option<Page>) {
        self.on_turned.run(());
        self.is_turning.set(false);
        self.stale.set_value(Vec::new());
        self.wanted.set_value((0, 0));
        self.pages.set(map_of(first.map(|page| (0, page))));
        self.total.set(total);
    }

    /// How many the present query finds, once that is known.
    pub fn found(self) -> Option<u64> {
        match self.total.get() {
            Loaded::Ready(total) if !self.is_turning.get() => Some(total),
            Loaded::Ready(_) | Loaded::Loading | Loaded::Failed(_) => None,
        }
    }

    /// Asks for everything again, and shows what is known until then.
    pub fn refresh(self) {
        self.stop_fetching();
        if self.is_turning.get_untracked() {
            return self.turn();
        }
        self.stale.set_value(self.pages.with_untracked(|pages| pages.keys().copied().collect()));
        self.count();
        self.fetch_wanted();
    }

    /// The item at a place, if it is here; whoever asks is told when that changes.
    pub fn get(self, index: usize) -> Option<Arc<Item>> {
        self.pages.with(|pages| pages.get(&(index / PAGE))?.get(index % PAGE).cloned())
    }

    /// The item at a place for whoever acts on it: none of those that are about to go.
    pub fn get_untracked(self, index: usize) -> Option<Arc<Item>> {
        if self.is_turning.get_untracked() { None } else { untrack(|| self.get(index)) }
    }

    /// The place of an item, if it is here.
    pub fn place_of(self, id: &str) -> Option<usize> {
        self.pages.with(|pages| {
            pages.iter().find_map(|(page, items)| {
                let at = items.iter().position(|item| item.id.to_string() == id)?;
                Some(page * PAGE + at)
            })
        })
    }

    /// Says which items are in view, so that they are fetched when the eye rests on them.
    pub fn want(self, first: usize, count: usize) {
        // Whoever asks in an effect is asked again once the answer is here.
        if self.is_turning.get() {
            return;
        }
        let last = (first + count).saturating_sub(1);
        self.wanted.set_value((first / PAGE, last / PAGE));
        let is_here = self.pages.with_untracked(|pages| {
            (first / PAGE..=last / PAGE).all(|page| pages.contains_key(&page))
                && self.stale.with_value(Vec::is_empty)
        });
        if is_here {
            return self.rest.cancel();
        }
        self.rest.run(REST_MS, async move { self.fetch_wanted() });
    }

    /// All items of a range, fetched where they are not here yet.
    ///
    /// # Errors
    /// If one of the pages cannot be fetched.
    pub async fn range(self, range: RangeInclusive<usize>) -> Result<Vec<Arc<Item>>, ApiError> {
        let mut found = Vec::new();
        for page in range.start() / PAGE..=range.end() / PAGE {
            let is_stale = self.stale.with_value(|stale| stale.contains(&page));
            let known = self.pages.with_untracked(|pages| pages.get(&page).cloned());
            let items = match known.filter(|_| !is_stale) {
                Some(items) => items,
                None => self.fetched(page).await?,
            };
            let at = page * PAGE;
            let inside = (at..).zip(items.iter()).filter(|(place, _)| range.contains(place));
            found.extend(inside.map(|(_, item)| item.clone()));
        }
        Ok(found)
    }

    async fn fetched(self, page: usize) -> Result<Page, ApiError> {
        let (dataset, query) = (self.dataset.get_value(), self.query.get_value());
        let items = api::datasets::items(dataset, &query, page as u64, PAGE as u64).await?;
        Ok(Arc::new(items.into_iter().map(Arc::new).collect()))
    }

    fn count(self) {
        let (dataset, query) = (self.dataset.get_value(), self.query.get_value());
        self.counting.run(0, async move {
            let (answer, _) = asked(api::datasets::count(dataset, &query)).await;
            if let Err(error) = &answer {
                self.session.check(error);
            }
            match answer {
                Ok(total) => drop(self.total.try_set(Loaded::Ready(total))),
                // What is known stays, with the reason above it.
                Err(error) if self.total.with_untracked(|total| matches!(total, Loaded::Ready(_))) => {
                    self.failure.set(Some(error));
                }
                Err(error) => drop(self.total.try_set(Loaded::Failed(error))),
            }
        });
    }

    fn fetch_wanted(self) {
        let (first, last) = self.wanted.get_value();
        self.failure.set(None);
        self.forget_far(first, last);
        for page in first..=last {
            let is_fresh = self.pages.with_untracked(|pages| pages.contains_key(&page))
                && self.stale.with_value(|stale| !stale.contains(&page));
            if !is_fresh && self.fetching.with_value(|fetching| !fetching.contains_key(&page)) {
                self.fetch(page);
            }
        }
    }

    fn fetch(self, page: usize) {
        // The first page is what a later visit begins with.
        let (task, handle) = abortable(async move {
            if page == 0 { asked(self.fetched(page)).await.0 } else { self.fetched(page).await }
        });
        self.fetching.update_value(|fetching| {
            fetching.insert(page, handle);
        });
        spawn_local(async move {
            let Ok(answer) = task.await else { return };
            // The page may have been left meanwhile.
            if self.fetching.try_update_value(|fetching| fetching.remove(&page)).is_none() {
                return;
            }
            match answer {
                Ok(items) => {
                    self.stale.update_value(|stale| stale.retain(|other| *other != page));
                    self.pages.update(|pages| {
                        pages.insert(page, items);
                    });
                }
                Err(error) => {
                    self.session.check(&error);
                    self.failure.set(Some(error));
                }
            }
        });
    }

    /// Stops fetching and forgets pages that are far from what is seen.
    fn forget_far(self, first: usize, last: usize) {
        let distance = |page: usize| if page < first { first - page } else { page.saturating_sub(last) };
        self.fetching.update_value(|fetching| {
            fetching.retain(|page, handle| {
                let is_near = distance(*page) == 0;
                if !is_near {
                    handle.abort();
                }
                is_near
            });
        });
        let stale = self.stale.get_value();
        let is_kept =
            |page: usize| distance(page) <= MOST_PAGES / 2 && (distance(page) == 0 || !stale.contains(&page));
        if self.pages.with_untracked(|pages| pages.keys().any(|page| !is_kept(*page))) {
            self.pages.update(|pages| pages.retain(|page, _| is_kept(*page)));
            self.stale.update_value(|stale| stale.retain(|page| is_kept(*page)));
        }
    }

    fn stop_fetching(self) {
        self.rest.cancel();
        self.counting.cancel();
        let stopped = self.fetching.try_update_value(std::mem::take);
        stopped.into_iter().flatten().for_each(|(_, handle)| handle.abort());
    }
}
