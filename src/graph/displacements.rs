//! The vectors of edges.

use super::{Graph, GraphError};
use crate::Real;
use crate::error::check_length;

impl Graph {
    /// The vector of every edge from its receiver to its sender, without periodic boundaries:
    /// `positions[sender] - positions[receiver]`, in the units of the positions.
    ///
    /// # Errors
    /// If there is not one position for each node, or an edge has a shift.
    ///
    /// ```
    /// use tesseral::graph::{Graph, SelfEdges};
    ///
    /// let graph = Graph::complete(2, SelfEdges::Without);
    /// let vectors = graph.displacements(&[[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]])?;
    /// assert_eq!(vectors, [[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]]);
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    pub fn displacements<T: Real>(&self, positions: &[[T; 3]]) -> Result<Vec<[T; 3]>, GraphError> {
        check_length("positions", self.num_nodes, positions.len())?;
        self.check_no_shifts()?;
        let ends = self.senders.iter().zip(&self.receivers);
        Ok(ends.map(|(&s, &r)| difference(positions[s], positions[r])).collect())
    }

    /// Checks that no edge goes to another cell.
    pub(crate) fn check_no_shifts(&self) -> Result<(), GraphError> {
        match self.shifts.iter().position(|&shift| shift != [0; 3]) {
            Some(edge) => Err(GraphError::MissingCell { edge, shift: self.shifts[edge] }),
            None => Ok(()),
        }
    }

    /// The vector of every edge from its receiver to the image of its sender:
    /// `positions[sender] - positions[receiver] + Σ_a shift[a] cell[a]`, where `cell[a]` is the
    /// a-th cell vector.
    ///
    /// # Errors
    /// If there is not one position for each node.
    ///
    /// ```
    /// use tesseral::graph::{Graph, SelfEdges};
    ///
    /// let cell = [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]];
    /// let positions = [[0.5, 0.0, 0.0], [3.5, 0.0, 0.0]];
    /// let periodic = [true; 3];
    /// let graph =
    ///     Graph::within_radius_periodic(&positions, cell, periodic, 2.0, SelfEdges::Without)?;
    /// assert_eq!(graph.shifts(), [[-1, 0, 0], [1, 0, 0]]);
    /// let vectors = graph.displacements_periodic(&positions, &cell)?;
    /// assert_eq!(vectors, [[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    pub fn displacements_periodic<T: Real>(
        &self,
        positions: &[[T; 3]],
        cell: &[[T; 3]; 3],
    ) -> Result<Vec<[T; 3]>, GraphError> {
        check_length("positions", self.num_nodes, positions.len())?;
        let ends = self.senders.iter().zip(&self.receivers).zip(&self.shifts);
        let vector = |((&s, &r), &shift): ((&usize, &usize), &[i32; 3])| {
            displacement(positions[s], positions[r], shift, cell)
        };
        Ok(ends.map(vector).collect())
    }
}

/// a - b
pub(super) fn difference<T: Real>(a: [T; 3], b: [T; 3]) -> [T; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// From the receiver to the sender's image.
///
/// The edge the other way, with the opposite shift, has exactly the opposite vector: every
/// operation here rounds symmetrically.
pub(super) fn displacement<T: Real>(
    sender: [T; 3],
    receiver: [T; 3],
    shift: [i32; 3],
    cell: &[[T; 3]; 3],
) -> [T; 3] {
    let [dx, dy, dz] = difference(sender, receiver);
    let [tx, ty, tz] = translation(shift, cell);
    [dx + tx, dy + ty, dz + tz]
}

/// Σ_a shift\[a\] cell\[a\]
pub(crate) fn translation<T: Real>(shift: [i32; 3], cell: &[[T; 3]; 3]) -> [T; 3] {
    let [i, j, k] = shift.map(|count| T::constant(count.into(), count as f32));
    let [a, b, c] = cell;
    std::array::from_fn(|axis| i * a[axis] + j * b[axis] + k * c[axis])
}
