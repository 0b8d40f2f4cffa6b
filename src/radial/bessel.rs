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
/// They are large at short distances: at r = 0 the n-th is √(2/c) nπ/c. For inputs of unit variance, as networks
/// expect, wrap them in [`UnitVariance`](super::UnitVariance).
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
        multiples(frequency * r).zip(1..=self.count).map(move |(angle, n)| {
            sine_over(n as f64 * frequency, r, angle).map(|part| scale * part)
        })
    }
}

/// The sine and cosine of an angle, of twice the angle, and so on.
fn multiples(angle: f64) -> impl Iterator<Item = (f64, f64)> {
    let step = angle.sin_cos();
    std::iter::successors(Some(step), move |&angle| Some(sum_of_angles(angle, step)))
}

/// The sine and cosine of a sum of angles.
pub(super) fn sum_of_angles((s, c): (f64, f64), (sin, cos): (f64, f64)) -> (f64, f64) {
    (s * cos + c * sin, c * cos - s * sin)
}

/// sin(kr) / r and its first two derivatives, given the sine and cosine of kr.
pub(super) fn sine_over(k: f64, r: f64, (sin, cos): (f64, f64)) -> [f64; 3] {
    let z = k * r;
    if z.abs() < 1.0 {
        let [value, first, second] = near_zero(z);
        return [k * value, k * k * first, k * k * k * second];
    }
    let inverse = r.recip();
    let value = sin * inverse;
    let first = (k * cos - value) * inverse;
    // From r f = sin(kr).
    [value, first, -k * k * value - 2.0 * first * inverse]
}

/// Coefficients of powers of w = -z²: c_m = 1/(2m + 1)!, c_m / (2m + 3), c_m (2m + 1) / (2m + 3).
/// The next term is below 2^-65 for |z| < 1.
const SERIES: [[f64; 10]; 3] = {
    let mut series = [[0.0; 10]; 3];
    let (mut m, mut factorial) = (0, 1.0);
    while m < 10 {
        let odd = (2 * m + 1) as f64;
        series[0][m] = 1.0 / factorial;
        series[1][m] = 1.0 / (factorial * (odd + 2.0));
        series[2][m] = odd / (factorial * (odd + 2.0));
        factorial *= (odd + 1.0) * (odd + 2.0);
        m += 1;
    }
    series
};

/// sin(z) / z and its derivatives for |z| < 1, where their closed forms cancel: Σ c_m w^m,
/// -z Σ c_m w^m / (2m + 3) and -Σ c_m w^m (2m + 1) / (2m + 3); see [`SERIES`].
fn near_zero(z: f64) -> [f64; 3] {
    let w = -z * z;
    let [value, slope, curvature] =
        SERIES.map(|series| series.into_iter().rev().fold(0.0, |sum, c| sum * w + c));
    [value, -z * slope, -curvature]
}
