//! The tree of folders. One click narrows the filter to a folder with all below it.
//!
//! Must not know how the filter is run.

use super::edits::{folder_of, with_folder};
use super::state::Browser;
use crate::api;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::LoadFailed;
use crate::components::folder_tree::FolderTree;
use crate::components::folders::{FolderCount, Tree};
use crate::state::resource::{Loaded, fetched};
use leptos::prelude::*;
use proto::v1::Folder;

#[component]
pub fn Folders() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let folders = fetched(move || {
        browser.revision.track();
        api::datasets::folders(browser.id())
    });
    let tree = memo(move |_| folders.state.with(tree_of));
    let selected = memo(move |_| folder_of(&browser.query()).unwrap_or_else(|| "/".into()));
    let on_choose =
        Callback::new(move |dir: String| browser.apply(&with_folder(&browser.query_untracked(), &dir)));
    let failure = move || {
        folders.state.with(|state| if let Loaded::Failed(error) = state { Some(error.clone()) } else { None })
    };
    view! {
        <section class="side" aria-labelledby="folders-title">
            <h2 id="folders-title">"Folders"</h2>
            {dynamic(move || failure().map(|error| view! { <LoadFailed what="The folders" error again=folders.again/> }))}
            <FolderTree
                id="folders"
                tree
                selected
                on_choose
                labelled_by="folders-title"
                root="All folders"
                otherwise="write dir = … into the filter"
            />
        </section>
    }
}

/// The folders that the server counted; until they are here, only the root.
pub fn tree_of(state: &Loaded<Vec<Folder>>) -> Tree {
    let Loaded::Ready(list) = state else { return Tree::default() };
    let count = |folder: &Folder| FolderCount { dir: folder.dir.clone(), total: folder.total_count };
    Tree::of(&list.iter().map(count).collect::<Vec<_>>())
}
