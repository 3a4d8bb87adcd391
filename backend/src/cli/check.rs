//! `trainyard train --check` and `trainyard trainings snapshot`: what a training would learn from, and what one did.
//!
//! Must not know how either is found out.

use super::connect::Connection;
use super::failure::Failure;
use super::print;
use proto::v1;
use shared::check::TrainingCheck;
use shared::format::{bytes, duration};
use shared::snapshot::{SubsetContent, TrainingSnapshot};

/// Prints what starting would do; fails if it would be refused.
pub(super) async fn check(
    connection: &Connection,
    request: v1::StartTrainingRequest,
    json: bool,
) -> Result<(), Failure> {
    let answer = connection.trainings().check_training(request).await?;
    let check = TrainingCheck::try_from(answer.into_inner())?;
    if json {
        print::json(&check)?;
    } else {
        print_check(&check)?;
    }
    match check.problems.len() {
        0 => Ok(()),
        1 => Err(Failure::failed("the training would be refused: one problem, named above")),
        count => {
            Err(Failure::failed(format!("the training would be refused: {count} problems, named above")))
        }
    }
}

fn print_check(check: &TrainingCheck) -> Result<(), Failure> {
    let contents: Vec<&SubsetContent> =
        [&check.train, &check.validation].into_iter().flatten().map(|subset| &subset.content).collect();
    print_contents(&contents)?;
    print::line(&format!("labels: {}", print::plain(&check.labels.join(", "))))?;
    if check.memory_bytes > 0 {
        let machine = bytes(check.machine_memory_bytes);
        print::line(&format!("memory: about {} of {machine}", bytes(check.memory_bytes)))?;
    }
    if let Some(secs) = check.duration_secs {
        let time = duration(i64::try_from(secs.saturating_mul(1_000)).unwrap_or(i64::MAX));
        print::line(&format!("time: about {time}"))?;
    }
    for warning in &check.warnings {
        print::line(&format!("warning ({}): {}", warning.kind.name(), print::plain(&warning.message)))?;
        if let Some(filter) = &warning.filter {
            print::line(&format!("  {}", print::plain(filter)))?;
        }
    }
    for problem in &check.problems {
        print::line(&format!("problem ({}): {}", problem.field, print::plain(&problem.message)))?;
    }
    Ok(())
}

fn print_contents(contents: &[&SubsetContent]) -> Result<(), Failure> {
    let rows: Vec<[String; 5]> = contents
        .iter()
        .map(|content| {
            let labels: Vec<String> = content
                .labels
                .iter()
                .map(|count| format!("{} {}", count.label, count.annotation_count))
                .collect();
            [
                content.subset.name().to_owned(),
                content.item_count.to_string(),
                content.annotation_count.to_string(),
                content.unannotated_count.to_string(),
                labels.join(", "),
            ]
        })
        .collect();
    print::table(["SUBSET", "ITEMS", "ANNOTATIONS", "WITHOUT", "LABELS"], &rows)
}

/// Prints what a training learns from.
pub(super) async fn snapshot(connection: &Connection, training: String, json: bool) -> Result<(), Failure> {
    let answer = connection.trainings().get_snapshot(v1::GetSnapshotRequest { training }).await?;
    let snapshot = TrainingSnapshot::try_from(answer.into_inner())?;
    if json {
        return print::json(&snapshot);
    }
    let contents: Vec<&SubsetContent> = snapshot.subsets.iter().map(|subset| &subset.content).collect();
    print_contents(&contents)?;
    for subset in &snapshot.subsets {
        let name = subset.subset.name();
        print::line(&format!("{name} filter ({}): {}", subset.mode.name(), print::plain(&subset.filter)))?;
        print::line(&format!("{name} annotations: {}", print::plain(&subset.annotation_filter)))?;
    }
    print::line(&format!("dataset: {}", print::plain(&snapshot.dataset_name)))?;
    print::line(&format!("labels: {}", print::plain(&snapshot.labels.join(", "))))?;
    print::line(&format!("content: {}", snapshot.content_hash))?;
    if let Some(hash) = &snapshot.initial_weights_hash {
        print::line(&format!("started from weights: {hash}"))?;
    }
    let versions: Vec<String> =
        snapshot.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    print::line(&format!("seed: {}; {}", snapshot.seed, print::plain(&versions.join(", "))))
}
