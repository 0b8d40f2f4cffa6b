//! Harmonics of many points at once: values, derivatives and their contractions, at the speed of
//! the machine's vector units.
//!
//! A [`Batch`] is a convention ([`Harmonics`]) with degrees and a memory layout. Its functions
//! write into slices of the caller and allocate nothing.
//!
//! | array | [`Layout::Rows`] | [`Layout::Lanes`] |
//! |---|---|---|
//! | values | `[n][K]` | `[⌈n/W⌉][K][W]` |
//! | gradients | `[n][3][K]` | `[⌈n/W⌉][3][K][W]` |
//! | Hessians | `[n][3][3][K]` | `[⌈n/W⌉][3][3][K][W]` |
//!
//! K is the number of harmonics, (L + 1)² for degrees 0 to L, in the order l² + l + m; W is
//! [`Number::WIDTH`], 8 for f64 and 16 for f32 on every machine. A block of lanes that the points
//! do not fill repeats the last point. Positions, tangents and everything else that belongs to
//! positions are `[n][3]`, or three slices `[n]` for positions.
//!
//! Results of different [`Path`]s differ in the last digits, and on one path those of a point may
//! with what stands beside it in a block of lanes; the bound of the module above holds for each.
//!
//! # Memory
//! Beyond the arguments a call needs the stack: at most 0.15 MB to LMAX = 6, 33 (LMAX + 1)² · 64
//! bytes beyond it, 0.93 MB for 20.
//!
//! Keep large arrays from call to call, or work in parts. The system hands out the pages of a new array one
//! by one as each is first written, cleared, and that takes longer than the harmonics: the values of 912 464
//! points to degree 3 in f64, 117 MB, took 18 times as long in a new `vec![0.0; length]` as in parts that
//! stay in the second cache, and in one array that is kept twice as long as in parts (`docs/performance.md`,
//! by the example `descriptor`). Where values are used up at once, as in a sum, an array for one part is
//! enough:
//!
//! ```
//! use tesseral::sh::Harmonics;
//!
//! // The mean of every harmonic to degree 3 over points on the equator.
//! let angles = (0..10_000).map(|k| k as f64 * std::f64::consts::TAU / 10_000.0);
//! let points: Vec<[f64; 3]> = angles.map(|angle| [angle.cos(), angle.sin(), 0.0]).collect();
//!
//! // 1024 points at a time: their values are 128 KiB.
//! let batch = Harmonics::NATIVE.batch(0..=3)?;
//! let mut values = vec![[0.0; 16]; 1024];
//! let mut mean = [0.0; 16];
//! for part in points.chunks(values.len()) {
//!     // The last part is shorter.
//!     let values = &mut values[..part.len()];
//!     batch.values(part, values.as_flattened_mut())?;
//!     for row in values.iter() {
//!         for (mean, value) in mean.iter_mut().zip(row) {
//!             *mean += value / points.len() as f64;
//!         }
//!     }
//! }
//! // Degree 2 and order 0 is √(5/(16π)) (3z² - 1) on the sphere.
//! assert!((mean[2 * 2 + 2] + 0.31539156525252).abs() < 1e-12);
//! # Ok::<(), tesseral::sh::batch::BatchError>(())
//! ```
//!
//! # Example
//! ```
//! use tesseral::sh::Harmonics;
//!
//! let points = [[1.0_f64, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]];
//! let batch = Harmonics::SOLID.batch(0..=1)?;
//! let mut values = [0.0; 3 * 4];
//! let mut gradients = [0.0; 3 * 3 * 4];
//! batch.gradients(&points, &mut values, &mut gradients)?;
//! assert_eq!(values[4..8], [0.28209479177387814, 2.0 * 0.4886025119029199, 0.0, 0.0]);
//! # Ok::<(), tesseral::sh::batch::BatchError>(())
//! ```

mod contract;
mod contraction;
mod evaluate;
mod fill;
mod fused;
mod fused_contraction;
mod lower;
mod output;
mod plan;
mod points;
#[allow(clippy::approx_constant, reason = "generated: constants such as 1/√2 are numbers here")]
mod programs;
mod stage;
mod way;

pub use crate::simd::Layout;
pub use points::Positions;

use std::ops::RangeInclusive;

use thiserror::Error;

