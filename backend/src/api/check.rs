//! What starting a training would do, told before it costs anything.
//!
//! Must not know how trainings are stored. It refuses what starting refuses, by the same plan.

use super::error::Problem;
use super::plan::Plan;
use crate::executor::with_free_memory;
use crate::store::{Store, StoreError, TrainingPreview};
use shared::check::{FieldProblem, SubsetCheck, TrainingCheck, TrainingWarning, WarningKind};
use shared::config::DeviceKind;
use shared::dataset::Subset;
use shared::dql::{Query, in_both, unannotated, with_labels};
use shared::estimate::{Work, duration_secs};
use shared::format::{bytes, duration};
use shared::model::Model;
use tonic::Code;
use trainer::memory::{MemoryEstimate, machine_bytes};
use trainer::{OtherHead, other_head};

/// Names that a message lists before it only counts.
const NAMES_SHOWN: usize = 5;
/// What a training may take of the machine's memory, in percent, before that is told: the system needs some too.
const MEMORY_PERCENT: u64 = 90;
/// A timeout that a training of unknown length may well not keep to.
const SHORT_TIMEOUT_SECS: u32 = 3_600;

/// Finds out what a planned training would do.
///
/// # Errors
/// If the store fails.
pub(super) async fn check(store: &Store, plan: Plan) -> Result<TrainingCheck, Problem> {
    let preview = match plan.new.snapshot_of {
        Some(other) => store.preview_snapshot(other).await?,
        None => shown(store.preview_training(&plan.new.data).await?, &plan),
    };
    let given = plan.new.settings_given.then_some(&plan.new.settings);
    let service = store.service_of(&plan.model.architecture_id, given).await?;
    let mut problems: Vec<FieldProblem> =
        refuse_model(&plan.model).iter().chain(&plan.problems).flat_map(fields_of).collect();
    let mut refusals: Vec<StoreError> = preview.refusals.clone();
    refusals.extend(store.check_secrets(&plan.new.secrets).await.err());
    let mut service_settings = plan.new.settings.clone();
    let service_exists = service.is_some();
    if let Some((present, differences)) = service {
        service_settings = present.settings;
        refusals.extend(differences);
    }
    for refusal in refusals {
        // What the plan has found already is not said again.
        let told = fields_of(&refusal.into()).into_iter();
        problems.extend(told.filter(|problem| is_new(problem, &plan.problems)));
    }
    let duration_secs = estimated_secs(store, &plan, &preview).await?;
    let mut warnings = warnings_of(&plan, &preview);
    warnings.extend(head_warning(store, &plan).await);
    let machine_memory_bytes = machine_bytes().unwrap_or(0);
    let mut memory_bytes = 0;
    // Of a training that is not understood nothing is foretold.
    if plan.config.is_some() {
        if let Some((estimate, batch_size)) = memory_estimate(&plan) {
            memory_bytes = estimate.total(batch_size) as u64;
            // The memory of a GPU is not known here.
            let told = processor_cores(&plan).map(|_| estimate);
            warnings
                .extend(told.and_then(|estimate| memory_warning(estimate, batch_size, machine_memory_bytes)));
        }
        warnings.extend(timeout_warning(duration_secs, service_settings.execution_timeout_secs));
    }
    let processor_cores = processor_cores(&plan);
    Ok(TrainingCheck {
        problems,
        warnings,
        train: preview.train,
        validation: preview.validation,
        memory_bytes,
        machine_memory_bytes,
        configuration: plan.new.configuration,
        labels: plan.new.data.labels,
        duration_secs,
        service_settings,
        service_exists,
        machine_types: with_free_memory(plan.machine_types),
        processor_cores,
    })
}

fn refuse_model(model: &Model) -> Option<Problem> {
    let reason = if model.deleted_at_ms.is_some() {
        "It is deleted; restore it first"
    } else {
        model.status.can_train().err()?
    };
    let message = format!("model `{}` cannot be trained now", model.name);
    let mut problem = Problem::new(Code::FailedPrecondition, "REFUSED", message).next(reason);
    problem.violations.push(("model".to_owned(), reason.to_owned()));
    Some(problem)
}

/// Without what was counted in place of a choice that cannot be read.
fn shown(mut preview: TrainingPreview, plan: &Plan) -> TrainingPreview {
    let unread = [(Subset::Train, &plan.train), (Subset::Validation, &plan.validation)];
    for (subset, _) in unread.into_iter().filter(|(_, query)| query.is_none()) {
        preview.overlap_count = 0;
        preview.refusals.retain(|refusal| {
            let is_of_subset =
                |field: &str| field.split('.').next().is_some_and(|first| first == subset.name());
            !matches!(refusal, StoreError::RefusedField { field, .. } if is_of_subset(field))
        });
        match subset {
            Subset::Train => preview.train = None,
            Subset::Validation | Subset::Test => preview.validation = None,
        }
    }
    preview
}

