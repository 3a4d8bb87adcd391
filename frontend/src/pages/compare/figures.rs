//! Best and last value of each figure, and whose is best.
//!
//! Must not know how figures arrive or are drawn.

use super::facts::Facts;
use super::rows::{Cell, Row};
use crate::components::chart::summary::Better;
use crate::pages::model::figures::{Group, in_group, known};
use crate::state::metrics::Measured;
use crate::text;

/// Which value of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pick {
    Best,
    Last,
}

/// The figures that any of them has, in the order of their charts.
pub fn figure_names(all: &[Facts]) -> Vec<String> {
    let mut present: Vec<String> = Vec::new();
    for (name, _) in all.iter().flat_map(|facts| &facts.figures) {
        if !present.contains(name) {
            present.push(name.clone());
        }
    }
    Group::ALL.into_iter().flat_map(|group| in_group(group, &present)).collect()
}

/// The figures that have a chart unless others are chosen.
pub fn usual_charts(names: &[String]) -> Vec<String> {
    let is_usual = |name: &&String| known(name).is_some_and(|figure| figure.better != Better::Neither);
    let usual: Vec<String> = names.iter().filter(is_usual).cloned().collect();
    if usual.is_empty() { names.to_vec() } else { usual }
}

pub fn figure_rows(all: &[Facts]) -> Vec<Row> {
    let mut rows = Vec::new();
    for name in figure_names(all) {
        let legends = legends(all, &name);
        for legend in &legends {
            let label = if legends.len() == 1 { name.clone() } else { format!("{name} {legend}") };
            let better = known(&name).map_or(Better::Neither, |figure| figure.better);
            if better != Better::Neither {
                rows.push(row(format!("{label}, best"), all, (&name, legend), better, Pick::Best));
            }
            rows.push(row(format!("{label}, last"), all, (&name, legend), better, Pick::Last));
        }
    }
    rows
}

fn legends(all: &[Facts], name: &str) -> Vec<String> {
    let mut legends: Vec<String> = Vec::new();
    let tracks = all.iter().flat_map(|facts| &facts.figures).filter(|(figure, _)| figure == name);
    for track in tracks.flat_map(|(_, tracks)| tracks) {
        if !legends.contains(&track.legend) {
            legends.push(track.legend.clone());
        }
    }
    legends
}

fn row(label: String, all: &[Facts], (name, legend): (&str, &str), better: Better, pick: Pick) -> Row {
    let picked = |facts: &Facts| {
        let (_, tracks) = facts.figures.iter().find(|(figure, _)| figure == name)?;
        let values = &tracks.iter().find(|track| track.legend == legend)?.values;
        match pick {
            Pick::Best => best(values, better),
            Pick::Last => values.last().copied(),
        }
    };
    let picked: Vec<Option<Measured>> = all.iter().map(picked).collect();
    let finite: Vec<Measured> =
        picked.iter().flatten().filter(|value| value.y.is_finite()).copied().collect();
    // Of one value alone, or of equal ones, none is best.
    let differ = finite.windows(2).any(|pair| matches!(pair, [one, other] if one.y != other.y));
    let winner = best(&finite, better).filter(|_| differ);
    let base = picked.first().copied().flatten();
    let cell = |(place, value): (usize, &Option<Measured>)| {
        let Some(value) = value else { return Cell::of("") };
        let base = base.filter(|base| place > 0 && base.y.is_finite() && value.y.is_finite());
        Cell {
            words: text::metric(value.y),
            full: value.y.to_string(),
            note: format!("epoch {}", text::position(value.x)),
            difference: base.map(|base| signed(value.y - base.y)),
            is_best: winner.is_some_and(|winner| winner.y == value.y),
        }
    };
    Row::new(label, picked.iter().enumerate().map(cell).collect())
}

/// The best of some values, the first of equal ones.
pub fn best(values: &[Measured], better: Better) -> Option<Measured> {
    let finite = values.iter().filter(|value| value.y.is_finite()).copied();
    match better {
        Better::Lower => finite.reduce(|best, other| if other.y < best.y { other } else { best }),
        Better::Higher => finite.reduce(|best, other| if other.y > best.y { other } else { best }),
        Better::Neither => None,
    }
}

