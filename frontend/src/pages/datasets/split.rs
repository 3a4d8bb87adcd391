//! A split by chance as it is typed: three percentages and a seed.
//!
//! Must not know what is split.

/// The split that is offered: train, validation, test.
pub const DEFAULT_PERCENT: [u32; 3] = [80, 10, 10];

/// A split that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitChoice {
    /// Train, validation and test; together 100.
    pub percent: [u32; 3],
    pub seed: u64,
}

/// What is wrong with what was typed: at one of the percentages, or at the seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SplitProblem {
    /// Index of the percentage.
    Percent(usize, String),
    Sum(u64),
    Seed(String),
}

impl SplitChoice {
    /// Reads what was typed.
    pub fn read(percent: [&str; 3], seed: &str) -> Result<Self, SplitProblem> {
        let mut numbers = [0u32; 3];
        for (index, (number, text)) in numbers.iter_mut().zip(percent).enumerate() {
            let read = text.trim().parse().ok().filter(|number| *number <= 100);
            *number = read
                .ok_or_else(|| SplitProblem::Percent(index, "Write a whole number from 0 to 100".into()))?;
        }
        let sum: u64 = numbers.iter().map(|number| u64::from(*number)).sum();
        if sum != 100 {
            return Err(SplitProblem::Sum(sum));
        }
        let seed =
            seed.trim().parse().map_err(|_| SplitProblem::Seed("Write a whole number from 0".into()))?;
        Ok(Self { percent: numbers, seed })
    }
}

impl SplitProblem {
    /// The words at the percentage with this index.
    pub fn at_percent(&self, index: usize) -> Option<String> {
        match self {
            Self::Percent(at, words) if *at == index => Some(words.clone()),
            // Said once, at the first.
            Self::Sum(sum) if index == 0 => Some(format!("The three add up to {sum}, not to 100")),
            _ => None,
        }
    }

    /// The words at the seed.
    pub fn at_seed(&self) -> Option<String> {
        if let Self::Seed(words) = self { Some(words.clone()) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_that_make_a_hundred_are_a_split() {
        assert_eq!(
            SplitChoice::read(["80", " 10", "10"], "7"),
            Ok(SplitChoice { percent: DEFAULT_PERCENT, seed: 7 })
        );
        let wrong = |percent, seed| SplitChoice::read(percent, seed).unwrap_err();
        assert!(wrong(["80", "x", "10"], "0").at_percent(1).is_some());
        assert!(wrong(["80", "101", "10"], "0").at_percent(1).is_some());
        assert_eq!(
            wrong(["80", "10", "9"], "0").at_percent(0).as_deref(),
            Some("The three add up to 99, not to 100")
        );
        assert!(wrong(["80", "10", "9"], "0").at_percent(1).is_none());
        assert!(wrong(["80", "10", "10"], "-1").at_seed().is_some());
    }
}
