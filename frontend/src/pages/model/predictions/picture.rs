//! One picture, large, with its boxes in a table beside it.
//!
//! Must not know in which order pictures stand, but for going to the next.

use super::address::PredictionsAddress;
use super::evaluated::Shown;
use super::grid::{Boxes, use_places};
use super::pictures::Pictures;
use super::rates::label_of;
use crate::components::dialog::Dialog;
use crate::components::dynamic::{dynamic, memo};
use crate::components::icon::{Icon, IconView};
use crate::components::step_button::StepButton;
use crate::routes::image;
use crate::text;
use leptos::prelude::*;
use shared::metrics::{DetectionOutcome, TargetOutcome};

#[component]
pub fn PictureDialog(
    shown: Shown,
    address: Memo<PredictionsAddress>,
    go: Callback<PredictionsAddress>,
    pictures: Pictures,
) -> impl IntoView {
    let index = memo(move |_| address.with(|address| address.picture));
    let place = memo(move |_| shown.main.read(|data| data.place_of(index.get()?)));
    let open = memo(move |_| place.get().is_some());
    let to = move |picture: Option<u32>| go.run(PredictionsAddress { picture, ..address.get_untracked() });
    let close = Callback::new(move |()| {
        if index.get_untracked().is_some() {
            to(None);
        }
    });
    let places = use_places(shown, address);
    let neighbour = move |by: isize| {
        let here = place.get()?;
        places.with(|places| {
            let at = places.iter().position(|place| *place == here)?;
            let next = *places.get(at.checked_add_signed(by)?)?;
            shown.main.read(|data| data.images.get(next).map(|image| image.index))
        })
    };
    let step = move |by: isize| {
        if let Some(index) = untrack(|| neighbour(by)) {
            to(Some(index));
        }
    };
    let step_button = move |by: isize, label: &'static str, icon: Icon| {
        let reason =
            Signal::derive(move || neighbour(by).is_none().then_some("There is no other picture there"));
        view! { <StepButton label icon reason on_press=Callback::new(move |()| step(by))/> }
    };
    let on_key = move |event: web_sys::KeyboardEvent| match event.key().as_str() {
        "ArrowLeft" => step(-1),
        "ArrowRight" => step(1),
        _ => {}
    };
    let title = memo(move |_| {
        let index = index.get().unwrap_or_default();
        pictures.item(index).map_or_else(|| format!("Picture {index}"), |item| item.name)
    });
    view! {
        <Dialog open=open on_close=close labelled_by="picture-title" class="dialog wide">
            <div class="picture-dialog" on:keydown=on_key>
                <div class="panel-head">
                    <h2 id="picture-title">{title}</h2>
                    {step_button(-1, "Previous picture", Icon::ArrowUp)}
                    {step_button(1, "Next picture", Icon::ArrowDown)}
                    <button class="icon-button" type="button" aria-label="Close picture" title="Close (Esc)" on:click=move |_| close.run(())>
                        <IconView icon=Icon::Close/>
                    </button>
                </div>
                {dynamic(move || place.get().map(|place| view! { <Picture shown place pictures/> }))}
            </div>
        </Dialog>
    }
}

#[component]
fn Picture(shown: Shown, place: usize, pictures: Pictures) -> impl IntoView {
    let index = shown.main.read(|data| data.images.get(place).map_or(0, |image| image.index));
    let source = memo(move |_| pictures.item(index).map(|item| image(&item.content_hash)));
    let drawn = memo(move |_| shown.main.drawn(place, shown.confidence.get()));
    let loss =
        shown.main.read(|data| data.images.get(place).map(|image| image.loss)).filter(|loss| !loss.is_nan());
    let other = shown.other().map(|other| {
        let evaluated = other.evaluated;
        let drawn = memo(move |_| evaluated.drawn(place, shown.confidence.get()));
        view! {
            <figure>
                <Boxes evaluated place drawn address=source/>
                <figcaption>{other.name}</figcaption>
            </figure>
        }
    });
    view! {
        <p class="muted" role="status">
            {dynamic(move || drawn.with(|(_, words)| words.clone()))}
            {loss.map(|loss| format!("; loss {}", text::metric(f64::from(loss))))}
            {dynamic(move || format!("; at confidence {}", text::metric(shown.confidence.get())))}
        </p>
        <div class="picture-sides">
            <figure>
                <Boxes evaluated=shown.main place drawn address=source/>
                <figcaption>{shown.name.get_value()}</figcaption>
            </figure>
            {other}
        </div>
        <BoxTable shown place/>
    }
}

/// Every box that is there or predicted.
#[component]
fn BoxTable(shown: Shown, place: usize) -> impl IntoView {
    let rows = memo(move |_| {
        let confidence = shown.confidence.get();
        shown.main.read_at_sliders(|data| {
            shown.labels.with_value(|labels| {
                let Some((image, outcomes)) = data.picture(place, confidence) else { return Vec::new() };
                let predicted =
                    image.detections.iter().zip(&outcomes.detections).filter_map(|(found, outcome)| {
                        let words = match *outcome {
                            DetectionOutcome::Hidden => return None,
                            DetectionOutcome::Right { .. } => "Right".to_owned(),
                            DetectionOutcome::WrongClass { target } => {
                                let class =
                                    image.targets.get(target).map_or(labels.len(), |target| target.class);
                                format!("Wrong: it is {}", label_of(labels, class))
                            }
                            DetectionOutcome::Background => {
                                "Wrong: nothing is there, or it was found already".to_owned()
                            }
                        };
                        Some((label_of(labels, found.class), text::metric(found.score), words))
                    });
                let missed =
                    image.targets.iter().zip(&outcomes.targets).filter_map(
                        |(target, outcome)| match *outcome {
                            TargetOutcome::Found { .. } => None,
                            TargetOutcome::WrongClass { .. } => Some((
                                label_of(labels, target.class),
                                "–".to_owned(),
                                "Missed: taken for another class".to_owned(),
                            )),
                            TargetOutcome::Missed => {
                                Some((label_of(labels, target.class), "–".to_owned(), "Missed".to_owned()))
                            }
                        },
                    );
                missed.chain(predicted).collect()
            })
        })
    });
    let row = |(label, score, words): (String, String, String)| {
        view! { <tr><th scope="row">{label}</th><td class="number">{score}</td><td>{words}</td></tr> }
    };
    view! {
        <div class="table-frame box-table" role="region" aria-label="Boxes of the picture" tabindex="0">
            <table class="table">
                <caption class="visually-hidden">"Boxes of the picture"</caption>
                <thead>
                    <tr><th scope="col">"Class"</th><th scope="col" class="number">"Confidence"</th><th scope="col">"Outcome"</th></tr>
                </thead>
                <tbody>{dynamic(move || rows.get().into_iter().map(row).collect_view())}</tbody>
            </table>
        </div>
    }
}
