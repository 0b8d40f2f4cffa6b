//! A few points in a register, for results that go to rows: as many as one transposition in
//! registers takes. On AVX-512, too, these are registers of 32 bytes: a transposition of 8 × 8 f64
//! needs a third exchange and took up to 1.4 times as long as those of 4 × 4.
#![expect(unsafe_code, reason = "instructions of a path; see the contract of the module above")]

use super::number::{Blocks, Number};

/// Half a block of the numbers of A.
pub(crate) type HalfOf<A> = <<A as Arithmetic>::Number as Blocks>::Half;

/// Arithmetic on lanes, of whole blocks or fewer points.
pub trait Arithmetic: Copy {
    /// What each lane holds.
    type Number: Number;
    /// That the machine has the instructions.
    type Proof: Copy;

    /// The same number in every lane.
    fn splat(proof: Self::Proof, value: Self::Number) -> Self;
    /// The number of a half in every lane.
    fn of_half(proof: Self::Proof, half: &HalfOf<Self>) -> Self;
    /// `self + b`.
    fn add(self, b: Self) -> Self;
    /// `self - b`.
    fn sub(self, b: Self) -> Self;
    /// `self · b`.
    fn mul(self, b: Self) -> Self;
    /// `self / b`.
    fn div(self, b: Self) -> Self;
    /// `-self`.
    fn neg(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// `self · b + c`, fused where the path can.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// `self · b - c`, likewise.
    fn mul_sub(self, b: Self, c: Self) -> Self;
    /// `c - self · b`, likewise.
    fn neg_mul_add(self, b: Self, c: Self) -> Self;
    /// Whether every lane is from `low` to `high`; false for NaN.
    fn all_within(self, low: Self::Number, high: Self::Number) -> bool;

    /// The lanes in memory; what a block has beyond them is zero.
    fn to_blocks(values: [Self; 3]) -> [<Self::Number as Blocks>::Block; 3];

    /// The first lanes of blocks.
    fn from_blocks(proof: Self::Proof, blocks: &[<Self::Number as Blocks>::Block; 3]) -> [Self; 3];
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
