//! Several graphs as one, without edges between them.

use std::ops::Range;

use super::displacements::displacement;
use super::{Graph, GraphError};
use crate::Real;
use crate::error::check_length;

/// Several graphs as one: the nodes of each follow those of the one before, and so do the edges.
///
/// # Example
/// ```
/// use tesseral::graph::{Batch, Graph, SelfEdges};
///
/// let pair = Graph::complete(2, SelfEdges::Without);
/// let batch = Batch::new(&[pair.clone(), pair]);
/// assert_eq!(batch.graph().senders(), [1, 0, 3, 2]);
/// assert_eq!(batch.graph_of_node(), [0, 0, 1, 1]);
/// assert_eq!(batch.node_ranges().collect::<Vec<_>>(), [0..2, 2..4]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    // Invariant: node_offsets, one more than there are graphs, ascend from 0 to the number of
    // nodes, and no edge leaves the range of its graph.
    graph: Graph,
    node_offsets: Vec<usize>,
    graph_of_node: Vec<usize>,
}

impl Batch {
    /// The given graphs as one.
    pub fn new(graphs: &[Graph]) -> Batch {
        let num_edges = graphs.iter().map(Graph::num_edges).sum();
        let mut senders = Vec::with_capacity(num_edges);
        let mut receivers = Vec::with_capacity(num_edges);
        let mut shifts = Vec::with_capacity(num_edges);
        let mut row_offsets = vec![0];
        let mut node_offsets = vec![0];
        let mut graph_of_node = Vec::new();
        let mut num_nodes = 0;
        for (index, graph) in graphs.iter().enumerate() {
            let first_edge = senders.len();
            senders.extend(graph.senders.iter().map(|sender| num_nodes + sender));
            receivers.extend(graph.receivers.iter().map(|receiver| num_nodes + receiver));
            shifts.extend_from_slice(&graph.shifts);
            row_offsets.extend(graph.row_offsets[1..].iter().map(|offset| first_edge + offset));
            num_nodes += graph.num_nodes;
            node_offsets.push(num_nodes);
            graph_of_node.resize(num_nodes, index);
        }
        let graph = Graph { num_nodes, senders, receivers, shifts, row_offsets };
        Batch { graph, node_offsets, graph_of_node }
    }

    /// All graphs as one.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The number of graphs.
    pub fn num_graphs(&self) -> usize {
        self.node_offsets.len() - 1
    }

    /// The graph that each node belongs to, ascending.
    pub fn graph_of_node(&self) -> &[usize] {
        &self.graph_of_node
    }

    /// Where the nodes of each graph begin, and at the end the number of nodes.
    pub fn node_offsets(&self) -> &[usize] {
        &self.node_offsets
    }

    /// The nodes of each graph.
    pub fn node_ranges(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        self.node_offsets.windows(2).map(|pair| pair[0]..pair[1])
    }

    /// The edges of each graph.
    ///
    /// ```
    /// use tesseral::graph::{Batch, Graph, SelfEdges};
    ///
    /// let graphs = [2, 3].map(|nodes| Graph::complete(nodes, SelfEdges::Without));
    /// let batch = Batch::new(&graphs);
    /// assert_eq!(batch.edge_ranges().collect::<Vec<_>>(), [0..2, 2..8]);
    /// ```
    pub fn edge_ranges(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        let rows = &self.graph.row_offsets;
        self.node_offsets.windows(2).map(|pair| rows[pair[0]]..rows[pair[1]])
    }

    /// The vector of every edge from its receiver to its sender, as
    /// [`Graph::displacements_periodic`] with a cell for each graph.
    ///
    /// # Errors
    /// If there is not one position for each node and one cell for each graph.
    pub fn displacements_periodic<T: Real>(
        &self,
        positions: &[[T; 3]],
        cells: &[[[T; 3]; 3]],
    ) -> Result<Vec<[T; 3]>, GraphError> {
        check_length("positions", self.graph.num_nodes, positions.len())?;
        check_length("cells", self.num_graphs(), cells.len())?;
        let Graph { senders, receivers, shifts, .. } = &self.graph;
        let vector = |edge| {
            let (sender, receiver) = (senders[edge], receivers[edge]);
            let cell = &cells[self.graph_of_node[receiver]];
            displacement(positions[sender], positions[receiver], shifts[edge], cell)
        };
        Ok((0..senders.len()).map(vector).collect())
    }
}
