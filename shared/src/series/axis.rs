//! What part of the numbers an axis shows, and where its labels stand.
//!
//! Must not know pixels or fonts.

/// What an axis shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AxisRange {
    /// Lower end.
    pub low: f64,
    /// Upper end, above `low`.
    pub high: f64,
    /// Values outside, to be told beside the chart.
    pub hidden: usize,
}

/// Room left above and below the line, as a fraction of what it spans.
const PADDING: f64 = 0.05;

/// A range that one wild value does not spoil.
///
/// Of `n` finite values, `floor(n * trim)` are left out at each end (a trimmed range; `trim` 0.01
/// shows the 1st to 99th percentile and leaves anything under 100 values whole), unless they
/// would widen the range by less than half: then all are shown. `trim` is 0 to 0.49, 0 shows all.
/// `None` when no value is finite; NaN and infinities are neither shown nor counted. A NaN `trim`
/// counts as 0. The result is wider than what it shows by 5 % at each end; a flat line gets a tenth
/// of its height, or 1 around 0.
///
/// ```
/// use shared::series::axis_range;
///
/// let calm = (0..200).map(|step| f64::from(step % 10));
/// let range = axis_range(calm.chain([1e6]), 0.01).unwrap();
/// assert_eq!((range.low, range.high, range.hidden), (-0.45, 9.45, 1));
/// assert_eq!(axis_range([f64::NAN], 0.01), None);
/// ```
#[must_use]
pub fn axis_range(values: impl IntoIterator<Item = f64>, trim: f64) -> Option<AxisRange> {
    let mut finite: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    let lowest = finite.iter().copied().min_by(f64::total_cmp)?;
    let highest = finite.iter().copied().max_by(f64::total_cmp)?;
    let trim = if trim.is_nan() { 0.0 } else { trim.clamp(0.0, 0.49) };
    let cut = (finite.len() as f64 * trim) as usize;
    let (mut low, mut high) = inner_ends(&mut finite, cut);
    if highest - lowest <= 1.5 * (high - low) || low == high {
        (low, high) = (lowest, highest);
    }
    let hidden = finite.iter().filter(|&&value| value < low || value > high).count();
    let (low, high) = padded(low, high);
    Some(AxisRange { low, high, hidden })
}

/// The lowest and highest of `values` once `cut` of them are left out at each end, fewer than half.
/// Two selections instead of sorting: the time grows with the count, not faster.
fn inner_ends(values: &mut [f64], cut: usize) -> (f64, f64) {
    let upper = values.len() - 1 - cut;
    let (lower_part, &mut high, _) = values.select_nth_unstable_by(upper, f64::total_cmp);
    if cut >= lower_part.len() {
        return (high, high);
    }
    let (_, &mut low, _) = lower_part.select_nth_unstable_by(cut, f64::total_cmp);
    (low, high)
}

fn padded(low: f64, high: f64) -> (f64, f64) {
    let span = high - low;
    let room = if span > 0.0 {
        span * PADDING
    } else if low == 0.0 {
        1.0
    } else {
        low.abs() * 0.1
    };
    // At the ends of what a number can hold there is no room to give.
    ((low - room).max(f64::MIN), (high + room).min(f64::MAX))
}

/// Where the labels of an axis stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticks {
    /// Rising, within the range.
    pub values: Vec<f64>,
    /// Digits after the point that tell neighbours apart.
    pub decimals: usize,
}

/// Round numbers within `[low, high]`, about `wanted` of them: multiples of 1, 2 or 5 times a
/// power of ten.
///
/// Source: Heckbert, "Nice numbers for graph labels", Graphics Gems, 1990, with the step chosen so
/// that there are no more than `wanted` steps. Empty when the range is not finite, is not rising or
/// is too narrow for its size, NaN included, and when none are wanted; at most `wanted + 1` values.
///
/// ```
/// use shared::series::nice_ticks;
///
/// let ticks = nice_ticks(0.0, 0.3, 3);
/// assert_eq!(ticks.values, [0.0, 0.1, 0.2, 0.3]);
/// assert_eq!(ticks.decimals, 1);
/// ```
#[must_use]
pub fn nice_ticks(low: f64, high: f64, wanted: usize) -> Ticks {
    ticks_of_step(low, high, wanted, 0.0)
}

