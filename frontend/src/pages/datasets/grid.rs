//! The items as images with their boxes, in as many columns as there is room for.
//!
//! Must not know what is done with what is selected.

use super::columns::Layout;
use super::keys::on_item_key;
use super::state::Browser;
use super::tile::Tile;
use crate::arrange::sort_by_key;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::virtual_scroll::VirtualScroll;
use crate::components::virtual_window::{Rows, Window};
use crate::state::focus;
use crate::state::latest::Latest;
use crate::state::resource::Loaded;
use leptos::html;
use leptos::prelude::*;
use shared::dataset::Label;
use wasm_bindgen::JsCast;

/// What browsers take from the width for a scrollbar, at most.
const SCROLLBAR: f64 = 16.0;
/// Who has not scrolled for so long has come to rest.
const REST_MS: u32 = 200;

#[component]
pub fn ItemGrid() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let scroll = VirtualScroll::new();
    let layout = memo(move |_| Layout::of(scroll.size.get().0 - SCROLLBAR));
    let rows = memo(move |_| {
        let Layout { columns, row_height } = layout.get();
        Rows { total: browser.total().div_ceil(columns), height: row_height, per_row: columns }
    });
    let window = memo(move |_| scroll.window(rows.get()));
    let slots = memo(move |_| rows.get().slots(scroll.size.get().1));
    effect(move |_| {
        let (window, columns) = (window.get(), layout.get().columns);
        browser.items.want(window.first * columns, window.count * columns);
    });
    effect(move |_| {
        let active = browser.active.get();
        scroll.show(rows.get_untracked(), active / layout.get_untracked().columns, 0.0);
    });
    keep_place(browser, scroll, layout);
    let on_key = move |event: web_sys::KeyboardEvent| {
        on_item_key(browser, &event, layout.get_untracked().columns, scroll.page(rows.get_untracked()));
    };
    let place = Place { scroll, layout, window, slots };
    let list = NodeRef::<html::Div>::new();
    keep_order(list, window);
    view! {
        <div
            node_ref=scroll.view
            class="item-view"
            data-items
            role="grid"
            aria-label="Items"
            aria-multiselectable="true"
            aria-rowcount=move || rows.get().total.to_string()
            aria-colcount=move || layout.get().columns.to_string()
            aria-activedescendant=move || active_id(browser, window.get().first, window.get().count, layout.get().columns)
            tabindex="0"
            on:scroll=move |_| scroll.on_scroll()
            on:keydown=on_key
            on:click=move |event| on_click(browser, &event)
            on:dblclick=move |event| on_double_click(browser, &event)
            on:error:capture=|event| tell_broken(&event)
        >
            <div
                node_ref=list
                class="row-space"
                role="presentation"
                style:height=move || format!("{}px", rows.get().space())
            >
                <For each=move || 0..slots.get() key=|number| *number let:number><TileRow number place/></For>
            </div>
        </div>
    }
}

/// The id of the item that keys act on, if it exists among those in view.
pub(super) fn active_id(browser: Browser, first: usize, count: usize, columns: usize) -> Option<String> {
    let active = browser.active.get();
    (first * columns..(first + count) * columns).contains(&active).then(|| format!("item-{active}"))
}

/// When the number of columns changes, the item at the top stays there.
fn keep_place(browser: Browser, scroll: VirtualScroll, layout: Memo<Layout>) {
    effect(move |before: Option<Layout>| {
        let now = layout.get();
        if let Some(before) = before.filter(|before| before.columns != now.columns) {
            let top = scroll.top.get_untracked();
            let active_row = (browser.active.get_untracked() / before.columns) as f64 * before.row_height;
            let was_in_view = (top..top + scroll.size.get_untracked().1).contains(&active_row);
            // A cast of a non-negative number far below 2^53.
            let first = (top / before.row_height) as usize * before.columns;
            let item = if was_in_view { browser.active.get_untracked() } else { first };
            let to = (item / now.columns) as f64 * now.row_height;
            request_animation_frame(move || scroll.scroll_to(to));
        }
        now
    });
}

/// What all rows follow.
#[derive(Clone, Copy)]
struct Place {
    scroll: VirtualScroll,
    layout: Memo<Layout>,
    window: Memo<Window>,
    slots: Memo<usize>,
}

