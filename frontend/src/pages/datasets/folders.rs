//! The tree of folders. One click narrows the filter to a folder with all below it.
//!
//! Must not know how the filter is run.

use super::edits::{folder_of, with_folder};
use super::state::Browser;
use super::tree::{FolderCount, Node, Tree, ancestors, parent};
use crate::api;
use crate::components::empty::LoadFailed;
use crate::components::icon::{Icon, IconView};
use crate::state::resource::{Loaded, fetched};
use crate::text;
use leptos::attr::custom::custom_attribute;
use leptos::html;
use leptos::prelude::*;
use std::collections::BTreeSet;

/// More folders than this are not drawn; the filter finds them.
const MOST_FOLDERS: usize = 400;

#[component]
pub fn Folders() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let folders = fetched(move || {
        browser.revision.track();
        api::datasets::folders(browser.id())
    });
    let tree = Memo::new(move |_| {
        folders.state.with(|state| match state {
            Loaded::Ready(list) => {
                let counts: Vec<FolderCount> = list
                    .iter()
                    .map(|folder| FolderCount { dir: folder.dir.clone(), total: folder.total_count })
                    .collect();
                Tree::of(&counts)
            }
            Loaded::Loading | Loaded::Failed(_) => Tree::default(),
        })
    });
    let failure = move || {
        folders.state.with(|state| if let Loaded::Failed(error) = state { Some(error.clone()) } else { None })
    };
    view! {
        <section class="side" aria-labelledby="folders-title">
            <h2 id="folders-title">"Folders"</h2>
            {move || failure().map(|error| view! { <LoadFailed what="The folders" error again=folders.again/> })}
            <FolderTree tree/>
        </section>
    }
}

#[component]
fn FolderTree(tree: Memo<Tree>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let selected = Memo::new(move |_| folder_of(&browser.query()).unwrap_or_else(|| "/".into()));
    let open = RwSignal::new(BTreeSet::new());
    // What is selected is seen.
    Effect::new(move |_| {
        let above = ancestors(&selected.get());
        open.update(|open| open.extend(above));
    });
    // The one that the Tab key leads to.
    let focused = RwSignal::new("/".to_owned());
    Effect::new(move |_| focused.set(selected.get()));
    let nodes = Memo::new(move |_| tree.with(|tree| open.with(|open| tree.visible(open))));
    // The one that the Tab key leads to must be drawn: else it is the nearest one above that is.
    let tab_stop = Memo::new(move |_| {
        nodes.with(|nodes| {
            let is_drawn = |dir: &str| nodes.iter().take(MOST_FOLDERS).any(|node| node.dir == dir);
            let mut dir = focused.get();
            while !is_drawn(&dir) {
                match parent(&dir) {
                    Some(above) => dir = above.to_owned(),
                    None => break,
                }
            }
            dir
        })
    });
    let list = NodeRef::<html::Ul>::new();
    let choose = move |dir: &str| browser.apply(&with_folder(&browser.query_untracked(), dir));
    let toggle = move |dir: &str, opens: bool| {
        open.update(|open| {
            if opens {
                open.insert(dir.to_owned())
            } else {
                open.remove(dir)
            };
        });
    };
    let focus = move |dir: &str| {
        focused.set(dir.to_owned());
        focus_node(list, dir);
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let here = tab_stop.get_untracked();
        let mut nodes = nodes.get_untracked();
        nodes.truncate(MOST_FOLDERS);
        let Some(at) = nodes.iter().position(|node| node.dir == here) else { return };
        let node = &nodes[at];
        let is_open = here == "/" || open.with_untracked(|open| open.contains(&here));
        let go_to = |index: usize| nodes.get(index).map(|node| focus(&node.dir));
        match event.key().as_str() {
            "ArrowDown" => drop(go_to(at + 1)),
            "ArrowUp" => drop(at.checked_sub(1).map(go_to)),
            "Home" => drop(go_to(0)),
            "End" => drop(go_to(nodes.len().saturating_sub(1))),
            "ArrowRight" if node.has_children && !is_open => toggle(&here, true),
            "ArrowRight" if node.has_children => drop(go_to(at + 1)),
            "ArrowLeft" if node.has_children && is_open && here != "/" => toggle(&here, false),
            "ArrowLeft" => drop(parent(&here).map(focus)),
            "Enter" | " " => choose(&here),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let row = move |node: Node| {
        let dir = StoredValue::new(node.dir.clone());
        let is_root = node.dir == "/";
        let is_selected = move || dir.with_value(|dir| selected.with(|selected| selected == dir));
        let is_open = move || is_root || dir.with_value(|dir| open.with(|open| open.contains(dir)));
        let has_children = node.has_children;
        let name = if is_root { "All folders".to_owned() } else { node.name };
        let press = move |_| {
            focused.set(dir.get_value());
            dir.with_value(|dir| choose(dir));
        };
        let turn = move |event: web_sys::MouseEvent| {
            event.stop_propagation();
            let opens = !untrack(is_open);
            dir.with_value(|dir| toggle(dir, opens));
        };
        view! {
            <li
                role="treeitem"
                class="folder"
                {..custom_attribute("aria-level", node.level.to_string())}
                aria-posinset=node.position.to_string()
                aria-setsize=node.set_size.to_string()
                aria-expanded=move || (has_children).then(|| is_open().to_string())
                aria-selected=move || is_selected().to_string()
                data-dir=node.dir
                tabindex=move || if dir.with_value(|dir| tab_stop.with(|stop| stop == dir)) { "0" } else { "-1" }
                style:padding-left=format!("{}px", node.level.saturating_sub(1) * 14)
                on:click=press
            >
                <span class="turner" class:is-hidden=!has_children || is_root on:click=turn>
                    {move || view! { <IconView icon=if is_open() { Icon::ChevronDown } else { Icon::ChevronRight }/> }}
                </span>
                <IconView icon=Icon::Folder/>
                <span class="folder-name">{name.clone()}</span>
                " "
                <span class="count">{text::count(node.total)}<span class="visually-hidden">" items"</span></span>
            </li>
        }
    };
    let surplus = Memo::new(move |_| nodes.with(Vec::len).saturating_sub(MOST_FOLDERS));
    view! {
        <ul node_ref=list class="folders" role="tree" aria-labelledby="folders-title" on:keydown=on_key>
            <For
                each=move || nodes.get().into_iter().take(MOST_FOLDERS)
                key=|node| (node.dir.clone(), node.total, node.has_children, node.set_size)
                children=row
            />
        </ul>
        <Show when=move || surplus.get() != 0>
            <p class="muted">
                {move || format!("and {} more; write dir = … into the filter", text::count(surplus.get() as u64))}
            </p>
        </Show>
    }
}

fn focus_node(list: NodeRef<html::Ul>, dir: &str) {
    let dir = dir.to_owned();
    // A folder that was opened a moment ago is drawn by then.
    request_animation_frame(move || {
        let Some(list) = list.try_get_untracked().flatten() else { return };
        let children = list.children();
        let found = (0..children.length())
            .filter_map(|index| children.item(index))
            .find(|child| child.get_attribute("data-dir").as_deref() == Some(&dir));
        if let Some(found) = found {
            let _ = wasm_bindgen::JsCast::unchecked_ref::<web_sys::HtmlElement>(&found).focus();
        }
    });
}
