//! Sparse polynomials in x, y, z with rational coefficients: the exact form in which tables and
//! programs are compared.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Add, Mul};

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

/// A polynomial in x, y, z: exponents to nonzero coefficients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polynomial {
    terms: BTreeMap<[u32; 3], BigRational>,
}

impl Polynomial {
    /// The constant `value`.
    pub fn constant(value: BigRational) -> Self {
        let mut polynomial = Polynomial::default();
        polynomial.add_term([0; 3], value);
        polynomial
    }

    /// The variable x, y or z (0, 1 or 2).
    pub fn variable(axis: usize) -> Self {
        let mut exponents = [0; 3];
        exponents[axis] = 1;
        let mut polynomial = Polynomial::default();
        polynomial.add_term(exponents, BigRational::one());
        polynomial
    }

    /// x² + y² + z².
    pub fn radius_squared() -> Self {
        let mut polynomial = Polynomial::default();
        for exponents in [[2, 0, 0], [0, 2, 0], [0, 0, 2]] {
            polynomial.add_term(exponents, BigRational::one());
        }
        polynomial
    }

    /// Adds `coefficient` times the monomial of `exponents`.
    pub fn add_term(&mut self, exponents: [u32; 3], coefficient: BigRational) {
        let sum = self.terms.remove(&exponents).unwrap_or_else(BigRational::zero) + coefficient;
        if !sum.is_zero() {
            self.terms.insert(exponents, sum);
        }
    }

    /// The monomials with their coefficients, in order of their exponents.
    pub fn terms(&self) -> impl Iterator<Item = (&[u32; 3], &BigRational)> {
        self.terms.iter()
    }

    /// Whether this is the zero polynomial.
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    /// This polynomial times a number.
    pub fn scaled(&self, factor: &BigRational) -> Self {
        if factor.is_zero() {
            return Polynomial::default();
        }
        let terms = self.terms.iter().map(|(e, c)| (*e, c * factor)).collect();
        Polynomial { terms }
    }
}

impl Add for &Polynomial {
    type Output = Polynomial;

    fn add(self, other: &Polynomial) -> Polynomial {
        let mut sum = self.clone();
        for (exponents, coefficient) in &other.terms {
            sum.add_term(*exponents, coefficient.clone());
        }
        sum
    }
}

impl Mul for &Polynomial {
    type Output = Polynomial;

    fn mul(self, other: &Polynomial) -> Polynomial {
        let mut product = Polynomial::default();
        for (&[i, j, k], left) in &self.terms {
            for (&[a, b, c], right) in &other.terms {
                product.add_term([i + a, j + b, k + c], left * right);
            }
        }
        product
    }
}

/// Writes a sum of integer monomials in the named variables, such as `5z² - r²`.
pub fn write_sum(f: &mut impl fmt::Write, terms: &[(BigInt, Vec<(&str, u32)>)]) -> fmt::Result {
    for (index, (coefficient, powers)) in terms.iter().enumerate() {
        match (index, coefficient.is_negative()) {
            (0, true) => f.write_str("-")?,
            (0, false) => {}
            (_, true) => f.write_str(" - ")?,
            (_, false) => f.write_str(" + ")?,
        }
        let constant = powers.iter().all(|(_, power)| *power == 0);
        if constant || !coefficient.abs().is_one() {
            write!(f, "{}", coefficient.abs())?;
        }
        for (name, power) in powers {
            match power {
                0 => {}
                1 => f.write_str(name)?,
                _ => write!(f, "{name}{}", superscript(*power))?,
            }
        }
    }
    Ok(())
}

/// A number in superscript digits.
fn superscript(number: u32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |c: char| DIGITS[c as usize - '0' as usize];
    number.to_string().chars().map(digit).collect()
}
