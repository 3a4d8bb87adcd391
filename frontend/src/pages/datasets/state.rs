//! What the parts of a dataset's browser share: the query, the items, what is selected and what is open.
//!
//! Must not know how any part looks.

use super::address::{Address, ItemsView};
use super::columns::step;
use super::item_cache::ItemCache;
use super::selection::{Chosen, Selection};
use crate::api::datasets::Changed;
use crate::api::{self, ApiError};
use crate::components::dynamic::{effect, memo};
use crate::components::filter::draft::{Reading, dql_of, query_of};
use crate::state::act::Act;
use crate::state::latest::Latest;
use crate::state::navigation::Navigation;
use crate::state::resource::{Fetched, Loaded};
use crate::state::session::Session;
use crate::state::toasts::Toasts;
use crate::text;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;
use proto::v1::ItemSelection;
use shared::dataset::Dataset;
use shared::dql::Query;
use shared::id::ItemId;
use std::future::Future;

/// A range of more items than this is not selected one by one.
const MOST_IN_RANGE: usize = 5_000;

/// The browser of one dataset; small enough to be copied.
#[derive(Clone, Copy)]
pub struct Browser {
    id: StoredValue<String>,
    pub dataset: Fetched<Dataset>,
    pub address: Memo<Address>,
    /// The address that was asked for last; the one above follows.
    intended: StoredValue<Address>,
    /// The address without an open item, made once for the links of all items.
    without_item: Memo<String>,
    /// What the address asks for, or why it cannot be read.
    pub reading: Memo<Reading>,
    pub items: ItemCache,
    pub selection: RwSignal<Selection>,
    /// The place of the item that keys act on.
    pub active: RwSignal<usize>,
    /// Counts changes of the items, so that what depends on them is asked for again.
    pub revision: RwSignal<u32>,
    /// Where a range begins, and what was selected before it.
    anchor: StoredValue<usize>,
    before_range: StoredValue<Selection>,
    /// What waits for items that are not here yet: the latest step, the latest range.
    stepping: Latest,
    extending: Latest,
    /// Changes that can be taken back, the newest last.
    undoable: StoredValue<Vec<String>>,
    changes_under_way: StoredValue<usize>,
    pub navigation: Navigation,
    pub toasts: Toasts,
    pub session: Session,
}

impl Browser {
    pub fn new(id: String, dataset: Fetched<Dataset>) -> Self {
        let parameters = use_query_map();
        let address = memo(move |_| parameters.with(|all| Address::from_parts(|key| all.get(key))));
        let reading = memo(move |_| query_of(&address.with(|address| address.dql.clone())));
        let first = untrack(|| address.get());
        let selection = RwSignal::new(first.selection.clone());
        let active = RwSignal::new(0);
        let of_dataset = id.clone();
        let without_item = memo(move |_| {
            let address = Address { selection: selection.get(), item: None, ..address.get() };
            address.to_url(&of_dataset)
        });
        let browser = Self {
            without_item,
            id: StoredValue::new(id.clone()),
            dataset,
            address,
            intended: StoredValue::new(first.clone()),
            reading,
            // What stands first in the answer is what keys act on.
            items: ItemCache::new(id, Callback::new(move |()| active.set(0))),
            selection,
            active,
            revision: RwSignal::new(0),
            anchor: StoredValue::new(0),
            before_range: StoredValue::new(Selection::default()),
            stepping: Latest::new(),
            extending: Latest::new(),
            undoable: StoredValue::new(Vec::new()),
            changes_under_way: StoredValue::new(0),
            navigation: expect_context(),
            toasts: expect_context(),
            session: expect_context(),
        };
        effect(move |_| browser.intended.set_value(address.get()));
        let query = memo(move |_| browser.reading.with(|reading| reading.query.clone()));
        effect(move |before: Option<Option<Query>>| {
            let query = query.get();
            // By Back or Forward as well: what was selected among other items is selected no more.
            if before.flatten().map(unordered) != query.clone().map(unordered) {
                browser.selection.set(browser.address.with_untracked(|address| address.selection.clone()));
            }
            browser.forget_tasks();
            if let Some(query) = query.clone() {
                browser.items.turn_to(query);
            }
            query
        });
        browser
    }

    /// The id or name by which the page was opened.
    pub fn id(self) -> String {
        self.id.get_value()
    }

    /// The query in force; everything, if the address cannot be read.
    pub fn query(self) -> Query {
        self.reading.with(|reading| reading.query.clone().unwrap_or_default())
    }

    pub fn query_untracked(self) -> Query {
        untrack(|| self.query())
    }

    /// How many items the query finds, as far as is known.
    pub fn total(self) -> usize {
        self.items.total.with(|total| match total {
            // Never more than memory could hold.
            Loaded::Ready(total) => *total as usize,
            Loaded::Loading | Loaded::Failed(_) => 0,
        })
    }

    pub fn view(self) -> ItemsView {
        self.address.with(|address| address.view)
    }

    pub fn open_item(self) -> Option<String> {
        self.address.with(|address| address.item.clone())
    }

