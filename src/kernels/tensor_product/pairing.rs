//! Which rows are multiplied: row by row, or along the edges of a graph.

use crate::error::{check_length, check_rows};
use crate::kernels::KernelError;

/// Which row of each input is multiplied with which, and goes to which row of the output.
///
/// Every product is an *item*: a row, or an edge. There is a row of the second input, and of the
/// weights if they are not shared, for every item.
#[derive(Clone, Copy, Debug)]
pub enum Pairing<'a> {
    /// Row i with row i, to row i.
    RowByRow {
        /// The number of rows.
        rows: usize,
    },
    /// For every edge e the row `senders[e]` of the first input with row e of the second and of
    /// the weights, added to the row `receivers[e]` of the output: message passing without
    /// messages in memory. Fastest where edges to one receiver follow each other.
    #[doc(alias = "scatter")]
    Edges {
        /// The row of the first input of each edge.
        senders: &'a [usize],
        /// The row of the output of each edge.
        receivers: &'a [usize],
    },
}

impl Pairing<'_> {
    /// The number of items.
    ///
    /// ```
    /// use tesseral::kernels::Pairing;
    ///
    /// assert_eq!(Pairing::RowByRow { rows: 5 }.count(), 5);
    /// assert_eq!(Pairing::Edges { senders: &[0, 1], receivers: &[1, 0] }.count(), 2);
    /// ```
    pub fn count(&self) -> usize {
        match self {
            Pairing::RowByRow { rows } => *rows,
            Pairing::Edges { senders, .. } => senders.len(),
        }
    }

    /// The row of the first input of an item.
    pub(super) fn first(&self, item: usize) -> usize {
        match self {
            Pairing::RowByRow { .. } => item,
            Pairing::Edges { senders, .. } => senders[item],
        }
    }

    /// The row of the output of an item.
    pub(super) fn output(&self, item: usize) -> usize {
        match self {
            Pairing::RowByRow { .. } => item,
            Pairing::Edges { receivers, .. } => receivers[item],
        }
    }

    /// Checks that there are as many receivers as senders.
    pub(super) fn check_edges(&self) -> Result<(), KernelError> {
        match self {
            Pairing::RowByRow { .. } => Ok(()),
            Pairing::Edges { senders, receivers } => {
                Ok(check_length("receivers", senders.len(), receivers.len())?)
            }
        }
    }

    /// Checks the lengths of the first input and the output, given with those of their rows, and
    /// that every row that is named exists.
    pub(super) fn check(
        &self,
        [first, first_row]: [usize; 2],
        [output, output_row]: [usize; 2],
        output_name: &'static str,
    ) -> Result<(), KernelError> {
        let Pairing::Edges { senders, receivers } = self else {
            check_length("the first input", self.count().saturating_mul(first_row), first)?;
            return Ok(check_length(output_name, self.count().saturating_mul(output_row), output)?);
        };
        check_named("sender", senders, rows("the first input", first, first_row)?)?;
        check_named("receiver", receivers, rows(output_name, output, output_row)?)
    }
}

/// The rows of an array, any number if they are empty.
fn rows(what: &'static str, length: usize, size: usize) -> Result<usize, KernelError> {
    if size == 0 { Ok(usize::MAX) } else { Ok(check_rows(what, size, length)?) }
}

/// Checks that an array has every row that edges name.
fn check_named(what: &'static str, named: &[usize], rows: usize) -> Result<(), KernelError> {
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
