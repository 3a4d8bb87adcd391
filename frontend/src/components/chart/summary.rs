//! One sentence that says what a chart shows, for those who do not see it.
//!
//! Must not know how the chart is drawn.

use super::lines::{Line, Point};
use crate::text;

/// Which way a figure is better, which decides which extreme is worth naming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Lower,
    Higher,
    Neither,
}

/// For example "train: 1.82 at epoch 1 to 0.61 at epoch 42, lowest 0.58 at 39".
pub fn sentence(lines: &[Line], unit: &str, better: Better) -> String {
    let parts: Vec<String> = lines.iter().filter_map(|line| line_sentence(line, unit, better)).collect();
    if parts.is_empty() { "No values yet".into() } else { parts.join("; ") }
}

fn line_sentence(line: &Line, unit: &str, better: Better) -> Option<String> {
    let finite: Vec<Point> = line.points.iter().filter(|point| point.y.is_finite()).copied().collect();
    let (Some(first), Some(last)) = (finite.first(), finite.last()) else {
        return (!line.points.is_empty()).then(|| format!("{}: no value is a number", line.legend));
    };
    let mut sentence =
        format!("{}: {} at {unit} {}", line.legend, text::metric(first.y), text::position(first.x));
    if finite.len() > 1 {
        sentence += &format!(" to {} at {unit} {}", text::metric(last.y), text::position(last.x));
    }
    let best = match better {
        Better::Lower => finite.iter().min_by(|a, b| a.y.total_cmp(&b.y)).map(|point| ("lowest", point)),
        Better::Higher => finite.iter().max_by(|a, b| a.y.total_cmp(&b.y)).map(|point| ("highest", point)),
        Better::Neither => None,
    };
    if let Some((word, point)) = best.filter(|_| finite.len() > 2) {
        sentence += &format!(", {word} {} at {}", text::metric(point.y), text::position(point.x));
    }
    let gaps = line.points.len() - finite.len();
    if gaps > 0 {
        sentence += &format!(", {gaps} {} not a number", if gaps == 1 { "value is" } else { "values are" });
    }
    Some(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(legend: &str, values: &[f64]) -> Line {
        let points = (1u32..).zip(values).map(|(x, &y)| Point { x: x.into(), y }).collect();
        Line { legend: legend.into(), points }
    }

    #[test]
    fn the_sentence_names_both_ends_and_the_best() {
        let lines = [line("train", &[1.82, 0.58, 0.61]), line("val", &[2.0])];
        assert_eq!(
            sentence(&lines, "epoch", Better::Lower),
            "train: 1.820 at epoch 1 to 0.6100 at epoch 3, lowest 0.5800 at 2; val: 2.000 at epoch 1"
        );
    }

    #[test]
    fn gaps_are_said() {
        let text = sentence(&[line("train", &[1.0, f64::NAN])], "epoch", Better::Higher);
        assert_eq!(text, "train: 1.000 at epoch 1, 1 value is not a number");
        let text = sentence(&[line("train", &[f64::NAN])], "epoch", Better::Higher);
        assert_eq!(text, "train: no value is a number");
        assert_eq!(sentence(&[], "epoch", Better::Lower), "No values yet");
    }
}
