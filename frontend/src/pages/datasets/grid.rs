//! The items as images with their boxes, in as many columns as there is room for.
//!
//! Must not know what is done with what is selected.

use super::columns::Layout;
use super::facets::subset_words;
use super::keys::on_item_key;
use super::state::Browser;
use crate::components::box_path::in_words;
use crate::components::icon::{Icon, IconView};
use crate::components::image_boxes::ImageBoxes;
use crate::components::virtual_scroll::VirtualScroll;
use crate::components::virtual_window::Rows;
use crate::routes::thumbnail;
use crate::state::resource::Loaded;
use leptos::prelude::*;
use shared::dataset::{Item, Label};
use std::sync::Arc;

/// What browsers take from the width for a scrollbar, at most.
const SCROLLBAR: f64 = 16.0;

#[component]
pub fn ItemGrid() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let scroll = VirtualScroll::new();
    let layout = Memo::new(move |_| Layout::of(scroll.size.get().0 - SCROLLBAR));
    let rows = Memo::new(move |_| {
        let Layout { columns, row_height } = layout.get();
        Rows { total: browser.total().div_ceil(columns), height: row_height, per_row: columns }
    });
    let window = Memo::new(move |_| scroll.window(rows.get()));
    Effect::new(move |_| {
        let (window, columns) = (window.get(), layout.get().columns);
        browser.items.want(window.first * columns, window.count * columns);
    });
    Effect::new(move |_| {
        let active = browser.active.get();
        scroll.show(rows.get_untracked(), active / layout.get_untracked().columns, 0.0);
    });
    keep_place(browser, scroll, layout);
    let on_key = move |event: web_sys::KeyboardEvent| {
        on_item_key(browser, &event, layout.get_untracked().columns, scroll.page(rows.get_untracked()));
    };
    let shown = move || {
        let (window, columns) = (window.get(), layout.get().columns);
        (window.first..window.first + window.count).map(move |row| (row, columns))
    };
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
        >
            <div class="row-space" role="presentation" style:height=move || format!("{}px", rows.get().space())>
                <div
                    class="rows"
                    role="presentation"
                    style:transform=move || format!("translateY({}px)", window.get().offset)
                >
                    <For each=shown key=|row| *row let:place>
                        <TileRow row=place.0 columns=place.1 layout/>
                    </For>
                </div>
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
    Effect::new(move |before: Option<Layout>| {
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

#[component]
fn TileRow(row: usize, columns: usize, layout: Memo<Layout>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let count = Memo::new(move |_| browser.total().saturating_sub(row * columns).min(columns));
    view! {
        <div
            class="tile-row"
            role="row"
            aria-rowindex=(row + 1).to_string()
            style:height=move || format!("{}px", layout.get().row_height)
            style:grid-template-columns=format!("repeat({columns}, minmax(0, 1fr))")
        >
            {move || {
                (0..count.get())
                    .map(|column| view! { <Tile index=row * columns + column column/> })
                    .collect_view()
            }}
        </div>
    }
}

#[component]
fn Tile(index: usize, column: usize) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let item = Memo::new(move |_| browser.items.get(index));
    let is_selected = Memo::new(move |_| {
        item.with(|item| {
            item.as_ref().is_some_and(|item| browser.selection.with(|all| all.contains(&item.id)))
        })
    });
    let words = move || {
        item.with(|item| {
            // What is seen comes first, in the same words.
            item.as_ref().map(|item| {
                let boxes = in_words(&item.annotations);
                format!("{} {} {}, {boxes}", item.name, subset_caption(item), count_caption(item))
            })
        })
    };
    let press = move |event: web_sys::MouseEvent| {
        if let Some(item) = item.get_untracked() {
            browser.press(index, item.id, event.ctrl_key() || event.meta_key(), event.shift_key());
        }
    };
    let open = move |_| {
        if let Some(item) = item.get_untracked() {
            browser.active.set(index);
            browser.open(item.id.to_string());
        }
    };
    view! {
        <div
            class="tile"
            role="gridcell"
            id=format!("item-{index}")
            aria-colindex=(column + 1).to_string()
            aria-selected=move || is_selected.get().to_string()
            aria-label=words
            aria-busy=move || item.with(Option::is_none).then_some("true")
            data-active=move || (browser.active.get() == index).then_some("")
            on:click=press
            on:dblclick=open
        >
            {move || item.get().map(|item| view! { <TileBody index item/> })}
        </div>
    }
}

#[component]
fn TileBody(index: usize, item: Arc<Item>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    view! {
        <span class="tile-image">
            <ImageBoxes
                address=thumbnail(&item.content_hash)
                alternative=String::new()
                size=(item.width, item.height)
                annotations=item.annotations.clone()
                labels=labels_of(browser)
            />
            <SelectMark index item=item.clone()/>
        </span>
        <span class="tile-caption">
            <ItemLink index item=item.clone()/>
            " "
            <span class="tile-facts">
                <span>{subset_caption(&item)}</span>
                " "
                <span>{count_caption(&item)}</span>
            </span>
        </span>
    }
}

fn subset_caption(item: &Item) -> String {
    item.subset.map(|_| subset_words(item.subset).to_string()).unwrap_or_default()
}

fn count_caption(item: &Item) -> String {
    let count = item.annotations.len() as u64;
    if count == 0 { String::new() } else { crate::text::counted(count, "annotation", "annotations") }
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

/// Takes the item into the selection, or out of it, by a press; Space does the same.
#[component]
pub(super) fn SelectMark(index: usize, item: Arc<Item>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let id = item.id;
    let press = move |event: web_sys::MouseEvent| {
        event.stop_propagation();
        browser.press(index, id, true, event.shift_key());
    };
    view! {
        <span class="select-mark" aria-hidden="true" on:click=press on:dblclick=|event| event.stop_propagation()>
            <span><IconView icon=Icon::Check/></span>
        </span>
    }
}

/// The name, which leads to the item; Enter does the same.
#[component]
pub(super) fn ItemLink(index: usize, item: Arc<Item>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let id = StoredValue::new(item.id.to_string());
    let press = move |event: web_sys::MouseEvent| {
        event.stop_propagation();
        let is_plain = !(event.ctrl_key() || event.meta_key() || event.shift_key());
        if is_plain {
            event.prevent_default();
            browser.active.set(index);
            browser.open(id.get_value());
        }
    };
    let address = move || id.with_value(|id| browser.url_of_item(id));
    view! {
        <a class="item-link" href=address tabindex="-1" title=item.name.clone() on:click=press>{item.name.clone()}</a>
    }
}
