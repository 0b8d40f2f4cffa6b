//! Sums over short slices, and constants in the type of the features.

use crate::{Real, Scalar};

/// `Σ a · b`.
pub(super) fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(T::constant(0.0, 0.0), |sum, (&a, &b)| sum + a * b)
}

/// `z += factor · x`.
pub(super) fn add_scaled<T: Real>(factor: T, x: &[T], z: &mut [T]) {
    for (z, &x) in z.iter_mut().zip(x) {
        *z = *z + factor * x;
    }
}

/// The nearest number of a type.
pub(super) fn rounded<T: Scalar>(value: f64) -> T {
    T::constant(value, value as f32)
}
