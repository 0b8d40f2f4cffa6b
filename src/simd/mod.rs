//! Lanes: the same operation on many numbers at once, on the instructions that the machine has.
//!
//! A *block* is 64 bytes of numbers, 8 f64 or 16 f32, on every machine. A *path* is a set of
//! instructions that works on blocks: AVX-512, AVX2 with FMA, NEON, or plain Rust. It is chosen
//! when the program runs; nothing need be built for a particular processor. Paths differ in the
//! last digits, since some fuse multiplications with additions and some do not.
//!
//! The path for NEON is written against the same face as the others, but has never been compiled or
//! run: no machine for aarch64 was at hand.
//!
//! # Contract
//! This is the only module with `unsafe` code. It relies on these rules:
//! - A [`Lanes`] value comes only from functions that take its [`Lanes::Proof`], and a proof only
//!   from a check of the running processor. So every instruction that is reached exists.
//! - Instructions of a path are only fast inside functions compiled for it. [`Lanes::call`] enters
//!   one; everything below it is `#[inline(always)]` or goes through `call` again.
//! - Raw pointers are made from slices whose lengths the same function has asserted just before, or,
//!   for groups of rows, the function that made the group; sums and products in these assertions
//!   cannot wrap. Loads and stores are unaligned ones, except streaming stores, which write to
//!   addresses that were rounded up to a whole block.
//! - After streaming stores comes a fence, before the slices go back to the caller.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod cache;
mod interleave;
pub mod limits;
mod memory;
mod narrow;
#[cfg(target_arch = "aarch64")]
mod neon;
mod number;
mod portable;
mod rows;
#[cfg(target_arch = "x86_64")]
mod ymm;

pub(crate) use cache::last_level_cache;
pub(crate) use interleave::{deinterleave, interleave};
pub(crate) use memory::BlockMemory;
pub(crate) use narrow::{Arithmetic, FewRows, Narrow, RowGroups, RowsToRead};
pub use number::Number;
pub(crate) use number::{Blocks, Compiled};
pub(crate) use rows::{blocks_to_rows, from_rows, stream, tiles_to_rows, to_rows};

/// A set of instructions. Which one is used changes the last digits of results, not more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Path {
    /// Plain Rust, on every machine.
    Portable,
    /// NEON, on aarch64.
    Neon,
    /// AVX2 with FMA, on x86-64.
    Avx2,
    /// AVX-512 (F, DQ and VL) with AVX2 and FMA, on x86-64.
    Avx512,
}

impl Path {
    /// The fastest path of this machine.
    ///
    /// ```
    /// use tesseral::simd::Path;
    ///
    /// assert!(Path::best().is_available());
    /// ```
    pub fn best() -> Path {
        let faster = [Path::Avx512, Path::Avx2, Path::Neon];
        faster.into_iter().find(|path| path.is_available()).unwrap_or(Path::Portable)
    }

    /// Whether this machine has the instructions.
    pub fn is_available(self) -> bool {
        match self {
            Path::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => avx2::Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => avx512::Avx512::detect().is_some(),
            #[cfg(target_arch = "aarch64")]
            Path::Neon => true,
            #[allow(unreachable_patterns, reason = "which paths exist depends on the target")]
            _ => false,
        }
    }

    /// All paths of this machine, the slowest first.
    pub fn available() -> impl Iterator<Item = Path> {
        let all = [Path::Portable, Path::Neon, Path::Avx2, Path::Avx512];
        all.into_iter().filter(|path| path.is_available())
    }
}

/// Work on lanes of T, to be run by `Blocks::run` or [`Lanes::call`].
pub trait Job<T> {
    /// The result.
    type Output;

    /// Does the work with lanes V. Implementations are `#[inline(always)]`, so that they are
    /// compiled for the instructions of V.
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) -> Self::Output;
}

/// Memory that begins at a cache line: blocks of lanes that lie across two are slow.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
pub struct Aligned<M>(pub M);

/// Squares of numbers in memory: the first, the distance of its rows, the distance of squares.
#[derive(Clone, Copy)]
pub struct Squares<P> {
    first: P,
    stride: usize,
    step: usize,
}

