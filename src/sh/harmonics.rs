//! Harmonics of one point, in any convention, of degrees known at run time: what is checked before
//! they are evaluated.

use thiserror::Error;

use super::convention::Harmonics;
use super::evaluate;
use crate::Real;
use crate::error::{DegreeError, LengthError, check_degree, check_length, debug_is_text};

/// A wrong argument of a function of [`Harmonics`].
///
/// ```
/// use tesseral::sh::Harmonics;
///
/// let error = Harmonics::NATIVE.degree(2, [0.0, 0.0, 1.0], &mut [0.0; 4]).unwrap_err();
/// assert_eq!(error.to_string(), "the slice of values has length 4, expected 5");
/// ```
#[derive(Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HarmonicsError {
    /// The degree is above LMAX.
    #[error(transparent)]
    Degree(#[from] DegreeError),
    /// A slice has the wrong length.
    #[error(transparent)]
    Length(#[from] LengthError),
}

debug_is_text!(HarmonicsError);

impl Harmonics {
    /// The values of degree `l` at `r` into a slice of 2l + 1.
    ///
    /// # Errors
    /// If `l` is above LMAX or the slice has another length.
    ///
    /// # Example
    /// ```
    /// use tesseral::sh::Harmonics;
    ///
    /// // z² is the largest of degree 2 along z: √(5/(4π)).
    /// let mut values = [0.0_f64; 5];
    /// Harmonics::NATIVE.degree(2, [0.0, 0.0, 7.0], &mut values)?;
    /// assert!((values[2] - 0.6307831305050401).abs() <= 2.0 * f64::EPSILON);
    /// assert_eq!([values[0], values[1], values[3], values[4]], [0.0; 4]);
    /// # Ok::<(), tesseral::sh::HarmonicsError>(())
    /// ```
    pub fn degree<T: Real>(
        &self,
        l: usize,
        r: [T; 3],
        values: &mut [T],
    ) -> Result<(), HarmonicsError> {
        check_degree(l)?;
        check_lengths(&[("values", 2 * l + 1, values.len())])?;
        evaluate::degree(self, l, r, values);
        Ok(())
    }

    /// Values and gradients of degree `l` at `r`.
    ///
    /// # Errors
    /// If `l` is above LMAX or a slice has another length than 2l + 1 and 3 (2l + 1).
    ///
    /// # Example
    /// ```
    /// use tesseral::sh::Harmonics;
    ///
    /// // A spherical harmonic does not change along the vector itself.
    /// let r = [0.5_f64, -1.0, 2.0];
    /// let (mut values, mut gradient) = ([0.0; 5], [0.0; 15]);
    /// Harmonics::NATIVE.degree_grad(2, r, &mut values, &mut gradient)?;
    /// for m in 0..5 {
    ///     let along: f64 = (0..3).map(|axis| r[axis] * gradient[5 * axis + m]).sum();
    ///     assert!(along.abs() < 1e-15);
    /// }
    /// # Ok::<(), tesseral::sh::HarmonicsError>(())
    /// ```
    pub fn degree_grad<T: Real>(
        &self,
        l: usize,
        r: [T; 3],
        values: &mut [T],
        gradient: &mut [T],
    ) -> Result<(), HarmonicsError> {
        check_degree(l)?;
        let size = 2 * l + 1;
        check_lengths(&[("values", size, values.len()), ("gradients", 3 * size, gradient.len())])?;
        evaluate::degree_grad(self, l, r, values, gradient);
        Ok(())
    }

    /// Values, gradients and Hessians of degree `l` at `r`.
    ///
    /// # Errors
    /// If `l` is above LMAX or a slice has another length than 2l + 1, 3 (2l + 1) and 9 (2l + 1).
    ///
    /// # Example
    /// ```
    /// use tesseral::sh::Harmonics;
    ///
    /// // A solid harmonic is harmonic: the trace of its second derivatives vanishes.
    /// let (mut values, mut gradient, mut hessian) = ([0.0_f64; 5], [0.0; 15], [0.0; 45]);
    /// Harmonics::SOLID.degree_hess(2, [0.5, -1.0, 2.0], &mut values, &mut gradient, &mut hessian)?;
    /// for m in 0..5 {
    ///     let trace: f64 = (0..3).map(|axis| hessian[(3 * axis + axis) * 5 + m]).sum();
    ///     assert!(trace.abs() < 1e-15);
    /// }
    /// # Ok::<(), tesseral::sh::HarmonicsError>(())
    /// ```
    pub fn degree_hess<T: Real>(
        &self,
        l: usize,
        r: [T; 3],
        values: &mut [T],
        gradient: &mut [T],
        hessian: &mut [T],
    ) -> Result<(), HarmonicsError> {
        check_degree(l)?;
        let size = 2 * l + 1;
        check_lengths(&[
            ("values", size, values.len()),
            ("gradients", 3 * size, gradient.len()),
            ("Hessians", 9 * size, hessian.len()),
        ])?;
        evaluate::degree_hess(self, l, r, [values, gradient, hessian]);
        Ok(())
    }

    /// The values of all degrees to `lmax` at `r` into a slice of (lmax + 1)², in order l² + l + m.
    ///
    /// # Errors
    /// If `lmax` is above LMAX or the slice has another length.
    ///
    /// # Example
    /// ```
    /// use tesseral::sh::Harmonics;
    ///
    /// let (mut all, mut second) = ([0.0_f64; 9], [0.0; 5]);
    /// Harmonics::NATIVE.up_to(2, [0.5, -1.0, 2.0], &mut all)?;
    /// Harmonics::NATIVE.degree(2, [0.5, -1.0, 2.0], &mut second)?;
    /// for (value, of_degree) in all[4..].iter().zip(second) {
    ///     assert!((value - of_degree).abs() <= 4.0 * f64::EPSILON);
    /// }
    /// # Ok::<(), tesseral::sh::HarmonicsError>(())
    /// ```
    pub fn up_to<T: Real>(
        &self,
        lmax: usize,
        r: [T; 3],
        values: &mut [T],
    ) -> Result<(), HarmonicsError> {
        check_degree(lmax)?;
        check_lengths(&[("values", (lmax + 1) * (lmax + 1), values.len())])?;
        evaluate::up_to(self, lmax, r, values);
        Ok(())
    }

    /// Values and gradients of all degrees to `lmax` at `r`.
    ///
    /// # Errors
    /// If `lmax` is above LMAX or a slice has another length than (lmax + 1)² and 3 (lmax + 1)².
    ///
    /// # Example
    /// ```
    /// use tesseral::sh::Harmonics;
    ///
    /// // Of the solid harmonics (1, y, z, x) of degrees 0 and 1, only x changes along x.
    /// let (mut values, mut gradient) = ([0.0_f64; 4], [0.0; 12]);
    /// Harmonics::SOLID.up_to_grad(1, [0.5, -1.0, 2.0], &mut values, &mut gradient)?;
    /// assert_eq!(gradient[..4], [0.0, 0.0, 0.0, 0.4886025119029199]);
    /// # Ok::<(), tesseral::sh::HarmonicsError>(())
    /// ```
    pub fn up_to_grad<T: Real>(
        &self,
        lmax: usize,
        r: [T; 3],
        values: &mut [T],
        gradient: &mut [T],
    ) -> Result<(), HarmonicsError> {
        check_degree(lmax)?;
        let size = (lmax + 1) * (lmax + 1);
        check_lengths(&[("values", size, values.len()), ("gradients", 3 * size, gradient.len())])?;
        evaluate::up_to_grad(self, lmax, r, values, gradient);
        Ok(())
    }
}

/// Checks the lengths of slices given as (what, expected, found).
fn check_lengths(lengths: &[(&'static str, usize, usize)]) -> Result<(), LengthError> {
    lengths.iter().try_for_each(|&(what, expected, found)| check_length(what, expected, found))
}
