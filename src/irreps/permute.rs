//! Features moved along with their blocks when irreps are sorted.

use std::ops::Range;

use super::{Irreps, IrrepsError, Sorted};

impl Sorted {
    /// Moves features of the irreps that were sorted into the new order. `x` is
    /// one feature vector or several, one after the other, in either layout.
    ///
    /// # Errors
    ///
    /// [`IrrepsError::Length`] if the length of `x` is not a multiple of the
    /// dimension or `out` is not as long as `x`. `out` is then unchanged.
    ///
    /// ```
    /// use tesseral::irreps::Irreps;
    ///
    /// let sorted = "1o + 2x0e".parse::<Irreps>()?.sort();
    /// let mut out = [0; 5];
    /// sorted.sort_features(&[1, 2, 3, 8, 9], &mut out)?;
    /// assert_eq!(out, [8, 9, 1, 2, 3]);
    /// # Ok::<(), tesseral::irreps::IrrepsError>(())
    /// ```
    pub fn sort_features<T: Copy>(&self, x: &[T], out: &mut [T]) -> Result<(), IrrepsError> {
        self.move_features(x, out, |old, new| (old, new))
    }

    /// Moves features of the sorted irreps back: the inverse of
    /// [`sort_features`](Sorted::sort_features), and its backward pass.
    ///
    /// # Errors
    ///
    /// As for [`sort_features`](Sorted::sort_features).
    pub fn unsort_features<T: Copy>(&self, x: &[T], out: &mut [T]) -> Result<(), IrrepsError> {
        self.move_features(x, out, |old, new| (new, old))
    }

    /// Copies every block from the first of two ranges to the second, which
    /// `direction` chooses from the old and the new one.
    fn move_features<T: Copy>(
        &self,
        x: &[T],
        out: &mut [T],
        direction: impl Fn(Range<usize>, Range<usize>) -> (Range<usize>, Range<usize>),
    ) -> Result<(), IrrepsError> {
        self.irreps.check_lengths(x.len(), out.len())?;
        let dim = self.irreps.dim();
        if dim == 0 {
            return Ok(());
        }
        let blocks = self.permutation.iter().map(|&new| self.irreps[new]).collect();
        let old = Irreps { blocks }.slices();
        let new = self.irreps.slices();
        for (x, out) in x.chunks_exact(dim).zip(out.chunks_exact_mut(dim)) {
            for (old, &index) in old.iter().zip(&self.permutation) {
                let (from, to) = direction(old.clone(), new[index].clone());
                out[to].copy_from_slice(&x[from]);
            }
        }
        Ok(())
    }
}
