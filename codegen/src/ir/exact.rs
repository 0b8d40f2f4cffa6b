//! Exact evaluation: what a program computes, as polynomials. This proves a program against the
//! tables that it was built from.

use num_rational::BigRational;
use num_traits::One;

use super::{Op, Program};
use crate::tables::{Polynomial, Surd};

/// `scale · polynomial`.
#[derive(Clone, Debug)]
pub struct Value {
    scale: Surd,
    polynomial: Polynomial,
}

impl Value {
    fn negated(&self) -> Value {
        Value { scale: -&self.scale, polynomial: self.polynomial.clone() }
    }

    fn times(&self, other: &Value) -> Value {
        let scale = &self.scale * &other.scale;
        Value { polynomial: &self.polynomial * &other.polynomial, scale }
    }

    /// The sum; `None` if the quotient of the scales is irrational.
    fn plus(&self, other: &Value) -> Option<Value> {
        if self.polynomial.is_zero() {
            return Some(other.clone());
        }
        let other = other.polynomial_at(&self.scale)?;
        Some(Value { scale: self.scale.clone(), polynomial: &self.polynomial + &other })
    }

    /// The polynomial p with `scale · p` equal to this value, if its coefficients are rational.
    pub fn polynomial_at(&self, scale: &Surd) -> Option<Polynomial> {
        if self.polynomial.is_zero() || self.scale.is_zero() {
            return Some(Polynomial::default());
        }
        let quotient = (&self.scale * &scale.recip()).as_rational()?;
        Some(self.polynomial.scaled(&quotient))
    }
}

/// The outputs of a program of x, y, z, one list per output; `None` if a sum of incommensurate
/// values occurs, which no program of harmonics has.
pub fn evaluate(program: &Program) -> Option<Vec<Vec<Value>>> {
    let mut values: Vec<Value> = Vec::with_capacity(program.nodes.len());
    for node in &program.nodes {
        let value = match &node.op {
            Op::Input(axis) => {
                Value { scale: Surd::one(), polynomial: Polynomial::variable(*axis) }
            }
            Op::Constant(constant) => Value {
                scale: if constant.is_zero() { Surd::one() } else { constant.clone() },
                polynomial: match constant.is_zero() {
                    true => Polynomial::default(),
                    false => Polynomial::constant(BigRational::one()),
                },
            },
            Op::Neg(a) => values[a.index()].negated(),
            Op::Add(a, b) => values[a.index()].plus(&values[b.index()])?,
            Op::Mul(a, b) => values[a.index()].times(&values[b.index()]),
            Op::MulAdd(a, b, c) => {
                values[a.index()].times(&values[b.index()]).plus(&values[c.index()])?
            }
        };
        values.push(value);
    }
    let output = |ids: &[super::Id]| ids.iter().map(|id| values[id.index()].clone()).collect();
    Some(program.outputs.iter().map(|o| output(&o.values)).collect())
}