/// A block in registers.
pub trait Lanes: Copy {
    /// What each lane holds.
    type Number: Number;
    /// That the machine has the instructions.
    type Proof: Copy;
    /// What results that go to rows are computed with.
    type Narrow: Narrow<Number = Self::Number, Proof = Self::Proof>;
    /// Whether straight-line programs pay: not where one operation is many instructions.
    const UNROLLED: bool;
    /// How many values of this type the registers hold.
    const REGISTERS: usize;

    /// Runs a job in a function of its own that is compiled for the instructions.
    fn call<J: Job<Self::Number>>(proof: Self::Proof, job: J) -> J::Output;

    /// The same number in every lane.
    fn splat(proof: Self::Proof, value: Self::Number) -> Self;
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
        interleave::deinterleave_numbers::<Self::Number>(size, numbers, blocks);
    }

    /// Brings blocks `[channel / WIDTH][component]` to numbers `[channel][component]`.
    #[inline(always)]
    fn interleave(
        _proof: Self::Proof,
        size: usize,
        blocks: &[<Self::Number as Blocks>::Block],
        numbers: &mut [<Self::Number as Blocks>::Block],
    ) {
        interleave::interleave_numbers::<Self::Number>(size, blocks, numbers);
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

impl Number for f64 {
    const WIDTH: usize = 8;

    #[inline(always)]
    fn from_f64(value: f64) -> f64 {
        value
    }
}

impl Number for f32 {
    const WIDTH: usize = 16;

    #[inline(always)]
    fn from_f64(value: f64) -> f32 {
        value as f32
    }
}

impl Blocks for f64 {
    type Block = [f64; 8];
    const ZERO: [f64; 8] = [0.0; 8];

    #[inline(always)]
    fn pick(wide: f64, _narrow: f32) -> f64 {
        wide
    }

    #[inline(always)]
    fn blocks(slice: &[f64]) -> (&[[f64; 8]], &[f64]) {
        slice.as_chunks()
    }

    #[inline(always)]
    fn blocks_mut(slice: &mut [f64]) -> (&mut [[f64; 8]], &mut [f64]) {
        slice.as_chunks_mut()
    }

    #[inline(always)]
    fn numbers(blocks: &[[f64; 8]]) -> &[f64] {
        blocks.as_flattened()
    }

    #[inline(always)]
    fn numbers_mut(blocks: &mut [[f64; 8]]) -> &mut [f64] {
        blocks.as_flattened_mut()
    }

    fn run<J: Job<f64>>(path: Path, job: J) -> J::Output {
        match path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 if let Some(proof) = avx512::Avx512::detect() => {
                avx512::Doubles::call(proof, job)
            }
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 if let Some(proof) = avx2::Avx2::detect() => avx2::Doubles::call(proof, job),
            #[cfg(target_arch = "aarch64")]
            Path::Neon => neon::Doubles::call(neon::Neon, job),
            _ => portable::Doubles::call((), job),
        }
    }

    fn start<K: Compiled>(path: Path, task: K::Task<'_, f64>) {
        K::f64(path, task);
    }
}

impl Blocks for f32 {
    type Block = [f32; 16];
    const ZERO: [f32; 16] = [0.0; 16];

    #[inline(always)]
    fn pick(_wide: f64, narrow: f32) -> f32 {
        narrow
    }

    #[inline(always)]
    fn blocks(slice: &[f32]) -> (&[[f32; 16]], &[f32]) {
        slice.as_chunks()
    }

    #[inline(always)]
    fn blocks_mut(slice: &mut [f32]) -> (&mut [[f32; 16]], &mut [f32]) {
        slice.as_chunks_mut()
    }

    #[inline(always)]
    fn numbers(blocks: &[[f32; 16]]) -> &[f32] {
        blocks.as_flattened()
    }

    #[inline(always)]
    fn numbers_mut(blocks: &mut [[f32; 16]]) -> &mut [f32] {
        blocks.as_flattened_mut()
    }

    fn run<J: Job<f32>>(path: Path, job: J) -> J::Output {
        match path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 if let Some(proof) = avx512::Avx512::detect() => {
                avx512::Singles::call(proof, job)
            }
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 if let Some(proof) = avx2::Avx2::detect() => avx2::Singles::call(proof, job),
            #[cfg(target_arch = "aarch64")]
            Path::Neon => neon::Singles::call(neon::Neon, job),
            _ => portable::Singles::call((), job),
        }
    }

    fn start<K: Compiled>(path: Path, task: K::Task<'_, f32>) {
        K::f32(path, task);
    }
}