    /// The address with another item open, for a link.
    pub fn url_of_item(self, id: &str) -> String {
        self.without_item.with(|url| {
            let joiner = if url.contains('?') { '&' } else { '?' };
            format!("{url}{joiner}item={id}")
        })
    }

    /// Changes the address that is asked for.
    fn edited(self, edit: impl FnOnce(&mut Address)) -> String {
        let mut address = self.intended.get_value();
        address.selection = self.selection.get_untracked();
        edit(&mut address);
        let url = address.to_url(&self.id());
        self.intended.set_value(address);
        url
    }

    fn replace(self, edit: impl FnOnce(&mut Address)) {
        self.navigation.replace(self.edited(edit));
    }

    /// Goes to another query. What was selected is selected no more: it may not be seen any more.
    pub fn apply(self, query: &Query) {
        let dql = dql_of(query);
        if self.intended.with_value(|address| address.dql == dql) {
            return;
        }
        if unordered(query.clone()) != unordered(self.query_untracked()) {
            self.selection.set(Selection::default());
        }
        self.navigation.go_to(self.edited(|address| address.dql = dql));
    }

    pub fn set_view(self, view: ItemsView) {
        self.replace(|address| address.view = view);
    }

    pub fn select(self, selection: Selection) {
        self.selection.set(selection);
        self.replace(|_| {});
    }

    /// Opens an item, or the next one in place of the one that is open.
    pub fn open(self, id: String) {
        let is_open = self.intended.with_value(|address| address.item.is_some());
        let url = self.edited(|address| address.item = Some(id));
        if is_open { self.navigation.replace(url) } else { self.navigation.go_to(url) }
    }

    pub fn close(self) {
        self.replace(|address| address.item = None);
        focus_items();
    }

    /// Closes the panel if what it shows is selected, and so about to go.
    pub fn close_if_selected(self) {
        let open = self.intended.with_value(|address| address.item.clone());
        let is_selected = |id: &ItemId| self.selection.with_untracked(|selection| selection.contains(id));
        if open.and_then(|id| id.parse().ok()).is_some_and(|id| is_selected(&id)) {
            self.close();
        }
    }

    /// Makes another item the one that keys act on; an open panel follows.
    pub fn go(self, to: usize) {
        self.active.set(to);
        if self.intended.with_value(|address| address.item.is_none()) {
            return;
        }
        if let Some(item) = self.items.get_untracked(to) {
            return self.open(item.id.to_string());
        }
        self.stepping.run(0, async move {
            match self.items.range(to..=to).await {
                Ok(found) => found.iter().for_each(|item| self.open(item.id.to_string())),
                Err(error) => self.failed("The item could not be opened", &error),
            }
        });
    }

    /// What was asked for among the items of another query is void.
    fn forget_tasks(self) {
        self.stepping.cancel();
        self.extending.cancel();
    }

    fn set_anchor(self, at: usize) {
        self.anchor.set_value(at);
        self.before_range.set_value(self.selection.get_untracked());
    }

    /// Goes where a key leads, and answers whether it leads anywhere.
    pub fn step(self, key: &str, columns: usize, page: usize, extends: bool) -> bool {
        if self.items.is_turning.get_untracked() {
            return false;
        }
        let (from, total) = (self.active.get_untracked(), untrack(|| self.total()));
        let Some(to) = step(key, from, columns, page, total) else { return false };
        self.go(to);
        if extends {
            self.extend_to(to);
        } else {
            self.set_anchor(to);
        }
        true
    }

    /// A press on an item: alone, or with keys that add to the selection.
    pub fn press(self, index: usize, id: ItemId, adds: bool, extends: bool) {
        self.go(index);
        if extends {
            return self.extend_to(index);
        }
        let selection = self.selection.get_untracked();
        self.select(if adds { selection.toggled(id) } else { Selection::only(id) });
        self.set_anchor(index);
    }

    /// Takes the item that keys act on into the selection, or out of it.
    pub fn toggle_active(self) {
        let index = self.active.get_untracked();
        if let Some(item) = self.items.get_untracked(index) {
            self.select(self.selection.get_untracked().toggled(item.id));
            self.set_anchor(index);
        }
    }

    pub fn open_active(self) {
        if let Some(item) = self.items.get_untracked(self.active.get_untracked()) {
            self.open(item.id.to_string());
        }
    }

    /// Takes everything between where the range began and here into the selection that was there before it.
    fn extend_to(self, to: usize) {
        let from = self.anchor.get_value();
        let range = from.min(to)..=from.max(to);
        if range.clone().count() > MOST_IN_RANGE {
            let most = text::count(MOST_IN_RANGE as u64);
            return self.toasts.problem(format!(
                "A range holds {most} items at most. Ctrl A selects everything that the filter finds"
            ));
        }
        let before = self.before_range.get_value();
        self.extending.run(0, async move {
            match self.items.range(range).await {
                Ok(items) => self.select(before.with(items.iter().map(|item| item.id))),
                Err(error) => self.failed("The range could not be selected", &error),
            }
        });
    }

