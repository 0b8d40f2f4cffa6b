//! Harmonics of one point, in any convention, of degrees known at run time: what is checked before
//! they are evaluated.

use thiserror::Error;

use super::convention::Harmonics;
use super::evaluate;
use crate::Real;
use crate::error::{DegreeError, LengthError, check_degree, check_length};

/// A wrong argument of a function of [`Harmonics`].
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HarmonicsError {
    /// The degree is above LMAX.
    #[error(transparent)]
    Degree(#[from] DegreeError),
    /// A slice has the wrong length.
    #[error(transparent)]
    Length(#[from] LengthError),
}

impl Harmonics {
    /// The values of degree `l` at `r` into a slice of 2l + 1.
    ///
    /// # Errors
    /// If `l` is above LMAX or the slice has another length.
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
        evaluate::degree_hess(self, l, r, values, gradient, hessian);
        Ok(())
    }

    /// The values of all degrees to `lmax` at `r` into a slice of (lmax + 1)², in order l² + l + m.
    ///
    /// # Errors
    /// If `lmax` is above LMAX or the slice has another length.
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
