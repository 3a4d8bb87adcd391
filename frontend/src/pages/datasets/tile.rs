//! One item in the grid: its picture with the boxes on it, and a caption.
//!
//! Must not know where the tile lies or what a press does. What is drawn is written out as it stands and follows nothing:
//! while one scrolls, a hundred tiles are given other items.

use super::facets::subset_words;
use super::state::Browser;
use crate::components::box_path::{all_outlines, in_words, label_paths};
use crate::components::icon::{Icon, IconView};
use crate::components::image_boxes::colour_of;
use crate::routes::thumbnail;
use leptos::either::Either;
use leptos::prelude::*;
use shared::dataset::{Item, Label};
use std::sync::Arc;

/// What a tile shows.
#[derive(Debug, Clone)]
pub struct Tile {
    index: usize,
    item: Option<Arc<Item>>,
    is_selected: bool,
    is_active: bool,
    /// Pictures that would pass before they are seen are left out.
    has_picture: bool,
    /// Turns with each other picture: an image element that is given another address goes on showing the picture before
    /// until the new one has come, so it is a new element that shows it.
    turn: bool,
}

/// An item is another one where it was fetched again: to compare all that is in it takes too long for each tile.
impl PartialEq for Tile {
    fn eq(&self, other: &Self) -> bool {
        let same_item = match (&self.item, &other.item) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let rest = |tile: &Self| (tile.index, tile.is_selected, tile.is_active, tile.has_picture, tile.turn);
        same_item && rest(self) == rest(other)
    }
}

impl Tile {
    /// The tile of the item at `index`, drawn where `before` is drawn now.
    pub fn of(browser: Browser, index: usize, is_fast: bool, before: Option<&Self>) -> Self {
        let item = browser.items.get(index);
        let is_selected = item
            .as_ref()
            .is_some_and(|item| browser.selection.with(|selection| selection.contains(&item.id)));
        let hash = |item: &Option<Arc<Item>>| item.as_ref().map(|item| item.content_hash.clone());
        let stays = before.filter(|before| before.index == index && hash(&before.item) == hash(&item));
        Self {
            index,
            is_selected,
            is_active: browser.active.get() == index,
            has_picture: !is_fast || stays.is_some_and(|before| before.has_picture),
            turn: match stays {
                Some(before) => before.turn,
                None => before.is_none_or(|before| !before.turn),
            },
            item,
        }
    }

    pub fn view(self, column: usize, labels: &[Label], browser: Browser) -> impl IntoView + use<> {
        let Self { index, item, is_selected, is_active, has_picture, turn } = self;
        // What is seen comes first, in the same words.
        let words = item.as_ref().map(|item| {
            let boxes = in_words(&item.annotations);
            format!("{} {} {}, {boxes}", item.name, subset_caption(item), count_caption(item))
        });
        let is_busy = item.is_none();
        view! {
            <div
                class="tile"
                role="gridcell"
                id=format!("item-{index}")
                aria-colindex=(column + 1).to_string()
                aria-selected=is_selected.to_string()
                aria-label=words
                aria-busy=is_busy.then_some("true")
                data-active=is_active.then_some("")
                data-index=index.to_string()
            >
                {item.map(|item| {
                    let picture = has_picture.then(|| {
                        let picture = picture(&item, labels);
                        if turn { Either::Left(picture) } else { Either::Right(picture) }
                    });
                    view! {
                        <span class="tile-image">
                            {picture}
                            <span class="select-mark" aria-hidden="true"><span><IconView icon=Icon::Check/></span></span>
                        </span>
                        <span class="tile-caption">
                            <a
                                class="item-link"
                                href=browser.url_of_item(&item.id.to_string())
                                tabindex="-1"
                                title=item.name.clone()
                            >
                                {item.name.clone()}
                            </a>
                            " "
                            <span class="tile-facts">
                                <span>{subset_caption(&item)}</span>
                                " "
                                <span>{count_caption(&item)}</span>
                            </span>
                        </span>
                    }
                })}
            </div>
        }
    }
}

/// The thumbnail, all halos of the boxes as one path, and their lines as one path a label.
fn picture(item: &Item, labels: &[Label]) -> impl IntoView + use<> {
    let (width, height) = (item.width.max(1), item.height.max(1));
    let halos = all_outlines(&item.annotations);
    let boxes = (!halos.is_empty()).then(|| {
        let lines = label_paths(&item.annotations)
            .into_iter()
            .map(|path| {
                view! { <path class="box-line" stroke=colour_of(labels, &path.label) d=path.path></path> }
            })
            .collect_view();
        view! {
            <svg viewBox=format!("0 0 {width} {height}") aria-hidden="true" focusable="false">
                <path class="box-halo" d=halos></path>
                {lines}
            </svg>
        }
    });
    view! {
        <span class="image-boxes">
            <img
                src=thumbnail(&item.content_hash)
                alt=""
                width=width.to_string()
                height=height.to_string()
                decoding="async"
                draggable="false"
            />
            {boxes}
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
