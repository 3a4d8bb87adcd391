//! The validation pictures with what is there and what was predicted, page by page.
//!
//! Must not know how boxes were counted.

use super::address::PredictionsAddress;
use super::drawn::Drawn;
use super::evaluated::{Evaluated, Shown};
use super::order::Order;
use super::pictures::Pictures;
use super::rates::cell_words;
use crate::components::dynamic::{dynamic, memo};
use crate::components::empty::Empty;
use crate::components::observed::near;
use crate::routes::thumbnail;
use crate::text;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Pictures of a page.
const PAGE: usize = 24;

#[component]
pub fn Grid(
    shown: Shown,
    address: Memo<PredictionsAddress>,
    go: Callback<PredictionsAddress>,
    pictures: Pictures,
) -> impl IntoView {
    let places = use_places(shown, address);
    let total = memo(move |_| places.with(Vec::len));
    let cell = memo(move |_| address.with(|address| address.cell));
    // Beyond the end stands the last page that there is.
    let page = memo(move |_| address.with(|address| address.page).min(total.get().div_ceil(PAGE).max(1)));
    let on_page = memo(move |_| {
        let first = (page.get() - 1) * PAGE;
        places.with(|places| places.iter().skip(first).take(PAGE).copied().collect::<Vec<_>>())
    });
    let turn = move |to: usize| go.run(PredictionsAddress { page: to, ..address.get_untracked() });
    let on_key = move |event: web_sys::KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowRight" | "ArrowDown" => Some(1),
            "ArrowLeft" | "ArrowUp" => Some(-1),
            _ => None,
        };
        if let Some(by) = by {
            event.prevent_default();
            step_focus(&event, by);
        }
    };
    let words = move || {
        let (total, page) = (total.get(), page.get());
        let first = (page - 1) * PAGE;
        let last = (first + PAGE).min(total);
        let all = text::counted(total as u64, "picture", "pictures");
        if total <= PAGE { all } else { format!("{}–{last} of {all}", first + 1) }
    };
    let open = Callback::new(move |index: u32| {
        go.run(PredictionsAddress { picture: Some(index), ..address.get_untracked() });
    });
    let clear = move |_| go.run(address.get_untracked().with_cell(None));
    view! {
        <section class="card" aria-labelledby="prediction-pictures">
            <div class="card-head">
                <h2 id="prediction-pictures">"Pictures"</h2>
                <OrderChoice address go/>
                {dynamic(move || cell.get().map(|cell| {
                    let words = shown.labels.with_value(|labels| cell_words(labels, cell));
                    view! {
                        <span class="run-chip">
                            {words}
                            <button class="button quiet small" type="button" on:click=clear>"Show all"</button>
                        </span>
                    }
                }))}
            </div>
            <Legend/>
            {dynamic(move || (total.get() == 0).then(|| view! {
                <Empty title="No picture has such a box">
                    <p>"At this confidence and IoU threshold nothing is in that cell of the matrix"</p>
                    <button class="button" type="button" on:click=clear>"Show all pictures"</button>
                </Empty>
            }))}
            <ul class="prediction-grid" class:is-double=shown.other().is_some() on:keydown=on_key>
                <For each=move || on_page.get() key=|place| *place let:place>
                    <Tile shown place pictures open/>
                </For>
            </ul>
            <nav class="button-row" aria-label="Pages of pictures">
                {turn_button("Previous", move || (page.get() > 1).then(|| page.get() - 1), "This is the first page", turn)}
                {turn_button(
                    "Next",
                    move || (page.get() * PAGE < total.get()).then(|| page.get() + 1),
                    "This is the last page",
                    turn,
                )}
                <span class="muted" role="status">{dynamic(words)}</span>
            </nav>
        </section>
    }
}

/// The places of all pictures to show, in their order. While a slider moves they stay, with boxes that follow it: what one
/// looks at does not go away, and is sorted anew once the slider rests.
pub fn use_places(shown: Shown, address: Memo<PredictionsAddress>) -> Memo<Vec<usize>> {
    let wanted = memo(move |_| address.with(|address| (address.cell, address.order)));
    let rests_at = memo(move |_| {
        let chosen = address.with(|address| address.confidence);
        chosen.unwrap_or_else(|| shown.suggested())
    });
    memo(move |_| {
        let (cell, order) = wanted.get();
        shown.main.places(rests_at.get(), cell, order)
    })
}

fn turn_button(
    label: &'static str,
    to: impl Fn() -> Option<usize> + Send + Sync + Copy + 'static,
    reason: &'static str,
    turn: impl Fn(usize) + 'static,
) -> impl IntoView {
    let press = move |_| {
        if let Some(page) = untrack(to) {
            turn(page);
        }
    };
    view! {
        <button
            class="button small"
            type="button"
            aria-disabled=move || to().is_none().then_some("true")
            title=move || to().is_none().then_some(reason)
            on:click=press
        >
            {label}
        </button>
    }
}

/// Gives the focus to the next tile, or the one before.
fn step_focus(event: &web_sys::KeyboardEvent, by: i32) {
    let tile = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let Some(item) = tile.and_then(|tile| tile.closest("li").ok().flatten()) else { return };
    let next = if by > 0 { item.next_element_sibling() } else { item.previous_element_sibling() };
    let button = next.and_then(|item| item.query_selector("button").ok().flatten());
    if let Some(button) = button.and_then(|button| button.dyn_into::<web_sys::HtmlElement>().ok()) {
        // It fails only for what is not in the page.
        let _ = button.focus();
    }
}

