//! From the native solid harmonics to every other convention: the chain rule through r/|r|, then
//! factors and a change of axes. Slices have been checked by the caller.

use super::generated;
use super::options::{Axes, Form, Harmonics, Normalization, Phase};
use crate::{Real, Scalar};

/// A vector as direction and length; the length is `scaled_length / factor`, kept apart because the
/// quotient may leave the range of T.
#[derive(Clone, Copy)]
pub(super) struct Polar<T> {
    pub direction: [T; 3],
    scaled_length: T,
    factor: T,
}

impl<T: Real> Polar<T> {
    /// `None` for the zero vector.
    pub fn new(r: [T; 3]) -> Option<Self> {
        let zero = T::constant(0.0, 0.0);
        if r.iter().all(|component| *component == zero) {
            return None;
        }
        let larger = |a: T, b: T| if b > a { b } else { a };
        let largest = larger(larger(r[0].abs(), r[1].abs()), r[2].abs());
        let factor = largest.range_factor();
        let [x, y, z] = r.map(|component| component * factor);
        let scaled_length = (x * x + y * y + z * z).sqrt();
        Some(Polar { direction: [x, y, z].map(|c| c / scaled_length), scaled_length, factor })
    }

    /// The reciprocal of the length as two factors, whose product may leave the range of T.
    pub fn inverse_length(&self) -> [T; 2] {
        [T::constant(1.0, 1.0) / self.scaled_length, self.factor]
    }

    /// A derivative with respect to direction as one with respect to the vector.
    fn per_length(&self, derivative: T) -> T {
        derivative / self.scaled_length * self.factor
    }
}

/// Where and how harmonics are evaluated: the native solid form at `point`, then, for spherical
/// form, the chain rule with `polar`.
struct Argument<T> {
    point: [T; 3],
    polar: Option<Polar<T>>,
}

impl<T: Real> Argument<T> {
    /// The argument, or `None` where all spherical harmonics of l > 0 are set to zero.
    fn new(options: &Harmonics, r: [T; 3]) -> Option<Self> {
        let r = match options.axes {
            Axes::ZPolar => r,
            Axes::YPolar => [r[2], r[0], r[1]],
        };
        match options.form {
            Form::Solid => Some(Argument { point: r, polar: None }),
            Form::Spherical => {
                let polar = Polar::new(r)?;
                Some(Argument { point: polar.direction, polar: Some(polar) })
            }
        }
    }

    /// Gradients `[3][values]` of spherical harmonics from those of solid ones at the direction u:
    /// ∂_i (Y(r) / |r|^l) = (∂_i Y - l u_i Y) / |r|.
    fn gradient(&self, layout: Row, values: &[T], gradient: &mut [T]) {
        let Some(polar) = &self.polar else { return };
        for (row, u) in gradient.chunks_exact_mut(values.len()).zip(polar.direction) {
            for (index, (derivative, &value)) in row.iter_mut().zip(values).enumerate() {
                let l = degree_constant::<T>(layout.degree(index));
                *derivative = polar.per_length(*derivative - l * u * value);
            }
        }
    }

    /// Hessians likewise, from solid gradients and Hessians at u:
    /// ∂_i ∂_j (Y / |r|^l) = (∂_i∂_j Y - l (u_i ∂_j Y + u_j ∂_i Y + δ_ij Y)
    ///                       + l (l + 2) u_i u_j Y) / |r|².
    fn hessian(&self, l: usize, values: &[T], gradient: &[T], hessian: &mut [T]) {
        let Some(polar) = &self.polar else { return };
        let size = values.len();
        let [degree, square] = [l, l * (l + 2)].map(degree_constant::<T>);
        let u = polar.direction;
        for (pair, row) in hessian.chunks_exact_mut(size).enumerate() {
            let (i, j) = (pair / 3, pair % 3);
            for (m, second) in row.iter_mut().enumerate() {
                let mut mixed = u[i] * gradient[j * size + m] + u[j] * gradient[i * size + m];
                if i == j {
                    mixed = mixed + values[m];
                }
                let radial = square * (u[i] * u[j]) * values[m];
                let tangential = *second - degree * mixed + radial;
                *second = polar.per_length(polar.per_length(tangential));
            }
        }
    }
}

/// The harmonics in a row of values.
#[derive(Clone, Copy)]
enum Row {
    /// m = -l..=l of one degree.
    Degree(usize),
    /// All degrees, at index l² + l + m.
    All,
}

impl Row {
    fn degree(self, index: usize) -> usize {
        match self {
            Row::Degree(l) => l,
            Row::All => index.isqrt(),
        }
    }

    fn odd_order(self, index: usize) -> bool {
        match self {
            Row::Degree(l) => (index + l) % 2 == 1,
            // l² + l is even.
            Row::All => index % 2 == 1,
        }
    }
}

