//! `trainyard evaluate`: how good a detector is, from two COCO files and without a server.
//!
//! Must not know how figures are computed: all of that is `shared::metrics::coco`.

use super::args::Output;
use super::failure::Failure;
use super::input;
use super::print;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use shared::metrics::coco::{
    CocoDetections, CocoReport, CocoStats, CocoTruth, UNDEFINED, UltralyticsReport, evaluate,
    evaluate_ultralytics,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Smaller input is done before a person could read a bar.
const LARGE_INPUT_BYTES: usize = 50_000_000;

/// How often what shows that reading goes on is moved.
const TICK: Duration = Duration::from_millis(100);

/// `trainyard evaluate ...`.
#[derive(Debug, Subcommand)]
pub enum EvaluateCommand {
    /// COCO's twelve figures, and those of each class, as pycocotools prints them.
    Coco(Evaluate),
    /// Precision, recall, mAP50 and mAP50-95 as the Ultralytics validator prints them.
    Ultralytics(Evaluate),
}

/// The two files.
#[derive(Debug, Args)]
pub struct Evaluate {
    /// A COCO file of images, annotations and categories.
    #[arg(long, value_name = "FILE")]
    pub ground_truth: PathBuf,
    /// A COCO list of results: image_id, category_id, bbox and score of each.
    #[arg(long, value_name = "FILE")]
    pub detections: PathBuf,
    /// How the answer is printed.
    #[command(flatten)]
    pub output: Output,
}

/// Evaluates, and prints the figures.
///
/// # Errors
/// If a file cannot be read (exit code 1) or used (exit code 2).
pub fn run(command: &EvaluateCommand) -> Result<(), Failure> {
    match command {
        EvaluateCommand::Coco(files) => {
            let report = with_files(files, |detections, progress| Ok(evaluate(detections, progress)))?;
            if files.output.json { print::json(&report) } else { print_coco(&report) }
        }
        EvaluateCommand::Ultralytics(files) => {
            let report = with_files(files, |detections, progress| {
                evaluate_ultralytics(detections, progress).map_err(|error| Failure::usage(error.to_string()))
            })?;
            if files.output.json { print::json(&report) } else { print_ultralytics(&report) }
        }
    }
}

type Progress<'a> = &'a mut dyn FnMut(u64, u64);

fn with_files<T>(
    files: &Evaluate,
    evaluate: impl FnOnce(&CocoDetections<'_>, Progress<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let truth_bytes = input::bytes(&files.ground_truth)?;
    let detections_bytes = input::bytes(&files.detections)?;
    let is_large = truth_bytes.len() + detections_bytes.len() >= LARGE_INPUT_BYTES;
    let bar = if is_large { reading_bar() } else { ProgressBar::hidden() };
    let wrong = |path: &Path, error| {
        bar.finish_and_clear();
        Failure::usage(format!("{}: {error}", print::plain(&path.display().to_string())))
    };
    let truth = CocoTruth::from_json(&truth_bytes).map_err(|error| wrong(&files.ground_truth, error))?;
    drop(truth_bytes);
    let detections =
        truth.detections_from_json(&detections_bytes).map_err(|error| wrong(&files.detections, error))?;
    drop(detections_bytes);
    bar.set_style(style("{spinner} evaluating {wide_bar} {percent} %"));
    let result = evaluate(&detections, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    result
}

/// Draws on a terminal only. How far reading has come cannot be told, only that it goes on.
fn reading_bar() -> ProgressBar {
    let bar = ProgressBar::new(0).with_style(style("{spinner} reading"));
    bar.enable_steady_tick(TICK);
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn print_coco(report: &CocoReport) -> Result<(), Failure> {
    for text in coco_lines(&report.stats) {
        print::line(&text)?;
    }
    let rows: Vec<[String; 12]> = report
        .per_class
        .iter()
        .map(|class| {
            let figures = &class.figures;
            [
                class.category_id.to_string(),
                class.name.clone(),
                class.targets.to_string(),
                class.crowds.to_string(),
                class.detections.to_string(),
                figure(figures.ap),
                figure(figures.ap50),
                figure(figures.ap75),
                figure(figures.ap_small),
                figure(figures.ap_medium),
                figure(figures.ap_large),
                figure(figures.ar100),
            ]
        })
        .collect();
    print::line("")?;
    print::table(
        ["ID", "CLASS", "BOXES", "CROWDS", "DETECTIONS", "AP", "AP50", "AP75", "APs", "APm", "APl", "AR100"],
        &rows,
    )
}

/// The twelve figures in the words in which COCO's own tool prints them; -1 where one is not defined.
fn coco_lines(stats: &CocoStats) -> Vec<String> {
    let line = |(is_recall, iou, area, most, value): (bool, &str, &str, u32, f64)| {
        let (name, short) = if is_recall { ("Recall", "AR") } else { ("Precision", "AP") };
        format!(
            " Average {name:<9}  ({short}) @[ IoU={iou:<9} | area={area:>6} | maxDets={most:>3} ] = {value:0.3}"
        )
    };
    const EACH: &str = "0.50:0.95";
    [
        (false, EACH, "all", 100, stats.ap),
        (false, "0.50", "all", 100, stats.ap50),
        (false, "0.75", "all", 100, stats.ap75),
        (false, EACH, "small", 100, stats.ap_small),
        (false, EACH, "medium", 100, stats.ap_medium),
        (false, EACH, "large", 100, stats.ap_large),
        (true, EACH, "all", 1, stats.ar1),
        (true, EACH, "all", 10, stats.ar10),
        (true, EACH, "all", 100, stats.ar100),
        (true, EACH, "small", 100, stats.ar_small),
        (true, EACH, "medium", 100, stats.ar_medium),
        (true, EACH, "large", 100, stats.ar_large),
    ]
    .map(line)
    .to_vec()
}

fn print_ultralytics(report: &UltralyticsReport) -> Result<(), Failure> {
    let mean = &report.mean;
    let all = [
        "all".into(),
        String::new(),
        figure(mean.precision),
        figure(mean.recall),
        String::new(),
        figure(mean.map50),
        figure(mean.map75),
        figure(mean.map50_95),
        String::new(),
        String::new(),
    ];
    let classes = report.per_class.iter().map(|class| {
        [
            class.category_id.to_string(),
            class.class_index.to_string(),
            figure(class.precision),
            figure(class.recall),
            figure(class.f1),
            figure(class.ap50),
            figure(class.ap75),
            figure(class.ap50_95),
            class.tp.to_string(),
            class.fp.to_string(),
        ]
    });
    let rows: Vec<[String; 10]> = std::iter::once(all).chain(classes).collect();
    print::line(&format!(
        "precision, recall and F1 at confidence {:.3} and IoU 0.5",
        report.best_confidence
    ))?;
    print::table(["ID", "CLASS", "P", "R", "F1", "mAP50", "mAP75", "mAP50-95", "TP", "FP"], &rows)
}

fn figure(value: f64) -> String {
    if value == UNDEFINED { "-".into() } else { format!("{value:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_twelve_figures_are_printed_in_the_usual_words() {
        let truth = br#"{"images": [{"id": 1}], "categories": [{"id": 3}], "annotations": [
            {"id": 0, "image_id": 1, "category_id": 3, "bbox": [0, 0, 9, 9], "area": 81}]}"#;
        let found = br#"[{"image_id": 1, "category_id": 3, "bbox": [0, 0, 9, 9], "score": 0.9}]"#;
        let truth = CocoTruth::from_json(truth).unwrap();
        let report = evaluate(&truth.detections_from_json(found).unwrap(), &mut |_, _| {});
        let lines = coco_lines(&report.stats);
        assert_eq!(lines.len(), 12);
        for (at, expected) in [
            (0, " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000"),
            (1, " Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 1.000"),
            (5, " Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000"),
            (6, " Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 1.000"),
        ] {
            assert_eq!(lines[at], expected);
        }
        assert_eq!((figure(UNDEFINED), figure(0.5)), ("-".to_owned(), "0.500".to_owned()));
    }
}
