//! The stored files of a training, to download.
//!
//! Must not know how they are stored.

use crate::components::dynamic::dynamic;
use crate::components::empty::{Empty, Skeleton};
use crate::components::icon::{Icon, IconView};
use crate::components::time::TimeAgo;
use crate::routes::artifact_download;
use crate::state::live::Live;
use crate::text;
use leptos::prelude::*;
use shared::model::{Artifact, ArtifactKind};

const fn kind_label(kind: ArtifactKind) -> &'static str {
    match kind {
        ArtifactKind::Weights => "Weights",
        ArtifactKind::Checkpoint => "Checkpoint",
        ArtifactKind::Report => "Report",
        ArtifactKind::Predictions => "Predictions",
        ArtifactKind::Table => "Table",
    }
}

#[component]
pub fn ArtifactsTab() -> impl IntoView {
    let feed = expect_context::<Live>().feed;
    dynamic(move || {
        let artifacts = feed.artifacts.get();
        if !artifacts.is_empty() {
            view! { <ArtifactTable artifacts/> }.into_any()
        } else if feed.execution.get().is_some() && !feed.is_loaded.get() {
            view! { <Skeleton rows=3/> }.into_any()
        } else {
            view! {
                <Empty title="No artifacts yet">
                    <p>"Weights and checkpoints appear here as the training writes them"</p>
                </Empty>
            }
            .into_any()
        }
    })
}

#[component]
fn ArtifactTable(artifacts: Vec<Artifact>) -> impl IntoView {
    let row = |artifact: Artifact| {
        let short: String = artifact.content_hash.chars().take(12).collect();
        let href = artifact_download(&artifact.id.to_string());
        let label = format!("Download {}", artifact.name);
        view! {
            <tr>
                <td><strong class="mono">{artifact.name.clone()}</strong></td>
                <td>{kind_label(artifact.kind)}</td>
                <td class="number">{text::bytes(artifact.size_bytes)}</td>
                <td class="mono" title=artifact.content_hash>{short} "…"</td>
                <td class="number">{artifact.epoch.map_or_else(|| "–".to_owned(), |epoch| epoch.to_string())}</td>
                <td class="created-cell"><TimeAgo at_ms=artifact.created_at_ms/></td>
                <td class="number">
                    // A plain link with `rel`, so that the router leaves it to the browser.
                    <a class="button" rel="external" href=href download=artifact.name aria-label=label>
                        <IconView icon=Icon::Download/>
                        "Download"
                    </a>
                </td>
            </tr>
        }
    };
    view! {
        <div class="table-frame">
            <table class="table training-table">
                <caption class="visually-hidden">"Artifacts"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Kind"</th>
                        <th scope="col" class="number">"Size"</th>
                        <th scope="col">"SHA-256"</th>
                        <th scope="col" class="number">"Epoch"</th>
                        <th scope="col">"Created At"</th>
                        <td></td>
                    </tr>
                </thead>
                <tbody>{artifacts.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