/// A small integer.
fn degree_constant<T: Scalar>(l: usize) -> T {
    T::constant(l as f64, l as f32)
}

pub(super) fn degree<T: Real>(options: &Harmonics, l: usize, r: [T; 3], values: &mut [T]) {
    match Argument::new(options, r) {
        Some(argument) => generated::degree_into(l, argument.point, values),
        None => at_zero(l == 0, values),
    }
    finish(options, Row::Degree(l), values, 2 * l + 1);
}

pub(super) fn degree_grad<T: Real>(
    options: &Harmonics,
    l: usize,
    r: [T; 3],
    values: &mut [T],
    gradient: &mut [T],
) {
    match Argument::new(options, r) {
        Some(argument) => {
            generated::degree_grad_into(l, argument.point, values, gradient);
            argument.gradient(Row::Degree(l), values, gradient);
        }
        None => {
            at_zero(l == 0, values);
            gradient.fill(T::constant(0.0, 0.0));
        }
    }
    let size = 2 * l + 1;
    finish(options, Row::Degree(l), values, size);
    finish(options, Row::Degree(l), gradient, size);
    turn_axes(options, gradient, size);
}

pub(super) fn degree_hess<T: Real>(
    options: &Harmonics,
    l: usize,
    r: [T; 3],
    values: &mut [T],
    gradient: &mut [T],
    hessian: &mut [T],
) {
    match Argument::new(options, r) {
        Some(argument) => {
            generated::degree_hess_into(l, argument.point, values, gradient, hessian);
            argument.hessian(l, values, gradient, hessian);
            argument.gradient(Row::Degree(l), values, gradient);
        }
        None => {
            at_zero(l == 0, values);
            gradient.fill(T::constant(0.0, 0.0));
            hessian.fill(T::constant(0.0, 0.0));
        }
    }
    let size = 2 * l + 1;
    for array in [values, &mut *gradient, &mut *hessian] {
        finish(options, Row::Degree(l), array, size);
    }
    turn_axes(options, gradient, size);
    turn_axes(options, hessian, 3 * size);
    for row in hessian.chunks_exact_mut(3 * size) {
        turn_axes(options, row, size);
    }
}

pub(super) fn up_to<T: Real>(options: &Harmonics, lmax: usize, r: [T; 3], values: &mut [T]) {
    match Argument::new(options, r) {
        Some(argument) => generated::all_into(lmax, argument.point, values),
        None => at_zero(true, values),
    }
    let size = values.len();
    finish(options, Row::All, values, size);
}

pub(super) fn up_to_grad<T: Real>(
    options: &Harmonics,
    lmax: usize,
    r: [T; 3],
    values: &mut [T],
    gradient: &mut [T],
) {
    match Argument::new(options, r) {
        Some(argument) => {
            generated::all_grad_into(lmax, argument.point, values, gradient);
            argument.gradient(Row::All, values, gradient);
        }
        None => {
            at_zero(true, values);
            gradient.fill(T::constant(0.0, 0.0));
        }
    }
    let size = values.len();
    finish(options, Row::All, values, size);
    finish(options, Row::All, gradient, size);
    turn_axes(options, gradient, size);
}

/// The values at the zero vector: Y_00 if it is the first, and zeros.
fn at_zero<T: Scalar>(begins_with_degree_0: bool, values: &mut [T]) {
    let zero = T::constant(0.0, 0.0);
    values.fill(zero);
    if begins_with_degree_0 {
        generated::degree_into(0, [zero; 3], &mut values[..1]);
    }
}

/// Applies normalization and phase to rows of `size` values.
fn finish<T: Scalar>(options: &Harmonics, layout: Row, array: &mut [T], size: usize) {
    if options.normalization == Normalization::Integral && options.phase == Phase::None {
        return;
    }
    for row in array.chunks_exact_mut(size) {
        for (index, value) in row.iter_mut().enumerate() {
            let l = layout.degree(index);
            let factor = match options.normalization {
                Normalization::Integral => None,
                Normalization::Component => Some(generated::COMPONENT_FACTOR),
                Normalization::Norm => Some(generated::NORM_FACTORS[l]),
            };
            if let Some((wide, narrow)) = factor {
                *value = *value * T::constant(wide, narrow);
            }
            if options.phase == Phase::CondonShortley && layout.odd_order(index) {
                *value = -*value;
            }
        }
    }
}

/// Reorders three blocks of `size` derivatives from native axes to the caller's.
fn turn_axes<T>(options: &Harmonics, blocks: &mut [T], size: usize) {
    if options.axes == Axes::YPolar {
        // The native (x, y, z) are the caller's (z, x, y): the first block is the last.
        for row in blocks.chunks_exact_mut(3 * size) {
            row.rotate_left(size);
        }
    }
}
