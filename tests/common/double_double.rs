//! Numbers of about 32 digits, as unevaluated sums of two f64.

use std::ops::{Add, Div, Mul, Neg, Sub};
use tesseral::Scalar;

/// The number `high + low`, where `high` is the sum rounded to f64.
#[derive(Clone, Copy, Debug, Default)]
pub struct DoubleDouble {
    high: f64,
    low: f64,
}

impl DoubleDouble {
    pub const PI: DoubleDouble =
        DoubleDouble { high: std::f64::consts::PI, low: 1.224_646_799_147_353_2e-16 };

    /// Parses a decimal number, with an exponent or without.
    pub fn parse(text: &str) -> DoubleDouble {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let mut exponent: i32 = exponent.parse().expect("an exponent");
        let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        exponent -= i32::try_from(fraction).expect("a short number");
        let ten = DoubleDouble::from(10.0);
        let mut value = DoubleDouble::default();
        for digit in mantissa.chars().filter_map(|c| c.to_digit(10)) {
            value = value * ten + f64::from(digit).into();
        }
        let power = ten.powi(exponent.unsigned_abs());
        let value = if exponent < 0 { value / power } else { value * power };
        if mantissa.starts_with('-') { -value } else { value }
    }

    /// The nearest f64.
    pub fn to_f64(self) -> f64 {
        self.high
    }

    /// The distance to an f64, rounded to f64.
    pub fn distance(self, value: f64) -> f64 {
        ((value - self.high) - self.low).abs()
    }

    /// The square root of a positive number or zero.
    pub fn sqrt(self) -> DoubleDouble {
        if self.high == 0.0 {
            return self;
        }
        // One step of Newton doubles the digits.
        let root = DoubleDouble::from(self.high.sqrt());
        (root + self / root) * 0.5.into()
    }

    /// A power by repeated squaring.
    pub fn powi(self, exponent: u32) -> DoubleDouble {
        let half = if exponent < 2 { 1.0.into() } else { self.powi(exponent / 2) };
        let square = half * half;
        if exponent % 2 == 1 { square * self } else { square }
    }
}

impl From<f64> for DoubleDouble {
    fn from(value: f64) -> Self {
        DoubleDouble { high: value, low: 0.0 }
    }
}

/// a + b exactly.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> DoubleDouble {
    let high = a + b;
    let part = high - a;
    DoubleDouble { high, low: (a - (high - part)) + (b - part) }
}

/// a + b exactly, where |a| ≥ |b|.
#[inline(always)]
fn quick_two_sum(a: f64, b: f64) -> DoubleDouble {
    let high = a + b;
    DoubleDouble { high, low: b - (high - a) }
}

/// Two halves of 26 bits.
#[inline(always)]
fn split(a: f64) -> (f64, f64) {
    let scaled = 134_217_729.0 * a;
    let high = scaled - (scaled - a);
    (high, a - high)
}

/// a · b exactly, without leaving the range.
#[inline(always)]
fn two_product(a: f64, b: f64) -> DoubleDouble {
    let high = a * b;
    let ((a1, a2), (b1, b2)) = (split(a), split(b));
    DoubleDouble { high, low: ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2 }
}

impl Add for DoubleDouble {
    type Output = DoubleDouble;
    #[inline]
    fn add(self, other: DoubleDouble) -> DoubleDouble {
        let (high, low) = (two_sum(self.high, other.high), two_sum(self.low, other.low));
        let sum = quick_two_sum(high.high, high.low + low.high);
        quick_two_sum(sum.high, sum.low + low.low)
    }
}

impl Sub for DoubleDouble {
    type Output = DoubleDouble;
    #[inline]
    fn sub(self, other: DoubleDouble) -> DoubleDouble {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = DoubleDouble;
    #[inline]
    fn mul(self, other: DoubleDouble) -> DoubleDouble {
        let product = two_product(self.high, other.high);
        let cross = self.high * other.low + self.low * other.high;
        quick_two_sum(product.high, product.low + cross)
    }
}

impl Div for DoubleDouble {
    type Output = DoubleDouble;
    fn div(self, other: DoubleDouble) -> DoubleDouble {
        let first = self.high / other.high;
        let rest = self - other * first.into();
        let second = rest.high / other.high;
        let rest = rest - other * second.into();
        quick_two_sum(first, second) + (rest.high / other.high).into()
    }
}

impl Neg for DoubleDouble {
    type Output = DoubleDouble;
    #[inline]
    fn neg(self) -> DoubleDouble {
        DoubleDouble { high: -self.high, low: -self.low }
    }
}

/// Constants are the nearest f64.
impl Scalar for DoubleDouble {
    fn constant(value: f64, _single: f32) -> DoubleDouble {
        DoubleDouble::from(value)
    }
}
