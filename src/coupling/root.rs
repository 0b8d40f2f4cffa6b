//! Exact values: signed square roots of rationals.

use std::fmt;

/// The number ±√(numerator / denominator), in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignedRoot {
    negative: bool,
    numerator: u64,
    denominator: u64,
}

/// A value of a generated table, which is in lowest terms.
pub(super) const fn root(negative: bool, numerator: u64, denominator: u64) -> SignedRoot {
    SignedRoot { negative, numerator, denominator }
}

impl SignedRoot {
    /// Zero.
    pub const ZERO: SignedRoot = root(false, 0, 1);

    /// The sign: -1, 0 or 1.
    pub fn sign(self) -> i32 {
        match (self.numerator, self.negative) {
            (0, _) => 0,
            (_, true) => -1,
            (_, false) => 1,
        }
    }

    /// The square's numerator.
    pub fn numerator(self) -> u64 {
        self.numerator
    }

    /// The square's denominator.
    pub fn denominator(self) -> u64 {
        self.denominator
    }

    /// The value, to within one unit in the last place.
    pub fn to_f64(self) -> f64 {
        // Both parts are below 2^53 for all tables, so only the quotient and the root round.
        f64::from(self.sign()) * (self.numerator as f64 / self.denominator as f64).sqrt()
    }

    /// This value times √(factor), negated if asked.
    pub(super) fn scaled(self, negate: bool, factor: u64) -> SignedRoot {
        let shared = gcd(self.denominator, factor);
        root(
            (self.negative != negate) && self.numerator != 0,
            self.numerator * (factor / shared),
            self.denominator / shared,
        )
    }

    /// This value divided by √(divisor).
    pub(super) fn divided(self, divisor: u64) -> SignedRoot {
        let shared = gcd(self.numerator, divisor);
        root(self.negative, self.numerator / shared, self.denominator * (divisor / shared))
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// `0`, `-1/2`, `√3` or `-√(3/10)`.
impl fmt::Display for SignedRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let roots = (self.numerator.isqrt(), self.denominator.isqrt());
        let rational = roots.0.pow(2) == self.numerator && roots.1.pow(2) == self.denominator;
        match (rational, self.denominator) {
            (true, 1) => write!(f, "{sign}{}", roots.0),
            (true, _) => write!(f, "{sign}{}/{}", roots.0, roots.1),
            (false, 1) => write!(f, "{sign}√{}", self.numerator),
            (false, _) => write!(f, "{sign}√({}/{})", self.numerator, self.denominator),
        }
    }
}