/// As [`nice_ticks`], but whole numbers only: for epochs and steps.
///
/// ```
/// assert_eq!(shared::series::whole_ticks(0.9, 3.2, 5).values, [1.0, 2.0, 3.0]);
/// ```
#[must_use]
pub fn whole_ticks(low: f64, high: f64, wanted: usize) -> Ticks {
    ticks_of_step(low, high, wanted, 1.0)
}

fn ticks_of_step(low: f64, high: f64, wanted: usize, least_step: f64) -> Ticks {
    let none = Ticks { values: Vec::new(), decimals: 0 };
    let span = high - low;
    let usable = span.is_finite() && span > 0.0 && wanted > 0;
    if !usable {
        return none;
    }
    let Some((digit, exponent)) = nice_step((span / wanted as f64).max(least_step)) else {
        return none;
    };
    // Multiples are computed as `n * digit / 10^k`, whose decimals are exact, where 0.1 is not.
    let scale = power_of_ten(exponent.unsigned_abs());
    let at = |n: f64| if exponent < 0 { n * digit / scale } else { n * digit * scale };
    let step = at(1.0);
    let (first, last) = (libm::ceil(low / step), libm::floor(high / step));
    let mut values = Vec::new();
    for offset in 0..=wanted {
        let n = first + offset as f64;
        // The end itself may be missed by a rounding error of the division.
        if n > last + 1.0 {
            break;
        }
        let value = at(n) + 0.0;
        let rises = values.last().is_none_or(|&before| value > before);
        if (low..=high).contains(&value) && rises {
            values.push(value);
        }
    }
    let decimals = usize::try_from(-exponent).unwrap_or(0);
    Ticks { values, decimals }
}

/// The least of 1, 2, 5, 10 times a power of ten that is not below `rough`, as digit and exponent.
fn nice_step(rough: f64) -> Option<(f64, i32)> {
    let exponent = libm::floor(libm::log10(rough));
    // Beyond this, powers of ten are not numbers any more.
    if !(-300.0..=300.0).contains(&exponent) {
        return None;
    }
    let mut exponent = exponent as i32;
    let scale = power_of_ten(exponent.unsigned_abs());
    let fraction = if exponent < 0 { rough * scale } else { rough / scale };
    // A little slack, so that 0.2 / 0.1 counts as 2.
    let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| fraction <= digit * (1.0 + 1e-9));
    let digit = digit.unwrap_or_else(|| {
        exponent += 1;
        1.0
    });
    Some((digit, exponent))
}

/// Exact up to `10^22`, and within a few last digits beyond.
fn power_of_ten(exponent: u32) -> f64 {
    (0..exponent).fold(1.0, |power, _| power * 10.0)
}

