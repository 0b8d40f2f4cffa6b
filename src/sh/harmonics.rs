//! Harmonics of one point, in any convention, of degrees known at run time: what is checked before
//! they are evaluated.

use thiserror::Error;

use super::convention::Harmonics;
use super::evaluate;
use crate::{LMAX, Real};

/// A wrong argument of a function of [`Harmonics`].
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HarmonicsError {
    /// The degree is above LMAX.
    #[error("degree {l} is above this build's LMAX of {LMAX}")]
    Degree {
        /// The degree asked for.
        l: usize,
    },
    /// A slice has the wrong length.
    #[error("the slice of {what} has length {found}, expected {expected}")]
    Length {
        /// What the slice is for.
        what: &'static str,
        /// The length it needs.
        expected: usize,
        /// The length it has.
        found: usize,
    },
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

fn check_degree(l: usize) -> Result<(), HarmonicsError> {
    if l > LMAX { Err(HarmonicsError::Degree { l }) } else { Ok(()) }
}

/// Checks the lengths of slices given as (what, expected, found).
fn check_lengths(lengths: &[(&'static str, usize, usize)]) -> Result<(), HarmonicsError> {
    for &(what, expected, found) in lengths {
        if expected != found {
            return Err(HarmonicsError::Length { what, expected, found });
        }
    }
    Ok(())
}
