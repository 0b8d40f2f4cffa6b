//! The constant that gives a function of a normal number the second moment one.

use std::f64::consts::PI;

use super::ScalarFunction;
use crate::quadrature::gauss_legendre;

/// How functions of scalars are normalized.
///
/// ```
/// use tesseral::kernels::{Activation, ScalarFunction, SecondMoment};
///
/// // Half of the variance of a normal number is above zero.
/// let relu = [Some(ScalarFunction::RELU)];
/// let activation = Activation::new("0e".parse()?, &relu, SecondMoment::One)?;
/// let mut z = [0.0_f64];
/// activation.forward(&[1.0], &mut z)?;
/// assert!((z[0] - 2.0_f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SecondMoment {
    /// Not at all.
    Free,
    /// Multiplied by 1/√E[f(x)²] for a normal x of variance 1, exact to the last digits: silu by
    /// 1.676532470331091.
    #[default]
    One,
    /// Multiplied by the constant that e3nn's `normalize2mom` estimates from 10⁶ random numbers and
    /// that networks trained with it rely on: silu by 1.6791767923989418.
    E3nn,
}

impl ScalarFunction {
    /// 1/√E[f(x)²] for a normal x of variance 1, by quadrature: Gauss–Legendre with 24 points on
    /// each interval between two integers from -16 to 16.
    ///
    /// Exact to the last digits if f is smooth but at integers, has a finite limit there from
    /// either side, and does not grow faster than exp(|x|), as every associated constant but
    /// [`ScalarFunction::RECIPROCAL`]. Zero, which no layer accepts, if f is infinite at one of
    /// these integers: 1/x has no second moment, and where a pole has one, the quadrature does not
    /// find it.
    pub fn normalizing_constant(&self) -> f64 {
        if (-16..=16).any(|x| self.value(x.into()).is_infinite()) {
            return 0.0;
        }
        let rule = gauss_legendre::<24>();
        let (mut sum, mut lost) = (0.0, 0.0);
        for left in -16..16 {
            for (node, weight) in rule {
                let x = f64::from(left) + 0.5 + 0.5 * node;
                let term = 0.5 * weight * self.value(x).powi(2) * (-0.5 * x * x).exp();
                // Compensated: all terms are positive, so nothing but rounding is lost.
                let term = term - lost;
                let next = sum + term;
                lost = (next - sum) - term;
                sum = next;
            }
        }
        ((2.0 * PI).sqrt() / sum).sqrt()
    }
}
