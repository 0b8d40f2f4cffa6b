//! The sums that are added to outputs, term by term. Where a chain of additions has no other reader,
//! each of its terms is added to the output by itself: a product and its addition are then one
//! operation, the first product of the chain too.

use super::{Id, Node, Op, Program, Write};

/// `±first · second`, or `±first`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub negative: bool,
    pub first: Id,
    pub second: Option<Id>,
}

/// The terms of all outputs that are added to.
pub(super) struct Terms {
    /// Whether a node is part of such terms only, and never a value of its own.
    pub absorbed: Vec<bool>,
    /// By output and element, empty for outputs that are set.
    pub of_outputs: Vec<Vec<Vec<Term>>>,
}

impl Terms {
    pub fn new(program: &Program) -> Terms {
        let mut reader = Reader {
            nodes: &program.nodes,
            uses: program.uses(),
            absorbed: vec![false; program.nodes.len()],
        };
        let outputs = program.outputs.iter().map(|output| match output.write {
            Write::Set => Vec::new(),
            Write::Add => output.values.iter().map(|&id| reader.terms(id)).collect(),
        });
        let of_outputs = outputs.collect();
        Terms { absorbed: reader.absorbed, of_outputs }
    }
}

struct Reader<'a> {
    nodes: &'a [Node],
    uses: Vec<usize>,
    absorbed: Vec<bool>,
}

impl Reader<'_> {
    fn terms(&mut self, id: Id) -> Vec<Term> {
        let mut terms = Vec::new();
        self.collect(id, false, &mut terms);
        terms
    }

    /// Adds the terms of ±a value, those that are known first before the others.
    fn collect(&mut self, id: Id, negative: bool, terms: &mut Vec<Term>) {
        let index = id.index();
        let node = &self.nodes[index];
        if matches!(&node.op, Op::Constant(value) if value.is_zero()) {
            return;
        }
        let alone = self.uses[index] == 1 && node.label.is_none();
        if alone && !matches!(node.op, Op::Input { .. } | Op::Constant(_)) {
            self.absorbed[index] = true;
        }
        match node.op {
            Op::Neg(a) if alone => self.collect(a, !negative, terms),
            Op::Add(a, b) if alone => {
                self.collect(a, negative, terms);
                self.collect(b, negative, terms);
            }
            Op::Mul(a, b) if alone => terms.push(self.product(a, b, negative)),
            Op::MulAdd(a, b, c) if alone => {
                self.collect(c, negative, terms);
                terms.push(self.product(a, b, negative));
            }
            _ => terms.push(Term { negative, first: id, second: None }),
        }
    }

    /// The term ±a · b, a negation of `a` moved to the sign.
    fn product(&self, a: Id, b: Id, negative: bool) -> Term {
        match self.nodes[a.index()].op {
            Op::Neg(inner) => Term { negative: !negative, first: inner, second: Some(b) },
            _ => Term { negative, first: a, second: Some(b) },
        }
    }
}
