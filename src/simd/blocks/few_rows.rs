//! A few rows at a time, as many as [`Narrow`] has points: read column by column, and written so.
#![expect(unsafe_code, reason = "rows lie strided in slices; see the contract of the module above")]
#![allow(dead_code, reason = "programs at LMAX = 0 and 1 have too few columns for some of it")]

use std::marker::PhantomData;

use crate::simd::narrow::Narrow;

/// A few rows that are read.
pub struct RowsToRead<'a, N: Narrow> {
    proof: N::Proof,
    rows: &'a [N::Number],
    stride: usize,
}

impl<'a, N: Narrow> RowsToRead<'a, N> {
    /// The first POINTS rows of a slice, which have `stride` columns.
    ///
    /// # Panics
    /// If the slice is too short.
    #[inline(always)]
    pub fn new(proof: N::Proof, rows: &'a [N::Number], stride: usize) -> Self {
        RowsToRead { proof, rows: &rows[..N::POINTS.saturating_mul(stride)], stride }
    }

    /// The column `at`.
    ///
    /// # Panics
    /// If it is not there.
    #[inline(always)]
    pub fn one(&self, at: usize) -> N {
        assert!(at < self.stride, "outside of the rows");
        // SAFETY: the slice has POINTS rows of `stride` numbers.
        unsafe { N::read_one(self.proof, self.rows.as_ptr().add(at), self.stride) }
    }

    /// The columns from `at` on.
    ///
    /// # Panics
    /// If they are not there.
    #[inline(always)]
    pub fn four(&self, at: usize) -> [N; 4] {
        assert!(at.saturating_add(4) <= self.stride, "outside of the rows");
        // SAFETY: the slice has POINTS rows of `stride` numbers.
        unsafe { N::read_four(self.proof, self.rows.as_ptr().add(at), self.stride) }
    }
}

/// The rows of an array `[n][C][K]`, a few at a time: of one component.
pub struct RowGroups<'a, N: Narrow, const C: usize, const K: usize> {
    first: *mut N::Number,
    left: usize,
    rows: PhantomData<&'a mut [N::Number]>,
}

impl<'a, N: Narrow, const C: usize, const K: usize> RowGroups<'a, N, C, K> {
    /// Groups of POINTS rows, for each of C components. The component c is at `places[c]` in a row.
    ///
    /// # Panics
    /// If the slice is too short for so many groups, or places are no order of 0 to C - 1.
    #[inline(always)]
    pub fn by_component(
        rows: &'a mut [N::Number],
        groups: usize,
        places: [usize; C],
    ) -> [RowGroups<'a, N, C, K>; C] {
        let enough = groups.checked_mul(const { N::POINTS * C * K });
        assert!(enough.is_some_and(|numbers| numbers <= rows.len()), "rows too short");
        assert!((0..C).all(|place| places.contains(&place)), "a component without a place");
        let first = rows.as_mut_ptr();
        places.map(|place| {
            // A pointer that is not used if there are no groups.
            let first = first.wrapping_add(place * K);
            RowGroups { first, left: groups, rows: PhantomData }
        })
    }

    /// The next group.
    ///
    /// # Panics
    /// If there is none.
    #[inline(always)]
    pub fn next(&mut self) -> FewRows<'a, N, C, K> {
        assert!(self.left > 0, "no more rows");
        self.left -= 1;
        let first = self.first;
        // After the last group it may be outside of the slice, and is not used.
        self.first = first.wrapping_add(const { N::POINTS * C * K });
        FewRows { first, rows: PhantomData }
    }
}

/// POINTS rows of an array `[n][C][K]`: of one component.
pub struct FewRows<'a, N: Narrow, const C: usize, const K: usize> {
    first: *mut N::Number,
    rows: PhantomData<&'a mut [N::Number]>,
}

impl<N: Narrow, const C: usize, const K: usize> FewRows<'_, N, C, K> {
    const STRIDE: usize = C * K;

    /// Where `count` columns from `at` on begin.
    #[inline(always)]
    fn place(&mut self, at: usize, count: usize) -> *mut N::Number {
        assert!(at.saturating_add(count) <= K, "outside of the rows");
        // SAFETY: the column is inside the first row.
        unsafe { self.first.add(at) }
    }

    /// Writes the column `at`.
    ///
    /// # Panics
    /// If it is not there.
    #[inline(always)]
    pub fn one(&mut self, at: usize, value: N) {
        let to = self.place(at, 1);
        // SAFETY: the column is inside every row, by the assertions of `place` and of its group.
        unsafe { value.write_one(to, Self::STRIDE) }
    }

    /// Writes the columns from `at` on.
    ///
    /// # Panics
    /// If they are not there.
    #[inline(always)]
    pub fn four(&mut self, at: usize, columns: [N; 4]) {
        let to = self.place(at, 4);
        // SAFETY: as for `one`.
        unsafe { N::write_four(columns, to, Self::STRIDE) }
    }

    /// Writes the columns from `at` on.
    ///
    /// # Panics
    /// If they are not there.
    #[inline(always)]
    pub fn eight(&mut self, at: usize, columns: [N; 8]) {
        let to = self.place(at, 8);
        // SAFETY: as for `one`.
        unsafe { N::write_eight(columns, to, Self::STRIDE) }
    }
}
