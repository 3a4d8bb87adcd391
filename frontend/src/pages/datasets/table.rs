//! The items as rows of a table, ordered by a column if one likes.
//!
//! Must not know what is done with what is selected.

use super::edits::{order_of, ordered_by};
use super::facets::subset_words;
use super::grid::{active_id, labels_of};
use super::keys::on_item_key;
use super::state::Browser;
use crate::components::box_path::in_words;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::icon::{Icon, IconView};
use crate::components::image_boxes::ImageBoxes;
use crate::components::time::TimeAgo;
use crate::components::virtual_scroll::VirtualScroll;
use crate::components::virtual_window::Rows;
use crate::routes::thumbnail;
use crate::text;
use leptos::prelude::*;
use shared::dataset::Item;
use shared::dql::Direction;
use std::sync::Arc;

/// Of a row and of the header, in CSS pixels; `datasets.css` sets the same.
const ROW_HEIGHT: f64 = 48.0;
const HEADER_HEIGHT: f64 = 36.0;

/// Words and, where rows can be ordered by it, the field of each column after the mark and the image.
const COLUMNS: [(&str, Option<&str>); 7] = [
    ("Name", Some("name")),
    ("Folder", Some("dir")),
    ("Subset", None),
    ("Annotations", Some("annotationsCount")),
    ("Pixels", Some("metadata.system.width")),
    ("File size", Some("metadata.system.size")),
    ("Added", Some("createdAt")),
];

#[component]
pub fn ItemTable() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let scroll = VirtualScroll::new();
    let rows = memo(move |_| Rows { total: browser.total(), height: ROW_HEIGHT, per_row: 1 });
    let window = memo(move |_| scroll.window(rows.get()));
    effect(move |_| {
        let window = window.get();
        browser.items.want(window.first, window.count);
    });
    effect(move |_| {
        let active = browser.active.get();
        scroll.show(rows.get_untracked(), active, HEADER_HEIGHT);
    });
    let on_key = move |event: web_sys::KeyboardEvent| {
        on_item_key(browser, &event, 1, scroll.page(rows.get_untracked()));
    };
    let shown = move || {
        let window = window.get();
        window.first..window.first + window.count
    };
    view! {
        <div node_ref=scroll.view class="item-view" on:scroll=move |_| scroll.on_scroll()>
            <div
                class="row-space"
                style:height=move || format!("{}px", rows.get().space() + HEADER_HEIGHT)
            >
                <table
                    class="item-table"
                    data-items
                    role="grid"
                    aria-label="Items"
                    aria-multiselectable="true"
                    aria-rowcount=move || (rows.get().total + 1).to_string()
                    aria-activedescendant=move || active_id(browser, window.get().first, window.get().count, 1)
                    tabindex="0"
                    style:top=move || format!("{}px", window.get().offset)
                    on:keydown=on_key
                >
                    <thead>
                        <tr aria-rowindex="1">
                            <th scope="col" class="mark-cell"><span class="visually-hidden">"Selected"</span></th>
                            <th scope="col" class="image-cell"><span class="visually-hidden">"Image"</span></th>
                            {COLUMNS.map(|(words, field)| view! { <Header words field/> }).collect_view()}
                        </tr>
                    </thead>
                    <tbody>
                        <For each=shown key=|index| *index let:index><Row index/></For>
                    </tbody>
                </table>
            </div>
        </div>
    }
}

#[component]
fn Header(words: &'static str, field: Option<&'static str>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let Some(field) = field else { return view! { <th scope="col">{words}</th> }.into_any() };
    let sort = memo(move |_| {
        let query = browser.query();
        match order_of(&query) {
            Some((by, Direction::Ascending)) if by == field => "ascending",
            Some((by, Direction::Descending)) if by == field => "descending",
            _ => "none",
        }
    });
    view! {
        <th scope="col" aria-sort=move || sort.get()>
            <button
                class="sort-button"
                type="button"
                on:click=move |_| browser.apply(&ordered_by(&browser.query_untracked(), field))
                // The keys of the table are not meant for it.
                on:keydown=|event| event.stop_propagation()
            >
                {words}
                {dynamic(move || match sort.get() {
                    "ascending" => Some(view! { <IconView icon=Icon::ArrowUp/> }),
                    "descending" => Some(view! { <IconView icon=Icon::ArrowDown/> }),
                    _ => None,
                })}
            </button>
        </th>
    }
    .into_any()
}

#[component]
fn Row(index: usize) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let item = memo(move |_| browser.items.get(index));
    let is_selected = memo(move |_| {
        item.with(|item| {
            item.as_ref().is_some_and(|item| browser.selection.with(|all| all.contains(&item.id)))
        })
    });
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
        <tr
            id=format!("item-{index}")
            aria-rowindex=(index + 2).to_string()
            aria-selected=move || is_selected.get().to_string()
            data-active=move || (browser.active.get() == index).then_some("")
            on:click=press
            on:dblclick=open
        >
            {dynamic(move || match item.get() {
                Some(item) => view! { <Cells index item/> }.into_any(),
                None => view! { <td colspan="9"><span class="visually-hidden">"Loading"</span></td> }.into_any(),
            })}
        </tr>
    }
}

#[component]
fn Cells(index: usize, item: Arc<Item>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    view! {
        <td class="mark-cell"><SelectMark index item=item.clone()/></td>
        <td class="image-cell">
            <ImageBoxes
                address=thumbnail(&item.content_hash)
                alternative=String::new()
                size=(item.width, item.height)
                annotations=item.annotations.clone()
                labels=labels_of(browser)
            />
        </td>
        <td><ItemLink index item=item.clone()/></td>
        <td class="clipped" title=item.dir.clone()>{item.dir.clone()}</td>
        <td>{subset_words(item.subset)}</td>
        <td class="clipped" title=in_words(&item.annotations)>{in_words(&item.annotations)}</td>
        <td>{format!("{} × {}", item.width, item.height)}</td>
        <td>{text::bytes(item.size_bytes)}</td>
        <td class="clipped"><TimeAgo at_ms=item.created_at_ms/></td>
    }
}

/// Takes the item into the selection, or out of it, by a press; Space does the same.
#[component]
fn SelectMark(index: usize, item: Arc<Item>) -> impl IntoView {
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
fn ItemLink(index: usize, item: Arc<Item>) -> impl IntoView {
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
