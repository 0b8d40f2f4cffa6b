//! Which rows are multiplied: row by row, or along the edges of a graph.

use crate::kernels::{KernelError, check_length};

/// The rows that are multiplied: which row of each input goes to which row of the output.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// Row i with row i, to row i.
    Each,
    /// For every edge e the row `senders[e]` of the first input with row e of the second and of
    /// the weights, added to the row `receivers[e]` of the output: message passing without
    /// messages in memory. Fastest where edges to one receiver follow each other.
    Edges {
        /// The row of the first input of each edge.
        senders: &'a [usize],
        /// The row of the output of each edge.
        receivers: &'a [usize],
    },
}

impl Rows<'_> {
    /// The row of the first input of an item.
    pub(super) fn first(&self, item: usize) -> usize {
        match self {
            Rows::Each => item,
            Rows::Edges { senders, .. } => senders[item],
        }
    }

    /// The row of the output of an item.
    pub(super) fn output(&self, item: usize) -> usize {
        match self {
            Rows::Each => item,
            Rows::Edges { receivers, .. } => receivers[item],
        }
    }

    /// Checks the lengths of the first input and the output, given with those of their rows, and
    /// that every row that is named exists.
    pub(super) fn check(
        &self,
        count: usize,
        [first, first_row]: [usize; 2],
        [output, output_row]: [usize; 2],
    ) -> Result<(), KernelError> {
        let Rows::Edges { senders, receivers } = self else {
            check_length("the first input", count.saturating_mul(first_row), first)?;
            return check_length("the output", count.saturating_mul(output_row), output);
        };
        check_length("senders", count, senders.len())?;
        check_length("receivers", count, receivers.len())?;
        check_rows("sender", senders, first, first_row, "the first input")?;
        check_rows("receiver", receivers, output, output_row, "the output")
    }
}

/// Checks that an array of rows is whole and has every row that edges name.
fn check_rows(
    what: &'static str,
    named: &[usize],
    length: usize,
    size: usize,
    array: &'static str,
) -> Result<(), KernelError> {
    let rows = length.checked_div(size).unwrap_or(usize::MAX);
    if size > 0 {
        check_length(array, rows * size, length)?;
    }
    match named.iter().position(|&row| row >= rows) {
        Some(edge) => Err(KernelError::Row { edge, what, row: named[edge], rows }),
        None => Ok(()),
    }
}

/// One row of an array.
pub(super) fn row<T>(array: &[T], index: usize, size: usize) -> &[T] {
    &array[index * size..][..size]
}

/// One row of an array.
pub(super) fn row_mut<T>(array: &mut [T], index: usize, size: usize) -> &mut [T] {
    &mut array[index * size..][..size]
}
