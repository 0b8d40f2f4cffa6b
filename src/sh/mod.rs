//! Real spherical harmonics and their derivatives, from generated straight-line code.
//!
//! Y_{lm} for m = -l..=l, z the polar axis, without Condon–Shortley phase, orthonormal on the
//! sphere: Y_1 = √(3/(4π)) (y, z, x). The *solid* harmonics r^l Y_{lm}(r/|r|) are homogeneous
//! polynomials; `y_3(r)` is those of degree 3, `to_3(r)` those of all degrees to 3 in the order
//! l² + l + m. They follow IEEE arithmetic: once |r|^l leaves the range of the number type they
//! overflow or underflow. The *spherical* harmonics, of r/|r|, are right at any length; they, the
//! other conventions and degrees known only at run time are behind [`Harmonics`], and many points
//! at once behind [`Harmonics::batch`].
//!
//! Errors of both are below 6 (l + 2) ε · max_m |Y_{lm}| for l ≤ 20, near the poles too.
//!
//! # Example
//! ```
//! use tesseral::sh;
//!
//! let [y, z, x] = sh::y_1([1.0_f64, 2.0, 3.0]);
//! assert!((y / x - 2.0).abs() < 1e-15 && (z / x - 3.0).abs() < 1e-15);
//!
//! // Values and gradients; the axis of the derivative is the outer one.
//! let (_, gradient) = sh::y_1_grad([1.0_f64, 2.0, 3.0]);
//! assert_eq!(gradient[0], [0.0, 0.0, 0.4886025119029199]);
//! ```

pub mod batch;
mod convention;
mod evaluate;
#[allow(
    clippy::approx_constant,
    clippy::type_complexity,
    reason = "generated: constants such as 1/√2 are numbers here, and derivatives are plain arrays"
)]
mod generated {
    #[allow(unused_imports, reason = "at LMAX = 20 no degree is missing")]
    use super::missing::missing;
    use crate::Scalar;
    include!(concat!(env!("OUT_DIR"), "/harmonics.rs"));
}
mod harmonics;
mod missing;

pub use convention::{Axes, Form, Harmonics, Normalization, Phase};
pub use generated::*;
pub use harmonics::HarmonicsError;

use crate::Real;

/// The direction r/|r| of a vector of any finite length: scaled before the length is taken, so it
/// neither overflows nor underflows. The zero vector stays zero; NaN and infinities give NaN.
///
/// ```
/// assert_eq!(tesseral::sh::direction([3e300_f64, 0.0, 4e300]), [0.6, 0.0, 0.8]);
/// assert_eq!(tesseral::sh::direction([0.0_f32; 3]), [0.0; 3]);
/// ```
pub fn direction<T: Real>(r: [T; 3]) -> [T; 3] {
    evaluate::Polar::new(r).map_or(r, |polar| polar.direction)
}
