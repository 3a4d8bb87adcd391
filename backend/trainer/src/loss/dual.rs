//! Numbers that carry their derivative: forward-mode differentiation with respect to four inputs.
//!
//! Lets the box loss be written once, as its paper states it, and be exact in value and gradient.
//! Knows nothing of boxes.

use std::ops::{Add, Div, Mul, Sub};

/// What the box formulas need of a number: plain `f64`, or [`Dual`] where the gradient is wanted too.
pub(super) trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    fn constant(value: f64) -> Self;
    fn value(self) -> f64;
    fn atan(self) -> Self;

    fn scale(self, factor: f64) -> Self {
        self * Self::constant(factor)
    }

    fn square(self) -> Self {
        self * self
    }

    fn larger(self, other: Self) -> Self {
        if self.value() >= other.value() { self } else { other }
    }

    fn smaller(self, other: Self) -> Self {
        if self.value() <= other.value() { self } else { other }
    }
}

impl Number for f64 {
    fn constant(value: f64) -> Self {
        value
    }

    fn value(self) -> f64 {
        self
    }

    fn atan(self) -> Self {
        f64::atan(self)
    }
}

/// A value and its partial derivatives by the four inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dual {
    pub value: f64,
    pub slope: [f64; 4],
}

impl Dual {
    /// Input number `index` (0 to 3).
    pub fn input(value: f64, index: usize) -> Self {
        let mut slope = [0.0; 4];
        slope[index] = 1.0;
        Self { value, slope }
    }

    fn combine(self, other: Self, value: f64, by_self: f64, by_other: f64) -> Self {
        let slope = std::array::from_fn(|i| by_self * self.slope[i] + by_other * other.slope[i]);
        Self { value, slope }
    }
}

impl Number for Dual {
    fn constant(value: f64) -> Self {
        Self { value, slope: [0.0; 4] }
    }

    fn value(self) -> f64 {
        self.value
    }

    fn atan(self) -> Self {
        let factor = 1.0 / (1.0 + self.value * self.value);
        Self { value: self.value.atan(), slope: self.slope.map(|slope| slope * factor) }
    }
}

impl Add for Dual {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.combine(other, self.value + other.value, 1.0, 1.0)
    }
}

impl Sub for Dual {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.combine(other, self.value - other.value, 1.0, -1.0)
    }
}

impl Mul for Dual {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        self.combine(other, self.value * other.value, other.value, self.value)
    }
}

impl Div for Dual {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        self.combine(other, value, 1.0 / other.value, -value / other.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_equal_finite_differences() {
        fn formula<N: Number>(x: [N; 4]) -> N {
            let ratio = (x[0] * x[1] - x[2]) / (x[3] + N::constant(2.0));
            ratio.atan().square().scale(3.0) + x[0].larger(x[1]) - x[2].smaller(x[3])
        }
        let at = [0.7, -1.3, 0.4, 0.9];
        let exact = formula([0, 1, 2, 3].map(|i| Dual::input(at[i], i)));
        assert!((exact.value - formula(at)).abs() < 1e-15);
        for i in 0..4 {
            let [mut up, mut down] = [at, at];
            up[i] += 1e-6;
            down[i] -= 1e-6;
            let slope = (formula(up) - formula(down)) / 2e-6;
            assert!((slope - exact.slope[i]).abs() < 1e-8, "{i}: {slope} against {}", exact.slope[i]);
        }
    }
}
