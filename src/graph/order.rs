//! Where the edges of a graph were among those that it was made from.

use super::GraphError;
use crate::error::check_rows;

/// The order of the edges of a graph that was made from given ones: features of edges come in the
/// order in which the edges were given, and go along with this.
///
/// # Example
/// ```
/// use tesseral::graph::Graph;
///
/// // Two numbers for each edge.
/// let features = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5];
/// let (graph, order) = Graph::from_edges(3, &[2, 0, 1], &[1, 1, 0])?;
/// assert_eq!((graph.senders(), graph.receivers()), (&[1, 0, 2][..], &[0, 1, 1][..]));
/// assert_eq!(order.indices(), [2, 1, 0]);
/// assert_eq!(order.sort(&features)?, [3.0, 3.5, 2.0, 2.5, 1.0, 1.5]);
/// # Ok::<(), tesseral::graph::GraphError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeOrder {
    indices: Vec<usize>,
}

impl EdgeOrder {
    pub(super) fn new(indices: Vec<usize>) -> EdgeOrder {
        EdgeOrder { indices }
    }

    /// For each edge of the graph, which of the given edges it is.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }

    /// Rows that belong to the given edges, of any size, in the order of the graph.
    ///
    /// # Errors
    /// If there are not equally many numbers for each edge.
    pub fn sort<T: Clone>(&self, rows: &[T]) -> Result<Vec<T>, GraphError> {
        let size = check_rows("edge features", self.indices.len(), rows.len())?;
        let row = |&edge: &usize| &rows[edge * size..(edge + 1) * size];
        Ok(self.indices.iter().flat_map(row).cloned().collect())
    }

    /// Rows in the order of the graph, back in that of the given edges.
    ///
    /// # Errors
    /// If there are not equally many numbers for each edge.
    ///
    /// ```
    /// use tesseral::graph::Graph;
    ///
    /// let (_, order) = Graph::from_edges(3, &[2, 0, 1], &[1, 1, 0])?;
    /// let features = ["a", "b", "c"];
    /// assert_eq!(order.unsort(&order.sort(&features)?)?, features);
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    pub fn unsort<T: Clone>(&self, rows: &[T]) -> Result<Vec<T>, GraphError> {
        let size = check_rows("edge features", self.indices.len(), rows.len())?;
        let mut given = rows.to_vec();
        for (row, &edge) in self.indices.iter().enumerate() {
            given[edge * size..(edge + 1) * size]
                .clone_from_slice(&rows[row * size..(row + 1) * size]);
        }
        Ok(given)
    }
}