    /// What is selected, as calls name it. Where the filter cannot be read that is nothing, never everything.
    pub fn chosen(self) -> ItemSelection {
        let Some(query) = self.reading.with_untracked(|reading| reading.query.clone()) else {
            return ItemSelection { dataset: self.id(), ..Default::default() };
        };
        let mut chosen = ItemSelection { dataset: self.id(), ..Default::default() };
        match self.selection.with_untracked(|selection| selection.chosen(&query)) {
            Chosen::Ids(ids) => chosen.item_ids = ids,
            Chosen::Filter(filter) => chosen.filter = filter,
        }
        chosen
    }

    /// Carries a change out, says what it did and offers to take it back, or says why it failed.
    pub fn change(
        self,
        call: impl Future<Output = Result<Changed, ApiError>> + 'static,
        done: impl Fn(String) -> String + 'static,
        failed: &'static str,
    ) {
        self.change_and(call, done, move |answer| {
            if let Err(error) = answer {
                self.failed(failed, &error);
            }
        });
    }

    /// The same for whoever tells a refusal in a place of its own.
    pub fn change_and(
        self,
        call: impl Future<Output = Result<Changed, ApiError>> + 'static,
        done: impl Fn(String) -> String + 'static,
        then: impl FnOnce(Result<(), ApiError>) + 'static,
    ) {
        self.changes_under_way.try_update_value(|count| *count += 1);
        spawn_local(async move {
            let answer = call.await.map(|change| {
                let id = change.change_id.clone();
                let words = done(text::counted(change.count, "item", "items"));
                if change.count == 0 {
                    self.toasts.done(format!("{words}: nothing had to be changed"));
                } else {
                    self.undoable.try_update_value(|all| all.push(id.clone()));
                    self.toasts.done_with(words, "Undo", Act::new(move || self.undo(id.clone())));
                }
                self.take(change);
            });
            self.changes_under_way.try_update_value(|count| *count -= 1);
            then(answer);
        });
    }

    /// Takes back the latest change that was made on this page.
    pub fn undo_latest(self) {
        match self.undoable.with_value(|all| all.last().cloned()) {
            Some(change_id) => self.undo(change_id),
            None => self.toasts.problem("There is no change of this page to be undone"),
        }
    }

    /// Deletes what is selected, which can be taken back for a day.
    pub fn delete_selected(self) {
        if self.selection.with_untracked(Selection::is_empty) {
            return;
        }
        let (call, before) = (api::datasets::delete(self.chosen()), self.selection.get_untracked());
        self.change_and(
            call,
            |items| format!("{items} deleted"),
            move |answer| {
                if let Err(error) = answer {
                    self.failed("The items could not be deleted", &error);
                    // What is still there can be chosen for something else.
                    if self.selection.try_get_untracked() == Some(Selection::default()) {
                        self.select(before);
                    }
                }
            },
        );
        self.close_if_selected();
        self.select(Selection::default());
        focus_items();
    }

    fn undo(self, change_id: String) {
        self.undo_and(change_id.clone(), move |answer| {
            if let Err(error) = answer {
                self.session.check(&error);
                let words = format!("It could not be undone: {}", error.sentence());
                self.toasts.problem_with(words, "Try again", Act::new(move || self.undo(change_id.clone())));
            }
        });
    }

    /// Takes a change back, for whoever tells a refusal in a place of its own.
    pub fn undo_and(self, change_id: String, then: impl FnOnce(Result<(), ApiError>) + 'static) {
        self.changes_under_way.try_update_value(|count| *count += 1);
        spawn_local(async move {
            let answer = api::datasets::undo(change_id.clone()).await.map(|change| {
                self.undoable.try_update_value(|all| all.retain(|known| *known != change_id));
                let items = text::counted(change.count, "item", "items");
                self.toasts.done(format!("Undone: {items} as before"));
                self.take(change);
            });
            self.changes_under_way.try_update_value(|count| *count -= 1);
            then(answer);
        });
    }

    /// Whether the answer to a change that was made here is on its way.
    pub fn is_changing(self) -> bool {
        self.changes_under_way.with_value(|count| *count != 0)
    }

    /// Shows the items as they are now. The page may be gone by then.
    fn take(self, change: Changed) {
        if self.dataset.state.try_set(Loaded::Ready(change.dataset)).is_none() {
            self.revision.update(|revision| *revision += 1);
            self.items.refresh();
        }
    }

    /// Asks for everything again, after items were added.
    pub fn reload(self) {
        self.dataset.again.run(());
        self.revision.update(|revision| *revision += 1);
        self.items.refresh();
    }

    pub fn failed(self, what: &str, error: &ApiError) {
        self.session.check(error);
        self.toasts.problem(format!("{what}: {}", error.sentence()));
    }
}

/// The same items, whatever their order.
fn unordered(query: Query) -> Query {
    Query { sort: Vec::new(), ..query }
}

/// Gives the focus to the items.
pub fn focus_items() {
    request_animation_frame(|| {
        if let Ok(Some(items)) = document().query_selector("[data-items]") {
            let _ = wasm_bindgen::JsCast::unchecked_ref::<web_sys::HtmlElement>(&items).focus();
        }
    });
}
