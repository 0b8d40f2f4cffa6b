//! A few points in a register, for results that go to rows: as many as one transposition in
//! registers takes. On AVX-512, too, these are registers of 32 bytes: a transposition of 8 × 8 f64
//! needs a third exchange and took up to 1.4 times as long as those of 4 × 4.
#![expect(unsafe_code, reason = "instructions of a path; see the contract of the module above")]

use std::marker::PhantomData;

use super::{Lanes, Number};

/// Arithmetic on lanes, of whole blocks or fewer points: see the functions of [`Lanes`].
pub trait Arithmetic: Copy {
    /// What each lane holds.
    type Number: Number;
    /// That the machine has the instructions.
    type Proof: Copy;

    /// The same number in every lane.
    fn splat(proof: Self::Proof, value: Self::Number) -> Self;
    /// `self + b`.
    fn add(self, b: Self) -> Self;
    /// `self - b`.
    fn sub(self, b: Self) -> Self;
    /// `self · b`.
    fn mul(self, b: Self) -> Self;
    /// `-self`.
    fn neg(self) -> Self;
    /// `self · b + c`, fused where the path can.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// `self · b - c`, likewise.
    fn mul_sub(self, b: Self, c: Self) -> Self;
    /// `c - self · b`, likewise.
    fn neg_mul_add(self, b: Self, c: Self) -> Self;
}

impl<V: Lanes> Arithmetic for V {
    type Number = V::Number;
    type Proof = V::Proof;

    #[inline(always)]
    fn splat(proof: V::Proof, value: V::Number) -> Self {
        Lanes::splat(proof, value)
    }

    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Lanes::add(self, b)
    }

    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Lanes::sub(self, b)
    }

    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Lanes::mul(self, b)
    }

    #[inline(always)]
    fn neg(self) -> Self {
        Lanes::neg(self)
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Lanes::mul_add(self, b, c)
    }

    #[inline(always)]
    fn mul_sub(self, b: Self, c: Self) -> Self {
        Lanes::mul_sub(self, b, c)
    }

    #[inline(always)]
    fn neg_mul_add(self, b: Self, c: Self) -> Self {
        Lanes::neg_mul_add(self, b, c)
    }
}

/// A few points in a register.
pub trait Narrow: Arithmetic {
    /// The points.
    const POINTS: usize;
    /// Whether eight columns are written at once in less than twice the time of four.
    const PAIRED: bool;

    /// The first numbers of a slice.
    fn load(proof: Self::Proof, numbers: &[Self::Number]) -> Self;

    /// The x, y, z of points stored as rows, from the first 3 · POINTS numbers.
    fn load_points(proof: Self::Proof, rows: &[Self::Number]) -> [Self; 3];

    /// One column of rows that are a stride apart.
    ///
    /// # Safety
    /// A number can be read at each of the POINTS rows.
    unsafe fn read_one(proof: Self::Proof, from: *const Self::Number, stride: usize) -> Self;

    /// Four columns, likewise.
    ///
    /// # Safety
    /// Four numbers can be read at each of the POINTS rows.
    unsafe fn read_four(proof: Self::Proof, from: *const Self::Number, stride: usize) -> [Self; 4];

    /// One column of rows that are a stride apart.
    ///
    /// # Safety
    /// A number can be written at each of the POINTS rows.
    unsafe fn write_one(self, to: *mut Self::Number, stride: usize);

    /// Four columns, likewise.
    ///
    /// # Safety
    /// Four numbers can be written at each of the POINTS rows.
    unsafe fn write_four(columns: [Self; 4], to: *mut Self::Number, stride: usize);

    /// Eight columns, likewise.
    ///
    /// # Safety
    /// Eight numbers can be written at each of the POINTS rows.
    #[inline(always)]
    unsafe fn write_eight(columns: [Self; 8], to: *mut Self::Number, stride: usize) {
        let [a, b, c, d, e, f, g, h] = columns;
        // SAFETY: the two halves of what the caller vouches for.
        unsafe {
            Self::write_four([a, b, c, d], to, stride);
            Self::write_four([e, f, g, h], to.add(4), stride);
        }
    }
}

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

/// The rows of an array, a few at a time.
pub struct RowGroups<'a, T> {
    first: *mut T,
    points: usize,
    stride: usize,
    left: usize,
    rows: PhantomData<&'a mut [T]>,
}

impl<'a, T> RowGroups<'a, T> {
    /// Groups of `points` rows, which have `stride` columns.
    ///
    /// # Panics
    /// If the slice is too short for so many groups.
    #[inline(always)]
    pub fn new(rows: &'a mut [T], groups: usize, [points, stride]: [usize; 2]) -> Self {
        let enough = (groups.checked_mul(points)).and_then(|rows| rows.checked_mul(stride));
        assert!(enough.is_some_and(|numbers| numbers <= rows.len()), "rows too short");
        RowGroups { first: rows.as_mut_ptr(), points, stride, left: groups, rows: PhantomData }
    }

