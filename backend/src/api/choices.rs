//! What a person chooses for the subsets of a training: parsed, and refused by the field and place that is wrong.
//!
//! Must not know which call the choices came with.

use super::error::Problem;
use proto::convert::choice_from_wire;
use proto::v1;
use shared::check::{TrainingWarning, WarningKind};
use shared::dataset::Subset;
use shared::dql::{self, Query, Resource, parse};
use shared::model::{ChoiceMode, SubsetChoice};
use tonic::Code;

/// A choice that can be run, with what is probably not meant.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) choice: SubsetChoice,
    /// The query of items.
    pub(super) query: Query,
    pub(super) warnings: Vec<TrainingWarning>,
}

/// Parses the choice for a subset, if there is one.
///
/// # Errors
/// The field and each mistake with its place, for example `train.filter`.
pub(super) fn choice_of_request(
    subset: Subset,
    wire: Option<v1::SubsetChoice>,
) -> Result<Option<Choice>, Problem> {
    choice_from_wire(subset.name(), wire)?.map(|choice| checked(subset, choice)).transpose()
}

/// Reads the queries of a choice.
///
/// # Errors
/// As [`choice_of_request`].
pub(super) fn checked(subset: Subset, mut choice: SubsetChoice) -> Result<Choice, Problem> {
    // The filter of tagged items is known, so it need not be written.
    if choice.mode == ChoiceMode::TaggedItems && choice.filter.trim().is_empty() {
        choice.filter = SubsetChoice::tagged(subset).filter;
    }
    let field = format!("{}.filter", subset.name());
    let parsed =
        parse(&choice.filter).map_err(|refusal| refused(&field, &choice.filter, &refusal.problems))?;
    if parsed.query.resource() != Resource::Items {
        return Err(other_resource(&field, parsed.query.resource(), "items"));
    }
    let mut warnings = warnings_of(subset, &choice.filter, &parsed.warnings);
    if let Some(text) = &choice.annotation_filter {
        let field = format!("{}.annotation_filter", subset.name());
        let parsed = parse(text).map_err(|refusal| refused(&field, text, &refusal.problems))?;
        match parsed.query.resource {
            Some(Resource::Annotations) => warnings.extend(warnings_of(subset, text, &parsed.warnings)),
            // A bare filter is read as one of items, whose fields it is then warned about.
            None => {}
            Some(other) => return Err(other_resource(&field, other, "annotations")),
        }
    }
    Ok(Choice { query: parsed.query, choice, warnings })
}

fn warnings_of(subset: Subset, text: &str, problems: &[dql::Problem]) -> Vec<TrainingWarning> {
    problems
        .iter()
        .map(|problem| TrainingWarning {
            kind: WarningKind::Filter,
            message: format!("filter of the {} subset, {}", subset.name(), with_place(problem, text)),
            filter: None,
        })
        .collect()
}

fn with_place(problem: &dql::Problem, text: &str) -> String {
    let (line, column) = problem.span.line_and_column(text);
    format!("line {line}, column {column}: {problem}")
}

/// One violation for each thing that is wrong.
fn refused(field: &str, text: &str, problems: &[dql::Problem]) -> Problem {
    let told: Vec<String> = problems.iter().map(|problem| with_place(problem, text)).collect();
    let message = format!("`{field}` is refused:\n{}", told.join("\n"));
    let mut problem = Problem::new(Code::InvalidArgument, "FILTER_REFUSED", message);
    problem.violations = told.into_iter().map(|told| (field.to_owned(), told)).collect();
    problem
}

fn other_resource(field: &str, asked: Resource, wanted: &str) -> Problem {
    Problem::field(
        field,
        format!(
            "asks for {}, and here only {wanted} can be chosen; write \"resource\": \"{wanted}\"",
            asked.name()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(mode: &str, filter: &str, annotation_filter: &str) -> Option<v1::SubsetChoice> {
        Some(v1::SubsetChoice {
            mode: mode.into(),
            filter: filter.into(),
            annotation_filter: annotation_filter.into(),
            saved_filter_id: String::new(),
        })
    }

    #[test]
    fn what_cannot_be_run_names_its_field_and_place() {
        for (wire, field, part) in [
            (choice("chance", "{}", ""), "train.mode", "tagged-items"),
            (choice("dql-filter", "", ""), "train.filter", "line 1"),
            (choice("dql-filter", "{\n\"a\": {\"$foo\": 1}}", ""), "train.filter", "line 2, column 7"),
            (
                choice("dql-filter", r#"{"filter":{},"resource":"annotations"}"#, ""),
                "train.filter",
                "only items",
            ),
            (choice("folder", "{}", "{"), "train.annotation_filter", "line 1"),
            (
                choice("folder", "{}", r#"{"filter":{},"resource":"items"}"#),
                "train.annotation_filter",
                "only annotations",
            ),
        ] {
            let problem = choice_of_request(Subset::Train, wire).unwrap_err();
            assert_eq!(problem.code, Code::InvalidArgument);
            let (named, told) = &problem.violations[0];
            assert_eq!(named, field, "{problem:?}");
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn the_filter_of_tagged_items_need_not_be_written_and_a_slip_is_a_warning() {
        let kept = choice_of_request(Subset::Validation, choice("tagged-items", " ", "")).unwrap().unwrap();
        assert_eq!(kept.choice, SubsetChoice::tagged(Subset::Validation));
        let slip = choice("dql-filter", r#"{"filenam": "/a"}"#, r#"{"label": "cat"}"#);
        let kept = choice_of_request(Subset::Train, slip).unwrap().unwrap();
        assert_eq!(kept.warnings.len(), 1);
        assert!(kept.warnings[0].message.contains("did you mean `filename`?"), "{:?}", kept.warnings);
        assert_eq!(choice_of_request(Subset::Train, None).unwrap(), None);
    }
}
