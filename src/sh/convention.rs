//! The choice of a convention: form, normalization, axes and phase of the harmonics, and what each
//! choice is in native terms. Code elsewhere asks here; it does not know which axis is which.

use super::generated::{COMPONENT_FACTOR, NORM_FACTORS};
use crate::Scalar;

/// The argument of the harmonics.
///
/// ```
/// use tesseral::sh::{Form, Harmonics};
///
/// // Twice the length: solid harmonics of degree 2 are four times as large, spherical ones as before.
/// let at = |form: Form, r: [f64; 3]| {
///     let mut values = [0.0; 5];
///     Harmonics { form, ..Harmonics::NATIVE }.degree(2, r, &mut values)?;
///     Ok::<f64, tesseral::sh::HarmonicsError>(values[2])
/// };
/// let (r, doubled) = ([0.5, 0.25, 1.0], [1.0, 0.5, 2.0]);
/// assert_eq!(at(Form::Solid, doubled)?, 4.0 * at(Form::Solid, r)?);
/// assert_eq!(at(Form::Spherical, doubled)?, at(Form::Spherical, r)?);
/// # Ok::<(), tesseral::sh::HarmonicsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// r^l Y_{lm}(r/|r|), a homogeneous polynomial.
    Solid,
    /// Y_{lm}(r/|r|). At the zero vector, where it has no limit for l > 0, values and derivatives
    /// are 0 for l > 0. NaN and infinities give NaN.
    #[default]
    Spherical,
}

/// The normalization of the harmonics.
///
/// ```
/// use tesseral::sh::{Harmonics, Normalization};
///
/// // Along the pole one order is not zero, so it is the length of all: √(2l + 1), or 1.
/// let mut values = [0.0_f64; 5];
/// for (normalization, length) in
///     [(Normalization::Component, 5.0_f64.sqrt()), (Normalization::Norm, 1.0)]
/// {
///     let harmonics = Harmonics { normalization, ..Harmonics::NATIVE };
///     harmonics.degree(2, [0.0, 0.0, 1.0], &mut values)?;
///     assert!((values[2] - length).abs() <= 2.0 * f64::EPSILON);
/// }
/// # Ok::<(), tesseral::sh::HarmonicsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Normalization {
    /// Orthonormal on the sphere: ∫ Y² = 1. The native one.
    #[default]
    Integral,
    /// |Y_l|² = 2l + 1 on the sphere: `Integral` times √(4π).
    Component,
    /// |Y_l| = 1 on the sphere (Racah, Schmidt): `Integral` times √(4π/(2l + 1)).
    Norm,
}

/// The polar axis.
///
/// ```
/// use tesseral::sh::{Axes, Harmonics, Normalization};
///
/// let order = |axes: Axes| {
///     let mut values = [0.0_f64; 3];
///     let normalization = Normalization::Norm;
///     Harmonics { axes, normalization, ..Harmonics::SOLID }.degree(1, [1.0, 2.0, 3.0], &mut values)?;
///     Ok::<_, tesseral::sh::HarmonicsError>(values.map(f64::round))
/// };
/// assert_eq!(order(Axes::ZPolar)?, [2.0, 3.0, 1.0]);
/// assert_eq!(order(Axes::YPolar)?, [1.0, 2.0, 3.0]);
/// # Ok::<(), tesseral::sh::HarmonicsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Axes {
    /// z is polar, Y_1 ∝ (y, z, x). The native one.
    #[default]
    ZPolar,
    /// y is polar, Y_1 ∝ (x, y, z), as in e3nn: Y(x, y, z) is the native Y(z, x, y).
    YPolar,
}

/// The sign of odd orders.
///
/// ```
/// use tesseral::sh::{Harmonics, Phase};
///
/// let (mut native, mut phased) = ([0.0_f64; 3], [0.0; 3]);
/// Harmonics::NATIVE.degree(1, [1.0, 2.0, 3.0], &mut native)?;
/// let sloan = Harmonics { phase: Phase::CondonShortley, ..Harmonics::NATIVE };
/// sloan.degree(1, [1.0, 2.0, 3.0], &mut phased)?;
/// assert_eq!(phased, [-native[0], native[1], -native[2]]);
/// # Ok::<(), tesseral::sh::HarmonicsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// No Condon–Shortley phase. The native one.
    #[default]
    None,
    /// Odd m negated, as in Sloan's and Dr.Jit's code.
    CondonShortley,
}

