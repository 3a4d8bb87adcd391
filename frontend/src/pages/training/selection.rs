//! The rows that are selected, as they stand in the URL.
//!
//! Must not know the browser: it reads and writes texts.

use shared::id::TrainingId;
use std::collections::BTreeSet;

/// So many stand in the URL; more are selected as long as the page is open.
const MOST_IN_URL: usize = 50;

/// The trainings of a part of the URL; what is no id is left out.
pub fn from_part(part: Option<String>) -> BTreeSet<TrainingId> {
    let mut selected = BTreeSet::new();
    // One by one: to collect compiles a sort of its own.
    selected.extend(
        part.unwrap_or_default().split(',').filter_map(|id| id.parse::<TrainingId>().ok()).take(MOST_IN_URL),
    );
    selected
}

/// The part of the URL, if anything is selected.
pub fn to_part(selected: &BTreeSet<TrainingId>) -> Option<String> {
    let ids: Vec<String> = selected.iter().take(MOST_IN_URL).map(ToString::to_string).collect();
    (!ids.is_empty()).then(|| format!("sel={}", ids.join(",")))
}

/// Counts with how many of those that are selected something can be done.
#[derive(Debug, Clone)]
pub struct Tally {
    possible: usize,
    reason: &'static str,
}

impl Tally {
    pub const fn new() -> Self {
        Self { possible: 0, reason: "Nothing is selected" }
    }

    pub fn add(&mut self, capability: Result<(), &'static str>) {
        match capability {
            Ok(()) => self.possible += 1,
            Err(why) => self.reason = why,
        }
    }

    /// With how many, or why with none.
    pub const fn can(&self) -> Result<usize, &'static str> {
        if self.possible == 0 { Err(self.reason) } else { Ok(self.possible) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::uuid_v7;

    #[test]
    fn what_is_selected_is_read_back() {
        let selected: BTreeSet<TrainingId> =
            (0..60).map(|number| TrainingId::from_uuid(uuid_v7(number, &[7; 10]))).collect();
        let part = to_part(&selected).unwrap();
        let read = from_part(part.strip_prefix("sel=").map(str::to_owned));
        assert_eq!(read, selected.iter().take(MOST_IN_URL).copied().collect());
        assert_eq!(to_part(&BTreeSet::new()), None);
        assert!(from_part(Some("x,,y".into())).is_empty() && from_part(None).is_empty());
    }

    #[test]
    fn one_that_can_is_enough() {
        let can = |capabilities: &[Result<(), &'static str>]| {
            let mut tally = Tally::new();
            capabilities.iter().for_each(|capability| tally.add(*capability));
            tally.can()
        };
        assert_eq!(can(&[Err("a"), Ok(()), Ok(())]), Ok(2));
        assert_eq!(can(&[Err("it is over")]), Err("it is over"));
        assert!(can(&[]).is_err());
    }
}
