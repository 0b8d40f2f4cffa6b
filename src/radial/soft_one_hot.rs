//! The bases of e3nn's `soft_one_hot_linspace`.

use std::f64::consts::{FRAC_PI_2, PI};

use super::bessel::{sine_over, sum_of_angles};
use super::error::{RadialError, check_count, check_interval};
use super::{MAX_COUNT, RadialBasis};

/// The function that a [`SoftOneHot`] repeats.
///
/// With d = (r - centre_i) / spacing, x = r - start, w = end - start and N functions:
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OneHotFunction {
    /// exp(-d²) / 1.12, with or without a cutoff never zero.
    Gaussian,
    /// cos(πd/2) where |d| < 1, else 0.
    Cosine,
    /// 1.14136 e² exp(-1/(1 + d)) exp(-1/(1 - d)) where |d| < 1, else 0: infinitely
    /// differentiable.
    SmoothFinite,
    /// cos(πix/w) / √(1/4 + N/2) for i = 0, ..., N - 1; with a cutoff the sine for i = 1, ..., N
    /// where 0 < x < w, else 0.
    Fourier,
    /// √(2/w) sin(πix/w) / x for i = 1, ..., N; with a cutoff only where 0 < x < w, else 0.
    Bessel,
}

/// e3nn's `soft_one_hot_linspace(r, start, end, count, function, cutoff)`: functions that are
/// each large around another part of an interval.
///
/// They are normalized so that the squares of all add up to about one within the interval, except
/// for [`OneHotFunction::Bessel`]. With a cutoff the centres are the `count` inner points of
/// `count + 2` equally spaced ones, so that functions are zero, or for Gaussians small, outside
/// the interval; without, they go from the start to the end.
///
/// Formulas and constants are those of e3nn 0.6.0, `e3nn/math/_soft_one_hot_linspace.py`, save
/// at the start of the interval for Bessel functions: there e3nn gives NaN, this the limit, or 0
/// with a cutoff. Where a function jumps or has a kink, the derivative is that of the side where
/// it is 0.
///
/// # Example
/// ```
/// use tesseral::radial::{OneHotFunction, RadialBasis, SoftOneHot};
///
/// let basis = SoftOneHot::new(0.0, 4.0, 3, OneHotFunction::SmoothFinite, true)?;
/// let mut values = [0.0; 3];
/// basis.values_into(2.0, &mut values)?;
/// assert_eq!(values, [0.0, 1.14136, 0.0]);
/// # Ok::<(), tesseral::radial::RadialError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftOneHot {
    start: f64,
    end: f64,
    count: usize,
    function: OneHotFunction,
    cutoff: bool,
}

impl SoftOneHot {
    /// `count` functions over an interval. The arguments are those of e3nn in order.
    ///
    /// # Errors
    /// If the start is not below the end, or the count is not 1 to 65535; without a
    /// cutoff, 2 to 65535.
    pub fn new(
        start: f64,
        end: f64,
        count: usize,
        function: OneHotFunction,
        cutoff: bool,
    ) -> Result<SoftOneHot, RadialError> {
        check_count(if cutoff { 1 } else { 2 }, MAX_COUNT, count)?;
        check_interval(start, end)?;
        Ok(SoftOneHot { start, end, count, function, cutoff })
    }

    /// The i-th function at r and its first two derivatives. The angle, as sine and cosine, is that
    /// of the i-th wave.
    fn function(&self, i: usize, r: f64, angle: (f64, f64)) -> [f64; 3] {
        match self.function {
            OneHotFunction::Gaussian => self.around_centre(i, r, gaussian),
            OneHotFunction::Cosine => self.around_centre(i, r, cosine),
            OneHotFunction::SmoothFinite => self.around_centre(i, r, smooth_finite),
            OneHotFunction::Fourier if self.is_cut_off(r) => [0.0; 3],
            OneHotFunction::Fourier => self.fourier(i, angle),
            OneHotFunction::Bessel if self.is_cut_off(r) => [0.0; 3],
            OneHotFunction::Bessel => self.bessel(i, r - self.start, angle),
        }
    }

