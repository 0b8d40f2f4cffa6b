//! Exact values: signed square roots of rationals.

use std::fmt;

use super::rounding::nearest_root;

/// The number ±√(numerator / denominator), in lowest terms.
///
/// ```
/// use tesseral::coupling::three_j;
///
/// // (1 1 2; 1 -1 0) = √(1/30).
/// let root = three_j([1, 1, 2], [1, -1, 0])?;
/// assert_eq!((root.sign(), root.numerator(), root.denominator()), (1, 1, 30));
/// assert_eq!(root.to_string(), "√(1/30)");
/// # Ok::<(), tesseral::coupling::CouplingError>(())
/// ```
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
        let [numerator, denominator] = [self.numerator, self.denominator];
        let magnitude = if numerator.max(denominator) < 1 << 53 {
            // As in all tables: only the quotient and the root round.
            (numerator as f64 / denominator as f64).sqrt()
        } else {
            nearest_root(&numerator.into(), &denominator.into())
        };
        f64::from(self.sign()) * magnitude
    }

    /// The nearest f32, rounded once (to nearest, ties to even): rounding [`SignedRoot::to_f64`] again
    /// can give its neighbour.
    ///
    /// # Panics
    /// If the magnitude is above 2^19, which that of no coefficient is.
    ///
    /// ```
    /// let root = tesseral::coupling::three_j([1, 1, 2], [1, -1, 0])?;
    /// assert_eq!(root.to_f32(), 0.18257418);
    /// # Ok::<(), tesseral::coupling::CouplingError>(())
    /// ```
    pub fn to_f32(self) -> f32 {
        if self.numerator == 0 {
            return 0.0;
        }
        // q = ⌊√(n/d) · 2^shift⌋ has 26 or 27 bits, of which 24 are kept.
        let size = self.numerator.ilog2() as i32 - self.denominator.ilog2() as i32;
        assert!(size < 40, "{self} is too large for a coefficient");
        let shift = 26 - size.div_euclid(2);
        let scaled = u128::from(self.numerator) << (2 * shift);
        let root = (scaled / u128::from(self.denominator)).isqrt();
        let inexact = root * root * u128::from(self.denominator) != scaled;
        let dropped = root.ilog2() - 23;
        let (kept, rest) = (root >> dropped, root & ((1 << dropped) - 1));
        let half = 1 << (dropped - 1);
        let up = rest > half || (rest == half && (inexact || kept % 2 == 1));
        // At most 2^24, so exact, as is a power of two.
        let magnitude = (kept + u128::from(up)) as f32 * 2_f32.powi(dropped as i32 - shift);
        magnitude.copysign(self.sign() as f32)
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
