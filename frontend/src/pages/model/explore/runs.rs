//! The runs whose lines the charts show: the one of the page, and those that it is compared with.
//!
//! Must not know how lines are drawn.

use super::lines::RunLines;
use crate::api::{self, ApiError};
use crate::arrange::sort_by_key;
use crate::components::chart::axis::{RunScale, XAxis};
use crate::components::chart::look::hues;
use crate::components::dynamic::{effect, memo};
use crate::state::feed::Feed;
use crate::state::latest::Latest;
use crate::state::live::Live;
use crate::state::resource::{Fetched, Loaded, fetched};
use crate::state::run::RunMetrics;
use leptos::prelude::*;
use shared::model::Model;
use shared::training::Training;

/// A part of the axis that stands still for so long is fetched in detail.
const QUIET_MS: u32 = 150;

/// A run whose figures are there.
#[derive(Clone, Copy)]
pub struct Run {
    /// Id of its version, or its own where it is not the latest of one.
    pub id: StoredValue<String>,
    pub name: StoredValue<String>,
    pub metrics: RunMetrics,
    pub scale: Memo<RunScale>,
}

impl PartialEq for Run {
    /// Whether they are the same run; its figures are signals of their own.
    fn eq(&self, other: &Self) -> bool {
        self.metrics.figures == other.metrics.figures
    }
}

impl Run {
    /// The run of the page, whose figures arrive by themselves.
    pub fn of_page(model: &Model, training: RwSignal<Training>, feed: Feed, axis: Memo<XAxis>) -> Self {
        let training = memo(move |_| Some(training.get()));
        Self {
            id: StoredValue::new(model.id.to_string()),
            name: StoredValue::new(model.name.clone()),
            metrics: feed.metrics,
            scale: scale_of(training, axis),
        }
    }

    /// A run by its id, or the latest of a version by that one's. It is fetched, and again whenever it has come further.
    pub fn of_other(wanted: String, axis: Memo<XAxis>) -> (Self, Fetched<Training>) {
        let live = expect_context::<Live>();
        let id = StoredValue::new(wanted);
        let metrics = RunMetrics::new();
        let reached = memo(move |_| {
            let row = id.with_value(|id| match id.parse().ok().and_then(|id| live.latest_of(id)) {
                Some(row) => Some(row),
                None => live.rows.with(|rows| rows.get(&id.parse().ok()?).cloned()),
            });
            row.map(|row| row.with(|row| (row.id, row.progress.epoch, row.status)))
        });
        let training = fetched(move || {
            reached.track();
            let wanted = id.get_value();
            async move {
                let training = api::trainings::get(wanted).await?;
                let answer = api::trainings::series(training.execution_id.to_string(), None).await?;
                metrics.take_series(answer.series);
                Ok::<Training, ApiError>(training)
            }
        });
        let found = memo(move |_| match training.state.get() {
            Loaded::Ready(training) => Some(training),
            Loaded::Loading | Loaded::Failed(_) => None,
        });
        let name = StoredValue::new(String::new());
        effect(move |_| {
            if let Some(training) = found.get() {
                name.set_value(training.model_name);
            }
        });
        (Self { id, name, metrics, scale: scale_of(found, axis) }, training)
    }
}

/// What turns epochs into other axes. How many steps an epoch has is asked only where it is needed.
fn scale_of(training: Memo<Option<Training>>, axis: Memo<XAxis>) -> Memo<RunScale> {
    let asked = memo(move |_| {
        let id = training.with(|training| training.as_ref().map(|training| training.id));
        id.filter(|_| axis.get() == XAxis::Step)
    });
    let steps = fetched(move || {
        let asked = asked.get();
        async move {
            let Some(training) = asked else { return Ok(None) };
            let snapshot = api::trainings::snapshot(training.to_string()).await?;
            let settings: serde_json::Value =
                serde_json::from_str(&snapshot.configuration_json).unwrap_or_default();
            let Some(batch) = settings.get("batch_size").and_then(serde_json::Value::as_f64) else {
                return Ok(None);
            };
            // The subset that is learnt from comes first; what is left of a batch is a step, too.
            let items = snapshot.subsets.first().map(|subset| subset.item_count as f64);
            Ok(items.map(|items| (items / batch.max(1.0)).ceil()))
        }
    });
    memo(move |_| RunScale {
        started_at_ms: training.with(|training| {
            training.as_ref().map_or(0, |training| training.started_at_ms.unwrap_or(training.created_at_ms))
        }),
        steps_per_epoch: match steps.state.get() {
            Loaded::Ready(steps) => steps,
            Loaded::Loading | Loaded::Failed(_) => None,
        },
    })
}

/// The runs in the order of their lines: that of the page first, the others as they were chosen.
pub fn in_order(page: Run, others: &[(String, Run)], with: &[String]) -> Vec<Run> {
    let mut others: Vec<&(String, Run)> = others.iter().collect();
    sort_by_key(&mut others, |(id, _)| with.iter().position(|wanted| wanted == id));
    std::iter::once(page).chain(others.into_iter().map(|(_, run)| *run)).collect()
}

/// Hues of the versions: that of the page has the first choice. Ids that were not fetched yet have theirs already, so
/// that no line changes its colour when they come.
pub fn hues_of(page: &str, with: &[String]) -> Vec<(String, usize)> {
    let ids: Vec<&str> = std::iter::once(page).chain(with.iter().map(String::as_str)).collect();
    ids.iter().map(|id| (*id).to_owned()).zip(hues(ids.iter().copied())).collect()
}

/// The tracks of one figure in each run that has it.
pub fn lines_of_figure(runs: &[Run], hues: &[(String, usize)], figure: &str) -> Vec<RunLines> {
    let lines = |run: &Run| {
        let hue = run.id.with_value(|id| hues.iter().find(|(known, _)| known == id).map(|(_, hue)| *hue));
        RunLines {
            name: run.name.get_value(),
            hue: hue.unwrap_or_default(),
            scale: run.scale.get(),
            tracks: run.metrics.tracks(figure).get(),
        }
    };
    runs.iter().map(lines).collect()
}

/// Fetches what lies within the part that is shown, for runs of which not every point is here.
pub fn fetch_detail(run: Run, axis: Memo<XAxis>, range: Memo<Option<(f64, f64)>>) {
    let latest = Latest::new();
    effect(move |_| {
        let (axis, scale) = (axis.get(), run.scale.get());
        let Some((from, to)) = range.get().filter(|_| run.metrics.is_thinned.get()) else {
            return latest.cancel();
        };
        let is_shown = |x: f64| (from..=to).contains(&x);
        let epochs =
            run.metrics.epochs(|value| axis.place(value.x, value.at_ms, scale).is_some_and(is_shown));
        let Some(epochs) = epochs else { return };
        let id = run.id.get_value();
        latest.run(QUIET_MS, async move {
            // What cannot be fetched stays as coarse as it is; the next move asks again.
            if let Ok(answer) = api::trainings::series(id, Some(epochs)).await {
                run.metrics.take_series(answer.series);
            }
        });
    });
}