/// One entry for each field; a problem that names none is one of the version.
fn fields_of(problem: &Problem) -> Vec<FieldProblem> {
    if problem.violations.is_empty() {
        return vec![FieldProblem { field: "model".into(), message: problem.text() }];
    }
    let entry =
        |(field, message): &(String, String)| FieldProblem { field: field.clone(), message: message.clone() };
    problem.violations.iter().map(entry).collect()
}

fn is_new(found: &FieldProblem, known: &[Problem]) -> bool {
    !known.iter().flat_map(|problem| &problem.violations).any(|(field, _)| *field == found.field)
}

fn warnings_of(plan: &Plan, preview: &TrainingPreview) -> Vec<TrainingWarning> {
    let mut warnings = plan.warnings.clone();
    if preview.overlap_count > 0 {
        let filter = match (&plan.train, &plan.validation) {
            (Some(train), Some(validation)) => in_both(train, validation),
            _ => None,
        };
        let message = format!(
            "{} both in the train and in the validation subset: the figures will look better than they are",
            counted(preview.overlap_count, "item is", "items are")
        );
        warnings.push(warning(WarningKind::Overlap, message, filter));
    }
    let subsets = [
        (Subset::Train, &preview.train, &plan.train),
        (Subset::Validation, &preview.validation, &plan.validation),
    ];
    for (subset, found, query) in subsets {
        if let Some(found) = found {
            warnings.extend(warnings_of_subset(subset, found, query.as_ref(), &plan.new.data.labels));
        }
    }
    warnings
}

fn warnings_of_subset(
    subset: Subset,
    found: &SubsetCheck,
    query: Option<&Query>,
    labels: &[String],
) -> Vec<TrainingWarning> {
    let subset = subset.name();
    let mut warnings = Vec::new();
    let content = &found.content;
    let absent: Vec<&str> = labels
        .iter()
        .map(String::as_str)
        .filter(|label| !content.labels.iter().any(|count| count.label == *label))
        .collect();
    if !absent.is_empty() && content.annotation_count > 0 {
        let effect = if subset == "train" { "they cannot be learnt" } else { "they cannot be measured" };
        let message = format!("the {subset} subset has no annotations of {}: {effect}", listed(&absent));
        warnings.push(warning(WarningKind::ClassAbsent, message, None));
    }
    if content.unannotated_count > 0 && content.unannotated_count < content.item_count {
        let message = format!(
            "{} no annotations that take part in the {subset} subset: the network learns that nothing is on them",
            counted(content.unannotated_count, "item has", "items have")
        );
        warnings.push(warning(WarningKind::Unannotated, message, query.and_then(unannotated)));
    }
    if !found.unknown_labels.is_empty() {
        let names: Vec<&str> = found.unknown_labels.iter().map(|count| count.label.as_str()).collect();
        let annotations = found.unknown_labels.iter().map(|count| count.annotation_count).sum();
        let message = format!(
            "{} left out of the {subset} subset, because the training does not have their labels: {}",
            counted(annotations, "annotation is", "annotations are"),
            listed(&names)
        );
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let filter = query.and_then(|query| with_labels(query, &names));
        warnings.push(warning(WarningKind::UnknownLabels, message, filter));
    }
    warnings
}

/// Tells that the training does not go on from all of its first weights.
async fn head_warning(store: &Store, plan: &Plan) -> Option<TrainingWarning> {
    let path = store.blobs().local_path(plan.model.initial_weights_hash.as_deref()?)?;
    let labels = plan.new.data.labels.clone();
    // What cannot be read, the training refuses by itself.
    let other = tokio::task::spawn_blocking(move || other_head(&path, &labels)).await.ok()?.ok()??;
    let learnt = match other {
        OtherHead::Labels(labels) => listed(&labels.iter().map(String::as_str).collect::<Vec<_>>()),
        OtherHead::Classes(count) => counted(count, "class", "classes"),
    };
    let message =
        format!("labels differ from those of the weights: the head is made anew (they learnt {learnt})");
    Some(warning(WarningKind::NewHead, message, None))
}

