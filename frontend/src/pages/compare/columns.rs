//! The trainings that are compared: each fetched as long as its column is there.
//!
//! Must not know how they are shown.

use super::facts::{Facts, Frozen, FrozenSubset};
use crate::api::{self, ApiError};
use crate::components::chart::axis::XAxis;
use crate::components::dynamic::memo;
use crate::pages::model::data::{subset_of, versions_of};
use crate::pages::model::explore::runs::{Run, fetch_detail};
use crate::pages::model::items::subset_label;
use crate::pages::train::mode_label;
use crate::state::architectures::Architectures;
use crate::state::resource::{Fetched, Loaded, fetched, kept};
use leptos::prelude::*;
use proto::v1::{SubsetSnapshot, TrainingSnapshot};
use shared::model::ChoiceMode;
use shared::service::ServiceSettings;
use shared::training::Training;

/// One training that is compared.
#[derive(Clone, Copy)]
pub struct Column {
    pub run: Run,
    pub training: Memo<Loaded<Training>>,
    pub frozen: Memo<Loaded<Option<TrainingSnapshot>>>,
    pub again: Callback<()>,
}

impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.run == other.run
    }
}

impl Column {
    /// Fetches the training with this id, or the latest of the version with it.
    pub fn new(id: String, axis: Memo<XAxis>, range: Memo<Option<(f64, f64)>>) -> Self {
        let (run, training) = Run::of_other(id, axis);
        fetch_detail(run, axis, range);
        let again = training.again;
        let training = kept(training);
        // With a new attempt the device may be another one; the rest never changes.
        let frozen_by = memo(move |_| match training.get() {
            Loaded::Ready(training) => Some((training.id, training.attempt)),
            Loaded::Loading | Loaded::Failed(_) => None,
        });
        let frozen: Fetched<Option<TrainingSnapshot>> = fetched(move || {
            let wanted = frozen_by.get();
            async move {
                let Some((id, _)) = wanted else { return Ok(None) };
                api::trainings::snapshot(id.to_string()).await.map(Some)
            }
        });
        Self { run, training, frozen: kept(frozen), again }
    }

    /// Whether nothing more is awaited of it.
    pub fn is_settled(self) -> bool {
        match self.training.get() {
            Loaded::Loading => false,
            Loaded::Failed(_) => true,
            Loaded::Ready(_) => match self.frozen.get() {
                Loaded::Loading | Loaded::Ready(None) => false,
                Loaded::Ready(Some(_)) | Loaded::Failed(_) => true,
            },
        }
    }

    /// Why it cannot be shown.
    pub fn problem(self) -> Option<ApiError> {
        match self.training.get() {
            Loaded::Failed(error) => Some(error),
            Loaded::Loading | Loaded::Ready(_) => None,
        }
    }

    pub fn facts(self) -> Option<Facts> {
        let Loaded::Ready(training) = self.training.get() else { return None };
        let frozen = match self.frozen.get() {
            Loaded::Ready(Some(snapshot)) => Some(frozen(snapshot)),
            Loaded::Ready(None) | Loaded::Loading | Loaded::Failed(_) => None,
        };
        let metrics = self.run.metrics;
        let figures = metrics.figures.get().into_iter().map(|name| {
            let tracks = metrics.tracks(&name).get();
            (name, tracks)
        });
        let catalog = Architectures::from_context().catalog();
        let fields =
            catalog.resolve(&training.architecture).map_or(&[][..], |(family, _)| &family.schema().fields);
        Some(Facts { id: self.run.id.get_value(), training, fields, figures: figures.collect(), frozen })
    }
}

fn frozen(snapshot: TrainingSnapshot) -> Frozen {
    let settings = snapshot.service_settings.and_then(|wire| ServiceSettings::try_from(wire).ok());
    Frozen {
        content_hash: snapshot.content_hash,
        subsets: snapshot.subsets.into_iter().map(frozen_subset).collect(),
        labels: snapshot.labels,
        leaked_count: snapshot.leaked_count,
        weights_hash: snapshot.initial_weights_hash,
        device: snapshot.device,
        versions: versions_of(&snapshot.versions_json),
        service_settings: settings.and_then(|settings| serde_json::to_value(settings).ok()),
        settings_revision: snapshot.settings_revision,
        secrets: snapshot.secrets,
    }
}

fn frozen_subset(subset: SubsetSnapshot) -> FrozenSubset {
    FrozenSubset {
        name: subset_label(subset_of(&subset)),
        mode: ChoiceMode::from_name(&subset.mode).map_or(subset.mode, |mode| mode_label(mode).to_owned()),
        filter: subset.canonical_filter,
        annotation_filter: subset.canonical_annotation_filter,
        content_hash: subset.content_hash,
        item_count: subset.item_count,
        annotation_count: subset.annotation_count,
        unannotated_count: subset.unannotated_count,
    }
}