use super::Harmonics;
use crate::Number;
use crate::error::{DegreeError, LengthError, check_degree, check_length_for, debug_is_text};
use crate::parallel::{Threads, Work};
use crate::simd::{Compiled, Path};
use contraction::{Contract, Contraction};
use evaluate::Evaluate;
use output::Output;
use plan::Plan;
use stage::staged;
use way::is_staged;

/// Harmonics of many points, of degrees chosen at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    options: Harmonics,
    low: usize,
    high: usize,
    layout: Layout,
    unit: bool,
    path: Path,
    streaming: Streaming,
    threads: Threads,
}

/// When results are written past the caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Streaming {
    /// Once they would not fit the last-level cache.
    ByCache,
    /// Once they have that many bytes.
    From(usize),
}

/// A wrong argument of a function of [`Batch`].
///
/// ```
/// use tesseral::sh::Harmonics;
///
/// let batch = Harmonics::NATIVE.batch(0..=2)?;
/// let error = batch.values(&[[0.0, 0.0, 1.0]], &mut [0.0; 8]).unwrap_err();
/// assert_eq!(error.to_string(), "the slice of values for 1 points has length 8, expected 9");
/// # Ok::<(), tesseral::sh::batch::BatchError>(())
/// ```
#[derive(Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchError {
    /// The highest degree is above LMAX.
    #[error(transparent)]
    Degree(#[from] DegreeError),
    /// The range of degrees holds none.
    #[error("the degrees {from}..={to} are none: expected a range that is not empty")]
    NoDegrees {
        /// The lowest.
        from: usize,
        /// The highest.
        to: usize,
    },
    /// Positions that are not n points.
    #[error("positions of lengths {found:?}: expected `[n][3]` in one slice or `[n]` in three")]
    Positions {
        /// The lengths, one for `[n][3]` and three for slices by axis.
        found: Vec<usize>,
    },
    /// A slice has the wrong length.
    #[error(transparent)]
    Length(#[from] LengthError),
}

debug_is_text!(BatchError);

impl Harmonics {
    /// These harmonics for many points: all of the given degrees, in rows, on the fastest path of
    /// the machine. See [`Batch`].
    ///
    /// # Errors
    /// If a degree is above LMAX or the range is empty.
    pub fn batch(&self, degrees: RangeInclusive<usize>) -> Result<Batch, BatchError> {
        let (low, high) = (*degrees.start(), *degrees.end());
        check_degree(high)?;
        if low > high {
            return Err(BatchError::NoDegrees { from: low, to: high });
        }
        Ok(Batch {
            options: *self,
            low,
            high,
            layout: Layout::Rows,
            unit: false,
            path: Path::best(),
            streaming: Streaming::ByCache,
            threads: Threads::Caller,
        })
    }
}

impl Batch {
    /// In another layout.
    ///
    /// ```
    /// use tesseral::sh::Harmonics;
    /// use tesseral::simd::Layout;
    ///
    /// // One block of lanes holds 8 points in f64; its row of each harmonic comes after that of the last.
    /// let batch = Harmonics::NATIVE.batch(0..=1)?.layout(Layout::Lanes);
    /// let points: [[f64; 3]; 8] = std::array::from_fn(|n| [0.0, 0.0, n as f64 + 1.0]);
    /// let mut values = vec![0.0; batch.length::<f64>(8)];
    /// batch.values(&points, &mut values)?;
    /// assert_eq!(values[..8], [0.28209479177387814; 8]);
    /// # Ok::<(), tesseral::sh::batch::BatchError>(())
    /// ```
    pub fn layout(self, layout: Layout) -> Batch {
        Batch { layout, ..self }
    }

    /// For positions that have length one already: no length is taken, and r² = 1 is used. A
    /// length off by δ gives values off by up to about l(l + 1)/2 · δ near the poles.
    pub fn of_unit_vectors(self) -> Batch {
        Batch { unit: true, ..self }
    }

    /// On another path, or on the portable one if the machine lacks it: for tests and comparisons.
    ///
    /// ```
    /// use tesseral::sh::Harmonics;
    /// use tesseral::simd::Path;
    ///
    /// let (mut fast, mut plain) = ([0.0_f64; 4], [0.0; 4]);
    /// let batch = Harmonics::NATIVE.batch(0..=1)?;
    /// batch.values(&[[1.0, 2.0, 3.0]], &mut fast)?;
    /// batch.on(Path::Portable).values(&[[1.0, 2.0, 3.0]], &mut plain)?;
    /// assert!(fast.iter().zip(plain).all(|(a, b)| (a - b).abs() <= 4.0 * f64::EPSILON));
    /// # Ok::<(), tesseral::sh::batch::BatchError>(())
    /// ```
    pub fn on(self, path: Path) -> Batch {
        Batch { path: path.or_portable(), ..self }
    }

    /// Writes results past the caches once one call's have that many bytes; without it, once they
    /// would not fit the last-level cache.
    pub fn streaming_from(self, bytes: usize) -> Batch {
        Batch { streaming: Streaming::From(bytes), ..self }
    }

    /// Splits large batches among threads; see [`kernels`](crate::kernels#threads).
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Batch {
        Batch { threads: Threads::Pool, ..self }
    }

    /// The convention.
    pub fn convention(&self) -> Harmonics {
        self.options
    }

    /// The number K of harmonics of one point.
    pub fn columns(&self) -> usize {
        (self.high + 1) * (self.high + 1) - self.low * self.low
    }

    /// The length of an array of values of `n` points; that of gradients is 3 times, that of
    /// Hessians 9 times as long.
    ///
    /// ```
    /// use tesseral::sh::Harmonics;
    /// use tesseral::simd::Layout;
    ///
    /// let batch = Harmonics::NATIVE.batch(0..=2)?;
    /// assert_eq!(batch.length::<f32>(100), 100 * 9);
    /// // Whole blocks of 16 points.
    /// assert_eq!(batch.layout(Layout::Lanes).length::<f32>(100), 112 * 9);
    /// # Ok::<(), tesseral::sh::batch::BatchError>(())
    /// ```
    pub fn length<T: Number>(&self, n: usize) -> usize {
        self.layout.rows::<T>(n) * self.columns()
    }

    /// The values.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::sh::Harmonics;
    ///
    /// let batch = Harmonics::NATIVE.batch(1..=1)?;
    /// let mut values = [0.0_f64; 2 * 3];
    /// batch.values(&[[0.0, 0.0, 5.0], [2.0, 0.0, 0.0]], &mut values)?;
    /// assert_eq!(values, [0.0, 0.4886025119029199, 0.0, 0.0, 0.0, 0.4886025119029199]);
    ///
    /// // The same from arrays of x, y and z.
    /// let (x, y, z) = ([0.0, 2.0], [0.0, 0.0], [5.0, 0.0]);
    /// let mut again = [0.0; 6];
    /// batch.values([&x[..], &y[..], &z[..]], &mut again)?;
    /// assert_eq!(again, values);
    /// # Ok::<(), tesseral::sh::batch::BatchError>(())
    /// ```
    pub fn values<'a, T: Number>(
        &self,
        positions: impl Into<Positions<'a, T>>,
        values: &mut [T],
    ) -> Result<(), BatchError> {
        let (positions, n) = self.count(positions.into())?;
        self.check::<T>(n, &[("values", 1, values.len())])?;
        self.evaluate(positions, n, [values, &mut [], &mut []], 0);
        Ok(())
    }

    /// Values and gradients with respect to positions.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn gradients<'a, T: Number>(
        &self,
        positions: impl Into<Positions<'a, T>>,
        values: &mut [T],
        gradients: &mut [T],
    ) -> Result<(), BatchError> {
        let (positions, n) = self.count(positions.into())?;
        let lengths = [("values", 1, values.len()), ("gradients", 3, gradients.len())];
        self.check::<T>(n, &lengths)?;
        self.evaluate(positions, n, [values, gradients, &mut []], 1);
        Ok(())
    }

    /// Values, gradients and Hessians with respect to positions.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::sh::Harmonics;
    ///
    /// // ∂x∂y of √(15/(4π)) x y, the first harmonic of degree 2.
    /// let (mut values, mut gradients, mut hessians) = ([0.0_f64; 5], [0.0; 15], [0.0; 45]);
    /// let batch = Harmonics::SOLID.batch(2..=2)?;
    /// batch.hessians(&[[0.3, 0.2, 0.1]], &mut values, &mut gradients, &mut hessians)?;
    /// let (x, y, size) = (0, 1, 5);
    /// assert!((hessians[(3 * x + y) * size] - 1.0925484305920792).abs() < 1e-15);
    /// # Ok::<(), tesseral::sh::batch::BatchError>(())
    /// ```
    pub fn hessians<'a, T: Number>(
        &self,
        positions: impl Into<Positions<'a, T>>,
        values: &mut [T],
        gradients: &mut [T],
        hessians: &mut [T],
    ) -> Result<(), BatchError> {
        let (positions, n) = self.count(positions.into())?;
        let lengths = [
            ("values", 1, values.len()),
            ("gradients", 3, gradients.len()),
            ("Hessians", 9, hessians.len()),
        ];
        self.check::<T>(n, &lengths)?;
        self.evaluate(positions, n, [values, gradients, hessians], 2);
        Ok(())
    }

    /// The gradient of Σ cotangent · value with respect to positions, `[n][3]`, without storing
    /// any derivative: the backward pass of [`Batch::values`].
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::sh::Harmonics;
    ///
    /// // The energy is the sum of all harmonics of degree 1: its gradient is √(3/(4π)).
    /// let batch = Harmonics::SOLID.batch(1..=1)?;
    /// let mut gradient = [0.0_f32; 3];
    /// batch.pull_back(&[[0.3, 0.2, 0.1]], &[1.0, 1.0, 1.0], &mut gradient)?;
    /// assert!(gradient.iter().all(|component| (component - 0.4886025).abs() < 1e-7));
    /// # Ok::<(), tesseral::sh::batch::BatchError>(())
    /// ```
    pub fn pull_back<'a, T: Number>(
        &self,
        positions: impl Into<Positions<'a, T>>,
        cotangents: &[T],
        gradient: &mut [T],
    ) -> Result<(), BatchError> {
        let (positions, n) = self.count(positions.into())?;
        self.check::<T>(n, &[("cotangents", 1, cotangents.len())])?;
        check_vectors(n, &[("the gradient", gradient.len())])?;
        self.contract(positions, n, Contraction::PullBack { cotangents, gradient });
        Ok(())
    }

    /// The derivatives of the values along one vector `[n][3]` for each point.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::sh::Harmonics;
    ///
    /// // A vector that turns about z: x grows by -y, y by x.
    /// let batch = Harmonics::SOLID.batch(1..=1)?;
    /// let (point, tangent) = ([0.6_f64, 0.8, 0.5], [-0.8, 0.6, 0.0]);
    /// let (mut values, mut derivatives) = ([0.0; 3], [0.0; 3]);
    /// batch.values(&[point], &mut values)?;
    /// batch.push_forward(&[point], &tangent, &mut derivatives)?;
    /// for (derivative, expected) in derivatives.iter().zip([values[2], 0.0, -values[0]]) {
    ///     assert!((derivative - expected).abs() <= f64::EPSILON);
    /// }
    /// # Ok::<(), tesseral::sh::batch::BatchError>(())
    /// ```
    pub fn push_forward<'a, T: Number>(
        &self,
        positions: impl Into<Positions<'a, T>>,
        tangents: &[T],
        derivatives: &mut [T],
    ) -> Result<(), BatchError> {
        let (positions, n) = self.count(positions.into())?;
        check_vectors(n, &[("tangents", tangents.len())])?;
        self.check::<T>(n, &[("derivatives", 1, derivatives.len())])?;
        self.contract(positions, n, Contraction::PushForward { tangents, derivatives });
        Ok(())
    }

    /// The backward pass of [`Batch::pull_back`]: with its result g(positions, cotangents) and
    /// weights w `[n][3]`, the gradient of Σ w · g with respect to positions `[n][3]` and to
    /// cotangents.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::sh::Harmonics;
    ///
    /// // Harmonics of degree 1 are linear: the gradient by positions does not depend on positions, and the
    /// // one by cotangents is the derivative along the weights.
    /// let batch = Harmonics::SOLID.batch(1..=1)?;
    /// let (point, cotangents, weights) = ([0.3_f64, 0.2, 0.1], [1.0, 2.0, 3.0], [0.5, 0.0, -1.0]);
    /// let (mut by_positions, mut by_cotangents) = ([1.0; 3], [0.0; 3]);
    /// batch.pull_back_twice(&[point], &cotangents, &weights, &mut by_positions, &mut by_cotangents)?;
    /// let mut along = [0.0; 3];
    /// batch.push_forward(&[point], &weights, &mut along)?;
    /// assert_eq!((by_positions, by_cotangents), ([0.0; 3], along));
    /// # Ok::<(), tesseral::sh::batch::BatchError>(())
    /// ```
    pub fn pull_back_twice<'a, T: Number>(
        &self,
        positions: impl Into<Positions<'a, T>>,
        cotangents: &[T],
        weights: &[T],
        by_positions: &mut [T],
        by_cotangents: &mut [T],
    ) -> Result<(), BatchError> {
        let (positions, n) = self.count(positions.into())?;
        let arrays = [
            ("cotangents", 1, cotangents.len()),
            ("the gradient by cotangents", 1, by_cotangents.len()),
        ];
        self.check::<T>(n, &arrays)?;
        let vectors =
            [("weights", weights.len()), ("the gradient by positions", by_positions.len())];
        check_vectors(n, &vectors)?;
        // The pull-back is linear in the cotangents, and its transpose is the push-forward.
        let forward = Contraction::PushForward { tangents: weights, derivatives: by_cotangents };
        self.contract(positions, n, forward);
        self.contract(positions, n, Contraction::Twice { cotangents, weights, by_positions });
        Ok(())
    }

    /// The positions and their number.
    fn count<'a, T: Number>(
        &self,
        positions: Positions<'a, T>,
    ) -> Result<(Positions<'a, T>, usize), BatchError> {
        let found = || match positions {
            Positions::Rows(rows) => vec![rows.len()],
            Positions::Axes(axes) => axes.iter().map(|axis| axis.len()).collect(),
        };
        let n = positions.count().ok_or_else(|| BatchError::Positions { found: found() })?;
        Ok((positions, n))
    }

    /// Checks the lengths of arrays given as (what, components, found).
    fn check<T: Number>(
        &self,
        n: usize,
        arrays: &[(&'static str, usize, usize)],
    ) -> Result<(), LengthError> {
        arrays.iter().try_for_each(|&(what, components, found)| {
            check_length_for((n, "points"), what, components * self.length::<T>(n), found)
        })
    }

    fn evaluate<T: Number>(
        &self,
        positions: Positions<'_, T>,
        n: usize,
        [values, gradients, hessians]: [&mut [T]; 3],
        order: usize,
    ) {
        let numbers = values.len() + gradients.len() + hessians.len();
        let streamed = is_staged(self.streaming, numbers * size_of::<T>());
        let output = |numbers, components| Output {
            numbers,
            layout: self.layout,
            components,
            columns: self.columns(),
        };
        let task = Evaluate {
            plan: Plan::new(self, order),
            positions,
            n,
            values: output(values, 1),
            gradients: (order >= 1).then_some(output(gradients, 3)),
            hessians: (order >= 2).then_some(output(hessians, 9)),
        };
        self.threads.each(self.work(n, order), task, &|task| {
            T::start::<EvaluateKernel>(self.path, (task, streamed));
        });
    }

    fn contract<T: Number>(
        &self,
        positions: Positions<'_, T>,
        n: usize,
        contraction: Contraction<'_, T>,
    ) {
        let order = contraction.order();
        let task = Contract { plan: Plan::new(self, order), positions, n, contraction };
        self.threads.each(self.work(n, order), task, &|task| {
            T::start::<ContractKernel>(self.path, task);
        });
    }

    /// The points and the numbers of one.
    fn work(&self, n: usize, order: usize) -> Work {
        Work { rows: n, each: self.columns() * (1 + 3 * order) / 2 + 8 }
    }
}

/// Checks the lengths of arrays `[n][3]`.
fn check_vectors(n: usize, arrays: &[(&'static str, usize)]) -> Result<(), LengthError> {
    arrays.iter().try_for_each(|&(what, found)| check_length_for((n, "points"), what, 3 * n, found))
}

/// [`Evaluate`], compiled for both number types; whether results are written past the caches.
struct EvaluateKernel;

impl Compiled for EvaluateKernel {
    type Task<'a, T: Number> = (Evaluate<'a, T>, bool);

    fn f32(path: Path, (task, streamed): (Evaluate<'_, f32>, bool)) {
        if streamed { staged(task, path) } else { task.start(path) }
    }

    fn f64(path: Path, (task, streamed): (Evaluate<'_, f64>, bool)) {
        if streamed { staged(task, path) } else { task.start(path) }
    }
}

/// [`Contract`], compiled for both number types.
struct ContractKernel;

impl Compiled for ContractKernel {
    type Task<'a, T: Number> = Contract<'a, T>;

    fn f32(path: Path, task: Contract<'_, f32>) {
        task.start(path);
    }

    fn f64(path: Path, task: Contract<'_, f64>) {
        task.start(path);
    }
}
