//! Building programs: equal operations are shared, constants folded and negations moved outwards
//! while operations are added. What is left for the end stands in `finish`.

use std::collections::HashMap;

use super::finish::finished;
use super::{Id, Input, Node, Op, Output, Program, valid};
use crate::tables::Surd;

/// A program under construction.
pub struct Builder {
    inputs: Vec<Input>,
    nodes: Vec<Node>,
    known: HashMap<Op, Id>,
}

impl Builder {
    /// Begins a program with the arrays that it reads.
    pub fn new(inputs: Vec<Input>) -> Self {
        Builder { inputs, nodes: Vec::new(), known: HashMap::new() }
    }

    /// An element of the input of index `array`.
    pub fn input(&mut self, array: usize, element: usize) -> Id {
        self.push(Op::Input { array, element })
    }

    /// All elements of the input of index `array`.
    pub fn elements(&mut self, array: usize) -> Vec<Id> {
        let count = self.inputs[array].elements.len();
        (0..count).map(|element| self.input(array, element)).collect()
    }

    /// An exact constant.
    pub fn constant(&mut self, value: &Surd) -> Id {
        self.push(Op::Constant(value.clone()))
    }

    /// Names a value, if it has no name yet and is an operation.
    pub fn label(&mut self, id: Id, label: impl Into<String>) -> Id {
        let node = &mut self.nodes[id.index()];
        if node.label.is_none()
            && !matches!(node.op, Op::Input { .. } | Op::Constant(_) | Op::Neg(_))
        {
            node.label = Some(label.into());
        }
        id
    }

    /// `-a`.
    pub fn neg(&mut self, a: Id) -> Id {
        match self.op(a).clone() {
            Op::Constant(value) => self.constant(&-&value),
            Op::Neg(inner) => inner,
            _ => self.push(Op::Neg(a)),
        }
    }

    /// `a + b`.
    pub fn add(&mut self, a: Id, b: Id) -> Id {
        let sum = match (self.as_constant(a), self.as_constant(b)) {
            (Some(zero), _) if zero.is_zero() => return b,
            (_, Some(zero)) if zero.is_zero() => return a,
            (Some(left), Some(right)) => left.checked_add(right),
            _ => None,
        };
        match (sum, self.op(a), self.op(b)) {
            (Some(sum), ..) => self.constant(&sum),
            (None, &Op::Neg(left), &Op::Neg(right)) => {
                let sum = self.add(left, right);
                self.neg(sum)
            }
            _ => self.push(Op::Add(a.min(b), a.max(b))),
        }
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Id, b: Id) -> Id {
        let negated = self.neg(b);
        self.add(a, negated)
    }

    /// `a · b`.
    pub fn mul(&mut self, a: Id, b: Id) -> Id {
        match (self.op(a).clone(), self.op(b).clone()) {
            (Op::Constant(left), _) => self.scale(&left, b),
            (_, Op::Constant(right)) => self.scale(&right, a),
            (Op::Neg(inner), _) => {
                let product = self.mul(inner, b);
                self.neg(product)
            }
            (_, Op::Neg(inner)) => {
                let product = self.mul(a, inner);
                self.neg(product)
            }
            _ => self.push(Op::Mul(a.min(b), a.max(b))),
        }
    }

    /// `factor · a`.
    pub fn scale(&mut self, factor: &Surd, a: Id) -> Id {
        match self.op(a).clone() {
            _ if factor.is_zero() || factor.is_one() => {
                if factor.is_one() {
                    a
                } else {
                    self.constant(factor)
                }
            }
            _ if (-factor).is_one() => self.neg(a),
            Op::Constant(value) => self.constant(&(factor * &value)),
            Op::Neg(inner) => self.scale(&-factor, inner),
            Op::Mul(b, c) => match self.as_constant(b).cloned() {
                Some(value) => self.scale(&(factor * &value), c),
                None => self.scale_node(factor, a),
            },
            _ => self.scale_node(factor, a),
        }
    }

    /// `factor · a` as an operation: a constant is always the first operand.
    fn scale_node(&mut self, factor: &Surd, a: Id) -> Id {
        // Only positive constants are stored, so that ±c share one constant and one product.
        let constant = self.constant(&factor.abs());
        let product = self.push(Op::Mul(constant, a));
        if factor.sign() < 0 { self.neg(product) } else { product }
    }

    /// Ends the program.
    ///
    /// # Panics
    /// If the program is not [`valid`]: an output's shape does not fit its values, say, or a name
    /// occurs twice.
    pub fn finish(self, outputs: Vec<Output>) -> Program {
        let program = finished(Program { inputs: self.inputs, nodes: self.nodes, outputs });
        if let Err(error) = valid::check(&program) {
            panic!("{error}");
        }
        program
    }

    fn op(&self, id: Id) -> &Op {
        &self.nodes[id.index()].op
    }

    fn as_constant(&self, id: Id) -> Option<&Surd> {
        match self.op(id) {
            Op::Constant(value) => Some(value),
            _ => None,
        }
    }

    fn push(&mut self, op: Op) -> Id {
        if let Some(&id) = self.known.get(&op) {
            return id;
        }
        let id = Id(self.nodes.len() as u32);
        self.nodes.push(Node { op: op.clone(), label: None });
        self.known.insert(op, id);
        id
    }
}
