//! The two precisions that the library promises bounds for.

use std::fmt::Debug;

use tesseral::Real;

/// f32 or f64.
pub trait Precision: Real + Debug + Into<f64> {
    const EPSILON: f64;

    /// The nearest number of this precision.
    fn nearest(value: f64) -> Self;
}

impl Precision for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;

    fn nearest(value: f64) -> f32 {
        value as f32
    }
}

impl Precision for f64 {
    const EPSILON: f64 = f64::EPSILON;

    fn nearest(value: f64) -> f64 {
        value
    }
}
