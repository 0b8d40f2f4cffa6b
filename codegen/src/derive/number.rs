//! Symbolica's exact numbers as those of the tables.

use num_bigint::BigInt;
use num_rational::BigRational;
use symbolica::domains::integer::Integer;
use symbolica::domains::rational::Rational;

/// An integer.
pub fn big_int(value: &Integer) -> BigInt {
    value.to_string().parse().expect("an integer is written in decimal digits")
}

/// A rational.
pub fn big_rational(value: &Rational) -> BigRational {
    BigRational::new(big_int(&value.numerator()), big_int(&value.denominator()))
}
