//! The Bessel basis of DimeNet.

use std::f64::consts::PI;

use super::error::{RadialError, check_count, check_positive};
use super::{MAX_COUNT, RadialBasis};

/// Spherical Bessel functions j₀ with zeros at the cutoff c: for n = 1, ..., count,
///
/// b_n(r) = √(2/c) sin(nπr/c) / r,
///
/// and √(2/c) nπ/c at r = 0. They are orthonormal: ∫₀ᶜ b_m b_n r² dr = δ_mn.
///
/// The mean of b_n² over a ball of that radius is 3/c³. For features whose second moment is one, as
/// networks expect, take distances in units of the cutoff, c = 1, and divide by √3.
///
/// Beyond the cutoff they go on; multiply by an envelope to end them. Units: length to the power
/// -3/2. Gasteiger, Groß and Günnemann, "Directional message passing for molecular graphs", ICLR
/// 2020, equation 7.
///
/// # Example
/// ```
/// use tesseral::radial::{Bessel, RadialBasis};
///
/// let mut values = [0.0_f64; 2];
/// Bessel::new(2, 2.0)?.values_into(1.0, &mut values)?;
/// assert!((values[0] - 1.0).abs() < 1e-15);
/// assert!(values[1].abs() < 1e-15);
/// # Ok::<(), tesseral::radial::RadialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bessel {
    count: usize,
    cutoff: f64,
}

impl Bessel {
    /// The first `count` functions with zeros at the cutoff.
    ///
    /// # Errors
    /// If the count is not 1 to 65535, or the cutoff is not a finite number above zero.
    pub fn new(count: usize, cutoff: f64) -> Result<Bessel, RadialError> {
        check_count(1, MAX_COUNT, count)?;
        check_positive("cutoff", cutoff)?;
        Ok(Bessel { count, cutoff })
    }
}

impl RadialBasis for Bessel {
    fn count(&self) -> usize {
        self.count
    }

    fn jets(&self, r: f64) -> impl Iterator<Item = [f64; 3]> {
        let scale = (2.0 / self.cutoff).sqrt();
        let frequency = PI / self.cutoff;
        let (sin, cos) = (frequency * r).sin_cos();
        // The angle grows by the same step from function to function.
        let angles = std::iter::successors(Some((sin, cos)), move |&(s, c)| {
            Some((s * cos + c * sin, c * cos - s * sin))
        });
        angles.zip(1..=self.count).map(move |(angle, n)| {
            sine_over(n as f64 * frequency, r, angle).map(|part| scale * part)
        })
    }
}

/// sin(kr) / r and its first two derivatives, given the sine and cosine of kr.
pub(super) fn sine_over(k: f64, r: f64, (sin, cos): (f64, f64)) -> [f64; 3] {
    let z = k * r;
    if z.abs() < 1.0 {
        let [value, first, second] = near_zero(z);
        return [k * value, k * k * first, k * k * k * second];
    }
    let value = sin / r;
    let first = (k * cos - value) / r;
    // From r f = sin(kr).
    [value, first, -k * k * value - 2.0 * first / r]
}

/// sin(z) / z and its derivatives for |z| < 1, where their closed forms cancel: Σ t_m,
/// -z Σ t_m / (2m + 3) and -Σ t_m (2m + 1) / (2m + 3), where t_m = (-z²)^m / (2m + 1)!.
fn near_zero(z: f64) -> [f64; 3] {
    let (mut term, mut value, mut slope, mut curvature) = (1.0, 0.0, 0.0, 0.0);
    // The next term is below 2^-65.
    for m in 0..10 {
        let odd = f64::from(2 * m + 3);
        value += term;
        slope += term / odd;
        curvature += term * (odd - 2.0) / odd;
        term *= -z * z / (odd * (odd - 1.0));
    }
    [value, -z * slope, -curvature]
}
