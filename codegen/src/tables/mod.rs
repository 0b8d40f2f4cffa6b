//! Exact tables: what is derived and what programs are built from. Integers, rationals and signed
//! square roots only; nothing here is rounded.

pub mod coupling;
pub mod harmonics;
pub mod normalization;
pub mod polynomial;
pub mod snapshot;
pub mod surd;

pub use coupling::Coupling;
pub use harmonics::Harmonics;
pub use normalization::Normalization;
pub use polynomial::Polynomial;
pub use surd::Surd;

/// Everything that is derived for one LMAX.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tables {
    /// Harmonics to LMAX.
    pub harmonics: Harmonics,
    /// Coupling to min(LMAX, [`COUPLING_LMAX`]).
    pub coupling: Coupling,
}

/// The highest LMAX.
pub const LMAX_LIMIT: usize = 20;

/// The highest degree of coupling tensors.
pub const COUPLING_LMAX: usize = 8;

impl Tables {
    /// The tables up to degree `lmax` only.
    pub fn truncated(&self, lmax: usize) -> Tables {
        Tables {
            harmonics: self.harmonics.truncated(lmax),
            coupling: self.coupling.truncated(lmax.min(COUPLING_LMAX)),
        }
    }
}
