//! Straight-line programs: constants, additions, multiplications, multiply-adds and negations over
//! the elements of named arrays. They are built from exact tables and know nothing of any target
//! language; [`reading`] is how emitters see them.

mod array;
mod builder;
mod count;
pub mod exact;
mod finish;
pub mod harmonics;
pub mod marked;
pub mod products;
pub mod reading;
mod terms;
pub mod valid;

pub use array::{Input, Output, Sharing, Write};
pub use builder::Builder;
pub use count::OpCount;

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
    /// An element of an input.
    Input {
        /// The index of the input.
        array: usize,
        /// The index of its element.
        element: usize,
    },
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
            Op::Input { .. } | Op::Constant(_) => [None; 3],
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

/// A straight-line program. What it owes those who read it stands in [`valid`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// What it reads.
    pub inputs: Vec<Input>,
    /// The operations in order.
    pub nodes: Vec<Node>,
    /// What it writes.
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

    /// The outputs that are set.
    fn outputs_set(&self) -> impl Iterator<Item = &Output> {
        self.outputs.iter().filter(|output| output.write == Write::Set)
    }
}
