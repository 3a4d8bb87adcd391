//! The table as text: Markdown, and CSV (RFC 4180) with all digits.
//!
//! Must not know where the text goes.

use super::rows::{Cell, Group, Row};
use crate::components::chart::export::row as csv_row;

/// What is shown, as a Markdown table; a group is a row of its own.
pub fn markdown(titles: &[String], groups: &[Group]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut out = line(headed("", titles.iter().map(|title| escaped(title)).collect()));
    out += &line(vec!["---".to_owned(); titles.len() + 1]);
    for group in groups {
        out += &line(headed(&format!("**{}**", group.title), vec![String::new(); titles.len()]));
        for row in &group.rows {
            out += &line(headed(&escaped(&label(row)), row.cells.iter().map(in_markdown).collect()));
        }
    }
    out
}

fn headed(first: &str, mut rest: Vec<String>) -> Vec<String> {
    rest.insert(0, first.to_owned());
    rest
}

fn in_markdown(cell: &Cell) -> String {
    let mut words = escaped(&cell.words);
    if cell.is_best {
        words = format!("**{words}**");
    }
    match &cell.difference {
        Some(difference) => format!("{words} ({difference})"),
        None => words,
    }
}

/// Names come from people: what they write neither ends a cell nor becomes a link or a picture.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => out.push(' '),
            '|' | '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' => {
                out.push('\\');
                out.push(letter);
            }
            _ => out.push(letter),
        }
    }
    out
}

/// What is shown, with whole values.
pub fn csv(titles: &[String], groups: &[Group]) -> String {
    let head = ["Group".to_owned(), "Row".to_owned()];
    let mut out = csv_row(head.into_iter().chain(titles.iter().cloned()));
    for group in groups {
        for row in &group.rows {
            let first = [group.title.to_owned(), label(row)];
            out += &csv_row(first.into_iter().chain(row.cells.iter().map(|cell| cell.full.clone())));
        }
    }
    out
}

fn label(row: &Row) -> String {
    if row.key.is_empty() { row.label.clone() } else { format!("{} ({})", row.label, row.key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups() -> Vec<Group> {
        let best = Cell {
            words: "0.7500".into(),
            full: "0.75".into(),
            difference: Some("+0.2500".into()),
            is_best: true,
            note: "epoch 2".into(),
        };
        let row = Row { key: "k_1".into(), ..Row::new("mAP", vec![Cell::of("a|b\nc"), best]) };
        vec![Group { title: "Figures", rows: vec![row] }]
    }

    #[test]
    fn what_is_shown_is_copied() {
        let titles = ["one".to_owned(), "=1+1".to_owned()];
        assert_eq!(
            markdown(&titles, &groups()),
            "|  | one | =1+1 |\n| --- | --- | --- |\n| **Figures** |  |  |\n\
             | mAP (k\\_1) | a\\|b c | **0.7500** (+0.2500) |\n"
        );
        assert_eq!(csv(&titles, &groups()), "Group,Row,one,'=1+1\r\nFigures,mAP (k_1),\"a|b\nc\",0.75\r\n");
    }
}
