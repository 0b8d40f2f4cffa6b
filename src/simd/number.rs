//! The number types that lanes hold, and what this crate alone knows of them: their blocks, and how
//! work on them is started.
//!
//! # Where kernels are compiled
//! A public function `fn values<T: Number>(..)` is compiled in every crate that calls it, and with
//! it all that it reaches: on four paths, thousands of lines each time. A [`Compiled`] kernel stops
//! that. Its two functions are not generic, so they and all below them are compiled in this crate;
//! what is compiled in the caller's checks arguments and calls [`Start::start`], which picks one of
//! the two by type. No higher room is named here: each gives its own kernels.

use std::fmt::Debug;

use super::lanes::{Job, Lanes, UnrolledJob};
use super::path::Path;
use crate::Real;

/// A number that batches, kernels and layers compute with: f32 or f64. No other type can implement
/// it; [`Scalar`](crate::Scalar) and [`Real`] are open to types of yours.
///
/// # Example
/// ```
/// use tesseral::{Number, sh::Harmonics};
///
/// /// The sum of all harmonics to degree 2 at a point, in either precision.
/// fn sum<T: Number>(point: [T; 3]) -> Result<T, tesseral::sh::batch::BatchError> {
///     let mut values = [T::default(); 9];
///     Harmonics::SOLID.batch(0..=2)?.values(&[point], &mut values)?;
///     Ok(values.into_iter().fold(T::default(), |sum, value| sum + value))
/// }
///
/// assert!((sum([1.0_f64, 0.0, 0.0])? - f64::from(sum([1.0_f32, 0.0, 0.0])?)).abs() < 1e-6);
/// # Ok::<(), tesseral::sh::batch::BatchError>(())
/// ```
pub trait Number:
    Real + Default + Debug + Into<f64> + Send + Sync + Blocks + Start + 'static
{
    /// The numbers in a block: 8 for f64, 16 for f32.
    const WIDTH: usize;

    /// The nearest number of this type.
    ///
    /// ```
    /// use tesseral::Number;
    ///
    /// assert_eq!(f32::from_f64(0.1), 0.1_f32);
    /// ```
    fn from_f64(value: f64) -> Self;
}

pub(crate) use private::{Blocks, Compiled, Start};

mod private {
    use super::{Half, Job, Number, Path, UnrolledJob, WhereUnrolled};

    /// What this crate needs to know of a number with lanes.
    pub trait Blocks: Sized + Copy {
        /// 64 bytes of numbers.
        type Block: Copy
            + Send
            + Sync
            + AsRef<[Self]>
            + AsMut<[Self]>
            + std::ops::Index<usize, Output = Self>
            + std::ops::IndexMut<usize>;

        /// 32 bytes of one number.
        type Half: Copy + 'static;

        /// A block of zeros.
        const ZERO: Self::Block;

        /// The whole blocks of a slice, and the rest.
        fn blocks(slice: &[Self]) -> (&[Self::Block], &[Self]);

        /// The whole blocks of a slice, and the rest.
        fn blocks_mut(slice: &mut [Self]) -> (&mut [Self::Block], &mut [Self]);

        /// The numbers of blocks.
        fn numbers(blocks: &[Self::Block]) -> &[Self];

        /// The numbers of blocks.
        fn numbers_mut(blocks: &mut [Self::Block]) -> &mut [Self];

        /// The table of this type, of one for each type.
        fn table(
            wide: &'static [Half<f64, 4>],
            narrow: &'static [Half<f32, 8>],
        ) -> &'static [Self::Half];

        /// The number that a half is full of.
        fn of_half(half: &Self::Half) -> Self;
    }

    /// How work on a number with lanes is started.
    pub trait Start: Sized {
        /// Runs a job on a path, on the portable one where the machine lacks it.
        fn run<J: Job<Self>>(path: Path, job: J) -> J::Output;

        /// Runs a job on a path whose lanes have straight-line programs, or gives it back.
        fn run_unrolled<J: UnrolledJob<Self>>(path: Path, job: J) -> Result<J::Output, J>
        where
            Self: Number,
        {
            Self::run(path, WhereUnrolled(job))
        }

        /// Runs a kernel on a path, in code that is compiled in this crate.
        fn start<K: Compiled>(path: Path, task: K::Task<'_, Self>)
        where
            Self: Number;
    }

    /// Work that is compiled for both number types in this crate; see the module.
    pub trait Compiled {
        /// What there is to do.
        type Task<'a, T: Number>;

        /// Does it in f32.
        fn f32(path: Path, task: Self::Task<'_, f32>);

        /// Does it in f64.
        fn f64(path: Path, task: Self::Task<'_, f64>);
    }
}

/// Half a block of one number: a constant as instructions of AVX2 read it where they need it.
#[repr(C, align(32))]
#[derive(Clone, Copy, Debug)]
pub struct Half<T, const N: usize>(pub(super) [T; N]);

/// Half a block of a number.
pub(crate) const fn half<T: Copy, const N: usize>(value: T) -> Half<T, N> {
    Half([value; N])
}

/// A job on lanes of any kind from one for lanes with programs.
struct WhereUnrolled<J>(J);

impl<T: Number, J: UnrolledJob<T>> Job<T> for WhereUnrolled<J> {
    type Output = Result<J::Output, J>;

    #[inline(always)]
    fn run<V: Lanes<Number = T>>(self, proof: V::Proof) -> Result<J::Output, J> {
        V::unrolled(proof, self.0)
    }
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
    type Half = Half<f64, 4>;
    const ZERO: [f64; 8] = [0.0; 8];

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

    #[inline(always)]
    fn table(
        wide: &'static [Half<f64, 4>],
        _narrow: &'static [Half<f32, 8>],
    ) -> &'static [Half<f64, 4>] {
        wide
    }

    #[inline(always)]
    fn of_half(half: &Half<f64, 4>) -> f64 {
        half.0[0]
    }
}

impl Blocks for f32 {
    type Block = [f32; 16];
    type Half = Half<f32, 8>;
    const ZERO: [f32; 16] = [0.0; 16];

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

    #[inline(always)]
    fn table(
        _wide: &'static [Half<f64, 4>],
        narrow: &'static [Half<f32, 8>],
    ) -> &'static [Half<f32, 8>] {
        narrow
    }

    #[inline(always)]
    fn of_half(half: &Half<f32, 8>) -> f32 {
        half.0[0]
    }
}
