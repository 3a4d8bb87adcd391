//! `trainyard train --check`: what a training would learn from, and what stands in its way.
//!
//! Must not know how it is found out.

use super::connect::Connection;
use super::failure::Failure;
use super::print;
use proto::v1;
use shared::check::TrainingCheck;
use shared::format::{bytes, duration};
use shared::snapshot::SubsetContent;

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

/// Prints subsets in numbers.
pub(super) fn print_contents(contents: &[&SubsetContent]) -> Result<(), Failure> {
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