/// Powers of ten within `[low, high]`, with their multiples by 2 and 5 when there are fewer than 3;
/// empty unless `0 < low < high`, both finite.
///
/// ```
/// assert_eq!(shared::series::log_ticks(0.01, 1.0), [0.01, 0.1, 1.0]);
/// assert_eq!(shared::series::log_ticks(0.5, 8.0), [0.5, 1.0, 2.0, 5.0]);
/// assert!(shared::series::log_ticks(0.0, 1.0).is_empty());
/// ```
#[must_use]
pub fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let usable = low > 0.0 && low < high && high.is_finite();
    if !usable {
        return Vec::new();
    }
    let (first, last) = (libm::floor(libm::log10(low)), libm::floor(libm::log10(high)));
    let decades = (first as i32..=last as i32).map(|exponent| {
        let power = power_of_ten(exponent.unsigned_abs());
        (exponent, power)
    });
    let multiples = |digits: &[f64]| -> Vec<f64> {
        decades
            .clone()
            .flat_map(|(exponent, power)| {
                digits.iter().map(move |digit| if exponent < 0 { digit / power } else { digit * power })
            })
            .filter(|value| (low..=high).contains(value))
            .collect()
    };
    let powers = multiples(&[1.0]);
    if powers.len() < 3 { multiples(&[1.0, 2.0, 5.0]) } else { powers }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_wild_value_is_hidden_and_told() {
        let calm = (0..200).map(|x| f64::from(x % 10));
        let range = axis_range(calm.clone().chain([1e6]), 0.01).unwrap();
        assert_eq!(range.hidden, 1);
        assert!(range.high < 20.0, "{range:?}");
        assert_eq!(axis_range(calm.clone().chain([14.0]), 0.01).unwrap().hidden, 1);
        assert_eq!(axis_range(calm.chain([13.0]), 0.01).unwrap().hidden, 0, "not wild enough to hide");
    }

    #[test]
    fn few_values_are_all_shown() {
        let range = axis_range([1.0, 2.0, 1e6, f64::NAN, f64::INFINITY], 0.01).unwrap();
        assert_eq!(range.hidden, 0);
        assert!(range.low < 1.0 && range.high > 1e6);
    }

    #[test]
    fn flat_and_empty_lines() {
        for (value, low, high) in [(0.0, -1.0, 1.0), (2.0, 1.8, 2.2), (-2.0, -2.2, -1.8)] {
            assert_eq!(axis_range([value; 3], 0.01), Some(AxisRange { low, high, hidden: 0 }));
        }
        assert_eq!(axis_range([f64::NAN], 0.01), None);
        assert_eq!(axis_range([], 0.01), None);
    }

    #[test]
    fn ticks_are_round() {
        for (low, high, wanted, expected, decimals) in [
            (0.0, 1.0, 5, vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 1),
            (0.0, 0.3, 3, vec![0.0, 0.1, 0.2, 0.3], 1),
            (0.0, 100.0, 5, vec![0.0, 20.0, 40.0, 60.0, 80.0, 100.0], 0),
            (-1.5, 1.5, 3, vec![-1.0, 0.0, 1.0], 0),
            (0.013, 0.047, 4, vec![0.02, 0.03, 0.04], 2),
            (1.0, 30.0, 6, vec![5.0, 10.0, 15.0, 20.0, 25.0, 30.0], 0),
        ] {
            assert_eq!(
                nice_ticks(low, high, wanted),
                Ticks { values: expected, decimals },
                "{low} to {high}"
            );
        }
    }

    #[test]
    fn whole_ticks_are_whole() {
        for (low, high, expected) in
            [(0.9, 3.2, vec![1.0, 2.0, 3.0]), (0.0, 30.0, vec![0.0, 10.0, 20.0, 30.0]), (0.1, 0.9, vec![])]
        {
            assert_eq!(whole_ticks(low, high, 5), Ticks { values: expected, decimals: 0 }, "{low} to {high}");
        }
    }

    #[test]
    fn ranges_without_ticks() {
        for (low, high) in
            [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::INFINITY), (f64::MIN, f64::MAX)]
        {
            assert!(nice_ticks(low, high, 5).values.is_empty(), "{low} to {high}");
        }
        assert!(nice_ticks(0.0, 1.0, 0).values.is_empty());
    }

    #[test]
    fn logarithmic_ticks() {
        assert_eq!(log_ticks(0.001, 10.0), [0.001, 0.01, 0.1, 1.0, 10.0]);
        assert_eq!(log_ticks(0.5, 8.0), [0.5, 1.0, 2.0, 5.0]);
        for (low, high) in [(0.0, 1.0), (-1.0, 1.0), (2.0, 1.0), (1.0, f64::INFINITY)] {
            assert!(log_ticks(low, high).is_empty());
        }
    }

    proptest! {
        #[test]
        fn ticks_rise_within_the_range(middle in -1e9..1e9f64, log_span in -5.0..9.0f64, wanted in 2usize..12) {
            let span = 10f64.powf(log_span);
            let (low, high) = (middle, middle + span);
            prop_assume!(high > low);
            let ticks = nice_ticks(low, high, wanted).values;
            prop_assert!(ticks.len() <= wanted + 1);
            prop_assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(ticks.iter().all(|tick| (low..=high).contains(tick)));
            // A step is at most two and a half times the rough one, so some ticks always fit.
            let fits = (wanted as f64 / 2.5).floor() as usize;
            prop_assert!(ticks.len() >= fits.saturating_sub(1), "{ticks:?} in {low} to {high}");
        }

        #[test]
        fn what_is_not_hidden_lies_within(values in prop::collection::vec(-1e6..1e6f64, 1..300), trim in 0.0..0.5f64) {
            let range = axis_range(values.iter().copied(), trim).unwrap();
            prop_assert!(range.low < range.high);
            let outside = values.iter().filter(|&&value| value < range.low || value > range.high).count();
            prop_assert!(outside <= range.hidden);
            prop_assert_eq!(axis_range(values, 0.0).unwrap().hidden, 0);
        }
    }
}
