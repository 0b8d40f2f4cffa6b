//! Wigner matrices of many rotations at once, their derivatives, and their action on features, at
//! the speed of the machine's vector units.
//!
//! Rotations are matrices `[n][3][3]`, row-major in x, y, z, as [`Orthogonal::matrix`] gives them
//! for rotations, quaternions, Euler angles and reflections. Improper ones act as on harmonics, with
//! parity (-1)^l; [`Action`] takes the parities of irreps. They are not checked: the results for a
//! matrix that is not orthogonal have no meaning, and NaN gives NaN.
//!
//! | array | [`Layout::Rows`] | [`Layout::Lanes`] |
//! |---|---|---|
//! | matrices | `[n][K]` | `[⌈n/W⌉][K][W]` |
//!
//! K = Σ (2l + 1)² counts the entries of all degrees, one after the other, each row-major; W is
//! [`Number::WIDTH`]. A block of lanes that the rotations do not fill repeats the last one.
//!
//! # Derivatives
//! The nine entries of a rotation matrix are not independent, so a derivative with respect to them
//! is defined only along rotations. Native is the *torque*, the derivative with respect to a further
//! small rotation: of a function f of D, τ_a = d/dt f(D(exp(t e_a) R)) at t = 0, about the axes
//! a = x, y, z. It is exact, has no singular point, and takes the generators L_a alone, since
//! d/dt D = L_a D. As a matrix it is G = ½ \[τ\]× R, which is tangent to the rotations:
//! Σ G · dR is the change of f for every rotation's dR. Any other derivative by the entries, such as
//! that of the polynomials that [`all_into`](super::all_into) evaluates, differs from it by a part
//! normal to the rotations, which the chain rule through a quaternion, angles or an
//! orthogonalization removes.
//!
//! # Example
//! ```
//! use nalgebra::UnitQuaternion;
//! use tesseral::wigner::{Orthogonal, batch::Batch};
//!
//! let turns = [0.1_f64, 0.2, 0.3].map(|angle| UnitQuaternion::from_euler_angles(angle, 0.4, 0.5));
//! let rotations = turns.map(|turn| Orthogonal::from(turn).matrix());
//! let batch = Batch::new(0..=1)?;
//! let mut matrices = [0.0; 3 * 10];
//! batch.matrices(&rotations, &mut matrices)?;
//! // D_1 is the rotation in the order y, z, x.
//! assert_eq!(matrices[1], rotations[0][1][1]);
//! # Ok::<(), tesseral::wigner::WignerError>(())
//! ```
//!
//! [`Orthogonal::matrix`]: super::Orthogonal::matrix
//! [`Number::WIDTH`]: crate::simd::Number::WIDTH

mod action;
mod derivatives;
mod matrices;
mod recursion;
mod rows;

pub use crate::simd::Layout;
pub use action::Action;

use std::ops::RangeInclusive;

use super::{WignerError, all_len};
use crate::Number;
use crate::error::{LengthError, check_degree, check_length_for};
use crate::parallel::{Rows, RowsMut, Threads, Work};
use crate::simd::Path;
use derivatives::{Contraction, Derivatives, DerivativesKernel};
use matrices::{Matrices, MatricesKernel};

/// Wigner matrices of many rotations, of degrees chosen at run time. See the [module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    low: usize,
    high: usize,
    layout: Layout,
    path: Path,
    threads: Threads,
}

impl Batch {
    /// The matrices of all of the given degrees, in rows, on the fastest path of the machine.
    ///
    /// # Errors
    /// If a degree is above LMAX or the range is empty.
    pub fn new(degrees: RangeInclusive<usize>) -> Result<Batch, WignerError> {
        let (low, high) = (*degrees.start(), *degrees.end());
        check_degree(high)?;
        if low > high {
            return Err(WignerError::NoDegrees { from: low, to: high });
        }
        Ok(Batch { low, high, layout: Layout::Rows, path: Path::best(), threads: Threads::Caller })
    }

    /// In another layout.
    pub fn layout(self, layout: Layout) -> Batch {
        Batch { layout, ..self }
    }

    /// On another path, or on the portable one if the machine lacks it: for tests and comparisons.
    pub fn on(self, path: Path) -> Batch {
        Batch { path: path.or_portable(), ..self }
    }

    /// Splits large batches among threads; see [`kernels`](crate::kernels#threads).
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Batch {
        Batch { threads: Threads::Pool, ..self }
    }

    /// The number K of entries of one rotation.
    pub fn columns(&self) -> usize {
        all_len(self.high) - self.skipped()
    }

    /// The length of an array of matrices of `n` rotations.
    pub fn length<T: Number>(&self, n: usize) -> usize {
        self.layout.rows::<T>(n) * self.columns()
    }

    /// The entries of the degrees below the lowest.
    fn skipped(&self) -> usize {
        if self.low == 0 { 0 } else { all_len(self.low - 1) }
    }

    /// The matrices.
    ///
    /// # Errors
    /// If the slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::wigner::batch::Batch;
    ///
    /// // D_0 is 1; D_1 is the matrix in the order (y, z, x): here x goes to y, y to z and z to x.
    /// let cycle = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    /// let mut matrices = [0.0_f64; 10];
    /// Batch::new(0..=1)?.matrices(&[cycle], &mut matrices)?;
    /// assert_eq!(matrices, [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    /// # Ok::<(), tesseral::wigner::WignerError>(())
    /// ```
    pub fn matrices<T: Number>(
        &self,
        rotations: &[[[T; 3]; 3]],
        matrices: &mut [T],
    ) -> Result<(), WignerError> {
        self.check::<T>(rotations.len(), &[("matrices", matrices.len())])?;
        let columns = self.columns();
        let task =
            (Rows { numbers: rotations, size: 1 }, RowsMut { numbers: matrices, size: columns });
        self.threads.each(self.work(rotations.len()), task, &|(rotations, matrices)| {
            let (rotations, matrices) = (rotations.numbers, matrices.numbers);
            T::start::<MatricesKernel>(self.path, Matrices { batch: *self, rotations, matrices });
        });
        Ok(())
    }

