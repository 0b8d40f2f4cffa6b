//! The normalizations that a user can choose, as factors of the native harmonics.

use num_rational::BigRational;

use super::Surd;

/// A normalization, in the order of the library's `sh::Normalization`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalization {
    /// ∫ Y² = 1, the native one.
    Integral,
    /// |Y_l|² = 2l + 1 on the sphere.
    Component,
    /// |Y_l| = 1 on the sphere.
    Norm,
}

impl Normalization {
    /// All of them.
    pub const ALL: [Normalization; 3] =
        [Normalization::Integral, Normalization::Component, Normalization::Norm];

    /// What the native harmonics of degree l are multiplied by: 1, √(4π) or √(4π/(2l + 1)).
    pub fn factor(self, l: usize) -> Surd {
        let denominator = match self {
            Normalization::Integral => return Surd::one(),
            Normalization::Component => 1,
            Normalization::Norm => 2 * l + 1,
        };
        Surd::sqrt(BigRational::new(4.into(), denominator.into())).times_sqrt_pi_power(1)
    }
}
