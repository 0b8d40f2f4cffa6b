//! A basis of unit variance, as networks expect their inputs.

use super::RadialBasis;
use super::error::{RadialError, check_positive};
use crate::quadrature::gauss_legendre;

/// A basis times the constant that makes the mean square of its functions 1: for r uniform in
/// 0..cutoff, the mean of Σ bₙ(r)²/n over n functions. e3nn's networks multiply
/// `soft_one_hot_linspace` by √n, for nearly the same.
///
/// # Example
/// ```
/// use tesseral::radial::{Bessel, RadialBasis, UnitVariance};
///
/// let (bessel, r) = (Bessel::new(8, 0.7)?, 0.05);
/// let largest = |basis: Vec<f64>| basis.into_iter().fold(0.0, f64::max);
/// assert!(largest(bessel.functions(r).map(|(value, _)| value).collect()) > 30.0);
/// let unit = UnitVariance::new(bessel, 0.7)?;
/// assert!(largest(unit.functions(r).map(|(value, _)| value).collect()) < 5.0);
/// # Ok::<(), tesseral::radial::RadialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitVariance<B> {
    basis: B,
    factor: f64,
}

impl<B: RadialBasis> UnitVariance<B> {
    /// A basis that is used for distances from 0 to a cutoff.
    ///
    /// # Errors
    /// If the cutoff is not a finite number above zero, or the mean square is not: a basis of no functions
    /// or of zeros.
    pub fn new(basis: B, cutoff: f64) -> Result<Self, RadialError> {
        check_positive("cutoff", cutoff)?;
        let mean = mean_square(&basis, cutoff);
        check_positive("mean square of the basis", mean)?;
        Ok(UnitVariance { factor: mean.sqrt().recip(), basis })
    }
}

/// The mean of Σ bₙ²/n over 0..cutoff. Parts are narrower than half a wave of functions that oscillate
/// as often as there are functions, and as the widths of bumps that share the interval.
fn mean_square(basis: &impl RadialBasis, cutoff: f64) -> f64 {
    let (rule, count) = (gauss_legendre::<12>(), basis.count());
    let parts = 4 * count.max(4);
    let width = cutoff / parts as f64;
    let mut sum = 0.0;
    for part in 0..parts {
        for (node, weight) in rule {
            let r = width * (part as f64 + 0.5 + 0.5 * node);
            let squares: f64 = basis.functions(r).map(|(value, _)| value * value).sum();
            sum += 0.5 * weight * squares;
        }
    }
    sum / (parts * count.max(1)) as f64
}

impl<B: RadialBasis> RadialBasis for UnitVariance<B> {
    fn count(&self) -> usize {
        self.basis.count()
    }

    fn jets(&self, r: f64) -> impl Iterator<Item = [f64; 3]> {
        self.basis.jets(r).map(|jet| jet.map(|value| self.factor * value))
    }
}
