//! The face of a path: a block in registers, what can be done with it, and work on blocks that is
//! written once for all paths.

use super::exchange;
use super::narrow::{Arithmetic, Narrow};
use super::number::{Blocks, Number};
use crate::Scalar;

/// The block of the lanes V, in memory.
pub(crate) type BlockOf<V> = <<V as Lanes>::Number as Blocks>::Block;

/// A correctly rounded constant, given for f64 and for f32, in every lane.
#[inline(always)]
pub(crate) fn constant<A: Arithmetic>(proof: A::Proof, wide: f64, narrow: f32) -> A {
    A::splat(proof, A::Number::constant(wide, narrow))
}

/// Work on lanes of T, to be run by `Start::run` or [`Lanes::call`].
pub trait Job<T> {
    /// The result.
    type Output;

    /// Does the work with lanes V. Implementations are `#[inline(always)]`, so that they are
    /// compiled for the instructions of V.
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) -> Self::Output;
}

/// Work that runs straight-line programs on lanes of T, to be run by `Start::run_unrolled` or
/// [`Lanes::unrolled`].
pub trait UnrolledJob<T>: Sized {
    /// The result.
    type Output;

    /// Does the work with lanes V. Implementations are `#[inline(always)]`.
    fn run<V: Unrolled<Number = T>>(self, proof: V::Proof) -> Self::Output;
}

/// Lanes for which straight-line programs are compiled: not where one operation is many
/// instructions. What runs a program asks for these lanes, so lanes without programs cannot get there.
pub trait Unrolled: Lanes {}

/// Squares of numbers in memory: the first, the distance of its rows, the distance of squares.
#[derive(Clone, Copy)]
pub struct Squares<P> {
    pub first: P,
    pub stride: usize,
    pub step: usize,
}

/// A block in registers.
pub trait Lanes: Copy {
    /// What each lane holds.
    type Number: Number;
    /// That the machine has the instructions.
    type Proof: Copy;
    /// What results that go to rows are computed with.
    type Narrow: Narrow<Number = Self::Number, Proof = Self::Proof>;
    /// How many values of this type the registers hold.
    const REGISTERS: usize;

    /// Runs a job in a function of its own that is compiled for the instructions.
    fn call<J: Job<Self::Number>>(proof: Self::Proof, job: J) -> J::Output;

    /// Runs a job in place if these lanes are [`Unrolled`], or gives it back.
    #[inline(always)]
    fn unrolled<J: UnrolledJob<Self::Number>>(_proof: Self::Proof, job: J) -> Result<J::Output, J> {
        Err(job)
    }

    /// The same number in every lane.
    fn splat(proof: Self::Proof, value: Self::Number) -> Self;
    /// The number of a half in every lane.
    #[inline(always)]
    fn of_half(proof: Self::Proof, half: &<Self::Number as Blocks>::Half) -> Self {
        Self::splat(proof, Self::Number::of_half(half))
    }
    /// A block from memory.
    fn load(proof: Self::Proof, block: &<Self::Number as Blocks>::Block) -> Self;
    /// A block to memory.
    fn store(self, block: &mut <Self::Number as Blocks>::Block);

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

    /// The x, y, z of a block of points stored as rows, from the first 3 · WIDTH numbers.
    fn load_points(proof: Self::Proof, rows: &[Self::Number]) -> [Self; 3];

    /// Transposes squares of WIDTH × WIDTH numbers: each from the place in `from`, with its rows
    /// a stride apart, to the place in `to`; both move on by their steps.
    ///
    /// # Safety
    /// WIDTH numbers can be read at every one of the WIDTH rows of each square of `from` and
    /// written at those of `to`, and the two do not overlap.
    #[expect(unsafe_code, reason = "squares lie strided in slices; the callers check the slices")]
    unsafe fn transpose(
        proof: Self::Proof,
        from: Squares<*const Self::Number>,
        to: Squares<*mut Self::Number>,
        count: usize,
    );

    /// As [`Lanes::transpose`], for only the first `columns` < WIDTH rows of `from`.
    ///
    /// # Safety
    /// WIDTH numbers can be read at that many rows of `from`; that many can be written at each of
    /// the WIDTH rows of `to`.
    #[expect(unsafe_code, reason = "as for `transpose`")]
    #[inline(always)]
    unsafe fn transpose_narrow(
        _proof: Self::Proof,
        from: *const Self::Number,
        from_stride: usize,
        to: *mut Self::Number,
        to_stride: usize,
        columns: usize,
    ) {
        for column in 0..columns {
            for point in 0..Self::Number::WIDTH {
                // SAFETY: both are inside what the caller vouches for.
                unsafe {
                    *to.add(point * to_stride + column) = *from.add(column * from_stride + point)
                }
            }
        }
    }

    /// Brings numbers `[channel][component]` to blocks `[channel / WIDTH][component]`, for a number
    /// of channels that WIDTH divides and `size` > 0 components.
    #[inline(always)]
    fn deinterleave(
        _proof: Self::Proof,
        size: usize,
        numbers: &[<Self::Number as Blocks>::Block],
        blocks: &mut [<Self::Number as Blocks>::Block],
    ) {
        exchange::deinterleave::<Self::Number>(size, numbers, blocks);
    }

    /// Brings blocks `[channel / WIDTH][component]` to numbers `[channel][component]`.
    #[inline(always)]
    fn interleave(
        _proof: Self::Proof,
        size: usize,
        blocks: &[<Self::Number as Blocks>::Block],
        numbers: &mut [<Self::Number as Blocks>::Block],
    ) {
        exchange::interleave::<Self::Number>(size, blocks, numbers);
    }

    /// Copies blocks to memory past the caches; `to` begins at a multiple of 64 bytes.
    fn stream(
        proof: Self::Proof,
        from: &[<Self::Number as Blocks>::Block],
        to: &mut [<Self::Number as Blocks>::Block],
    );

    /// Asks for numbers that are soon read, into the second cache, where that can be asked.
    #[inline(always)]
    fn prefetch(_proof: Self::Proof, _numbers: &[Self::Number]) {}

    /// Orders what [`Lanes::stream`] has written before all that follows.
    #[inline(always)]
    fn fence(_proof: Self::Proof) {}
}

impl<V: Lanes> Arithmetic for V {
    type Number = V::Number;
    type Proof = V::Proof;

    #[inline(always)]
    fn splat(proof: V::Proof, value: V::Number) -> Self {
        Lanes::splat(proof, value)
    }

    #[inline(always)]
    fn of_half(proof: V::Proof, half: &<V::Number as Blocks>::Half) -> Self {
        Lanes::of_half(proof, half)
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
    fn div(self, b: Self) -> Self {
        Lanes::div(self, b)
    }

    #[inline(always)]
    fn neg(self) -> Self {
        Lanes::neg(self)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Lanes::sqrt(self)
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

    #[inline(always)]
    fn all_within(self, low: V::Number, high: V::Number) -> bool {
        Lanes::all_within(self, low, high)
    }

    #[inline(always)]
    fn to_blocks([a, b, c]: [V; 3]) -> [BlockOf<V>; 3] {
        let mut blocks = [V::Number::ZERO; 3];
        a.store(&mut blocks[0]);
        b.store(&mut blocks[1]);
        c.store(&mut blocks[2]);
        blocks
    }

    #[inline(always)]
    fn from_blocks(proof: V::Proof, [a, b, c]: &[BlockOf<V>; 3]) -> [V; 3] {
        [V::load(proof, a), V::load(proof, b), V::load(proof, c)]
    }
}