/// With a sign that is always there, and is a minus sign where it is one.
fn signed(difference: f64) -> String {
    let sign = if difference > 0.0 {
        "+"
    } else if difference < 0.0 {
        "−"
    } else {
        "±"
    };
    format!("{sign}{}", text::metric(difference.abs()))
}

#[cfg(test)]
mod tests {
    use super::super::facts::tests::facts;
    use super::*;
    use crate::state::metrics::Track;

    fn with(name: &str, figures: &[(&str, &str, &[f64])]) -> Facts {
        let mut found = facts(name);
        for (figure, legend, values) in figures {
            let values = (1u32..).zip(*values);
            let values = values.map(|(x, &y)| Measured { x: x.into(), y, attempt: 1, at_ms: 0 }).collect();
            let track = Track { legend: (*legend).to_owned(), values };
            match found.figures.iter_mut().find(|(known, _)| known == figure) {
                Some((_, tracks)) => tracks.push(track),
                None => found.figures.push(((*figure).to_owned(), vec![track])),
            }
        }
        found
    }

    #[test]
    fn the_best_is_marked_and_the_rest_is_measured_against_the_first() {
        let all = [
            with("a", &[("mAP50(B)", "metrics", &[0.1, 0.5, 0.4])]),
            with("b", &[("mAP50(B)", "metrics", &[0.2, 0.75])]),
            with("c", &[]),
        ];
        let rows = figure_rows(&all);
        let labels: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
        assert_eq!(labels, ["mAP50(B), best", "mAP50(B), last"]);
        let [a, b, c] = &rows[0].cells[..] else { panic!("{rows:?}") };
        assert_eq!(
            (a.words.as_str(), a.note.as_str(), a.is_best, a.difference.clone()),
            ("0.5000", "epoch 2", false, None)
        );
        assert_eq!((b.words.as_str(), b.is_best, b.difference.as_deref()), ("0.7500", true, Some("+0.2500")));
        assert_eq!((c.words.as_str(), c.is_best), ("–", false));
        assert_eq!(rows[1].cells[0].words, "0.4000");
    }

    #[test]
    fn lower_losses_are_better_and_lines_are_told_apart() {
        let all = [
            with("a", &[("box_loss", "train", &[3.0, 2.0]), ("box_loss", "val", &[3.0, 4.0])]),
            with("b", &[("box_loss", "train", &[3.0, 1.0]), ("box_loss", "val", &[f64::NAN])]),
        ];
        let rows = figure_rows(&all);
        let labels: Vec<&str> = rows.iter().map(|row| row.label.as_str()).collect();
        let expected =
            ["box_loss train, best", "box_loss train, last", "box_loss val, best", "box_loss val, last"];
        assert_eq!(labels, expected);
        assert!(rows[0].cells[1].is_best && rows[0].cells[1].difference.as_deref() == Some("−1.000"));
        // Nothing is better than nothing, and a difference to what is no number is none.
        assert!(rows[2].cells.iter().all(|cell| !cell.is_best) && rows[2].cells[1].words == "–");
        assert_eq!((rows[3].cells[1].words.as_str(), rows[3].cells[1].difference.clone()), ("NaN", None));
    }

    #[test]
    fn figures_that_are_neither_better_nor_worse_have_their_last_value() {
        let all = [with("a", &[("speed", "x", &[1.0, 2.0])]), with("b", &[("speed", "x", &[2.0])])];
        let rows = figure_rows(&all);
        assert_eq!((rows.len(), rows[0].label.as_str()), (1, "speed, last"));
        assert!(rows[0].cells.iter().all(|cell| !cell.is_best) && !rows[0].differs());
        assert_eq!(rows[0].cells[1].difference.as_deref(), Some("±0"));
    }

    #[test]
    fn charts_are_those_that_can_be_better() {
        let names = ["mAP50(B)".to_owned(), "memory".to_owned(), "speed".to_owned()];
        assert_eq!(usual_charts(&names), ["mAP50(B)"]);
        assert_eq!(usual_charts(&names[1..]), names[1..]);
    }
}
