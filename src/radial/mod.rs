//! Functions of distance: bases that turn a distance into features, and envelopes that end them
//! smoothly at a cutoff.
//!
//! All evaluate in f64, take and give f32 or f64, and come with their first and second derivatives. Distances,
//! cutoffs and widths are in one unit of your choice.
//!
//! | basis | source |
//! | --- | --- |
//! | [`Bessel`] | DimeNet |
//! | [`Gaussian`] | SchNet |
//! | [`Bernstein`] | SpookyNet |
//! | [`Chebyshev`] | Artrith's chemical environment descriptors |
//! | [`SoftOneHot`] | e3nn's `soft_one_hot_linspace` |
//!
//! | envelope | source |
//! | --- | --- |
//! | [`PolynomialCutoff`] | DimeNet |
//! | [`CosineCutoff`] | Behler and Parrinello |
//! | [`XplorCutoff`] | X-PLOR |
//!
//! A network expects inputs of about unit variance, and a basis in the normalization of its source is
//! not: eight [`Bessel`] functions reach 60 at a cutoff of 0.7, and are small at a large one.
//! [`UnitVariance`] brings any basis there, with or without an envelope.
//!
//! # Example
//! ```
//! use tesseral::radial::{Bessel, Enveloped, PolynomialCutoff, RadialBasis};
//!
//! let basis = Enveloped::new(Bessel::new(8, 5.0)?, PolynomialCutoff::new(5.0, 6)?);
//! let mut values = [0.0_f32; 8];
//! basis.values_into(1.5, &mut values)?;
//! assert!((values[0] - 0.3373).abs() < 1e-4);
//! basis.values_into(5.0, &mut values)?;
//! assert_eq!(values, [0.0; 8]);
//! # Ok::<(), tesseral::radial::RadialError>(())
//! ```

mod bernstein;
mod bessel;
mod chebyshev;
mod envelope;
mod error;
mod gaussian;
mod soft_one_hot;
mod unit_variance;

pub use bernstein::Bernstein;
pub use bessel::Bessel;
pub use chebyshev::Chebyshev;
pub use envelope::{CosineCutoff, Envelope, Enveloped, PolynomialCutoff, XplorCutoff};
pub use error::RadialError;
pub use gaussian::Gaussian;
pub use soft_one_hot::{OneHotFunction, SoftOneHot};
pub use unit_variance::UnitVariance;

use crate::Real;
use crate::error::check_length;

/// A list of functions of distance.
pub trait RadialBasis {
    /// The number of functions.
    fn count(&self) -> usize;

    /// The value and the first and second derivative of each function at r.
    fn jets(&self, r: f64) -> impl Iterator<Item = [f64; 3]>;

    /// The value and the derivative of each function at r.
    fn functions(&self, r: f64) -> impl Iterator<Item = (f64, f64)> {
        self.jets(r).map(|[value, derivative, _]| (value, derivative))
    }

    /// Writes the value of each function at r.
    ///
    /// # Errors
    /// If the slice does not have the length [`count`](RadialBasis::count).
    fn values_into<T: Real + Into<f64>>(&self, r: T, values: &mut [T]) -> Result<(), RadialError> {
        check_length("values", self.count(), values.len())?;
        for (value, (exact, _)) in values.iter_mut().zip(self.functions(r.into())) {
            *value = rounded(exact);
        }
        Ok(())
    }

    /// Writes the value of each function at r, and its derivative with respect to r.
    ///
    /// # Errors
    /// If a slice does not have the length [`count`](RadialBasis::count).
    fn values_and_derivatives_into<T: Real + Into<f64>>(
        &self,
        r: T,
        values: &mut [T],
        derivatives: &mut [T],
    ) -> Result<(), RadialError> {
        check_length("values", self.count(), values.len())?;
        check_length("derivatives", self.count(), derivatives.len())?;
        let slots = values.iter_mut().zip(derivatives);
        for ((value, derivative), exact) in slots.zip(self.functions(r.into())) {
            (*value, *derivative) = (rounded(exact.0), rounded(exact.1));
        }
        Ok(())
    }

    /// Writes the values `[n][count]` of all functions at n distances.
    ///
    /// # Errors
    /// If the slice does not have that length.
    ///
    /// ```
    /// use tesseral::radial::{Chebyshev, RadialBasis};
    ///
    /// let mut values = [0.0_f32; 2 * 3];
    /// Chebyshev::new(3, 2.0)?.batch_into(&[2.0, 1.0], &mut values)?;
    /// assert_eq!(values, [1.0, 1.0, 1.0, 1.0, 0.0, -1.0]);
    /// # Ok::<(), tesseral::radial::RadialError>(())
    /// ```
    fn batch_into<T: Real + Into<f64>>(
        &self,
        distances: &[T],
        values: &mut [T],
    ) -> Result<(), RadialError> {
        let count = self.count();
        check_length("values", distances.len() * count, values.len())?;
        for (&r, values) in distances.iter().zip(values.chunks_exact_mut(count.max(1))) {
            self.values_into(r, values)?;
        }
        Ok(())
    }

    /// Writes the values, first and second derivatives `[n][count]` of all functions at n
    /// distances.
    ///
    /// # Errors
    /// If a slice does not have that length.
    fn batch_jets_into<T: Real + Into<f64>>(
        &self,
        distances: &[T],
        [values, first, second]: [&mut [T]; 3],
    ) -> Result<(), RadialError> {
        let count = self.count();
        let length = distances.len() * count;
        check_length("values", length, values.len())?;
        check_length("first derivatives", length, first.len())?;
        check_length("second derivatives", length, second.len())?;
        let rows = values.chunks_exact_mut(count.max(1)).zip(first.chunks_exact_mut(count.max(1)));
        let rows = rows.zip(second.chunks_exact_mut(count.max(1)));
        for (&r, ((values, first), second)) in distances.iter().zip(rows) {
            let slots = values.iter_mut().zip(first).zip(second);
            for (((value, first), second), jet) in slots.zip(self.jets(r.into())) {
                [*value, *first, *second] = jet.map(rounded);
            }
        }
        Ok(())
    }
}

/// The most functions of a basis, where nothing else limits them.
const MAX_COUNT: usize = u16::MAX as usize;

/// The nearest number of a type.
fn rounded<T: Real>(value: f64) -> T {
    T::constant(value, value as f32)
}