fn memory_warning(estimate: MemoryEstimate, batch_size: u32, machine_bytes: u64) -> Option<TrainingWarning> {
    let needed = estimate.total(batch_size) as u64;
    if machine_bytes == 0 || needed <= machine_bytes / 100 * MEMORY_PERCENT {
        return None;
    }
    let (needed_words, machine_words) = (bytes(needed), bytes(machine_bytes));
    let what = if needed > machine_bytes {
        format!("it needs about {needed_words} of memory, and the machine has {machine_words}")
    } else {
        format!(
            "it needs about {needed_words} of memory, which is more than {MEMORY_PERCENT} % of the {machine_words} \
             that the machine has"
        )
    };
    let next_step = match estimate.largest_batch(machine_bytes) {
        0 => "choose a smaller image size; not even a batch of one image fits".to_owned(),
        fitting => format!("choose a smaller batch size, {fitting} at most, or a smaller image size"),
    };
    Some(warning(WarningKind::Memory, format!("{what}: {next_step}"), None))
}

fn timeout_warning(duration_secs: Option<u64>, timeout_secs: u32) -> Option<TrainingWarning> {
    let timeout = in_words(timeout_secs.into());
    let message = match duration_secs {
        Some(secs) if secs > u64::from(timeout_secs) => format!(
            "it will probably take {}, and an attempt is ended after {timeout}: raise the execution timeout or train \
             fewer epochs",
            in_words(secs)
        ),
        None if timeout_secs <= SHORT_TIMEOUT_SECS => format!(
            "how long it takes is not known yet, and an attempt is cut off after {timeout}: raise the execution timeout \
             if it may take longer"
        ),
        Some(_) | None => return None,
    };
    Some(warning(WarningKind::Timeout, message, None))
}

fn in_words(secs: u64) -> String {
    duration(i64::try_from(secs.saturating_mul(1_000)).unwrap_or(i64::MAX))
}

fn warning(kind: WarningKind, message: String, query: Option<Query>) -> TrainingWarning {
    TrainingWarning { kind, message, filter: query.map(|query| query.to_string()) }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(NAMES_SHOWN).map(|name| format!("`{name}`")).collect();
    let rest = names.len().saturating_sub(NAMES_SHOWN);
    if rest == 0 { shown.join(", ") } else { format!("{} and {rest} more", shown.join(", ")) }
}

async fn estimated_secs(
    store: &Store,
    plan: &Plan,
    preview: &TrainingPreview,
) -> Result<Option<u64>, Problem> {
    let items = |subset: &Option<SubsetCheck>| subset.as_ref().map_or(0, |subset| subset.content.item_count);
    let model = &plan.model;
    let classes = plan.new.data.labels.len() as u64;
    let Some(epochs) = whole(plan, "epochs") else { return Ok(None) };
    let work = Work {
        items: items(&preview.train) + items(&preview.validation),
        epochs,
        // Where images have no side of their own, all runs count as equally large.
        imgsz: whole(plan, "imgsz").unwrap_or(1),
        parameters: plan.family.and_then(|family| family.parameters(&model.variant, classes)),
        cores: processor_cores(plan),
    };
    Ok(duration_secs(&store.past_runs(&model.architecture_id, &model.variant).await?, work))
}

/// A whole number of the configuration, as most architectures have some.
fn whole(plan: &Plan, key: &str) -> Option<u32> {
    plan.config.as_ref()?.get(key)?.as_u64().and_then(|value| u32::try_from(value).ok())
}

/// Whether it is this program that trains: of a Train function of somebody else neither device nor memory is known.
fn is_built_in(plan: &Plan) -> bool {
    plan.family.is_some_and(|family| family.private().is_none())
}

/// Cores of the processor, where it is the processor that trains.
fn processor_cores(plan: &Plan) -> Option<u32> {
    let device = plan.config.as_ref()?.get("device").cloned()?;
    let device: DeviceKind = serde_json::from_value(device).ok().filter(|_| is_built_in(plan))?;
    let has_gpu_support =
        cfg!(any(feature = "cuda", feature = "vulkan", feature = "metal", feature = "wgpu"));
    let is_processor = match device {
        DeviceKind::Cpu => true,
        DeviceKind::Auto => !has_gpu_support,
        DeviceKind::Cuda | DeviceKind::Vulkan | DeviceKind::Metal => false,
    };
    let cores = std::thread::available_parallelism().ok().filter(|_| is_processor)?;
    u32::try_from(cores.get()).ok()
}