/// Evaluation of harmonics in a chosen convention, of degrees chosen at run time.
///
/// Arrays are row-major: values `[2l + 1]` for a degree and `[(L + 1)²]` for all degrees to L,
/// gradients `[3][..]`, Hessians `[3][3][..]`, derivative axes outermost and in the order x, y, z
/// of the caller.
///
/// # Example
/// ```
/// use tesseral::sh::{Axes, Harmonics, Normalization};
///
/// let e3nn = Harmonics { normalization: Normalization::Component, axes: Axes::YPolar, ..Harmonics::default() };
/// let mut values = [0.0_f64; 4];
/// e3nn.up_to(1, [0.0, 0.0, 2.0], &mut values)?;
/// for (value, expected) in values.into_iter().zip([1.0, 0.0, 0.0, 3.0_f64.sqrt()]) {
///     assert!((value - expected).abs() <= 2.0 * f64::EPSILON);
/// }
/// # Ok::<(), tesseral::sh::HarmonicsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[doc(alias = "spherical_harmonics")]
#[doc(alias = "ylm")]
pub struct Harmonics {
    /// Solid or spherical.
    pub form: Form,
    /// The normalization.
    pub normalization: Normalization,
    /// The polar axis.
    pub axes: Axes,
    /// The sign of odd orders.
    pub phase: Phase,
}

impl Harmonics {
    /// Spherical harmonics in the native convention.
    pub const NATIVE: Harmonics = Harmonics {
        form: Form::Spherical,
        normalization: Normalization::Integral,
        axes: Axes::ZPolar,
        phase: Phase::None,
    };

    /// Solid harmonics in the native convention.
    pub const SOLID: Harmonics = Harmonics { form: Form::Solid, ..Self::NATIVE };

    /// Whether values are not those of [`Normalization::Integral`] and [`Phase::None`].
    pub(super) fn has_factors(&self) -> bool {
        self.normalization != Normalization::Integral || self.phase != Phase::None
    }
}

impl Normalization {
    /// What the native harmonics of degree `l` are multiplied by, if it is not one.
    pub(super) fn factor<T: Scalar>(self, l: usize) -> Option<T> {
        let (wide, narrow) = match self {
            Normalization::Integral => return None,
            Normalization::Component => COMPONENT_FACTOR,
            Normalization::Norm => NORM_FACTORS[l],
        };
        Some(T::constant(wide, narrow))
    }
}

impl Phase {
    /// Whether the harmonic at the index l² + l + m is negated. l² + l is even, so that odd orders
    /// have odd indices.
    pub(super) fn negates(self, index: usize) -> bool {
        self == Phase::CondonShortley && index % 2 == 1
    }
}

/// The native x, y, z are the caller's z, x, y if y is polar. Everything here follows from that.
impl Axes {
    /// What belongs to the caller's x, y, z, in the native order.
    #[inline(always)]
    pub(crate) fn to_native<A>(self, [x, y, z]: [A; 3]) -> [A; 3] {
        match self {
            Axes::ZPolar => [x, y, z],
            Axes::YPolar => [z, x, y],
        }
    }

    /// What belongs to the native x, y, z, in the caller's order.
    #[inline(always)]
    pub(crate) fn to_caller<A>(self, [x, y, z]: [A; 3]) -> [A; 3] {
        match self {
            Axes::ZPolar => [x, y, z],
            Axes::YPolar => [y, z, x],
        }
    }

    /// Three blocks of `size` entries one after the other, as [`Axes::to_caller`], in each run of
    /// three.
    pub(super) fn blocks_to_caller<T>(self, blocks: &mut [T], size: usize) {
        if self == Axes::YPolar {
            for row in blocks.chunks_exact_mut(3 * size) {
                row.rotate_left(size);
            }
        }
    }

    /// The native second derivatives xx, xy, xz, yy, yz, zz among those of the caller `[3][3]`, each
    /// of the upper triangle.
    #[inline(always)]
    pub(super) fn upper_to_native<A>(self, caller: [[A; 3]; 3]) -> [A; 6] {
        let [[a, b, c], [_, e, f], [_, _, i]] = caller;
        match self {
            Axes::ZPolar => [a, b, c, e, f, i],
            Axes::YPolar => [i, c, f, a, b, e],
        }
    }
}