    /// A function of the distance from the i-th centre in units of the spacing.
    fn around_centre(&self, i: usize, r: f64, shape: fn(f64) -> [f64; 3]) -> [f64; 3] {
        let width = self.end - self.start;
        let (spacing, index) = match self.cutoff {
            true => (width / (self.count + 1) as f64, i + 1),
            false => (width / (self.count - 1) as f64, i),
        };
        let centre = self.start + index as f64 * spacing;
        let [value, first, second] = shape((r - centre) / spacing);
        [value, first / spacing, second / spacing / spacing]
    }

    /// Whether a cutoff makes functions over the whole interval zero.
    fn is_cut_off(&self, r: f64) -> bool {
        self.cutoff && (r <= self.start || r >= self.end)
    }

    /// The angle πx/w, for functions that are waves.
    fn angle(&self, r: f64) -> (f64, f64) {
        match self.function {
            OneHotFunction::Fourier | OneHotFunction::Bessel => {
                (PI / (self.end - self.start) * (r - self.start)).sin_cos()
            }
            _ => (0.0, 1.0),
        }
    }

    fn fourier(&self, i: usize, (sin, cos): (f64, f64)) -> [f64; 3] {
        let norm = (0.25 + self.count as f64 / 2.0).sqrt();
        let index = if self.cutoff { i + 1 } else { i };
        let k = PI * index as f64 / (self.end - self.start);
        let (value, other) = if self.cutoff { (sin, cos) } else { (cos, -sin) };
        [value / norm, k * other / norm, -k * k * value / norm]
    }

    fn bessel(&self, i: usize, x: f64, angle: (f64, f64)) -> [f64; 3] {
        let width = self.end - self.start;
        let scale = (2.0 / width).sqrt();
        let k = PI * (i + 1) as f64 / width;
        sine_over(k, x, angle).map(|part| scale * part)
    }
}

impl RadialBasis for SoftOneHot {
    fn count(&self) -> usize {
        self.count
    }

    fn jets(&self, r: f64) -> impl Iterator<Item = [f64; 3]> {
        let step = self.angle(r);
        let from_zero = self.function == OneHotFunction::Fourier && !self.cutoff;
        // The angle zero, but NaN at NaN.
        let zero = (0.0 * step.0, 1.0 + 0.0 * step.1);
        let mut angle = if from_zero { zero } else { step };
        (0..self.count).map(move |i| {
            let function = self.function(i, r, angle);
            angle = sum_of_angles(angle, step);
            function
        })
    }
}

fn gaussian(d: f64) -> [f64; 3] {
    let value = (-d * d).exp() / 1.12;
    [value, -2.0 * d * value, (4.0 * d * d - 2.0) * value]
}

fn cosine(d: f64) -> [f64; 3] {
    if d.abs() >= 1.0 {
        return [0.0; 3];
    }
    let (sin, cos) = (FRAC_PI_2 * d).sin_cos();
    [cos, -FRAC_PI_2 * sin, -FRAC_PI_2 * FRAC_PI_2 * cos]
}

fn smooth_finite(d: f64) -> [f64; 3] {
    if d.abs() >= 1.0 {
        return [0.0; 3];
    }
    // 2 - 1/(1 + d) - 1/(1 - d) = -2d² / (1 - d²)
    let rest = (1.0 - d) * (1.0 + d);
    let value = 1.14136 * (-2.0 * d * d / rest).exp();
    // Of the exponent; both are finite for every d, so their products with zero are zero.
    let slope = -4.0 * d / (rest * rest);
    let curvature = -4.0 * (1.0 + 3.0 * d * d) / (rest * rest * rest);
    [value, slope * value, (slope * slope + curvature) * value]
}
