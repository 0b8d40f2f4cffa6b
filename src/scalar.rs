//! The number types that generated code runs on.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// A type with the arithmetic of polynomials: f32, f64, or a type of yours, such as dual numbers
/// or SIMD lanes.
///
/// # Example
/// ```
/// use std::ops::{Add, Mul, Neg, Sub};
/// use tesseral::{Scalar, sh};
///
/// /// Two points at once.
/// #[derive(Clone, Copy)]
/// struct Pair([f64; 2]);
///
/// impl Add for Pair {
///     type Output = Pair;
///     fn add(self, b: Pair) -> Pair {
///         Pair([self.0[0] + b.0[0], self.0[1] + b.0[1]])
///     }
/// }
/// # impl Sub for Pair {
/// #     type Output = Pair;
/// #     fn sub(self, b: Pair) -> Pair {
/// #         Pair([self.0[0] - b.0[0], self.0[1] - b.0[1]])
/// #     }
/// # }
/// # impl Mul for Pair {
/// #     type Output = Pair;
/// #     fn mul(self, b: Pair) -> Pair {
/// #         Pair([self.0[0] * b.0[0], self.0[1] * b.0[1]])
/// #     }
/// # }
/// # impl Neg for Pair {
/// #     type Output = Pair;
/// #     fn neg(self) -> Pair {
/// #         Pair([-self.0[0], -self.0[1]])
/// #     }
/// # }
/// // ... Sub, Mul and Neg likewise ...
/// impl Scalar for Pair {
///     fn constant(value: f64, _single: f32) -> Pair {
///         Pair([value; 2])
///     }
/// }
///
/// let [y, ..] = sh::to_0([Pair([1.0, 2.0]), Pair([0.0, 1.0]), Pair([3.0, 4.0])]);
/// assert_eq!(y.0, [0.28209479177387814; 2]);
/// ```
pub trait Scalar:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self>
{
    /// An exact constant, given as the nearest f64 and the nearest f32, so that neither precision
    /// rounds twice.
    fn constant(value: f64, single: f32) -> Self;
}

/// A [`Scalar`] with division, order and a square root: what vectors of any length need to be
/// brought to length one.
pub trait Real: Scalar + Div<Output = Self> + PartialOrd {
    /// The square root.
    fn sqrt(self) -> Self;

    /// The magnitude.
    fn abs(self) -> Self;

    /// A power of two that brings a positive number of this magnitude to where its square neither
    /// overflows nor loses digits; one if it is there already.
    fn range_factor(self) -> Self;
}

impl Scalar for f64 {
    #[inline(always)]
    fn constant(value: f64, _single: f32) -> f64 {
        value
    }
}

impl Scalar for f32 {
    #[inline(always)]
    fn constant(_value: f64, single: f32) -> f32 {
        single
    }
}

impl Real for f64 {
    #[inline]
    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }

    #[inline]
    fn abs(self) -> f64 {
        f64::abs(self)
    }

    #[inline]
    fn range_factor(self) -> f64 {
        const UP: f64 = f64::from_bits((1023 + 600) << 52);
        const DOWN: f64 = f64::from_bits((1023 - 600) << 52);
        match self {
            large if large > 1e150 => DOWN,
            small if small < 1e-130 => UP,
            _ => 1.0,
        }
    }
}

impl Real for f32 {
    #[inline]
    fn sqrt(self) -> f32 {
        f32::sqrt(self)
    }

    #[inline]
    fn abs(self) -> f32 {
        f32::abs(self)
    }

    #[inline]
    fn range_factor(self) -> f32 {
        const UP: f32 = f32::from_bits((127 + 100) << 23);
        const DOWN: f32 = f32::from_bits((127 - 100) << 23);
        match self {
            large if large > 1e18 => DOWN,
            small if small < 1e-15 => UP,
            _ => 1.0,
        }
    }
}
