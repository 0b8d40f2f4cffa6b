//! What a program computes: a polynomial whose coefficients are sums of rational multiples of roots.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One;

use super::polynomial::{Packing, Polynomial};
use super::surds::{Root, quotient, split};
use crate::tables::Surd;

/// A polynomial over the sums of rational multiples of roots. Equal polynomials have equal
/// differences to nothing: compare by [`Value::equals`].
#[derive(Clone, Debug)]
pub struct Value {
    packing: Packing,
    /// By root, in order, none zero.
    parts: Vec<Part>,
}

/// `scale · root · polynomial`.
#[derive(Clone, Debug)]
struct Part {
    root: Root,
    scale: BigRational,
    polynomial: Polynomial,
}

impl Part {
    /// The sum of two parts of one root.
    fn plus(&self, other: &Part) -> Part {
        let Part { root, ref scale, .. } = *self;
        if *scale == other.scale {
            let polynomial = self.polynomial.plus(&other.polynomial);
            return Part { root, scale: scale.clone(), polynomial };
        }
        let [up, down] = quotient(&other.scale, scale);
        let sum = self.polynomial.scaled(down).plus(&other.polynomial.scaled(up));
        if sum.is_zero() {
            return Part { root, scale: scale.clone(), polynomial: sum };
        }
        let (content, polynomial) = sum.primitive();
        let factor = BigRational::new(BigInt::from(content), BigInt::from(down));
        Part { root, scale: scale * factor, polynomial }
    }
}

impl Value {
    pub(super) fn zero(packing: Packing) -> Value {
        Value { packing, parts: Vec::new() }
    }

    pub(super) fn constant(packing: Packing, value: &Surd) -> Value {
        if value.is_zero() {
            return Value::zero(packing);
        }
        let (scale, root) = split(value);
        Value { packing, parts: vec![Part { root, scale, polynomial: Polynomial::one() }] }
    }

    pub(super) fn variable(packing: Packing, variable: usize) -> Value {
        let polynomial = Polynomial::monomial(packing.variable(variable));
        Value {
            packing,
            parts: vec![Part { root: Root::ONE, scale: BigRational::one(), polynomial }],
        }
    }

    /// `-self`.
    pub fn negated(&self) -> Value {
        let negated = |part: &Part| Part { scale: -&part.scale, ..part.clone() };
        Value { packing: self.packing, parts: self.parts.iter().map(negated).collect() }
    }

    /// `self + other`.
    pub fn plus(&self, other: &Value) -> Value {
        let mut parts = self.parts.clone();
        for part in &other.parts {
            match parts.binary_search_by_key(&part.root, |own| own.root) {
                Ok(place) => parts[place] = parts[place].plus(part),
                Err(place) => parts.insert(place, part.clone()),
            }
        }
        parts.retain(|part| !part.polynomial.is_zero());
        Value { packing: self.packing, parts }
    }

    /// `self · other`.
    pub fn times(&self, other: &Value) -> Value {
        let mut sum = Value::zero(self.packing);
        for a in &self.parts {
            for b in &other.parts {
                let (factor, root) = a.root.times(b.root);
                let scale = &a.scale * &b.scale * BigInt::from(factor);
                let polynomial = a.polynomial.times(&b.polynomial, self.packing);
                let part = Part { root, scale, polynomial };
                sum = sum.plus(&Value { packing: self.packing, parts: vec![part] });
            }
        }
        sum
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether two polynomials are the same.
    pub fn equals(&self, other: &Value) -> bool {
        self.plus(&other.negated()).is_zero()
    }

    /// The polynomial with `square` put for the square of a variable, as often as it occurs: with
    /// 1 - x² - y² for z², two polynomials agree on the unit sphere exactly when these are equal.
    ///
    /// # Panics
    /// If the coefficients of `square` are not integers.
    pub fn with_square(&self, variable: usize, square: &Value) -> Value {
        let [Part { root: Root::ONE, scale, polynomial: square }] = &square.parts[..] else {
            panic!("a polynomial with integer coefficients is expected");
        };
        assert!(scale.is_one(), "a polynomial with integer coefficients is expected");
        let substituted = |part: &Part| {
            let polynomial = part.polynomial.with_square(variable, square, self.packing);
            Part { polynomial, ..part.clone() }
        };
        let mut parts: Vec<Part> = self.parts.iter().map(substituted).collect();
        parts.retain(|part| !part.polynomial.is_zero());
        Value { packing: self.packing, parts }
    }
}