    /// The next group.
    ///
    /// # Panics
    /// If there is none.
    #[inline(always)]
    pub fn next(&mut self) -> FewRows<'a, T> {
        assert!(self.left > 0, "no more rows");
        self.left -= 1;
        let RowGroups { first, points, stride, .. } = *self;
        // SAFETY: the slice holds this group, so this is inside it or at its end.
        self.first = unsafe { first.add(points * stride) };
        FewRows { first, points, stride, rows: PhantomData }
    }
}

/// A few rows of an array.
pub struct FewRows<'a, T> {
    first: *mut T,
    points: usize,
    stride: usize,
    rows: PhantomData<&'a mut [T]>,
}

impl<'a, T> FewRows<'a, T> {
    /// Where `count` columns from `at` on begin.
    #[inline(always)]
    fn place<N: Narrow<Number = T>>(&mut self, at: usize, count: usize) -> *mut T {
        let end = at.saturating_add(count);
        assert!(end <= self.stride && self.points == N::POINTS, "outside of the rows");
        // SAFETY: the column is inside the first row.
        unsafe { self.first.add(at) }
    }

    /// Writes the column `at`.
    ///
    /// # Panics
    /// If it is not there.
    #[inline(always)]
    pub fn one<N: Narrow<Number = T>>(&mut self, at: usize, value: N) {
        let to = self.place::<N>(at, 1);
        // SAFETY: the column is inside every row, by the assertions of `place` and of its group.
        unsafe { value.write_one(to, self.stride) }
    }

    /// Writes the columns from `at` on.
    ///
    /// # Panics
    /// If they are not there.
    #[inline(always)]
    pub fn four<N: Narrow<Number = T>>(&mut self, at: usize, columns: [N; 4]) {
        let to = self.place::<N>(at, 4);
        // SAFETY: as for `one`.
        unsafe { N::write_four(columns, to, self.stride) }
    }

    /// Writes the columns from `at` on.
    ///
    /// # Panics
    /// If they are not there.
    #[inline(always)]
    pub fn eight<N: Narrow<Number = T>>(&mut self, at: usize, columns: [N; 8]) {
        let to = self.place::<N>(at, 8);
        // SAFETY: as for `one`.
        unsafe { N::write_eight(columns, to, self.stride) }
    }
}

/// Whole blocks, column by column: for plain Rust, which has no transpositions of its own.
macro_rules! whole {
    ($lanes:ty) => {
        impl Narrow for $lanes {
            const POINTS: usize = <<$lanes as Lanes>::Number as Number>::WIDTH;
            const PAIRED: bool = false;

            #[inline(always)]
            fn load(
                proof: <$lanes as Lanes>::Proof,
                numbers: &[<$lanes as Lanes>::Number],
            ) -> Self {
                let block = numbers.first_chunk().expect("a number for each lane");
                Lanes::load(proof, block)
            }

            #[inline(always)]
            fn load_points(
                proof: <$lanes as Lanes>::Proof,
                rows: &[<$lanes as Lanes>::Number],
            ) -> [Self; 3] {
                Lanes::load_points(proof, rows)
            }

            #[inline(always)]
            unsafe fn read_one(
                proof: <$lanes as Lanes>::Proof,
                from: *const <$lanes as Lanes>::Number,
                stride: usize,
            ) -> Self {
                let mut block = <<$lanes as Lanes>::Number as super::Blocks>::ZERO;
                for (point, value) in block.iter_mut().enumerate() {
                    // SAFETY: the caller vouches for a number in each row.
                    *value = unsafe { *from.add(point * stride) };
                }
                Lanes::load(proof, &block)
            }

            #[inline(always)]
            unsafe fn read_four(
                proof: <$lanes as Lanes>::Proof,
                from: *const <$lanes as Lanes>::Number,
                stride: usize,
            ) -> [Self; 4] {
                // SAFETY: the caller vouches for four numbers in each row.
                [0, 1, 2, 3].map(|at| unsafe { Self::read_one(proof, from.add(at), stride) })
            }

            #[inline(always)]
            unsafe fn write_one(self, to: *mut <$lanes as Lanes>::Number, stride: usize) {
                let mut block = <<$lanes as Lanes>::Number as super::Blocks>::ZERO;
                self.store(&mut block);
                for (point, value) in block.into_iter().enumerate() {
                    // SAFETY: the caller vouches for a number in each row.
                    unsafe { *to.add(point * stride) = value }
                }
            }

            #[inline(always)]
            unsafe fn write_four(
                columns: [Self; 4],
                to: *mut <$lanes as Lanes>::Number,
                stride: usize,
            ) {
                for (index, column) in columns.into_iter().enumerate() {
                    // SAFETY: the caller vouches for four numbers in each row.
                    unsafe { column.write_one(to.add(index), stride) }
                }
            }
        }
    };
}

whole!(super::portable::Doubles);
whole!(super::portable::Singles);