/// The memory that it takes, and for how many images at once.
fn memory_estimate(plan: &Plan) -> Option<(MemoryEstimate, u32)> {
    let name = format!("{}{}", plan.model.architecture_id, plan.model.variant);
    let network = name.parse().ok().filter(|_| is_built_in(plan))?;
    let side = whole(plan, "imgsz")? as usize;
    let estimate = MemoryEstimate::new(network, plan.new.data.labels.len(), side, 0);
    Some((estimate, whole(plan, "batch_size")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::snapshot::{LabelCount, SubsetContent};

    fn preview(labels: &[(&str, u64)], items: u64, unannotated: u64, unknown: &[(&str, u64)]) -> SubsetCheck {
        let counts = |list: &[(&str, u64)]| -> Vec<LabelCount> {
            list.iter()
                .map(|(label, count)| LabelCount {
                    label: (*label).to_owned(),
                    item_count: *count,
                    annotation_count: *count,
                })
                .collect()
        };
        SubsetCheck {
            content: SubsetContent {
                subset: Subset::Train,
                content_hash: String::new(),
                item_count: items,
                annotation_count: labels.iter().map(|(_, count)| count).sum(),
                unannotated_count: unannotated,
                labels: counts(labels),
            },
            unknown_labels: counts(unknown),
        }
    }

    #[test]
    fn what_may_not_be_meant_is_told_in_words_and_numbers() {
        let labels = ["cat", "dog", "cow"].map(str::to_owned);
        let query = Query::default();
        for (found, expected) in [
            (preview(&[("cat", 1), ("dog", 1), ("cow", 2)], 4, 0, &[]), &[][..]),
            (
                preview(&[("cat", 3)], 4, 1, &[("mouse", 2), ("rat", 1)]),
                &[
                    (WarningKind::ClassAbsent, "no annotations of `dog`, `cow`: they cannot be learnt"),
                    (WarningKind::Unannotated, "1 item has"),
                    (WarningKind::UnknownLabels, "3 annotations are left out of the train subset"),
                ],
            ),
            // Without any annotation it is refused, and nothing more need be said.
            (preview(&[], 4, 4, &[]), &[]),
        ] {
            let warnings = warnings_of_subset(Subset::Train, &found, Some(&query), &labels);
            assert_eq!(warnings.len(), expected.len(), "{warnings:?}");
            for (warning, (kind, part)) in warnings.iter().zip(expected) {
                assert_eq!(warning.kind, *kind);
                assert!(warning.message.contains(part), "{}", warning.message);
                assert_eq!(warning.filter.is_some(), *kind != WarningKind::ClassAbsent, "{warning:?}");
            }
        }
    }

    #[test]
    fn a_timeout_that_is_or_may_be_too_short_is_told() {
        for (duration_secs, timeout_secs, parts) in [
            (Some(10), 10, None),
            (Some(7_200), 3_600, Some(["probably take 2 h", "ended after 1 h"])),
            (None, 3_601, None),
            (None, 3_600, Some(["not known yet", "cut off after 1 h"])),
            (None, 60, Some(["not known yet", "cut off after 1 min"])),
        ] {
            let told = timeout_warning(duration_secs, timeout_secs);
            assert_eq!(told.is_some(), parts.is_some(), "{duration_secs:?} {timeout_secs}");
            let Some((told, parts)) = told.zip(parts) else { continue };
            assert_eq!(told.kind, WarningKind::Timeout);
            assert!(parts.iter().all(|part| told.message.contains(part)), "{}", told.message);
        }
    }

    #[test]
    fn memory_that_the_machine_does_not_have_is_told_with_what_would_fit() {
        const GIB: u64 = 1 << 30;
        let estimate = MemoryEstimate { fixed_bytes: GIB as f64, image_bytes: GIB as f64 };
        for (batch_size, machine_bytes, parts) in [
            (7, 10 * GIB, None),
            // What is not known refuses nothing.
            (7, 0, None),
            (
                9,
                10 * GIB,
                Some(["about 10.0 GiB of memory, which is more than 90 %", "batch size, 8 at most"]),
            ),
            (
                99,
                10 * GIB,
                Some(["and the machine has 10.0 GiB", "batch size, 8 at most, or a smaller image size"]),
            ),
            (1, GIB, Some(["and the machine has 1.00 GiB", "not even a batch of one image fits"])),
        ] {
            let told = memory_warning(estimate, batch_size, machine_bytes);
            assert_eq!(told.is_some(), parts.is_some(), "{batch_size} {machine_bytes}");
            let Some((told, parts)) = told.zip(parts) else { continue };
            assert_eq!((told.kind, &told.filter), (WarningKind::Memory, &None));
            assert!(parts.iter().all(|part| told.message.contains(part)), "{}", told.message);
        }
    }

    #[test]
    fn long_lists_of_names_are_cut() {
        assert_eq!(listed(&["a"]), "`a`");
        assert_eq!(listed(&["a", "b", "c", "d", "e", "f", "g"]), "`a`, `b`, `c`, `d`, `e` and 2 more");
    }
}
