//! Correct rounding of exact constants to f64 and f32 (to nearest, ties to even), from 200 bits.

use std::sync::LazyLock;

use num_bigint::BigInt;
use num_traits::{One, Signed, ToPrimitive, Zero};

use crate::tables::Surd;

/// ⌊π · 10^100⌋.
const PI_DIGITS: &str = "31415926535897932384626433832795028841971693993751058209749445923078\
                         164062862089986280348253421170679";

/// The bits to which a constant is evaluated before it is rounded.
const WORKING_BITS: i64 = 200;

/// The nearest f64.
pub fn to_f64(value: &Surd) -> f64 {
    round(value, 53)
}

/// The nearest f32, rounded once.
pub fn to_f32(value: &Surd) -> f32 {
    round(value, 24) as f32
}

/// Rounds to `precision` bits. Every constant of the library is far inside the range of f32.
fn round(value: &Surd, precision: u64) -> f64 {
    if value.is_zero() {
        return 0.0;
    }
    let (mantissa, exponent, exact) = evaluate(value);
    let shift = mantissa.bits() - precision;
    let mut kept = &mantissa >> shift;
    let rest = &mantissa - (&kept << shift);
    let half = BigInt::one() << (shift - 1);
    let distance = (&rest - &half).abs();
    assert!(
        exact || distance.bits() > shift - 100,
        "{value} is too close to a midpoint to be rounded from {WORKING_BITS} bits"
    );
    let odd = kept.bit(0);
    if rest > half || (rest == half && (odd || !exact)) {
        kept += 1;
    }
    let kept = kept.to_f64().expect("a mantissa of at most 53 bits is a finite f64");
    let power = shift as i64 - exponent;
    assert!((-120..100).contains(&power), "{value} is outside the range of f32");
    f64::from(value.sign()) * kept * 2f64.powi(power as i32)
}

/// `(m, e, exact)` with |value| = m · 2^-e, m rounded down to about [`WORKING_BITS`] bits.
fn evaluate(value: &Surd) -> (BigInt, i64, bool) {
    static PI: LazyLock<[BigInt; 2]> = LazyLock::new(|| {
        let pi = PI_DIGITS.parse().expect("the digits of π are digits");
        [pi, BigInt::from(10).pow(100)]
    });
    let [pi, unit] = &*PI;
    let power = value.pi_power();
    let (up, down) = if power > 0 { (pi, unit) } else { (unit, pi) };
    let numerator = value.square().numer() * up.pow(power.unsigned_abs());
    let denominator = value.square().denom() * down.pow(power.unsigned_abs());
    let size = numerator.bits() as i64 - denominator.bits() as i64;
    let exponent = (2 * WORKING_BITS - size) / 2;
    let scaled =
        if exponent >= 0 { numerator << (2 * exponent) } else { numerator >> (-2 * exponent) };
    let quotient = &scaled / &denominator;
    let mantissa = quotient.sqrt();
    let exact = power == 0
        && (&scaled - &quotient * &denominator).is_zero()
        && &mantissa * &mantissa == quotient;
    (mantissa, exponent, exact)
}

#[cfg(test)]
mod tests {
    use num_rational::BigRational;

    use super::*;

    fn root(numerator: i64, denominator: i64) -> Surd {
        Surd::sqrt(BigRational::new(numerator.into(), denominator.into()))
    }

    #[test]
    fn simple_constants() {
        assert_eq!(to_f64(&Surd::ratio(-3, 4)), -0.75);
        assert_eq!(to_f64(&Surd::ratio(1, 3)), 1.0 / 3.0);
        assert_eq!(to_f64(&root(2, 1)), std::f64::consts::SQRT_2);
        assert_eq!(to_f32(&root(1, 2)), std::f32::consts::FRAC_1_SQRT_2);
        let pi = root(1, 1).times_sqrt_pi_power(2);
        assert_eq!(to_f64(&pi), std::f64::consts::PI);
        assert_eq!(to_f32(&pi), std::f32::consts::PI);
        assert_eq!(to_f64(&root(1, 1).times_sqrt_pi_power(-2)), std::f64::consts::FRAC_1_PI);
        assert_eq!(to_f64(&root(4, 1).times_sqrt_pi_power(-1)), std::f64::consts::FRAC_2_SQRT_PI);
    }

    #[test]
    fn ties_go_to_even() {
        let midpoint = |odd: i64| BigRational::new((odd).into(), (1i64 << 24).into());
        assert_eq!(to_f32(&Surd::rational(&midpoint((1 << 24) + 1))), 1.0);
        assert_eq!(to_f32(&Surd::rational(&midpoint((1 << 24) + 3))), 1.0 + 2.0 * f32::EPSILON);
    }
}
