//! The tab once its predictions are here: what is chosen, the figures, the curves, the confusions and the pictures.
//!
//! Must not know where the predictions come from.

use super::address::PredictionsAddress;
use super::bar::Bar;
use super::classes::Classes;
use super::curves::Curves;
use super::evaluated::Shown;
use super::grid::Grid;
use super::kept::Kept;
use super::matrix::Matrix;
use super::picture::PictureDialog;
use super::pictures::Pictures;
use crate::components::dynamic::{dynamic, memo};
use crate::text;
use leptos::prelude::*;
use shared::id::ModelId;
use shared::metrics::{IouReport, Snapshot};

#[component]
pub fn PredictionsView(
    shown: Shown,
    /// Why there is nothing beside, although something should be.
    problem: Option<String>,
    kept: Memo<Vec<Kept>>,
    address: Memo<PredictionsAddress>,
    go: Callback<PredictionsAddress>,
    pictures: Pictures,
    model: ModelId,
) -> impl IntoView {
    view! {
        <div class="predictions">
            <Bar shown kept address go model/>
            {problem.map(|why| view! { <p class="notice" data-look="warning" role="status">{why}</p> })}
            <Figures shown/>
            <Curves shown address go/>
            <div class="prediction-tables">
                <Matrix shown address go/>
                <Classes shown/>
            </div>
            <Grid shown address go pictures/>
            <PictureDialog shown address go pictures/>
        </div>
    }
}

/// The means at the sliders, and beside them those of the other one.
#[component]
fn Figures(shown: Shown) -> impl IntoView {
    let other = shown.other();
    let other_snapshot = other.as_ref().map(|other| {
        let evaluated = other.evaluated;
        memo(move |_| evaluated.snapshot(shown.confidence.get()))
    });
    let other_report = other.as_ref().map(|other| other.evaluated.report);
    let figure = move |name: &'static str, value: fn(&Snapshot, &IouReport) -> Option<f64>| {
        let mine =
            move || shown.snapshot.with(|snapshot| shown.main.report.with(|report| value(snapshot, report)));
        let theirs = move || {
            let (snapshot, report) = (other_snapshot?, other_report?);
            Some(snapshot.with(|snapshot| report.with(|report| value(snapshot, report))))
        };
        let beside = move || {
            theirs().map(|theirs| {
                let difference = mine().zip(theirs).map(|(mine, theirs)| signed(mine - theirs));
                view! { <span class="muted">" beside " {rate(theirs)} {difference.map(|words| format!(" ({words})"))}</span> }
            })
        };
        view! { <div><dt>{name}</dt><dd><strong>{dynamic(move || rate(mine()))}</strong>{dynamic(beside)}</dd></div> }
    };
    let counts = move || {
        shown.snapshot.with(|snapshot| {
            let totals = snapshot.totals;
            format!(
                "{} right, {} wrong, {} missed",
                text::count(totals.true_positives),
                text::count(totals.false_positives),
                text::count(totals.false_negatives)
            )
        })
    };
    view! {
        <section class="card" aria-label="Figures at the sliders">
            <dl class="prediction-figures">
                {figure("Precision", |snapshot, _| snapshot.means.precision)}
                {figure("Recall", |snapshot, _| snapshot.means.recall)}
                {figure("F1", |snapshot, _| snapshot.means.f1)}
                {figure("Average precision", |_, report| Some(report.mean_average_precision))}
                <div><dt>"Boxes"</dt><dd>{dynamic(counts)}</dd></div>
            </dl>
            <p class="muted">"Means over the classes that are on the pictures. Average precision is the area under the precision-recall curve at this IoU threshold, whatever the confidence"</p>
        </section>
    }
}

/// A share with four digits; a dash where it is not defined.
pub fn rate(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), text::metric)
}

fn signed(difference: f64) -> String {
    if difference < 0.0 {
        format!("−{}", text::metric(-difference))
    } else {
        format!("+{}", text::metric(difference))
    }
}
