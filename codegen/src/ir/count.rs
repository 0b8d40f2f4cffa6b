//! Counting the operations of a program.

use std::fmt;

use super::terms::Terms;
use super::{Op, Program};

/// The number of operations by kind. A negation counts where no addition or multiply-add absorbs
/// it as a subtraction; adding to an output counts, as a multiply-add where a product is added.
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

impl Program {
    /// Counts the operations.
    pub fn count(&self) -> OpCount {
        let mut count = OpCount::default();
        let terms = Terms::new(self);
        let mut needs_negation = vec![false; self.nodes.len()];
        for (node, _) in self.nodes.iter().zip(&terms.absorbed).filter(|(_, absorbed)| !**absorbed)
        {
            match node.op {
                Op::Input { .. } | Op::Constant(_) | Op::Neg(_) => {}
                Op::Add(..) => count.add += 1,
                Op::Mul(..) => count.mul += 1,
                Op::MulAdd(..) => count.mul_add += 1,
            }
            // Additions and multiply-adds subtract at no cost; other readers need the negation.
            if let Op::Mul(..) | Op::Neg(_) = node.op {
                node.op.operands().for_each(|id| needs_negation[id.index()] = true);
            }
        }
        for id in self.outputs_set().flat_map(|output| &output.values) {
            needs_negation[id.index()] = true;
        }
        for term in terms.of_outputs.iter().flatten().flatten() {
            match term.second {
                Some(_) => count.mul_add += 1,
                None => count.add += 1,
            }
        }
        let negations = self.nodes.iter().zip(&terms.absorbed).zip(needs_negation);
        let counts = negations
            .filter(|((node, absorbed), needed)| {
                matches!(node.op, Op::Neg(_)) && *needed && !**absorbed
            })
            .count();
        count.neg = counts;
        count
    }
}

impl fmt::Display for OpCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.total() {
            1 => write!(f, "1 operation")?,
            total => write!(f, "{total} operations")?,
        }
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
