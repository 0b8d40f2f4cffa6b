//! Exact constants: signed square roots of rationals, optionally of a rational times a power of π.
//!
//! Every constant of the library is of this form: normalizations are √(p/(qπ)), coupling
//! coefficients and derivatives ±√(p/q). They stay exact until they are printed.

use std::fmt;
use std::ops::{Mul, Neg};

use num_bigint::{BigInt, Sign};
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

/// The number `sign · √(square · π^pi_power)`. Its order is one for maps, not that of size.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Surd {
    sign: i8,
    square: BigRational,
    pi_power: i32,
}

impl Surd {
    /// Zero.
    pub fn zero() -> Self {
        Surd { sign: 0, square: BigRational::zero(), pi_power: 0 }
    }

    /// One.
    pub fn one() -> Self {
        Self::rational(&BigRational::one())
    }

    /// The rational number `value`.
    pub fn rational(value: &BigRational) -> Self {
        let sign = match value.numer().sign() {
            Sign::Minus => -1,
            Sign::NoSign => 0,
            Sign::Plus => 1,
        };
        Surd { sign, square: value * value, pi_power: 0 }
    }

    /// The rational number `numerator / denominator`.
    pub fn ratio(numerator: i64, denominator: i64) -> Self {
        Self::rational(&BigRational::new(numerator.into(), denominator.into()))
    }

    /// The nonnegative square root of `square`.
    ///
    /// # Panics
    /// If `square` is negative.
    pub fn sqrt(square: BigRational) -> Self {
        assert!(!square.is_negative(), "the square root of a negative number: {square}");
        let sign = if square.is_zero() { 0 } else { 1 };
        Surd { sign, square, pi_power: 0 }
    }

    /// This number times √(π^power).
    pub fn times_sqrt_pi_power(mut self, power: i32) -> Self {
        if self.sign != 0 {
            self.pi_power += power;
        }
        self
    }

    /// The sign: -1, 0 or 1.
    pub fn sign(&self) -> i8 {
        self.sign
    }

    /// The square without its power of π.
    pub fn square(&self) -> &BigRational {
        &self.square
    }

    /// The power of π in the square.
    pub fn pi_power(&self) -> i32 {
        self.pi_power
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        self.sign == 0
    }

    /// Whether this is one.
    pub fn is_one(&self) -> bool {
        self.sign == 1 && self.pi_power == 0 && self.square.is_one()
    }

    /// The magnitude.
    pub fn abs(&self) -> Self {
        Surd { sign: self.sign.abs(), ..self.clone() }
    }

    /// The reciprocal.
    ///
    /// # Panics
    /// If this is zero.
    pub fn recip(&self) -> Self {
        assert!(!self.is_zero(), "the reciprocal of zero");
        Surd { sign: self.sign, square: self.square.recip(), pi_power: -self.pi_power }
    }

    /// This number as a rational, if it is one.
    pub fn as_rational(&self) -> Option<BigRational> {
        if self.pi_power != 0 {
            return None;
        }
        let root =
            BigRational::new(exact_sqrt(self.square.numer())?, exact_sqrt(self.square.denom())?);
        Some(root * BigInt::from(self.sign))
    }

    /// The sum, if it is again of this form: the quotient of the two is rational.
    pub fn checked_add(&self, other: &Surd) -> Option<Surd> {
        if self.is_zero() {
            return Some(other.clone());
        }
        if other.is_zero() {
            return Some(self.clone());
        }
        let quotient = (other * &self.recip()).as_rational()?;
        Some(self * &Surd::rational(&(quotient + BigRational::one())))
    }

    /// Reads what [`Surd::encode`] writes.
    pub fn decode(text: &str) -> Option<Surd> {
        let (text, pi_power) = match text.strip_suffix("/pi") {
            Some(rest) => (rest, -1),
            None => (text, 0),
        };
        let (text, negative) = match text.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let square: BigRational = text.parse().ok()?;
        if square.is_negative() {
            return None;
        }
        let root = Surd::sqrt(square).times_sqrt_pi_power(pi_power);
        Some(if negative { -&root } else { root })
    }

    /// The signed square as text, such as `-3/10` for -√(3/10) or `3/4/pi` for √(3/(4π)).
    ///
    /// # Panics
    /// If the power of π is neither 0 nor -1: tables hold no others.
    pub fn encode(&self) -> String {
        let sign = if self.sign < 0 { "-" } else { "" };
        let pi = match self.pi_power {
            0 => "",
            -1 => "/pi",
            power => panic!("π^{power} does not occur in a table"),
        };
        format!("{sign}{}{pi}", self.square)
    }
}

/// The square root of `value` if it is an integer.
fn exact_sqrt(value: &BigInt) -> Option<BigInt> {
    let root = value.sqrt();
    (&root * &root == *value).then_some(root)
}

impl Mul for &Surd {
    type Output = Surd;

    fn mul(self, other: &Surd) -> Surd {
        if self.is_zero() || other.is_zero() {
            return Surd::zero();
        }
        Surd {
            sign: self.sign * other.sign,
            square: &self.square * &other.square,
            pi_power: self.pi_power + other.pi_power,
        }
    }
}

impl Neg for &Surd {
    type Output = Surd;

    fn neg(self) -> Surd {
        Surd { sign: -self.sign, ..self.clone() }
    }
}

impl fmt::Display for Surd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rational) = self.as_rational() {
            return write!(f, "{rational}");
        }
        let sign = if self.sign < 0 { "-" } else { "" };
        let power = self.pi_power.unsigned_abs();
        let pi = match power {
            0 => String::new(),
            1 => "π".to_string(),
            _ => format!("π^{power}"),
        };
        let (numerator, denominator) = (self.square.numer(), self.square.denom());
        match self.pi_power {
            0 if denominator.is_one() => write!(f, "{sign}√{numerator}"),
            0 => write!(f, "{sign}√({numerator}/{denominator})"),
            1.. => write!(f, "{sign}√({numerator}{pi}/{denominator})"),
            _ if denominator.is_one() => write!(f, "{sign}√({numerator}/{pi})"),
            _ => write!(f, "{sign}√({numerator}/({denominator}{pi}))"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(numerator: i64, denominator: i64) -> Surd {
        Surd::sqrt(BigRational::new(numerator.into(), denominator.into()))
    }

    #[test]
    fn arithmetic_is_exact() {
        assert_eq!(&root(3, 2) * &root(2, 3), Surd::one());
        assert_eq!(&root(1, 2) * &root(1, 2), Surd::ratio(1, 2));
        assert_eq!(root(2, 1).checked_add(&root(8, 1)), Some(root(18, 1)));
        assert_eq!(root(2, 1).checked_add(&-&root(2, 1)), Some(Surd::zero()));
        assert_eq!(root(2, 1).checked_add(&root(3, 1)), None);
        assert_eq!((-&root(9, 4)).as_rational(), Some(BigRational::new((-3).into(), 2.into())));
    }

    #[test]
    fn text_round_trips() {
        let norm = root(3, 4).times_sqrt_pi_power(-1);
        for value in [root(3, 10), -&root(3, 10), Surd::zero(), norm.clone(), -&norm] {
            assert_eq!(Surd::decode(&value.encode()), Some(value));
        }
        assert_eq!(norm.to_string(), "√(3/(4π))");
        assert_eq!(Surd::ratio(-1, 2).to_string(), "-1/2");
        assert_eq!(Surd::decode("--1/2"), None);
        assert_eq!(Surd::decode(""), None);
    }
}
