//! The Gaussian basis of SchNet.

use super::error::{RadialError, check_count, check_interval, check_positive};
use super::{MAX_COUNT, RadialBasis};

/// Gaussians at equally spaced centres: for i = 0, ..., count - 1,
///
/// g_i(r) = exp(-(r - μ_i)² / (2σ²)), μ_i = start + i (end - start) / (count - 1).
///
/// The width σ is the spacing of the centres unless [`with_width`](Gaussian::with_width) sets
/// it. No units. Schütt et al., "SchNet", J. Chem. Phys. 148, 241722 (2018), with the width of
/// SchNetPack's `GaussianRBF`.
///
/// # Example
/// ```
/// use tesseral::radial::{Gaussian, RadialBasis};
///
/// let mut values = [0.0; 3];
/// Gaussian::new(3, 0.0, 4.0)?.values_into(2.0, &mut values)?;
/// assert_eq!(values, [(-0.5_f64).exp(), 1.0, (-0.5_f64).exp()]);
/// # Ok::<(), tesseral::radial::RadialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaussian {
    count: usize,
    start: f64,
    spacing: f64,
    width: f64,
}

impl Gaussian {
    /// Gaussians with centres from the start to the end, as wide as their spacing.
    ///
    /// # Errors
    /// If the count is not 2 to 65535, or the start is not below the end.
    pub fn new(count: usize, start: f64, end: f64) -> Result<Gaussian, RadialError> {
        check_count(2, MAX_COUNT, count)?;
        check_interval(start, end)?;
        let spacing = (end - start) / (count - 1) as f64;
        Ok(Gaussian { count, start, spacing, width: spacing })
    }

    /// The same centres with another width σ.
    ///
    /// # Errors
    /// If the width is not a finite number above zero.
    pub fn with_width(self, width: f64) -> Result<Gaussian, RadialError> {
        check_positive("width", width)?;
        Ok(Gaussian { width, ..self })
    }
}

impl RadialBasis for Gaussian {
    fn count(&self) -> usize {
        self.count
    }

    fn jets(&self, r: f64) -> impl Iterator<Item = [f64; 3]> {
        (0..self.count).map(move |i| {
            let centre = self.start + i as f64 * self.spacing;
            let z = (r - centre) / self.width;
            let value = (-0.5 * z * z).exp();
            let slope = value / self.width;
            [value, -z * slope, (z - 1.0) * (z + 1.0) * slope / self.width]
        })
    }
}
