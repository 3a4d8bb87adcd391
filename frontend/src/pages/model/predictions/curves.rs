//! Precision, recall and F1 by confidence, and precision by recall: of the mean and of each class.
//!
//! Must not know boxes. The lines change with the IoU threshold; the confidence moves a cursor over them.

use super::address::{PredictionsAddress, on_step};
use super::evaluated::Shown;
use super::rates::label_of;
use crate::components::chart::drawing::draw_when_changed;
use crate::components::chart::frame::Frame;
use crate::components::chart::lines::{Line, Point};
use crate::components::chart::look::Look;
use crate::components::chart::overlay::Axes;
use crate::components::dynamic::{dynamic, memo};
use crate::components::observed::observed_size;
use crate::text;
use leptos::html;
use leptos::prelude::*;
use shared::metrics::{CURVE_POINTS, ClassCurves, DetectionCurves, curve_position};

/// Classes whose lines are drawn beside the mean: more would be a muddle.
const MOST_CLASSES: usize = 11;

/// One of the four charts.
#[derive(Clone, Copy)]
struct Curve {
    title: &'static str,
    /// What stands up and across.
    axes: &'static str,
    mean: fn(&DetectionCurves) -> &Vec<f64>,
    class: fn(&ClassCurves) -> &Vec<f64>,
    is_by_recall: bool,
}

const CURVES: [Curve; 4] = [
    Curve {
        title: "Precision-recall",
        axes: "Precision up, recall across",
        mean: |curves| &curves.precision_by_recall,
        class: |curves| &curves.precision_by_recall,
        is_by_recall: true,
    },
    Curve {
        title: "F1-confidence",
        axes: "F1 up, confidence across",
        mean: |curves| &curves.f1,
        class: |curves| &curves.f1,
        is_by_recall: false,
    },
    Curve {
        title: "Precision-confidence",
        axes: "Precision up, confidence across",
        mean: |curves| &curves.precision,
        class: |curves| &curves.precision,
        is_by_recall: false,
    },
    Curve {
        title: "Recall-confidence",
        axes: "Recall up, confidence across",
        mean: |curves| &curves.recall,
        class: |curves| &curves.recall,
        is_by_recall: false,
    },
];

#[component]
pub fn Curves(
    shown: Shown,
    address: Memo<PredictionsAddress>,
    go: Callback<PredictionsAddress>,
) -> impl IntoView {
    let choose = Callback::new(move |confidence: f64| {
        let confidence = Some(on_step(confidence.clamp(0.0, 1.0)));
        shown.sliders.confidence.set(confidence);
        go.run(PredictionsAddress { confidence, ..address.get_untracked() });
    });
    let curve = move |curve: Curve| view! { <CurveChart shown curve choose/> };
    view! {
        <section class="chart-group" aria-labelledby="prediction-curves">
            <h2 id="prediction-curves">"Curves"</h2>
            <div class="chart-grid">{CURVES.map(curve).collect_view()}</div>
        </section>
    }
}

fn line(legend: String, look: Look, values: &[f64]) -> Line {
    let points = values.iter().enumerate().map(|(place, &y)| Point { x: curve_position(place), y });
    Line { legend, look, points: points.collect() }
}

#[component]
fn CurveChart(shown: Shown, curve: Curve, choose: Callback<f64>) -> impl IntoView {
    let body = NodeRef::<html::Div>::new();
    let canvas = NodeRef::<html::Canvas>::new();
    let size = observed_size(body);
    let frame = memo(move |_| Frame::of_shares(size.get()));
    let other = shown.other().map(|other| other.evaluated.report);
    let lines = memo(move |_| {
        let mut lines = Vec::new();
        shown.main.report.with(|report| {
            let classes = &report.curves.per_class;
            if (2..=MOST_CLASSES).contains(&classes.len()) && other.is_none() {
                shown.labels.with_value(|labels| {
                    lines.extend(classes.iter().enumerate().map(|(place, class)| {
                        line(label_of(labels, class.class), Look::of_place(place + 1), (curve.class)(class))
                    }));
                });
            }
            if let Some(other) = other {
                let look = Look { hue: 1, dash: 1 };
                other.with(|other| lines.push(line("beside".into(), look, (curve.mean)(&other.curves))));
            }
            lines.push(line("mean".into(), Look::of_place(0), (curve.mean)(&report.curves)));
        });
        lines
    });
    draw_when_changed(canvas, lines.into(), Signal::stored(0.0), frame);
    // Where the confidence of the slider lies on the line of the mean.
    let here = memo(move |_| {
        let confidence = shown.confidence.get();
        shown.main.report.with(|report| {
            let curves = &report.curves;
            let at = |values: &[f64]| values.get(place(confidence)).copied().unwrap_or(0.0);
            if curve.is_by_recall {
                (at(&curves.recall), at(&curves.precision))
            } else {
                (confidence, at((curve.mean)(curves)))
            }
        })
    });
    let cursor = move || {
        let frame = frame.get();
        let (x, y) = frame.place(Point { x: here.get().0, y: here.get().1 });
        view! {
            <line class="cursor-line" x1=x x2=x y1=frame.top() y2=frame.bottom()></line>
            <g class="series-1"><circle class="cursor-dot" cx=x cy=y r="4"></circle></g>
        }
    };
    let words = move || {
        let (x, y) = here.get();
        if curve.is_by_recall {
            let area = shown.main.report.with(|report| report.mean_average_precision);
            format!(
                "At the confidence of the slider recall {} and precision {}; mean average precision {}",
                text::metric(x),
                text::metric(y),
                text::metric(area)
            )
        } else {
            let (best, at) = shown.main.report.with(|report| highest((curve.mean)(&report.curves)));
            format!(
                "{} at confidence {}; highest {} at {}",
                text::metric(y),
                text::metric(x),
                text::metric(best),
                text::metric(at)
            )
        }
    };
    let press = move |event: web_sys::MouseEvent| {
        if !curve.is_by_recall {
            choose.run(frame.with_untracked(|frame| frame.x.to_value(f64::from(event.offset_x()))));
        }
    };
    let legend = move || {
        lines.with(|lines| {
            let entry = |line: &Line| {
                view! { <span><span class=line.look.swatch()></span>{line.legend.clone()}</span> }
            };
            lines.iter().rev().map(entry).collect_view()
        })
    };
    view! {
        <figure class="chart" aria-label=curve.title>
            <div class="chart-head"><h3>{curve.title}</h3> <span class="muted">{curve.axes}</span></div>
            <div class="chart-frame">
                <div node_ref=body class="chart-body" class:is-still=curve.is_by_recall on:click=press>
                    <svg aria-hidden="true" focusable="false"><Axes frame lines=Signal::derive(Vec::new)/></svg>
                    <canvas node_ref=canvas aria-hidden="true"></canvas>
                    <svg aria-hidden="true" focusable="false">{dynamic(cursor)}</svg>
                </div>
            </div>
            <figcaption class="chart-summary">
                <span class="curve-legend">{dynamic(legend)}</span>
                <span>{dynamic(words)}</span>
            </figcaption>
        </figure>
    }
}

/// The place of a share on a curve.
fn place(share: f64) -> usize {
    // A cast of a number from 0 to 999.
    (share.clamp(0.0, 1.0) * (CURVE_POINTS - 1) as f64).round() as usize
}

/// The highest value of a curve, and where it is.
fn highest(values: &[f64]) -> (f64, f64) {
    let best = values
        .iter()
        .enumerate()
        .fold((0, f64::MIN), |best, (place, &value)| if value > best.1 { (place, value) } else { best });
    (best.1, curve_position(best.0))
}
