//! A block of irreps: one irrep and how many copies of it there are.

use std::cmp::Ordering;
use std::fmt;

use super::Irrep;

/// An irrep with a multiplicity, written `4x1o`.
///
/// The order is by irrep, then by multiplicity. A multiplicity of 0 is
/// allowed: such a block takes part in the list and has no components.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MulIrrep {
    /// How many copies of the irrep there are.
    pub mul: usize,
    /// The irrep.
    pub irrep: Irrep,
}

impl MulIrrep {
    /// `mul` copies of `irrep`.
    pub const fn new(mul: usize, irrep: Irrep) -> Self {
        MulIrrep { mul, irrep }
    }

    /// The number of components: the multiplicity times the irrep's dimension.
    ///
    /// # Panics
    ///
    /// If that does not fit in a `usize`, which it does for every block of an
    /// [`Irreps`](super::Irreps).
    pub fn dim(self) -> usize {
        let dim = self.checked_dim();
        dim.expect("the dimension of a block of irreps fits in a usize")
    }

    /// The number of components, or `None` if that or the irrep's dimension
    /// does not fit in a `usize`.
    pub fn checked_dim(self) -> Option<usize> {
        let irrep_dim = self.irrep.checked_dim()?;
        self.mul.checked_mul(irrep_dim)
    }
}

impl Ord for MulIrrep {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.irrep, self.mul).cmp(&(other.irrep, other.mul))
    }
}

impl PartialOrd for MulIrrep {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for MulIrrep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.mul, self.irrep)
    }
}

/// The text in quotes.
impl fmt::Debug for MulIrrep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// One copy of the irrep.
impl From<Irrep> for MulIrrep {
    fn from(irrep: Irrep) -> Self {
        MulIrrep::new(1, irrep)
    }
}

/// The multiplicity and the irrep.
impl From<(usize, Irrep)> for MulIrrep {
    fn from((mul, irrep): (usize, Irrep)) -> Self {
        MulIrrep::new(mul, irrep)
    }
}

impl From<&MulIrrep> for MulIrrep {
    fn from(block: &MulIrrep) -> Self {
        *block
    }
}
