//! Graphs of points in space: which nodes send to which, open or periodic, one graph or several
//! as one.
//!
//! An edge goes from a sender to a receiver, which sums over the edges into it. Its vector is
//!
//! position\[sender\] - position\[receiver\] + shift · cell,
//!
//! which points from the receiver to the sender, as `pos[src] - pos[dst]` in e3nn's point
//! networks. The shift says by how many cell vectors the sender is moved, and is zero without
//! periodic boundaries.
//!
//! Edges are sorted by receiver, then sender, then shift, so those into one node are contiguous:
//! a sum over them needs no scatter.
//!
//! # Example
//! ```
//! use tesseral::graph::{Graph, SelfEdges};
//!
//! let water = [[0.0, 0.0, 0.1], [0.0, 0.8, -0.5], [0.0, -0.8, -0.5]];
//! let graph = Graph::within_radius(&water, 1.2, SelfEdges::Without)?;
//! assert_eq!(graph.senders(), [1, 2, 0, 0]);
//! assert_eq!(graph.receivers(), [0, 0, 1, 2]);
//! assert_eq!(graph.edges_into(0), 0..2);
//! assert_eq!(graph.displacements(&water)?[0], [0.0, 0.8, -0.6]);
//! # Ok::<(), tesseral::graph::GraphError>(())
//! ```

mod batch;
mod bins;
mod cell;
mod displacements;
mod error;
mod images;
mod lattice;
mod nearest;
mod neighbours;
mod order;
mod search;

use std::ops::Range;

use crate::error::check_length;
pub use batch::Batch;
pub use cell::Cell;
pub use error::GraphError;
pub use order::EdgeOrder;
pub use search::Search;
#[cfg(feature = "nn")]
pub(crate) use {displacements::translation, lattice::check_finite, neighbours::check_positions};

/// Whether a graph has an edge from every node to itself.
///
/// An image of a node in another cell is another point: edges to it do not count as self edges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SelfEdges {
    /// No node sends to itself.
    #[default]
    Without,
    /// Every node sends to itself once, with zero displacement, whatever the cutoff.
    With,
}

/// A directed graph whose edges are sorted by receiver, then sender, then shift.
///
/// It is made by [`within_radius`](Graph::within_radius),
/// [`within_radius_periodic`](Graph::within_radius_periodic), [`nearest`](Graph::nearest),
/// [`nearest_periodic`](Graph::nearest_periodic), [`complete`](Graph::complete),
/// [`from_edges`](Graph::from_edges) and [`from_edges_periodic`](Graph::from_edges_periodic).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    // Invariants: all indices are below num_nodes, the edges are sorted, and row_offsets, of
    // length num_nodes + 1, says where each receiver's edges begin.
    num_nodes: usize,
    senders: Vec<usize>,
    receivers: Vec<usize>,
    shifts: Vec<[i32; 3]>,
    row_offsets: Vec<usize>,
}

impl Graph {
    /// All ordered pairs of `num_nodes` nodes.
    ///
    /// # Panics
    /// If the edges, the square of the number of nodes, do not fit in memory.
    ///
    /// ```
    /// use tesseral::graph::{Graph, SelfEdges};
    ///
    /// let graph = Graph::complete(3, SelfEdges::Without);
    /// assert_eq!(graph.senders(), [1, 2, 0, 2, 0, 1]);
    /// assert_eq!(graph.receivers(), [0, 0, 1, 1, 2, 2]);
    /// ```
    pub fn complete(num_nodes: usize, self_edges: SelfEdges) -> Graph {
        let all = (0..num_nodes).flat_map(|receiver| (0..num_nodes).map(move |s| (s, receiver)));
        let kept = all.filter(|(s, receiver)| s != receiver || self_edges == SelfEdges::With);
        let (senders, receivers): (Vec<_>, Vec<_>) = kept.unzip();
        let shifts = vec![[0; 3]; senders.len()];
        let row_offsets = count_offsets(vec![0; num_nodes + 1], &receivers);
        Graph { num_nodes, senders, receivers, shifts, row_offsets }
    }

    /// The graph of the given edges, `senders[e]` to `receivers[e]`, without shifts.
    ///
    /// Edges are brought into the order of the graph; repeated ones are kept, in their own order.
    /// Features of edges must be in the order of the graph too, and [`EdgeOrder`] brings them there.
    ///
    /// # Errors
    /// If the lengths differ, an index is not below `num_nodes`, or there are more nodes than
    /// memory.
    ///
    /// ```
    /// use tesseral::graph::Graph;
    ///
    /// let lengths = [1.2, 1.0, 1.2, 1.0];
    /// let (path, order) = Graph::from_edges(3, &[1, 0, 2, 1], &[2, 1, 1, 0])?;
    /// assert_eq!(path.receivers(), [0, 1, 1, 2]);
    /// assert_eq!(path.senders(), [1, 0, 2, 1]);
    /// assert_eq!(order.sort(&lengths)?, [1.0, 1.0, 1.2, 1.2]);
    ///
    /// let error = Graph::from_edges(2, &[0, 2], &[1, 1]).unwrap_err();
    /// assert_eq!(error.to_string(), "the sender of edge 1 is 2, expected a node below 2");
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    pub fn from_edges(
        num_nodes: usize,
        senders: &[usize],
        receivers: &[usize],
    ) -> Result<(Graph, EdgeOrder), GraphError> {
        Graph::from_edges_periodic(num_nodes, senders, receivers, &vec![[0; 3]; senders.len()])
    }

