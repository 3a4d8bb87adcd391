//! From values to pixels and back, on one axis.
//!
//! Must not know what the values mean.

/// A straight line from a domain of values onto a range of pixels.
/// A range that falls (as the vertical one does) turns the axis round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projection {
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
        Self { domain, range }
    }

    pub fn to_pixel(self, value: f64) -> f64 {
        let share = (value - self.domain.0) / (self.domain.1 - self.domain.0);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    pub fn to_value(self, pixel: f64) -> f64 {
        if self.range.1 == self.range.0 {
            return self.domain.0;
        }
        let share = (pixel - self.range.0) / (self.range.1 - self.range.0);
        self.domain.0 + share * (self.domain.1 - self.domain.0)
    }

    pub const fn domain(self) -> (f64, f64) {
        self.domain
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
        for (domain, range) in cases {
            let projection = Projection::new(domain, range);
            let (low, high) = projection.domain();
            for step in 0..=20 {
                let value = low + (high - low) * f64::from(step) / 20.0;
                let back = projection.to_value(projection.to_pixel(value));
                assert!(
                    (back - value).abs() < 1e-9 * (high - low).max(1.0),
                    "{domain:?}: {value} gave {back}"
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
}
