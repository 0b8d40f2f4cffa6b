//! Asking for rows before they are needed, a part of a row with each path of the row before. Rows
//! are often as long as pages, and processors do not look beyond the page that is read.

use crate::simd::Lanes;

/// The rows of one array.
pub(super) struct Ahead {
    /// The numbers of a row.
    size: usize,
    /// The numbers of a part.
    part: usize,
}

impl Ahead {
    /// Rows of so many numbers, in so many parts.
    pub fn new(size: usize, parts: usize) -> Self {
        Ahead { size, part: size.div_ceil(parts.max(1)) }
    }

    /// Asks for one part of a row, if it is there.
    #[inline(always)]
    pub fn ask<V: Lanes>(&self, proof: V::Proof, array: &[V::Number], row: usize, part: usize) {
        let start = (part * self.part).min(self.size);
        let end = (start + self.part).min(self.size);
        if let Some(numbers) = array.get(row * self.size + start..row * self.size + end) {
            V::prefetch(proof, numbers);
        }
    }
}
