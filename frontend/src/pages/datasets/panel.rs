//! The panel of one item: its image with boxes, what is known of it, and what was done with it.
//!
//! Must not know where the item lies among the others, but for going to the next.

use super::facets::subset_words;
use super::grid::labels_of;
use super::state::Browser;
use crate::api;
use crate::api::datasets::ItemDetail;
use crate::components::box_path::in_words;
use crate::components::dynamic::{dynamic, effect, memo};
use crate::components::empty::{LoadFailed, Skeleton};
use crate::components::icon::{Icon, IconView};
use crate::components::image_boxes::{ImageBoxes, colour_of};
use crate::components::step_button::StepButton;
use crate::components::time::TimeAgo;
use crate::routes::image;
use crate::state::focus;
use crate::state::resource::{Loaded, fetched};
use crate::text;
use leptos::html;
use leptos::prelude::*;
use shared::dataset::{Annotation, PixelBox};

#[component]
pub fn ItemPanel() -> impl IntoView {
    let browser = expect_context::<Browser>();
    let id = memo(move |_| browser.open_item().unwrap_or_default());
    let detail = fetched(move || {
        browser.revision.track();
        api::datasets::item(id.get())
    });
    let place = memo(move |_| browser.items.place_of(&id.get()));
    // An address may open an item that keys have not come to yet.
    effect(move |_| {
        if let Some(place) = place.get().filter(|place| *place != browser.active.get_untracked()) {
            browser.active.set(place);
        }
    });
    let title = memo(move |_| {
        detail.state.with(|state| {
            if let Loaded::Ready(detail) = state { detail.item.name.clone() } else { "Item".into() }
        })
    });
    let heading = NodeRef::<html::H2>::new();
    effect(move |_| {
        // Where the panel takes the place of the items, the focus would be lost with them.
        if let Some(heading) = heading.get() {
            focus::catch_with(heading.into());
        }
    });
    let neighbour = move |by: isize| {
        let last = browser.total().checked_sub(1)?;
        let to = place.get()?.checked_add_signed(by)?;
        (to <= last).then_some(to)
    };
    let step_button = move |by: isize, label: &'static str, icon: Icon| {
        let reason = Signal::derive(move || match (place.get(), neighbour(by)) {
            (None, _) => Some("This item is not among those that are loaded"),
            (Some(_), None) => Some("There is no other item there"),
            (Some(_), Some(_)) => None,
        });
        let go = Callback::new(move |()| {
            if let Some(to) = untrack(|| neighbour(by)) {
                browser.go(to);
            }
        });
        view! { <StepButton label icon reason on_press=go/> }
    };
    view! {
        <aside class="item-panel" aria-labelledby="item-title">
            <div class="panel-head">
                <h2 id="item-title" node_ref=heading tabindex="-1">{title}</h2>
                {step_button(-1, "Previous item", Icon::ArrowUp)}
                {step_button(1, "Next item", Icon::ArrowDown)}
                <button class="icon-button" type="button" aria-label="Close item" title="Close (Esc)" on:click=move |_| browser.close()>
                    <IconView icon=Icon::Close/>
                </button>
            </div>
            <div class="panel-body">
                {dynamic(move || match detail.state.get() {
                    Loaded::Ready(detail) if detail.item.id.to_string() != id.get() => {
                        view! { <Skeleton rows=6/> }.into_any()
                    }
                    Loaded::Loading => view! { <Skeleton rows=6/> }.into_any(),
                    Loaded::Failed(error) => {
                        view! { <LoadFailed what="The item" error again=detail.again/> }.into_any()
                    }
                    Loaded::Ready(detail) => view! { <Detail detail/> }.into_any(),
                })}
            </div>
        </aside>
    }
}

#[component]
fn Detail(detail: ItemDetail) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let marked = RwSignal::new(None::<PixelBox>);
    let ItemDetail { item, document_json, history } = detail;
    let address = image(&item.content_hash);
    let alone = address.clone();
    let alternative = format!("{}, {}", item.name, in_words(&item.annotations));
    let facts = [
        ("Subset", subset_words(item.subset).to_owned()),
        ("Folder", item.dir.clone()),
        ("Pixels", format!("{} × {}", item.width, item.height)),
        ("File", format!("{}, {}", text::bytes(item.size_bytes), item.mimetype)),
    ];
    view! {
        <a class="panel-image" href=alone target="_blank" rel="noopener" title="Open the image alone">
            <ImageBoxes
                address
                alternative
                size=(item.width, item.height)
                annotations=item.annotations.clone()
                labels=labels_of(browser)
                marked=marked
            />
        </a>
        <dl class="definition-list single">
            {facts.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()}
            <div><dt>"Added"</dt><dd><TimeAgo at_ms=item.created_at_ms/></dd></div>
        </dl>
        <Annotations annotations=item.annotations marked/>
        <details>
            <summary>"Metadata"</summary>
            <pre class="panel-json" tabindex="0" role="region" aria-label="Metadata as JSON">{pretty(&document_json)}</pre>
        </details>
        <section class="panel-part">
            <h3>"History"</h3>
            {history.is_empty().then(|| view! { <p class="muted">"Nothing is known of it"</p> })}
            <ol class="panel-history">
                {history
                    .into_iter()
                    .map(|event| view! {
                        <li>
                            <span>{text::capitalised(&event.kind)} " " <span class="muted">{event.detail}</span></span>
                            <TimeAgo at_ms=event.at_ms/>
                        </li>
                    })
                    .collect_view()}
            </ol>
        </section>
    }
}

/// With line breaks; as it came, if it is no JSON.
fn pretty(json: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(json).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| json.to_owned())
}

/// The list of what is on the image; pointing at one sets its box off.
#[component]
fn Annotations(annotations: Vec<Annotation>, marked: RwSignal<Option<PixelBox>>) -> impl IntoView {
    let browser = expect_context::<Browser>();
    let labels = labels_of(browser);
    let count = annotations.len() as u64;
    let row = move |annotation: Annotation| {
        let Annotation { label, region, .. } = annotation;
        let colour = labels.with(|labels| colour_of(labels, &label)).unwrap_or_default();
        let size =
            region.map(|region| format!("{:.0} × {:.0}", region.x2 - region.x1, region.y2 - region.y1));
        view! {
            <li>
                <button
                    class="annotation"
                    type="button"
                    aria-pressed=move || (region.is_some() && marked.get() == region).to_string()
                    on:mouseenter=move |_| marked.set(region)
                    on:mouseleave=move |_| marked.set(None)
                    on:focus=move |_| marked.set(region)
                    on:blur=move |_| marked.set(None)
                    on:click=move |_| marked.set(region)
                >
                    <span class="label-dot" style:background=colour></span>
                    <span class="facet-name">{label}</span>
                    " "
                    <span class="count">{size.unwrap_or_else(|| "whole image".into())}</span>
                </button>
            </li>
        }
    };
    view! {
        <section class="panel-part">
            <h3>{text::counted(count, "annotation", "annotations")}</h3>
            <ul class="facets">{annotations.into_iter().map(row).collect_view()}</ul>
        </section>
    }
}
