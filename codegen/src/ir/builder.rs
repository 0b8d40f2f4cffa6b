//! Building programs: equal operations are shared, constants folded and negations moved outwards
//! while operations are added; multiply-adds are formed and unused nodes dropped at the end.

use std::collections::HashMap;

use super::{Id, Node, Op, Output, Program};
use crate::tables::Surd;

/// A program under construction.
pub struct Builder {
    inputs: Vec<&'static str>,
    nodes: Vec<Node>,
    known: HashMap<Op, Id>,
}

impl Builder {
    /// Begins a program with named inputs.
    pub fn new(inputs: &[&'static str]) -> Self {
        Builder { inputs: inputs.to_vec(), nodes: Vec::new(), known: HashMap::new() }
    }

    /// The input of index `index`.
    pub fn input(&mut self, index: usize) -> Id {
        let id = self.push(Op::Input(index));
        self.label(id, self.inputs[index])
    }

    /// An exact constant.
    pub fn constant(&mut self, value: &Surd) -> Id {
        self.push(Op::Constant(value.clone()))
    }

    /// Names a value, if it has no name yet and is no constant.
    pub fn label(&mut self, id: Id, label: impl Into<String>) -> Id {
        let node = &mut self.nodes[id.index()];
        if node.label.is_none() && !matches!(node.op, Op::Constant(_) | Op::Neg(_)) {
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
    /// If an output's shape does not fit its values.
    pub fn finish(self, outputs: Vec<Output>) -> Program {
        for output in &outputs {
            let length: usize = output.shape.iter().product();
            assert_eq!(length, output.values.len(), "shape of the output {}", output.name);
        }
        let program = Program { inputs: self.inputs, nodes: self.nodes, outputs };
        without_unused(with_multiply_adds(without_unused(program)))
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

/// Joins each addition with a product that only it reads, and each other negation with its constant.
fn with_multiply_adds(program: Program) -> Program {
    let uses = program.uses();
    let nodes = &program.nodes;
    let product = |id: Id| match nodes[id.index()].op {
        Op::Mul(a, b) if uses[id.index()] == 1 => Some((a, b, false)),
        Op::Neg(inner) if uses[id.index()] == 1 => match nodes[inner.index()].op {
            Op::Mul(a, b) if uses[inner.index()] == 1 => Some((a, b, true)),
            _ => None,
        },
        _ => None,
    };
    let depths = depths(nodes);
    let ready = |(f, g, _): (Id, Id, bool)| depths[f.index()].max(depths[g.index()]);
    let mut fused = Vec::new();
    let mut renamed: Vec<Id> = Vec::new();
    for node in nodes {
        let at = |id: Id| renamed[id.index()];
        let op = match node.op {
            // The product that is ready last is joined, so that the sum waits for one operation.
            Op::Add(a, b) => match (product(b), product(a)) {
                (Some(late), Some(early)) if ready(early) > ready(late) => {
                    let (f, g, negative) = early;
                    multiply_add(&mut fused, at(f), at(g), negative, at(b))
                }
                (Some((f, g, negative)), _) => {
                    multiply_add(&mut fused, at(f), at(g), negative, at(a))
                }
                (None, Some((f, g, negative))) => {
                    multiply_add(&mut fused, at(f), at(g), negative, at(b))
                }
                (None, None) => Op::Add(at(a), at(b)),
            },
            Op::Mul(a, b) => Op::Mul(at(a), at(b)),
            Op::MulAdd(a, b, c) => Op::MulAdd(at(a), at(b), at(c)),
            // A negated multiple that nobody else reads is a multiple of the negated constant.
            Op::Neg(a) => match nodes[a.index()].op {
                Op::Mul(b, c) if uses[a.index()] == 1 => match &nodes[b.index()].op {
                    Op::Constant(value) => {
                        let negated = push_node(&mut fused, Op::Constant(-value), None);
                        Op::Mul(negated, at(c))
                    }
                    _ => Op::Neg(at(a)),
                },
                _ => Op::Neg(at(a)),
            },
            Op::Input(_) | Op::Constant(_) => node.op.clone(),
        };
        renamed.push(push_node(&mut fused, op, node.label.clone()));
    }
    let outputs = rename_outputs(program.outputs, &renamed);
    Program { inputs: program.inputs, nodes: fused, outputs }
}

/// The longest chain of operations that each node waits for.
fn depths(nodes: &[Node]) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let operands = node.op.operands().map(|id| depths[id.index()]).max();
        depths.push(operands.map_or(0, |depth| depth + 1));
    }
    depths
}

/// `±a·b + c`, with a negation pushed before it where the product is subtracted.
fn multiply_add(nodes: &mut Vec<Node>, a: Id, b: Id, negative: bool, c: Id) -> Op {
    if negative {
        Op::MulAdd(push_node(nodes, Op::Neg(a), None), b, c)
    } else {
        Op::MulAdd(a, b, c)
    }
}

fn push_node(nodes: &mut Vec<Node>, op: Op, label: Option<String>) -> Id {
    nodes.push(Node { op, label });
    Id(nodes.len() as u32 - 1)
}

/// Drops nodes that no output depends on.
fn without_unused(program: Program) -> Program {
    let mut needed = vec![false; program.nodes.len()];
    for id in program.outputs.iter().flat_map(|output| &output.values) {
        needed[id.index()] = true;
    }
    for (index, node) in program.nodes.iter().enumerate().rev() {
        if needed[index] {
            node.op.operands().for_each(|id| needed[id.index()] = true);
        }
    }
    let mut nodes = Vec::new();
    let mut renamed = vec![Id(u32::MAX); program.nodes.len()];
    for (index, node) in program.nodes.into_iter().enumerate().filter(|(i, _)| needed[*i]) {
        let at = |id: Id| renamed[id.index()];
        let op = match node.op {
            Op::Neg(a) => Op::Neg(at(a)),
            Op::Add(a, b) => Op::Add(at(a), at(b)),
            Op::Mul(a, b) => Op::Mul(at(a), at(b)),
            Op::MulAdd(a, b, c) => Op::MulAdd(at(a), at(b), at(c)),
            op => op,
        };
        renamed[index] = push_node(&mut nodes, op, node.label);
    }
    let outputs = rename_outputs(program.outputs, &renamed);
    Program { inputs: program.inputs, nodes, outputs }
}

fn rename_outputs(mut outputs: Vec<Output>, renamed: &[Id]) -> Vec<Output> {
    for id in outputs.iter_mut().flat_map(|output| &mut output.values) {
        *id = renamed[id.index()];
    }
    outputs
}
