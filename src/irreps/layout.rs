//! The two orders of the components inside a block, and conversion between
//! them.
//!
//! A block `mul x irrep` of a feature vector is a matrix with a row for each
//! copy and a column for each component of the irrep. In the `mul_ir` layout,
//! the default one, it is stored row by row, so that the components of a copy
//! are contiguous; in the `ir_mul` layout it is stored column by column. The
//! blocks themselves are at the same places in both.

use super::{Irreps, IrrepsError};
use crate::error::{LengthError, check_length, check_rows};

#[derive(Clone, Copy)]
enum Direction {
    ToIrMul,
    ToMulIr,
}

impl Irreps {
    /// Converts features from the `mul_ir` to the `ir_mul` layout.
    ///
    /// `x` is one feature vector or several, one after the other.
    ///
    /// # Errors
    ///
    /// [`IrrepsError::Length`] if the length of `x` is not a multiple of
    /// [`dim`](Irreps::dim) or `out` is not as long as `x`. `out` is then unchanged.
    ///
    /// ```
    /// use tesseral::irreps::Irreps;
    ///
    /// let irreps: Irreps = "0e + 2x1o".parse()?;
    /// let mut out = [0; 7];
    /// irreps.to_ir_mul(&[9, 1, 2, 3, 4, 5, 6], &mut out)?;
    /// assert_eq!(out, [9, 1, 4, 2, 5, 3, 6]);
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn to_ir_mul<T: Copy>(&self, x: &[T], out: &mut [T]) -> Result<(), IrrepsError> {
        self.convert(x, out, Direction::ToIrMul)
    }

    /// Converts features from the `ir_mul` to the `mul_ir` layout: the inverse
    /// of [`to_ir_mul`](Irreps::to_ir_mul).
    ///
    /// # Errors
    ///
    /// As for [`to_ir_mul`](Irreps::to_ir_mul).
    pub fn to_mul_ir<T: Copy>(&self, x: &[T], out: &mut [T]) -> Result<(), IrrepsError> {
        self.convert(x, out, Direction::ToMulIr)
    }

    fn convert<T: Copy>(
        &self,
        x: &[T],
        out: &mut [T],
        direction: Direction,
    ) -> Result<(), IrrepsError> {
        self.check_lengths(x.len(), out.len())?;
        let dim = self.dim();
        if dim == 0 {
            return Ok(());
        }
        for (x, out) in x.chunks_exact(dim).zip(out.chunks_exact_mut(dim)) {
            for (block, slice) in self.blocks_and_slices() {
                let rows = match direction {
                    Direction::ToIrMul => block.mul,
                    Direction::ToMulIr => block.irrep.dim(),
                };
                transpose(rows, &x[slice.clone()], &mut out[slice]);
            }
        }
        Ok(())
    }

    pub(super) fn check_lengths(&self, input: usize, output: usize) -> Result<(), LengthError> {
        check_rows("the input", self.dim(), input)?;
        check_length("the output", input, output)
    }
}

/// Writes the transpose of `x`, a matrix of that many rows, to `out`.
fn transpose<T: Copy>(rows: usize, x: &[T], out: &mut [T]) {
    if x.is_empty() {
        return;
    }
    let columns = x.len() / rows;
    if rows == 1 || columns == 1 {
        out.copy_from_slice(x);
        return;
    }
    for (i, row) in x.chunks_exact(columns).enumerate() {
        for (j, &value) in row.iter().enumerate() {
            out[j * rows + i] = value;
        }
    }
}
