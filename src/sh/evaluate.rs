//! From the native solid harmonics to every other convention: the chain rule through r/|r|, then
//! factors and a change of axes. Slices have been checked by the caller.

use super::convention::{Form, Harmonics};
use super::generated;
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
        let r = options.axes.to_native(r);
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
    fn gradient(&self, held: Held, values: &[T], gradient: &mut [T]) {
        let Some(polar) = &self.polar else { return };
        for (row, u) in gradient.chunks_exact_mut(values.len()).zip(polar.direction) {
            for (index, (derivative, &value)) in row.iter_mut().zip(values).enumerate() {
                let l = degree_constant::<T>(held.degree(index));
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

/// Which harmonics values are of.
#[derive(Clone, Copy)]
enum Held {
    /// m = -l..=l of one degree.
    Degree(usize),
    /// All degrees, at index l² + l + m.
    All,
}

impl Held {
    fn degree(self, index: usize) -> usize {
        match self {
            Held::Degree(l) => l,
            Held::All => index.isqrt(),
        }
    }

    /// The index among those of all degrees.
    fn among_all(self, index: usize) -> usize {
        match self {
            Held::Degree(l) => l * l + index,
            Held::All => index,
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
    finish(options, Held::Degree(l), values, 2 * l + 1);
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
            argument.gradient(Held::Degree(l), values, gradient);
        }
        None => {
            at_zero(l == 0, values);
            gradient.fill(T::constant(0.0, 0.0));
        }
    }
    let size = 2 * l + 1;
    finish(options, Held::Degree(l), values, size);
    finish(options, Held::Degree(l), gradient, size);
    options.axes.blocks_to_caller(gradient, size);
}

pub(super) fn degree_hess<T: Real>(
    options: &Harmonics,
    l: usize,
    r: [T; 3],
    [values, gradient, hessian]: [&mut [T]; 3],
) {
    match Argument::new(options, r) {
        Some(argument) => {
            generated::degree_hess_into(l, argument.point, values, gradient, hessian);
            argument.hessian(l, values, gradient, hessian);
            argument.gradient(Held::Degree(l), values, gradient);
        }
        None => {
            at_zero(l == 0, values);
            gradient.fill(T::constant(0.0, 0.0));
            hessian.fill(T::constant(0.0, 0.0));
        }
    }
    let size = 2 * l + 1;
    for array in [values, &mut *gradient, &mut *hessian] {
        finish(options, Held::Degree(l), array, size);
    }
    options.axes.blocks_to_caller(gradient, size);
    options.axes.blocks_to_caller(hessian, 3 * size);
    for row in hessian.chunks_exact_mut(3 * size) {
        options.axes.blocks_to_caller(row, size);
    }
}

pub(super) fn up_to<T: Real>(options: &Harmonics, lmax: usize, r: [T; 3], values: &mut [T]) {
    match Argument::new(options, r) {
        Some(argument) => generated::all_into(lmax, argument.point, values),
        None => at_zero(true, values),
    }
    let size = values.len();
    finish(options, Held::All, values, size);
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
            argument.gradient(Held::All, values, gradient);
        }
        None => {
            at_zero(true, values);
            gradient.fill(T::constant(0.0, 0.0));
        }
    }
    let size = values.len();
    finish(options, Held::All, values, size);
    finish(options, Held::All, gradient, size);
    options.axes.blocks_to_caller(gradient, size);
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
fn finish<T: Scalar>(options: &Harmonics, held: Held, array: &mut [T], size: usize) {
    if !options.has_factors() {
        return;
    }
    for row in array.chunks_exact_mut(size) {
        for (index, value) in row.iter_mut().enumerate() {
            if let Some(factor) = options.normalization.factor::<T>(held.degree(index)) {
                *value = *value * factor;
            }
            if options.phase.negates(held.among_all(index)) {
                *value = -*value;
            }
        }
    }
}
