//! An image with the boxes on it. The boxes scale with the image, whatever its size on screen.
//!
//! Must not know where the image comes from or what its labels mean.

use super::box_path::{label_paths, outline};
use crate::components::dynamic::dynamic;
use leptos::prelude::*;
use shared::dataset::{Annotation, Label, PixelBox};

/// The colour of a label, as its dataset says.
pub fn colour_of(labels: &[Label], name: &str) -> Option<String> {
    labels.iter().find(|label| label.name == name).map(|label| label.colour.clone())
}

/// The image, its boxes over it in the colours of their labels, and one of them set off from the others.
#[component]
pub fn ImageBoxes(
    address: String,
    /// What is seen, in words; empty where words stand beside it.
    alternative: String,
    /// Pixels of the original image.
    size: (u32, u32),
    annotations: Vec<Annotation>,
    #[prop(into)] labels: Signal<Vec<Label>>,
    /// The box that is set off.
    #[prop(into, optional)]
    marked: Signal<Option<PixelBox>>,
) -> impl IntoView {
    let (width, height) = (size.0.max(1), size.1.max(1));
    let frame = format!("0 0 {width} {height}");
    let paths = label_paths(&annotations);
    let outlines = move || {
        labels.with(|labels| {
            paths
                .iter()
                .map(|path| view! {
                    <path class="box-halo" d=path.path.clone()></path>
                    <path class="box-line" d=path.path.clone() stroke=colour_of(labels, &path.label)></path>
                })
                .collect_view()
        })
    };
    let is_broken = RwSignal::new(false);
    view! {
        <span class="image-boxes">
            {dynamic(move || is_broken.get().then(|| view! { <span class="no-picture">"No preview"</span> }))}
            <img
                class:is-broken=move || is_broken.get()
                on:error=move |_| is_broken.set(true)
                src=address
                alt=alternative
                width=width.to_string()
                height=height.to_string()
                loading="lazy"
                decoding="async"
                draggable="false"
            />
            <svg viewBox=frame aria-hidden="true" focusable="false">
                <g class:is-dimmed=move || marked.with(Option::is_some)>{dynamic(outlines)}</g>
                {dynamic(move || marked.get().map(|region| view! {
                    <path class="box-halo" d=outline(region)></path>
                    <path class="box-line marked" d=outline(region)></path>
                }))}
            </svg>
        </span>
    }
}
