//! From values to pixels and back, on one axis.
//!
//! Must not know what the values mean.

/// How values are spread over an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    #[default]
    Linear,
    /// Equal factors are equally far apart; what is not above 0 has no place.
    Logarithmic,
}

/// A domain of values laid onto a range of pixels.
/// A range that falls (as the vertical one does) turns the axis round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projection {
    scale: Scale,
    domain: (f64, f64),
    range: (f64, f64),
}

impl Projection {
    /// A domain without width is widened around its value, so that every value has a pixel.
    pub fn new(domain: (f64, f64), range: (f64, f64)) -> Self {
        let (low, high) = domain;
        let domain = if high - low > f64::EPSILON * low.abs().max(1.0) {
            domain
        } else {
            let margin = if low == 0.0 { 0.5 } else { low.abs() * 0.1 };
            (low - margin, low + margin)
        };
        Self { scale: Scale::Linear, domain, range }
    }

    /// On a logarithmic axis; the domain must lie above 0.
    pub fn logarithmic((low, high): (f64, f64), range: (f64, f64)) -> Self {
        let domain = if high > low * (1.0 + 1e-9) { (low, high) } else { (low * 0.8, low * 1.25) };
        Self { scale: Scale::Logarithmic, domain, range }
    }

    pub fn to_pixel(self, value: f64) -> f64 {
        let (low, high) = (self.spread(self.domain.0), self.spread(self.domain.1));
        let share = (self.spread(value) - low) / (high - low);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    pub fn to_value(self, pixel: f64) -> f64 {
        if self.range.1 == self.range.0 {
            return self.domain.0;
        }
        let (low, high) = (self.spread(self.domain.0), self.spread(self.domain.1));
        let spread = low + (pixel - self.range.0) / (self.range.1 - self.range.0) * (high - low);
        match self.scale {
            Scale::Linear => spread,
            Scale::Logarithmic => spread.exp(),
        }
    }

    pub const fn domain(self) -> (f64, f64) {
        self.domain
    }

    /// Whether a value has a place on this axis at all.
    pub fn has_place(self, value: f64) -> bool {
        value.is_finite() && (self.scale == Scale::Linear || value > 0.0)
    }

    fn spread(self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.ln(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_the_same() {
        let cases = [
            ((0.0, 10.0), (40.0, 640.0)),
            ((1.0, 300.0), (0.0, 17.0)),
            ((-0.004, 0.013), (240.0, 8.0)),
            ((5.0, 5.0), (0.0, 100.0)),
            ((0.0, 0.0), (0.0, 100.0)),
        ];
        let linear = cases.map(|(domain, range)| Projection::new(domain, range));
        let logarithmic = [((1e-4, 3.0), (240.0, 8.0)), ((2.0, 2.0), (0.0, 100.0))]
            .map(|(domain, range)| Projection::logarithmic(domain, range));
        for projection in linear.into_iter().chain(logarithmic) {
            let (low, high) = projection.domain();
            for step in 0..=20 {
                let value = low + (high - low) * f64::from(step) / 20.0;
                let back = projection.to_value(projection.to_pixel(value));
                assert!(
                    (back - value).abs() < 1e-9 * (high - low).max(1.0),
                    "{projection:?}: {value} gave {back}"
                );
            }
        }
    }

    #[test]
    fn ends_meet_ends() {
        let projection = Projection::new((0.0, 1.0), (200.0, 0.0));
        assert_eq!(projection.to_pixel(0.0), 200.0);
        assert_eq!(projection.to_pixel(1.0), 0.0);
        assert_eq!(projection.to_value(50.0), 0.75);
    }

    #[test]
    fn a_single_value_lies_in_the_middle() {
        assert_eq!(Projection::new((3.0, 3.0), (0.0, 100.0)).to_pixel(3.0), 50.0);
    }

    #[test]
    fn equal_factors_are_equally_far_apart() {
        let projection = Projection::logarithmic((0.01, 100.0), (400.0, 0.0));
        for (value, pixel) in [(0.01, 400.0), (0.1, 300.0), (1.0, 200.0), (100.0, 0.0)] {
            assert!((projection.to_pixel(value) - pixel).abs() < 1e-9, "{value}");
        }
        let has_place = [0.0, -1.0, f64::NAN, 1e-9].map(|value| projection.has_place(value));
        assert_eq!(has_place, [false, false, false, true]);
    }
}
