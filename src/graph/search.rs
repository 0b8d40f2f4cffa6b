//! A search of neighbours with all that can be chosen.

use super::lattice::Lattice;
use super::nearest::nearest;
use super::neighbours::{doubles, within};
use super::{Cell, Graph, GraphError, SelfEdges};
use crate::parallel::Threads;

/// Which neighbours are searched, and how. [`Graph::within_radius`] and its like are short forms.
///
/// # Example
/// ```
/// use tesseral::graph::{Cell, Search};
///
/// // Body-centred cubic: eight neighbours, and six more somewhat farther away.
/// let cell = Cell::new([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]]);
/// let atoms = [[0.0; 3], [1.0; 3]];
/// let graph = Search::within(2.1).in_cell(cell).graph(&atoms)?;
/// assert_eq!(graph.edges_into(0).len(), 8 + 6);
/// # Ok::<(), tesseral::graph::GraphError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Search {
    neighbours: Neighbours,
    cell: Option<Cell>,
    self_edges: SelfEdges,
    threads: Threads,
}

#[derive(Clone, Copy, Debug)]
enum Neighbours {
    Within(f64),
    Nearest(usize),
}

/// How a search in a lattice is done.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub self_edges: SelfEdges,
    pub threads: Threads,
}

impl Search {
    /// For all points nearer than a cutoff; see [`Graph::within_radius`].
    pub fn within(cutoff: f64) -> Search {
        Search::new(Neighbours::Within(cutoff))
    }

    /// For the nearest `count` of each point; see [`Graph::nearest`].
    ///
    /// ```
    /// use tesseral::graph::Search;
    ///
    /// let line = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.5, 0.0, 0.0]];
    /// assert_eq!(Search::nearest(1).graph(&line)?.senders(), [1, 0, 1]);
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    pub fn nearest(count: usize) -> Search {
        Search::new(Neighbours::Nearest(count))
    }

    fn new(neighbours: Neighbours) -> Search {
        let (cell, self_edges, threads) = (None, SelfEdges::Without, Threads::Caller);
        Search { neighbours, cell, self_edges, threads }
    }

    /// Among the images of points, too: see [`Graph::within_radius_periodic`].
    pub fn in_cell(self, cell: Cell) -> Search {
        Search { cell: Some(cell), ..self }
    }

    /// With or without edges from points to themselves, without by default.
    ///
    /// ```
    /// use tesseral::graph::{Search, SelfEdges};
    ///
    /// let point = [[0.0; 3]];
    /// let graph = Search::within(1.0).self_edges(SelfEdges::With).graph(&point)?;
    /// assert_eq!(graph.num_edges(), 1);
    /// # Ok::<(), tesseral::graph::GraphError>(())
    /// ```
    pub fn self_edges(self, self_edges: SelfEdges) -> Search {
        Search { self_edges, ..self }
    }

    /// Splits large searches among threads; see [`kernels`](crate::kernels#threads). The graph is the
    /// same.
    #[cfg(feature = "rayon")]
    pub fn in_parallel(self) -> Search {
        Search { threads: Threads::Pool, ..self }
    }

    /// The graph of the neighbours of points.
    ///
    /// # Errors
    /// As those of [`Graph::within_radius_periodic`] and [`Graph::nearest_periodic`].
    pub fn graph<T: Copy + Into<f64>>(&self, positions: &[[T; 3]]) -> Result<Graph, GraphError> {
        let lattice = match self.cell {
            Some(Cell { vectors, periodic }) => Lattice::new(vectors, periodic)?,
            None => Lattice::open(),
        };
        let positions = doubles(positions)?;
        let how = How { self_edges: self.self_edges, threads: self.threads };
        match self.neighbours {
            Neighbours::Within(cutoff) => within(&positions, &lattice, cutoff, how),
            Neighbours::Nearest(count) => nearest(&positions, &lattice, count, how),
        }
    }
}
