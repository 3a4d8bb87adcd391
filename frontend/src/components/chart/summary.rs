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

/// For example "train: 1.82 at epoch 1 to 0.61 at epoch 42, lowest 0.58 at epoch 39"; `at` says where a place is.
pub fn sentence(lines: &[Line], at: &dyn Fn(f64) -> String, better: Better) -> String {
    let parts: Vec<String> = lines.iter().filter_map(|line| line_sentence(line, at, better)).collect();
    if parts.is_empty() { "No values yet".into() } else { parts.join("; ") }
}

/// The best of some points, the first of equal ones.
pub fn best(points: &[Point], better: Better) -> Option<Point> {
    let finite = points.iter().filter(|point| point.y.is_finite()).copied();
    match better {
        Better::Lower => finite.reduce(|best, other| if other.y < best.y { other } else { best }),
        Better::Higher => finite.reduce(|best, other| if other.y > best.y { other } else { best }),
        Better::Neither => None,
    }
}

fn line_sentence(line: &Line, at: &dyn Fn(f64) -> String, better: Better) -> Option<String> {
    let finite: Vec<Point> = line.points.iter().filter(|point| point.y.is_finite()).copied().collect();
    let (Some(first), Some(last)) = (finite.first(), finite.last()) else {
        return (!line.points.is_empty()).then(|| format!("{}: no value is a number", line.legend));
    };
    let mut sentence = format!("{}: {} {}", line.legend, text::metric(first.y), at(first.x));
    if finite.len() > 1 {
        sentence += &format!(" to {} {}", text::metric(last.y), at(last.x));
    }
    let word = if better == Better::Lower { "lowest" } else { "highest" };
    if let Some(point) = best(&finite, better).filter(|_| finite.len() > 2) {
        sentence += &format!(", {word} {} {}", text::metric(point.y), at(point.x));
    }
    let gaps = line.points.len() - finite.len();
    if gaps > 0 {
        sentence += &format!(", {gaps} {} not a number", if gaps == 1 { "value is" } else { "values are" });
    }
    Some(sentence)
}

#[cfg(test)]
mod tests {
    use super::super::look::Look;
    use super::*;

    fn line(legend: &str, values: &[f64]) -> Line {
        let points = (1u32..).zip(values).map(|(x, &y)| Point { x: x.into(), y }).collect();
        Line { legend: legend.into(), look: Look::default(), points }
    }

    fn at(x: f64) -> String {
        format!("at epoch {x}")
    }

    #[test]
    fn the_sentence_names_both_ends_and_the_best() {
        let lines = [line("train", &[1.82, 0.58, 0.61]), line("val", &[2.0])];
        assert_eq!(
            sentence(&lines, &at, Better::Lower),
            "train: 1.820 at epoch 1 to 0.6100 at epoch 3, lowest 0.5800 at epoch 2; val: 2.000 at epoch 1"
        );
    }

    #[test]
    fn gaps_are_said() {
        let text = sentence(&[line("train", &[1.0, f64::NAN])], &at, Better::Higher);
        assert_eq!(text, "train: 1.000 at epoch 1, 1 value is not a number");
        let text = sentence(&[line("train", &[f64::NAN])], &at, Better::Higher);
        assert_eq!(text, "train: no value is a number");
        assert_eq!(sentence(&[], &at, Better::Lower), "No values yet");
    }

    #[test]
    fn the_first_of_equal_values_is_the_best() {
        let points = line("val", &[0.5, f64::NAN, 0.9, 0.9, 0.1]).points;
        let place = |better| best(&points, better).map(|point| point.x);
        assert_eq!([Better::Higher, Better::Lower, Better::Neither].map(place), [Some(3.0), Some(5.0), None]);
    }
}
