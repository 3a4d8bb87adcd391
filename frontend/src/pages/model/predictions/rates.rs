//! The rows of the table of classes, and the confusions that happen most.
//!
//! Must not know how they are drawn.

use super::address::Cell;
use crate::arrange::sort_by_key;
use shared::metrics::{BoxCounts, ConfusionMatrix, IouReport, Snapshot};
use std::cmp::Reverse;

/// One class.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub class: usize,
    pub label: String,
    pub counts: BoxCounts,
    /// At the IoU threshold; none where the class is on no picture.
    pub average_precision: Option<f64>,
}

/// Name of a class, or of the background.
pub fn label_of(labels: &[String], class: usize) -> String {
    match labels.get(class) {
        Some(label) => label.clone(),
        None if class == labels.len() => "background".to_owned(),
        None => format!("class {class}"),
    }
}

/// One row for each class of the model.
pub fn rows(labels: &[String], snapshot: &Snapshot, report: &IouReport) -> Vec<Row> {
    let average_precision = |class: usize| {
        let place = report.curves.per_class.iter().position(|curves| curves.class == class)?;
        report.average_precision.get(place).copied()
    };
    let row = |(class, counts): (usize, &BoxCounts)| Row {
        class,
        label: label_of(labels, class),
        counts: *counts,
        average_precision: average_precision(class),
    };
    snapshot.per_class.iter().enumerate().map(row).collect()
}

/// The cells off the diagonal that have most boxes, at most `most`, and how many they have.
pub fn confusions(matrix: &ConfusionMatrix, most: usize) -> Vec<(Cell, u64)> {
    let side = 0..=matrix.background();
    let cells = side.clone().flat_map(|actual| side.clone().map(move |predicted| Cell { actual, predicted }));
    let mut wrong: Vec<(Cell, u64)> = cells
        .filter(|cell| cell.actual != cell.predicted)
        .map(|cell| (cell, matrix.count(cell.actual, cell.predicted)))
        .filter(|(_, count)| *count > 0)
        .collect();
    sort_by_key(&mut wrong, |(cell, count)| (Reverse(*count), cell.actual, cell.predicted));
    wrong.truncate(most);
    wrong
}

/// A cell in words.
pub fn cell_words(labels: &[String], cell: Cell) -> String {
    let Cell { actual, predicted } = cell;
    let background = labels.len();
    if actual == predicted {
        format!("{} found", label_of(labels, actual))
    } else if predicted == background {
        format!("{} missed", label_of(labels, actual))
    } else if actual == background {
        format!("{} where there is none", label_of(labels, predicted))
    } else {
        format!("{} taken for {}", label_of(labels, actual), label_of(labels, predicted))
    }
}

/// The table as a file (CSV, RFC 4180), every number in full.
pub fn csv(rows: &[Row], confidence: f64, report: &IouReport) -> String {
    let mut out = format!(
        "class,label,true positives,false positives,false negatives,precision,recall,F1,average precision at IoU {}\r\n",
        report.iou_threshold
    );
    let rate = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    for Row { class, label, counts, average_precision } in rows {
        let BoxCounts { true_positives, false_positives, false_negatives } = *counts;
        let label = label.replace('"', "\"\"");
        let rates =
            [counts.precision(), counts.recall(), counts.f1(), *average_precision].map(rate).join(",");
        out.push_str(&format!(
            "{class},\"{label}\",{true_positives},{false_positives},{false_negatives},{rates}\r\n"
        ));
    }
    out.push_str(&format!(
        ",\"mean average precision; counts at confidence {confidence}\",,,,,,,{}\r\n",
        report.mean_average_precision
    ));
    out
}

#[cfg(test)]
mod tests {
    use super::super::evaluation::Evaluation;
    use super::super::evaluation::tests::example;
    use super::*;

    fn labels() -> Vec<String> {
        vec!["red \"cell\"".into(), "platelet".into()]
    }

    #[test]
    fn every_class_has_its_row_and_the_file_has_all_digits() {
        let evaluation = Evaluation::of_bytes(&example().to_bytes()).unwrap();
        let report = evaluation.evaluator.report();
        let rows = rows(&labels(), &evaluation.evaluator.at(0.5), &report);
        assert_eq!(rows[0].counts, BoxCounts { true_positives: 1, false_positives: 1, false_negatives: 0 });
        assert_eq!(rows[1].average_precision, Some(0.0));
        let text = csv(&rows, 0.5, &report);
        let first =
            format!("0,\"red \"\"cell\"\"\",1,1,0,0.5,1,{},{}\r\n", 2.0 / 3.0, report.average_precision[0]);
        assert!(text.contains(&first), "{text}");
        assert!(text.contains(&report.mean_average_precision.to_string()));
    }

    #[test]
    fn confusions_are_listed_and_told() {
        let evaluation = Evaluation::of_bytes(&example().to_bytes()).unwrap();
        let found = confusions(&evaluation.evaluator.at(0.5).matrix, 5);
        assert_eq!(found, [(Cell { actual: 1, predicted: 0 }, 1)]);
        assert_eq!(cell_words(&labels(), found[0].0), "platelet taken for red \"cell\"");
        let missed = confusions(&evaluation.evaluator.at(0.9).matrix, 1);
        assert_eq!(missed, [(Cell { actual: 0, predicted: 2 }, 1)]);
        assert_eq!(cell_words(&labels(), missed[0].0), "red \"cell\" missed");
        let none = Cell { actual: 2, predicted: 1 };
        assert_eq!(cell_words(&labels(), none), "platelet where there is none");
    }
}
