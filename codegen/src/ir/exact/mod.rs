//! Exact evaluation: what a program computes, as polynomials in any variables. This proves a program
//! against the tables that it was built from.
//!
//! Coefficients are sums of rational multiples of roots: those of a coupled product mix √2 and √3.
//! An [`Evaluator`] remembers what it has computed, so programs that share operations, as those of
//! all degrees do, share the work.
//!
//! # Example
//! ```
//! use tesseral_codegen::ir::exact::Evaluator;
//! use tesseral_codegen::ir::harmonics::{Derivatives, single_degree};
//! use tesseral_codegen::tables::{Surd, snapshot};
//!
//! let program = single_degree(&snapshot::read(1)?.harmonics, 1, Derivatives::None);
//! let mut evaluator = Evaluator::new(3);
//! let point: Vec<_> = (0..3).map(|axis| evaluator.variable(axis)).collect();
//! let outputs = evaluator.evaluate(&program, &[point.clone()]);
//!
//! // Y_{1,-1} = √(3/(4π)) y.
//! let norm = evaluator.constant(&Surd::decode("3/4/pi").expect("a signed square"));
//! let expected = evaluator.value(norm).times(evaluator.value(point[1]));
//! assert!(evaluator.value(outputs[0][0]).equals(&expected));
//! # Ok::<(), tesseral_codegen::tables::snapshot::SnapshotError>(())
//! ```

mod polynomial;
mod surds;
mod value;

pub use polynomial::MOST_VARIABLES;
pub use value::Value;

use std::collections::HashMap;

use self::polynomial::Packing;
use super::{Id, Op, Program};
use crate::tables::Surd;

/// A value that an evaluator knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Known(usize);

/// An operation on known values.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Variable(usize),
    Constant(Surd),
    Neg(Known),
    Add(Known, Known),
    Mul(Known, Known),
}

/// Evaluates programs in the same variables.
pub struct Evaluator {
    packing: Packing,
    known: HashMap<Key, Known>,
    values: Vec<Value>,
}

impl Evaluator {
    /// For variables 0 to `variables` - 1.
    ///
    /// # Panics
    /// If there are more than [`MOST_VARIABLES`].
    pub fn new(variables: usize) -> Evaluator {
        let packing = Packing::new(variables);
        Evaluator { packing, known: HashMap::new(), values: Vec::new() }
    }

    /// A variable.
    pub fn variable(&mut self, variable: usize) -> Known {
        self.get(Key::Variable(variable))
    }

    /// A constant.
    pub fn constant(&mut self, value: &Surd) -> Known {
        self.get(Key::Constant(value.clone()))
    }

    /// `a + b`.
    pub fn add(&mut self, a: Known, b: Known) -> Known {
        self.get(Key::Add(a.min(b), a.max(b)))
    }

    /// `a · b`.
    pub fn mul(&mut self, a: Known, b: Known) -> Known {
        self.get(Key::Mul(a.min(b), a.max(b)))
    }

    /// What is known as a polynomial.
    pub fn value(&self, known: Known) -> &Value {
        &self.values[known.0]
    }

    /// The outputs of a program, one list per output, given the elements of its inputs.
    ///
    /// # Panics
    /// If an input that the program reads is not given, or if an exponent or coefficient is larger
    /// than any in a program of the tables.
    pub fn evaluate(&mut self, program: &Program, inputs: &[Vec<Known>]) -> Vec<Vec<Known>> {
        let mut nodes: Vec<Known> = Vec::with_capacity(program.nodes.len());
        for node in &program.nodes {
            let at = |id: Id| nodes[id.index()];
            let known = match &node.op {
                Op::Input { array, element } => inputs[*array][*element],
                Op::Constant(value) => self.constant(value),
                Op::Neg(a) => self.get(Key::Neg(at(*a))),
                Op::Add(a, b) => self.add(at(*a), at(*b)),
                Op::Mul(a, b) => self.mul(at(*a), at(*b)),
                Op::MulAdd(a, b, c) => {
                    let (product, c) = (self.mul(at(*a), at(*b)), at(*c));
                    self.add(product, c)
                }
            };
            nodes.push(known);
        }
        let output = |ids: &[Id]| ids.iter().map(|id| nodes[id.index()]).collect();
        program.outputs.iter().map(|o| output(&o.values)).collect()
    }

    fn get(&mut self, key: Key) -> Known {
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let value = match &key {
            Key::Variable(variable) => Value::variable(self.packing, *variable),
            Key::Constant(value) => Value::constant(self.packing, value),
            Key::Neg(a) => self.value(*a).negated(),
            Key::Add(a, b) => self.value(*a).plus(self.value(*b)),
            Key::Mul(a, b) => self.value(*a).times(self.value(*b)),
        };
        let known = Known(self.values.len());
        self.values.push(value);
        self.known.insert(key, known);
        known
    }
}
