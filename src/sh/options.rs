//! The choice of a convention: form, normalization, axes and phase of the harmonics.

use thiserror::Error;

use super::evaluate;
use crate::Real;
use crate::error::{DegreeError, LengthError, check_degree, check_length};

/// The argument of the harmonics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// r^l Y_{lm}(r/|r|), a homogeneous polynomial.
    Solid,
    /// Y_{lm}(r/|r|). At the zero vector, where it has no limit for l > 0, values and derivatives
    /// are 0 for l > 0. NaN and infinities give NaN.
    #[default]
    Spherical,
}

/// The normalization of the harmonics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Normalization {
    /// Orthonormal on the sphere: ∫ Y² = 1. The native one.
    #[default]
    Integral,
    /// |Y_l|² = 2l + 1 on the sphere: `Integral` times √(4π).
    Component,
    /// |Y_l| = 1 on the sphere (Racah, Schmidt): `Integral` times √(4π/(2l + 1)).
    Norm,
}

/// The polar axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Axes {
    /// z is polar, Y_1 ∝ (y, z, x). The native one.
    #[default]
    ZPolar,
    /// y is polar, Y_1 ∝ (x, y, z), as in e3nn: Y(x, y, z) is the native Y(z, x, y).
    YPolar,
}

/// The sign of odd orders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// No Condon–Shortley phase. The native one.
    #[default]
    None,
    /// Odd m negated, as in Sloan's and Dr.Jit's code.
    CondonShortley,
}

/// Evaluation of harmonics in a chosen convention, of degrees chosen at run time.
///
/// Arrays are row-major: values `[2l + 1]` for a degree and `[(L + 1)²]` for all degrees to L,
/// gradients `[3][..]`, Hessians `[3][3][..]`, derivative axes outermost and in the order x, y, z
/// of the caller.
///
/// # Example
/// ```
/// use tesseral::sh::{Axes, Harmonics, Normalization};
///
/// let e3nn = Harmonics { normalization: Normalization::Component, axes: Axes::YPolar, ..Harmonics::default() };
/// let mut values = [0.0_f64; 4];
/// e3nn.up_to(1, [0.0, 0.0, 2.0], &mut values)?;
/// for (value, expected) in values.into_iter().zip([1.0, 0.0, 0.0, 3.0_f64.sqrt()]) {
///     assert!((value - expected).abs() <= 2.0 * f64::EPSILON);
/// }
/// # Ok::<(), tesseral::sh::HarmonicsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Harmonics {
    /// Solid or spherical.
    pub form: Form,
    /// The normalization.
    pub normalization: Normalization,
    /// The polar axis.
    pub axes: Axes,
    /// The sign of odd orders.
    pub phase: Phase,
}

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
    /// Spherical harmonics in the native convention.
    pub const NATIVE: Harmonics = Harmonics {
        form: Form::Spherical,
        normalization: Normalization::Integral,
        axes: Axes::ZPolar,
        phase: Phase::None,
    };

    /// Solid harmonics in the native convention.
    pub const SOLID: Harmonics = Harmonics { form: Form::Solid, ..Self::NATIVE };

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
