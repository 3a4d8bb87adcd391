//! How lines are told apart: six hues, then dashes.
//!
//! Must not know the colours: the style sheet has them.

/// Hues of the style sheet.
pub const HUES: usize = 6;
/// Solid, dashed and dotted.
pub const DASHES: usize = 3;

/// Hue and dash of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    pub hue: usize,
    pub dash: usize,
}

impl Look {
    /// Of lines that are told apart by their place alone.
    pub const fn of_place(place: usize) -> Self {
        Self { hue: place % HUES, dash: place / HUES % DASHES }
    }

    /// Of the lines of a run that is one of several: its hue is the run's.
    pub const fn of_run(hue: usize, place: usize) -> Self {
        Self { hue: hue % HUES, dash: (place + hue / HUES) % DASHES }
    }

    /// Name of the colour in the style sheet.
    pub fn class(self) -> String {
        format!("series-{}", self.hue % HUES + 1)
    }

    /// Lengths of strokes and gaps, in CSS pixels; none for a solid line.
    pub const fn dashes(self) -> &'static [f64] {
        match self.dash {
            0 => &[],
            1 => &[7.0, 4.0],
            _ => &[2.0, 3.0],
        }
    }

    /// Class of the small mark that stands for it in a legend.
    pub fn swatch(self) -> String {
        format!("line-mark {} dash-{}", self.class(), self.dash % DASHES)
    }
}

/// A hue for each of some things by their ids: everywhere the same for the same id, and none twice before all are used.
/// The first has the first choice.
pub fn hues<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<usize> {
    let mut taken: Vec<usize> = Vec::new();
    for id in ids {
        // Fowler-Noll-Vo, 32 bits, variant 1a: short, and every letter counts.
        let hash =
            id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619));
        let first = hash as usize % HUES;
        let round = taken.len() / HUES * HUES;
        let free = (0..HUES).map(|step| round + (first + step) % HUES).find(|hue| !taken.contains(hue));
        taken.push(free.unwrap_or(first));
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn eight_lines_differ() {
        let looks: BTreeSet<(usize, usize)> =
            (0..HUES * DASHES).map(Look::of_place).map(|look| (look.hue, look.dash)).collect();
        assert_eq!(looks.len(), HUES * DASHES);
        let ids: Vec<String> = (0..8).map(|number| format!("run-{number}")).collect();
        let hues = hues(ids.iter().map(String::as_str));
        assert_eq!(hues.iter().collect::<BTreeSet<_>>().len(), 8);
        let runs: BTreeSet<_> =
            hues.iter().map(|hue| Look::of_run(*hue, 0)).map(|look| (look.hue, look.dash)).collect();
        assert_eq!(runs.len(), 8, "{hues:?}");
    }

    #[test]
    fn a_run_keeps_its_hue_whoever_comes_after_it() {
        let alone = hues(["a"]);
        assert_eq!(hues(["a", "b", "c"])[0], alone[0]);
    }
}