    /// The graph of the given edges with the given shifts, in numbers of cell vectors.
    ///
    /// # Errors
    /// As [`from_edges`](Graph::from_edges).
    ///
    /// ```
    /// use tesseral::graph::Graph;
    ///
    /// // One atom in a chain, with its two images.
    /// let (chain, _) = Graph::from_edges_periodic(1, &[0, 0], &[0, 0], &[[1, 0, 0], [-1, 0, 0]])?;
    /// let cell = [[2.5, 0.0, 0.0], [0.0, 9.0, 0.0], [0.0, 0.0, 9.0]];
    /// let vectors = chain.displacements_periodic(&[[0.0; 3]], &cell)?;
    /// assert_eq!(vectors, [[-2.5, 0.0, 0.0], [2.5, 0.0, 0.0]]);
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    pub fn from_edges_periodic(
        num_nodes: usize,
        senders: &[usize],
        receivers: &[usize],
        shifts: &[[i32; 3]],
    ) -> Result<(Graph, EdgeOrder), GraphError> {
        check_length("receivers", senders.len(), receivers.len())?;
        check_length("shifts", senders.len(), shifts.len())?;
        check_nodes("sender", num_nodes, senders)?;
        check_nodes("receiver", num_nodes, receivers)?;
        let mut order: Vec<usize> = (0..senders.len()).collect();
        // A stable sort: repeated edges may have features of their own.
        order.sort_by_key(|&edge| (receivers[edge], senders[edge], shifts[edge]));
        let graph = Graph::from_sorted(
            num_nodes,
            order.iter().map(|&edge| senders[edge]).collect(),
            order.iter().map(|&edge| receivers[edge]).collect(),
            order.iter().map(|&edge| shifts[edge]).collect(),
        )?;
        Ok((graph, EdgeOrder::new(order)))
    }

    /// The graph of valid edges in order.
    fn from_sorted(
        num_nodes: usize,
        senders: Vec<usize>,
        receivers: Vec<usize>,
        shifts: Vec<[i32; 3]>,
    ) -> Result<Graph, GraphError> {
        // Reserved before it is filled, as the number of nodes may be any number.
        let too_many = GraphError::TooManyNodes { num_nodes };
        let Some(length) = num_nodes.checked_add(1) else { return Err(too_many) };
        let mut zeros = Vec::new();
        zeros.try_reserve_exact(length).map_err(|_| too_many)?;
        zeros.resize(length, 0);
        let row_offsets = count_offsets(zeros, &receivers);
        Ok(Graph { num_nodes, senders, receivers, shifts, row_offsets })
    }

    /// The number of nodes.
    pub fn num_nodes(&self) -> usize {
        self.num_nodes
    }

    /// The number of edges.
    pub fn num_edges(&self) -> usize {
        self.senders.len()
    }

    /// The mean number of edges into a node, 0 without nodes: what the `neighbours` of a convolution
    /// should be, over all graphs that it is trained on.
    ///
    /// ```
    /// use tesseral::graph::{Graph, SelfEdges};
    ///
    /// assert_eq!(Graph::complete(5, SelfEdges::Without).mean_degree(), 4.0);
    /// ```
    pub fn mean_degree(&self) -> f64 {
        if self.num_nodes == 0 { 0.0 } else { self.num_edges() as f64 / self.num_nodes as f64 }
    }

    /// The node each edge comes from.
    pub fn senders(&self) -> &[usize] {
        &self.senders
    }

    /// The node each edge goes to, ascending.
    pub fn receivers(&self) -> &[usize] {
        &self.receivers
    }

    /// By how many cell vectors each edge's sender is moved.
    pub fn shifts(&self) -> &[[i32; 3]] {
        &self.shifts
    }

    /// Where the edges into each node begin, and at the end the number of edges: the edges into
    /// node i are `row_offsets()[i]..row_offsets()[i + 1]`.
    pub fn row_offsets(&self) -> &[usize] {
        &self.row_offsets
    }

    /// The edges into a node.
    ///
    /// # Panics
    /// If there is no such node.
    ///
    /// ```
    /// use tesseral::graph::Graph;
    ///
    /// let (star, _) = Graph::from_edges(3, &[1, 2, 0], &[0, 0, 1])?;
    /// let senders = &star.senders()[star.edges_into(0)];
    /// assert_eq!(senders, [1, 2]);
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    pub fn edges_into(&self, receiver: usize) -> Range<usize> {
        let num_nodes = self.num_nodes;
        assert!(receiver < num_nodes, "node {receiver} of a graph of {num_nodes} nodes");
        self.row_offsets[receiver]..self.row_offsets[receiver + 1]
    }
}

/// Turns zeros, one more than there are nodes, into the offsets of sorted receivers.
fn count_offsets(mut zeros: Vec<usize>, receivers: &[usize]) -> Vec<usize> {
    for &receiver in receivers {
        zeros[receiver + 1] += 1;
    }
    let mut sum = 0;
    for offset in &mut zeros {
        sum += *offset;
        *offset = sum;
    }
    zeros
}

/// Checks that one end of all edges is at a node.
fn check_nodes(end: &'static str, num_nodes: usize, nodes: &[usize]) -> Result<(), GraphError> {
    match nodes.iter().position(|&node| node >= num_nodes) {
        None => Ok(()),
        Some(edge) => Err(GraphError::Node { end, edge, found: nodes[edge], num_nodes }),
    }
}