#[component]
fn OrderChoice(address: Memo<PredictionsAddress>, go: Callback<PredictionsAddress>) -> impl IntoView {
    let order = memo(move |_| address.with(|address| address.order));
    let choose = move |event| {
        let order = Order::from_name(&event_target_value(&event)).unwrap_or_default();
        go.run(PredictionsAddress { order, page: 1, ..address.get_untracked() });
    };
    let option = move |each: Order| {
        view! { <option value=each.name() prop:selected=move || order.get() == each>{each.label()}</option> }
    };
    view! {
        <div class="choice">
            <label for="prediction-order" class="visually-hidden">"Order of the pictures"</label>
            <select class="select narrow" id="prediction-order" on:change=choose>
                {Order::ALL.map(option).collect_view()}
            </select>
        </div>
    }
}

/// What lines and marks mean.
#[component]
fn Legend() -> impl IntoView {
    let entry = |class: &'static str, mark: &'static str, words: &'static str| {
        view! {
            <li>
                <svg class="box-key" viewBox="0 0 28 18" aria-hidden="true" focusable="false">
                    <path class=format!("box-line {class}") d="M2 2h24v14h-24z"></path>
                    <path class=format!("box-mark {class}") d=mark></path>
                </svg>
                {words}
            </li>
        }
    };
    view! {
        <ul class="box-legend" aria-label="Meaning of the boxes">
            {entry("found", "", "there and found")}
            {entry("missed", "M6 9a3 3 0 1 0 6 0a3 3 0 1 0 -6 0", "there and missed (FN)")}
            {entry("right", "M7 9l3 3l6 -6", "predicted and right (TP)")}
            {entry("wrong", "M15 6l6 6m-6 0l6 -6", "predicted and wrong (FP)")}
        </ul>
    }
}

#[component]
fn Tile(shown: Shown, place: usize, pictures: Pictures, open: Callback<u32>) -> impl IntoView {
    let index = shown.main.read(|data| data.images.get(place).map_or(0, |image| image.index));
    let item = memo(move |_| pictures.item(index));
    let name = move || {
        item.with(|item| item.as_ref().map_or_else(|| format!("Picture {index}"), |item| item.name.clone()))
    };
    let tile = NodeRef::<html::Li>::new();
    let is_near = near(tile);
    let confidence = memo(move |_| shown.confidence_of(is_near.get()));
    let drawn = memo(move |_| shown.main.drawn(place, confidence.get()));
    let words = memo(move |_| drawn.with(|(_, words)| words.clone()));
    let address = move || item.with(|item| item.as_ref().map(|item| thumbnail(&item.content_hash)));
    let other = shown.other();
    let beside = other.map(|other| {
        let evaluated = other.evaluated;
        let drawn = memo(move |_| evaluated.drawn(place, confidence.get()));
        view! {
            <Boxes evaluated place drawn address=Signal::derive(address)/>
            <span class="tile-words">{other.name} ": " {dynamic(move || drawn.with(|(_, words)| words.clone()))}</span>
        }
    });
    let is_double = beside.is_some();
    let own_name = shown.name.get_value();
    view! {
        <li node_ref=tile>
            <button class="prediction-tile" type="button" on:click=move |_| open.run(index)>
                <span class="visually-hidden">"Open "</span>
                <span class="tile-side">
                    <Boxes evaluated=shown.main place drawn address=Signal::derive(address)/>
                    {is_double.then(|| view! { <span class="tile-words">{own_name} ": " {dynamic(move || words.get())}</span> })}
                </span>
                {beside.map(|beside| view! { <span class="tile-side">{beside}</span> })}
                <span class="tile-name">{dynamic(name)}</span>
                {(!is_double).then(|| view! { <span class="tile-words">{dynamic(move || words.get())}</span> })}
            </button>
        </li>
    }
}

/// A picture with the boxes of one evaluation over it.
#[component]
pub fn Boxes(
    evaluated: Evaluated,
    place: usize,
    /// The boxes, and what became of them in words.
    drawn: Memo<(Drawn, String)>,
    #[prop(into)] address: Signal<Option<String>>,
) -> impl IntoView {
    let (width, height) = evaluated.read(|data| {
        data.images.get(place).map_or((1, 1), |image| (image.width.max(1), image.height.max(1)))
    });
    let path = move |class: &'static str, of: fn(&Drawn) -> &String| {
        view! { <path class=class d=move || drawn.with(|(drawn, _)| of(drawn).clone())></path> }
    };
    view! {
        <span class="image-boxes">
            <img
                src=move || address.get()
                alt=""
                width=width.to_string()
                height=height.to_string()
                decoding="async"
                draggable="false"
            />
            <svg class="predicted-boxes" viewBox=format!("0 0 {width} {height}") aria-hidden="true" focusable="false">
                {path("box-line found", |drawn| &drawn.found)}
                {path("box-line missed", |drawn| &drawn.missed)}
                {path("box-line right", |drawn| &drawn.right)}
                {path("box-line wrong", |drawn| &drawn.wrong)}
                {path("box-mark missed", |drawn| &drawn.rings)}
                {path("box-mark right", |drawn| &drawn.checks)}
                {path("box-mark wrong", |drawn| &drawn.crosses)}
            </svg>
        </span>
    }
}