    /// The torques `[n][3]` of Σ cotangent · matrix: the backward pass of [`Batch::matrices`].
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::wigner::batch::Batch;
    ///
    /// // The trace of D_1 is largest without a rotation.
    /// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    /// let mut torques = [1.0_f64; 3];
    /// let trace = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    /// Batch::new(1..=1)?.torques(&[identity], &trace, &mut torques)?;
    /// assert_eq!(torques, [0.0; 3]);
    /// # Ok::<(), tesseral::wigner::WignerError>(())
    /// ```
    pub fn torques<T: Number>(
        &self,
        rotations: &[[[T; 3]; 3]],
        cotangents: &[T],
        torques: &mut [T],
    ) -> Result<(), WignerError> {
        let n = rotations.len();
        self.check::<T>(n, &[("cotangents", cotangents.len())])?;
        check_lengths(n, &[("torques", 3, torques.len())])?;
        self.differentiate(rotations, Contraction::Torques { cotangents, torques });
        Ok(())
    }

    /// The gradient `[n][3][3]` of Σ cotangent · matrix, tangent to the rotations: the same as
    /// [`Batch::torques`] as matrices ½ \[τ\]× R.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn pull_back<T: Number>(
        &self,
        rotations: &[[[T; 3]; 3]],
        cotangents: &[T],
        gradient: &mut [T],
    ) -> Result<(), WignerError> {
        let n = rotations.len();
        self.check::<T>(n, &[("cotangents", cotangents.len())])?;
        check_lengths(n, &[("the gradient", 9, gradient.len())])?;
        self.differentiate(rotations, Contraction::PullBack { cotangents, gradient });
        Ok(())
    }

    /// The derivatives of the matrices along one rotation vector ω `[n][3]` for each rotation:
    /// d/dt D(exp(t \[ω\]×) R).
    ///
    /// # Errors
    /// If a slice has the wrong length.
    ///
    /// # Example
    /// ```
    /// use tesseral::wigner::batch::Batch;
    ///
    /// // The matrix of degree 1 moves as the rotation itself, in the order (y, z, x).
    /// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    /// let mut derivatives = [0.0_f64; 9];
    /// Batch::new(1..=1)?.push_forward(&[identity], &[0.0, 0.0, 1.0], &mut derivatives)?;
    /// assert_eq!(derivatives, [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0]);
    /// # Ok::<(), tesseral::wigner::WignerError>(())
    /// ```
    pub fn push_forward<T: Number>(
        &self,
        rotations: &[[[T; 3]; 3]],
        tangents: &[T],
        derivatives: &mut [T],
    ) -> Result<(), WignerError> {
        let n = rotations.len();
        check_lengths(n, &[("tangents", 3, tangents.len())])?;
        self.check::<T>(n, &[("derivatives", derivatives.len())])?;
        self.differentiate(rotations, Contraction::PushForward { tangents, derivatives });
        Ok(())
    }

    /// The backward pass of [`Batch::torques`]: with its result τ(rotations, cotangents) and weights
    /// w `[n][3]`, the torques `[n][3]` of Σ w · τ, and its gradient by cotangents.
    ///
    /// # Errors
    /// If a slice has the wrong length.
    pub fn torques_twice<T: Number>(
        &self,
        rotations: &[[[T; 3]; 3]],
        cotangents: &[T],
        weights: &[T],
        torques: &mut [T],
        by_cotangents: &mut [T],
    ) -> Result<(), WignerError> {
        let n = rotations.len();
        let arrays =
            [("cotangents", cotangents.len()), ("the gradient by cotangents", by_cotangents.len())];
        self.check::<T>(n, &arrays)?;
        check_lengths(n, &[("weights", 3, weights.len()), ("torques", 3, torques.len())])?;
        let contraction = Contraction::Twice { cotangents, weights, torques, by_cotangents };
        self.differentiate(rotations, contraction);
        Ok(())
    }

    fn differentiate<T: Number>(&self, rotations: &[[[T; 3]; 3]], contraction: Contraction<'_, T>) {
        let task = Derivatives { batch: *self, rotations, contraction };
        self.threads.each(self.work(rotations.len()), task, &|task| {
            T::start::<DerivativesKernel>(self.path, task);
        });
    }

    /// The rotations and the entries of the matrices of one.
    fn work(&self, n: usize) -> Work {
        Work { rows: n, each: self.columns() }
    }

    /// Checks the lengths of arrays of matrices given as (what, found).
    fn check<T: Number>(
        &self,
        n: usize,
        arrays: &[(&'static str, usize)],
    ) -> Result<(), LengthError> {
        arrays.iter().try_for_each(|&(what, found)| {
            check_length_for((n, "rotations"), what, self.length::<T>(n), found)
        })
    }
}

/// Checks the lengths of arrays `[n][size]` given as (what, size, found).
fn check_lengths(n: usize, arrays: &[(&'static str, usize, usize)]) -> Result<(), LengthError> {
    arrays.iter().try_for_each(|&(what, size, found)| {
        check_length_for((n, "rotations"), what, size * n, found)
    })
}
