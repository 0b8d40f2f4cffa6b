//! Envelopes: functions that fall smoothly from one to zero at a cutoff.

use std::f64::consts::FRAC_PI_2;

use super::error::{RadialError, check_positive};
use super::{RadialBasis, rounded};
use crate::Real;

/// A function that is one at distance zero, and zero with zero derivative from the cutoff on.
///
/// The second derivative of [`PolynomialCutoff`] is continuous there; that of [`CosineCutoff`] and
/// [`XplorCutoff`] jumps to zero, and of the latter also at the onset. A distance of NaN gives NaN.
///
/// Units: none; of the derivatives, inverse length and its square.
pub trait Envelope {
    /// The distance from which on the function is zero.
    fn cutoff(&self) -> f64;

    /// The value and the first and second derivative at a distance below the cutoff.
    fn inside(&self, r: f64) -> [f64; 3];

    /// The value at r, and the first and second derivative with respect to it. All are exactly zero
    /// if r is at or beyond the cutoff.
    fn jet<T: Real + Into<f64>>(&self, r: T) -> [T; 3] {
        let r = r.into();
        let jet = if r >= self.cutoff() { [0.0; 3] } else { self.inside(r) };
        jet.map(rounded)
    }

    /// The value at r, and the derivative with respect to it. Both are exactly zero if r is at or
    /// beyond the cutoff.
    fn value_and_derivative<T: Real + Into<f64>>(&self, r: T) -> (T, T) {
        let [value, derivative, _] = self.jet(r);
        (value, derivative)
    }

    /// The value at r.
    fn value<T: Real + Into<f64>>(&self, r: T) -> T {
        self.value_and_derivative(r).0
    }
}

/// The polynomial envelope of DimeNet: with x = r/c,
///
/// u(r) = 1 - (p + 1)(p + 2)/2 x^p + p(p + 2) x^(p + 1) - p(p + 1)/2 x^(p + 2)
///
/// below the cutoff c, and 0 from it on, where the first and second derivatives vanish too.
///
/// Gasteiger, Groß and Günnemann, "Directional message passing for molecular graphs", ICLR 2020,
/// equation 8, there with p = 6. DimeNet's code divides it by x.
///
/// # Example
/// ```
/// use tesseral::radial::{Envelope, PolynomialCutoff};
///
/// let envelope = PolynomialCutoff::new(2.0, 2)?;
/// // 1 - 6/4 + 8/8 - 3/16
/// assert_eq!(envelope.value(1.0), 0.3125);
/// assert_eq!(envelope.value_and_derivative(2.0), (0.0, 0.0));
/// # Ok::<(), tesseral::radial::RadialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolynomialCutoff {
    cutoff: f64,
    power: u16,
}

impl PolynomialCutoff {
    /// The envelope of a cutoff and a power p.
    ///
    /// # Errors
    /// If the cutoff is not a finite number above zero, or the power is zero.
    pub fn new(cutoff: f64, power: u16) -> Result<PolynomialCutoff, RadialError> {
        check_positive("cutoff", cutoff)?;
        check_positive("power", power.into())?;
        Ok(PolynomialCutoff { cutoff, power })
    }
}

impl Envelope for PolynomialCutoff {
    fn cutoff(&self) -> f64 {
        self.cutoff
    }

    fn inside(&self, r: f64) -> [f64; 3] {
        let x = r / self.cutoff;
        let y = (self.cutoff - r) / self.cutoff;
        // u = (1 - x)³ Σ_{k<p} (k + 1)(k + 2)/2 x^k does not cancel near the cutoff.
        let coefficients = (0..self.power).rev().map(|k| f64::from(k) + 1.0);
        let sum = coefficients.fold(0.0, |sum, k| sum * x + 0.5 * k * (k + 1.0));
        let p = f64::from(self.power);
        let factor = -0.5 * p * (p + 1.0) * (p + 2.0);
        // x^(p - 2), which has no factor for p = 1, and x^(p - 1).
        let lower = if self.power == 1 { 0.0 } else { x.powi(i32::from(self.power) - 2) };
        let upper = if self.power == 1 { 1.0 } else { lower * x };
        let slope = factor * upper * y * y / self.cutoff;
        let curvature = factor * y * ((p - 1.0) * lower * y - 2.0 * upper);
        [y * y * y * sum, slope, curvature / self.cutoff / self.cutoff]
    }
}

/// The cosine envelope: (1 + cos(πr/c)) / 2 below the cutoff c, and 0 from it on.
///
/// Behler and Parrinello, Phys. Rev. Lett. 98, 146401 (2007).
///
/// # Example
/// ```
/// use tesseral::radial::{CosineCutoff, Envelope};
///
/// let envelope = CosineCutoff::new(3.0)?;
/// assert!((envelope.value(1.0_f32) - 0.75).abs() < 1e-6);
/// # Ok::<(), tesseral::radial::RadialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineCutoff {
    cutoff: f64,
}

