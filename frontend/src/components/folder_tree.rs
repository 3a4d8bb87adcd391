//! A tree of folders with what lies in them, of which one can be chosen.
//!
//! Must not know what a folder is chosen for.

use super::folders::{Node, Tree, ancestors, parent};
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::icon::{Icon, IconView};
use crate::text;
use leptos::attr::custom::custom_attribute;
use leptos::html;
use leptos::prelude::*;
use std::collections::BTreeSet;

/// More folders than this are not drawn.
const MOST_FOLDERS: usize = 400;

#[component]
pub fn FolderTree(
    id: &'static str,
    tree: Memo<Tree>,
    /// Empty for none.
    #[prop(into)]
    selected: Signal<String>,
    on_choose: Callback<String>,
    #[prop(into)] labelled_by: String,
    /// What the outermost folder is called.
    root: &'static str,
    /// What to do about folders that are not drawn.
    otherwise: &'static str,
    #[prop(into, optional)] problem: Signal<Option<String>>,
) -> impl IntoView {
    let open = RwSignal::new(BTreeSet::new());
    // What is selected is seen.
    effect(move |_| {
        let above = ancestors(&selected.get());
        open.update(|open| open.extend(above));
    });
    // The one that the Tab key leads to.
    let focused = RwSignal::new("/".to_owned());
    effect(move |_| focused.set(selected.get()));
    let nodes = memo(move |_| tree.with(|tree| open.with(|open| tree.visible(open))));
    // The one that the Tab key leads to must be drawn: else it is the nearest one above that is.
    let tab_stop = memo(move |_| {
        nodes.with(|nodes| {
            let is_drawn = |dir: &str| nodes.iter().take(MOST_FOLDERS).any(|node| node.dir == dir);
            let mut dir = focused.get();
            while !is_drawn(&dir) {
                match parent(&dir) {
                    Some(above) => dir = above.to_owned(),
                    None => return "/".to_owned(),
                }
            }
            dir
        })
    });
    let list = NodeRef::<html::Ul>::new();
    let choose = move |dir: &str| on_choose.run(dir.to_owned());
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
        let name = if is_root { root.to_owned() } else { node.name };
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
                    {dynamic(move || view! { <IconView icon=if is_open() { Icon::ChevronDown } else { Icon::ChevronRight }/> })}
                </span>
                <IconView icon=Icon::Folder/>
                <span class="folder-name">{name.clone()}</span>
                " "
                <span class="count">{text::count(node.total)}<span class="visually-hidden">" items"</span></span>
            </li>
        }
    };
    let surplus = memo(move |_| nodes.with(Vec::len).saturating_sub(MOST_FOLDERS));
    view! {
        <ul
            node_ref=list
            class="folders"
            role="tree"
            id=id
            tabindex="-1"
            aria-labelledby=labelled_by
            aria-invalid=move || problem.get().map(|_| "true")
            aria-describedby=move || problem.get().map(|_| format!("{id}-problem"))
            on:focus=move |_| focus_node(list, &tab_stop.get_untracked())
            on:keydown=on_key
        >
            <For
                each=move || nodes.get().into_iter().take(MOST_FOLDERS)
                key=|node| (node.dir.clone(), node.total, node.has_children, node.set_size)
                children=row
            />
        </ul>
        <Show when=move || surplus.get() != 0>
            <p class="muted">
                {dynamic(move || format!("and {} more; {otherwise}", text::count(surplus.get() as u64)))}
            </p>
        </Show>
        {dynamic(move || problem.get().map(|problem| view! {
            <span class="problem" id=format!("{id}-problem")>
                <IconView icon=Icon::CrossInOctagon/>
                <span>{problem}</span>
            </span>
        }))}
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