/// An element that shows one row after another while one scrolls: making elements takes longer than a frame has.
#[component]
fn TileRow(number: usize, place: Place) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let Place { scroll, layout, window, slots } = place;
    let row = memo(move |_| window.get().row_in(number, slots.get()));
    let columns = memo(move |_| layout.get().columns);
    let height = memo(move |_| layout.get().row_height);
    let labels = labels_of(browser);
    let tiles = memo(move |before: Option<&Vec<Tile>>| {
        let Some(row) = row.get() else { return Vec::new() };
        let (columns, is_fast) = (columns.get(), scroll.is_fast.get());
        let end = browser.total().min((row + 1) * columns);
        let tile = |(column, index)| {
            Tile::of(browser, index, is_fast, before.and_then(|before: &Vec<Tile>| before.get(column)))
        };
        (row * columns..end).enumerate().map(tile).collect()
    });
    let shown = move || {
        labels.with(|labels| {
            let tiles = tiles.get().into_iter().enumerate();
            tiles.map(|(column, tile)| tile.view(column, labels, browser)).collect_view()
        })
    };
    view! {
        <div
            class="tile-row"
            role="row"
            hidden=move || row.get().is_none()
            aria-rowindex=move || row.get().map(|row| (row + 1).to_string())
            style:top=move || row.get().map(|row| format!("{}px", window.get().top_of(row, height.get())))
            style:height=move || format!("{}px", height.get())
            style:grid-template-columns=move || format!("repeat({}, minmax(0, 1fr))", columns.get())
        >
            {dynamic(shown)}
        </div>
    }
}

/// When one has come to rest, the rows stand in the document in the order in which they are seen, for whoever hears them
/// read out.
fn keep_order(list: NodeRef<html::Div>, window: Memo<Window>) {
    let resting = Latest::new();
    effect(move |_| {
        window.track();
        resting.run(REST_MS, async move {
            if let Some(list) = list.get_untracked() {
                put_in_order(&list);
            }
        });
    });
}

fn put_in_order(list: &web_sys::Element) {
    let children = list.children();
    let rows: Vec<web_sys::Element> = (0..children.length()).filter_map(|at| children.item(at)).collect();
    let number = |row: &web_sys::Element| {
        row.get_attribute("aria-rowindex").and_then(|number| number.parse().ok()).unwrap_or(usize::MAX)
    };
    let mut sorted = rows.clone();
    sort_by_key(&mut sorted, number);
    if rows == sorted {
        return;
    }
    let focused = document().active_element();
    for row in sorted.iter().rev() {
        // It fails only for an element that lies within the other.
        let _ = list.insert_before(row, list.first_child().as_ref());
    }
    // An element that is moved loses the focus.
    if let Some(focused) = focused.filter(|_| focus::is_lost()) {
        focus::give_to(&focused);
    }
}

/// The place of the item whose tile something happened in, and the innermost element that it happened to.
fn met(event: &web_sys::Event) -> Option<(usize, web_sys::Element)> {
    let element: web_sys::Element = event.target()?.dyn_into().ok()?;
    let tile = element.closest("[data-index]").ok()??;
    Some((tile.get_attribute("data-index")?.parse().ok()?, element))
}

fn is_within(element: &web_sys::Element, selector: &str) -> bool {
    matches!(element.closest(selector), Ok(Some(_)))
}

/// A press on the mark takes the item into the selection or out of it, as Space does; one on the name leads to the item,
/// as Enter does; one anywhere else selects it.
fn on_click(browser: Browser, event: &web_sys::MouseEvent) {
    let Some((index, element)) = met(event) else { return };
    let Some(item) = browser.items.get_untracked(index) else { return };
    let with_control = event.ctrl_key() || event.meta_key();
    if is_within(&element, ".select-mark") {
        browser.press(index, item.id, true, event.shift_key());
    } else if !is_within(&element, ".item-link") {
        browser.press(index, item.id, with_control, event.shift_key());
    } else if !with_control && !event.shift_key() {
        event.prevent_default();
        browser.active.set(index);
        browser.open(item.id.to_string());
    }
}

fn on_double_click(browser: Browser, event: &web_sys::MouseEvent) {
    let Some((index, element)) = met(event) else { return };
    if is_within(&element, ".select-mark") {
        return;
    }
    if let Some(item) = browser.items.get_untracked(index) {
        browser.active.set(index);
        browser.open(item.id.to_string());
    }
}

/// Marks a picture that could not be fetched.
fn tell_broken(event: &web_sys::Event) {
    let image = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    if let Some(frame) = image.and_then(|image| image.parent_element()) {
        // It fails only for a name that no attribute can have.
        let _ = frame.set_attribute("data-broken", "");
    }
}

/// The labels of the dataset with their colours.
pub(super) fn labels_of(browser: Browser) -> Signal<Vec<Label>> {
    Signal::derive(move || {
        browser.dataset.state.with(|state| match state {
            Loaded::Ready(dataset) => dataset.labels.clone(),
            Loaded::Loading | Loaded::Failed(_) => Vec::new(),
        })
    })
}