impl CosineCutoff {
    /// The envelope of a cutoff.
    ///
    /// # Errors
    /// If the cutoff is not a finite number above zero.
    pub fn new(cutoff: f64) -> Result<CosineCutoff, RadialError> {
        check_positive("cutoff", cutoff)?;
        Ok(CosineCutoff { cutoff })
    }
}

impl Envelope for CosineCutoff {
    fn cutoff(&self) -> f64 {
        self.cutoff
    }

    fn inside(&self, r: f64) -> [f64; 3] {
        // (1 + cos 2α) / 2 = cos² α. As sin(π/2 - α) the cosine is exact near the cutoff.
        let rate = FRAC_PI_2 / self.cutoff;
        let (sin, cos) = ((rate * r).sin(), (rate * (self.cutoff - r)).sin());
        let curvature = -2.0 * rate * rate * (cos - sin) * (cos + sin);
        [cos * cos, -2.0 * rate * sin * cos, curvature]
    }
}

/// The envelope of X-PLOR, one up to an onset a: with the cutoff c,
///
/// s(r) = (c² - r²)² (c² + 2r² - 3a²) / (c² - a²)³ for a < r < c,
///
/// 1 for r ≤ a and 0 for r ≥ c.
///
/// Brünger, "X-PLOR, version 3.1", Yale University Press 1992; `xplor` of HOOMD-blue.
///
/// # Example
/// ```
/// use tesseral::radial::{Envelope, XplorCutoff};
///
/// let envelope = XplorCutoff::new(1.0, 2.0)?;
/// assert_eq!(envelope.value(1.0), 1.0);
/// assert!((envelope.value(2.5_f64.sqrt()) - 0.5).abs() < 1e-15);
/// assert_eq!(envelope.value(2.0), 0.0);
/// # Ok::<(), tesseral::radial::RadialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct XplorCutoff {
    onset: f64,
    cutoff: f64,
}

impl XplorCutoff {
    /// The envelope of an onset and a cutoff.
    ///
    /// # Errors
    /// If the cutoff is not a finite number above zero, or the onset is negative or not below it.
    pub fn new(onset: f64, cutoff: f64) -> Result<XplorCutoff, RadialError> {
        check_positive("cutoff", cutoff)?;
        if !(0.0..cutoff).contains(&onset) {
            return Err(RadialError::Onset { onset, cutoff });
        }
        Ok(XplorCutoff { onset, cutoff })
    }
}

impl Envelope for XplorCutoff {
    fn cutoff(&self) -> f64 {
        self.cutoff
    }

    fn inside(&self, r: f64) -> [f64; 3] {
        if r <= self.onset {
            return [1.0, 0.0, 0.0];
        }
        // s = t² (3 - 2t) with t = (c² - r²) / (c² - a²).
        let width = (self.cutoff - self.onset) * (self.cutoff + self.onset);
        let t = (self.cutoff - r) * (self.cutoff + r) / width;
        let slope = -2.0 * r / width;
        let curvature = 6.0 * (1.0 - 2.0 * t) * slope * slope - 12.0 / width * t * (1.0 - t);
        [t * t * (3.0 - 2.0 * t), 6.0 * t * (1.0 - t) * slope, curvature]
    }
}

/// A basis multiplied by an envelope.
///
/// # Example
/// ```
/// use tesseral::radial::{Chebyshev, CosineCutoff, Enveloped, RadialBasis};
///
/// let basis = Enveloped::new(Chebyshev::new(4, 5.0)?, CosineCutoff::new(5.0)?);
/// let (mut values, mut derivatives) = ([0.0; 4], [0.0; 4]);
/// basis.values_and_derivatives_into(5.0, &mut values, &mut derivatives)?;
/// assert_eq!((values, derivatives), ([0.0; 4], [0.0; 4]));
/// # Ok::<(), tesseral::radial::RadialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Enveloped<B, E> {
    basis: B,
    envelope: E,
}

impl<B: RadialBasis, E: Envelope> Enveloped<B, E> {
    /// The product of a basis and an envelope.
    pub fn new(basis: B, envelope: E) -> Enveloped<B, E> {
        Enveloped { basis, envelope }
    }
}

impl<B: RadialBasis, E: Envelope> RadialBasis for Enveloped<B, E> {
    fn count(&self) -> usize {
        self.basis.count()
    }

    fn jets(&self, r: f64) -> impl Iterator<Item = [f64; 3]> {
        let [u, du, ddu] = self.envelope.jet(r);
        let outside = r >= self.envelope.cutoff();
        self.basis.jets(r).map(move |[b, db, ddb]| match outside {
            // Not a product, as the basis may overflow there.
            true => [0.0; 3],
            false => [b * u, db * u + b * du, ddb * u + 2.0 * db * du + b * ddu],
        })
    }
}
