//! The cell of a structure: its vectors, and along which of them the structure repeats.

#[cfg(feature = "nn")]
use super::{GraphError, lattice::Lattice};

/// Cell vectors and the axes along which a structure repeats.
///
/// # Example
/// ```
/// use tesseral::graph::Cell;
///
/// let crystal = Cell::new([[2.0, 0.0, 0.0], [0.5, 3.0, 0.0], [0.0, 0.1, 4.0]]);
/// assert_eq!(crystal.volume(), Some(24.0));
/// let slab = Cell { periodic: [true, true, false], ..crystal };
/// assert_eq!(slab.volume(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The vectors, one a row, in the units of positions.
    pub vectors: [[f64; 3]; 3],
    /// Whether the structure repeats along each.
    pub periodic: [bool; 3],
}

impl Cell {
    /// A cell that repeats along all three vectors, as that of a crystal.
    pub fn new(vectors: [[f64; 3]; 3]) -> Cell {
        Cell { vectors, periodic: [true; 3] }
    }

    /// Checks that vectors are finite and those along which the structure repeats are not linearly dependent.
    #[cfg(feature = "nn")]
    pub(crate) fn check(&self) -> Result<(), GraphError> {
        Lattice::new(self.vectors, self.periodic).map(|_| ())
    }

    /// The volume, a positive number whatever the order of the vectors; none where an axis is open.
    pub fn volume(&self) -> Option<f64> {
        let [[ax, ay, az], [bx, by, bz], [cx, cy, cz]] = self.vectors;
        let product =
            ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx);
        (self.periodic == [true; 3]).then_some(product.abs())
    }
}
