//! Straight-line programs: constants, additions, multiplications, multiply-adds and negations over
//! named inputs. They are built from exact tables and know nothing of any target language.

mod builder;
pub mod exact;
pub mod harmonics;
pub mod reading;

pub use builder::Builder;

use std::fmt;

use crate::tables::Surd;

/// A value of a program: the index of its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(u32);

impl Id {
    /// The value of the node of that index.
    pub fn of_index(index: usize) -> Id {
        Id(index as u32)
    }

    /// The index into [`Program::nodes`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// The input of that index.
    Input(usize),
    /// An exact constant.
    Constant(Surd),
    /// `-a`.
    Neg(Id),
    /// `a + b`.
    Add(Id, Id),
    /// `a · b`.
    Mul(Id, Id),
    /// `a · b + c`.
    MulAdd(Id, Id, Id),
}

impl Op {
    /// The values that the operation reads.
    pub fn operands(&self) -> impl Iterator<Item = Id> {
        let operands = match *self {
            Op::Input(_) | Op::Constant(_) => [None; 3],
            Op::Neg(a) => [Some(a), None, None],
            Op::Add(a, b) | Op::Mul(a, b) => [Some(a), Some(b), None],
            Op::MulAdd(a, b, c) => [Some(a), Some(b), Some(c)],
        };
        operands.into_iter().flatten()
    }
}

/// An operation and the name that its value has in the mathematics, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The operation.
    pub op: Op,
    /// Its name, such as `r2` for r².
    pub label: Option<String>,
}

/// An array of results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What it holds, such as `values`.
    pub name: &'static str,
    /// Its lengths, outermost first.
    pub shape: Vec<usize>,
    /// Its values, innermost axis contiguous.
    pub values: Vec<Id>,
}

/// A straight-line program. Every node reads only nodes before it, and every node is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The names of the inputs.
    pub inputs: Vec<&'static str>,
    /// The operations in order.
    pub nodes: Vec<Node>,
    /// The results.
    pub outputs: Vec<Output>,
}

impl Program {
    /// The node of a value.
    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id.index()]
    }

    /// How often each node is read, by operations and outputs.
    pub fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.nodes.len()];
        let read = self.nodes.iter().flat_map(|node| node.op.operands());
        for id in read.chain(self.outputs.iter().flat_map(|o| o.values.iter().copied())) {
            uses[id.index()] += 1;
        }
        uses
    }

    /// Counts the operations.
    pub fn count(&self) -> OpCount {
        let mut count = OpCount::default();
        let mut needs_negation = vec![false; self.nodes.len()];
        for node in &self.nodes {
            match node.op {
                Op::Input(_) | Op::Constant(_) | Op::Neg(_) => {}
                Op::Add(..) => count.add += 1,
                Op::Mul(..) => count.mul += 1,
                Op::MulAdd(..) => count.mul_add += 1,
            }
            // Additions and multiply-adds subtract at no cost; other readers need the negation.
            if let Op::Mul(..) | Op::Neg(_) = node.op {
                node.op.operands().for_each(|id| needs_negation[id.index()] = true);
            }
        }
        for id in self.outputs.iter().flat_map(|output| &output.values) {
            needs_negation[id.index()] = true;
        }
        let negations = self.nodes.iter().zip(needs_negation);
        count.neg = negations.filter(|(n, needed)| matches!(n.op, Op::Neg(_)) && *needed).count();
        count
    }
}

/// The number of operations by kind. A negation counts where no addition or multiply-add absorbs
/// it as a subtraction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpCount {
    /// Additions and subtractions.
    pub add: usize,
    /// Multiplications.
    pub mul: usize,
    /// Multiply-adds and multiply-subtracts, each as one operation.
    pub mul_add: usize,
    /// Negations.
    pub neg: usize,
}

impl OpCount {
    /// All operations.
    pub fn total(&self) -> usize {
        self.add + self.mul + self.mul_add + self.neg
    }
}

impl fmt::Display for OpCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} operations", self.total())?;
        let kinds = [
            (self.mul, "multiplications"),
            (self.mul_add, "multiply-adds"),
            (self.add, "additions"),
            (self.neg, "negations"),
        ];
        let kinds: Vec<String> = kinds
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, kind)| match number {
                1 => format!("1 {}", kind.trim_end_matches('s')),
                _ => format!("{number} {kind}"),
            })
            .collect();
        if kinds.is_empty() { Ok(()) } else { write!(f, " ({})", kinds.join(", ")) }
    }
}
