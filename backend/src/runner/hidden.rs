//! Lines of text in which the values of secrets are hidden, also those that go on over several lines.
//!
//! Must not know where the lines come from or go to.

use super::lines::Line;
use crate::secrets::redact::{Patterns, Redactor};
use std::sync::Arc;

/// One pipe's text.
pub(super) struct HiddenLines {
    /// Without it, lines pass as they are.
    redactor: Option<Redactor>,
    /// Shown text whose line has not come to its end.
    open: Vec<u8>,
    dropped_bytes: usize,
}

impl HiddenLines {
    pub(super) fn new(patterns: Arc<Patterns>) -> Self {
        let redactor = (!patterns.is_empty()).then(|| Redactor::new(patterns));
        Self { redactor, open: Vec::new(), dropped_bytes: 0 }
    }

    /// Takes a line, and gives those that can be shown by now: mostly this one.
    pub(super) fn push(&mut self, line: Line) -> Vec<Line> {
        let Some(redactor) = &mut self.redactor else { return vec![line] };
        self.dropped_bytes += line.dropped_bytes;
        self.open.extend(redactor.push(line.text.as_bytes()));
        self.open.extend(redactor.push(b"\n"));
        let Some(end) = self.open.iter().rposition(|byte| *byte == b'\n') else { return Vec::new() };
        let after = self.open.split_off(end + 1);
        let mut whole = std::mem::replace(&mut self.open, after);
        whole.pop();
        self.lines_of(&whole)
    }

    /// What was held back: nothing comes after it.
    pub(super) fn rest(&mut self) -> Vec<Line> {
        let Some(redactor) = &mut self.redactor else { return Vec::new() };
        self.open.extend(redactor.finish());
        let mut rest = std::mem::take(&mut self.open);
        if rest.last() == Some(&b'\n') {
            rest.pop();
        }
        if rest.is_empty() { Vec::new() } else { self.lines_of(&rest) }
    }

    fn lines_of(&mut self, bytes: &[u8]) -> Vec<Line> {
        let mut lines: Vec<Line> = bytes
            .split(|byte| *byte == b'\n')
            .map(|line| Line { text: String::from_utf8_lossy(line).into_owned(), dropped_bytes: 0 })
            .collect();
        if let Some(last) = lines.last_mut() {
            last.dropped_bytes = std::mem::take(&mut self.dropped_bytes);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::SecretValue;

    fn hidden(values: &[(&str, &str)], lines: &[&str]) -> (Vec<String>, Vec<String>) {
        let values: Vec<(String, SecretValue)> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), SecretValue::handed_over((*value).to_owned())))
            .collect();
        let mut hidden = HiddenLines::new(Arc::new(Patterns::new(&values)));
        let texts = |lines: Vec<Line>| lines.into_iter().map(|line| line.text).collect::<Vec<_>>();
        let shown = lines
            .iter()
            .flat_map(|line| texts(hidden.push(Line { text: (*line).to_owned(), dropped_bytes: 0 })))
            .collect();
        (shown, texts(hidden.rest()))
    }

    #[test]
    fn lines_pass_one_by_one_and_values_are_hidden() {
        let (shown, rest) = hidden(&[("TOKEN", "hunter22")], &["token is hunter22!", "", "hunter2", "fine"]);
        assert_eq!(shown, ["token is [redacted TOKEN]!", "", "hunter2", "fine"]);
        assert!(rest.is_empty());
        assert_eq!(hidden(&[], &["a", "b"]).0, ["a", "b"]);
    }

    #[test]
    fn a_value_of_several_lines_is_waited_for() {
        let key = [("KEY", "abc\ndef\nghi")];
        assert_eq!(hidden(&key, &["x abc", "def", "ghi y"]).0, ["x [redacted KEY] y"]);
        let (shown, rest) = hidden(&key, &["x abc", "def"]);
        assert_eq!((shown, rest), (Vec::<String>::new(), vec!["x abc".into(), "def".into()]));
        assert_eq!(hidden(&key, &["abc", "def", "other"]).0, ["abc", "def", "other"]);
    }

    #[test]
    fn what_was_left_out_is_told_once() {
        let values = vec![("T".to_owned(), SecretValue::handed_over("ab\ncd".into()))];
        let mut hidden = HiddenLines::new(Arc::new(Patterns::new(&values)));
        assert!(hidden.push(Line { text: "ab".into(), dropped_bytes: 3 }).is_empty());
        let lines = hidden.push(Line { text: "x".into(), dropped_bytes: 4 });
        assert_eq!(lines.iter().map(|line| line.dropped_bytes).collect::<Vec<_>>(), [0, 7]);
    }
}
