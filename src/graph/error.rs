//! Why a graph could not be built or measured.

use thiserror::Error;

use crate::error::{LengthError, debug_is_text};

/// Why a graph could not be built or measured. The message says what was expected, what was found
/// and where.
///
/// ```
/// use tesseral::graph::{Graph, SelfEdges};
///
/// let positions = [[0.0, 0.0, 0.0], [0.0, f64::NAN, 0.0]];
/// let error = Graph::within_radius(&positions, 1.0, SelfEdges::Without).unwrap_err();
/// assert_eq!(error.to_string(), "position 1 has NaN on axis 1, expected a finite number");
/// ```
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum GraphError {
    /// The cutoff is negative, infinite or NaN.
    #[error("the cutoff is {found}, expected a finite number that is not negative")]
    Cutoff {
        /// The cutoff.
        found: f64,
    },
    /// A coordinate is infinite or NaN.
    #[error("position {node} has {found} on axis {axis}, expected a finite number")]
    Position {
        /// The node, the index into the positions.
        node: usize,
        /// The axis, 0 to 2.
        axis: usize,
        /// The coordinate.
        found: f64,
    },
    /// An entry of the cell is infinite or NaN.
    #[error("cell vector {vector} has {found} on axis {axis}, expected a finite number")]
    CellEntry {
        /// The cell vector, 0 to 2.
        vector: usize,
        /// The axis, 0 to 2.
        axis: usize,
        /// The entry.
        found: f64,
    },
    /// Differences of coordinates are not finite.
    #[error("points are too far apart to search for neighbours, expected finite distances")]
    TooFarApart,
    /// The periodic cell vectors are zero or linearly dependent, or so short or long that what
    /// they span is out of the range of f64.
    #[error(
        "the periodic cell vectors span {found} (volume, area or length), expected linearly \
         independent vectors"
    )]
    FlatCell {
        /// The volume, area or length of three, two or one periodic vectors.
        found: f64,
    },
    /// A position is so far outside the cell that an image's number does not fit in an i32.
    #[error(
        "position {node} is {found:.1e} cells outside along vector {vector}, expected at \
         most {limit}"
    )]
    FarPosition {
        /// The node, the index into the positions.
        node: usize,
        /// The cell vector, 0 to 2.
        vector: usize,
        /// The largest number of cells.
        limit: i32,
        /// The number of cells.
        found: f64,
    },
    /// The cell is so tilted that the shift of an edge does not fit in three i32.
    #[error(
        "the edge from node {sender} to node {receiver} has the shift {found:?}, expected numbers of \
         cell vectors that fit in an i32: give a cell that is less tilted"
    )]
    FarShift {
        /// The sender.
        sender: usize,
        /// The receiver.
        receiver: usize,
        /// The shift, in numbers of cell vectors.
        found: [i64; 3],
    },
    /// The cutoff reaches over too many images of the cell.
    #[error("the cutoff needs {found:.1e} images of nodes, expected at most {limit}")]
    TooManyImages {
        /// The largest number of images.
        limit: usize,
        /// The number of images needed.
        found: f64,
    },
    /// There is no memory for the offsets of so many nodes.
    #[error("{num_nodes} nodes, expected a number that fits in memory")]
    TooManyNodes {
        /// The number of nodes.
        num_nodes: usize,
    },
    /// An edge ends at a node that does not exist.
    #[error("the {end} of edge {edge} is {found}, expected a node below {num_nodes}")]
    Node {
        /// `"sender"` or `"receiver"`.
        end: &'static str,
        /// The edge, the index into the slices.
        edge: usize,
        /// The index of the node.
        found: usize,
        /// The number of nodes.
        num_nodes: usize,
    },
    /// A slice has the wrong length.
    #[error(transparent)]
    Length(#[from] LengthError),
    /// An edge crosses a periodic boundary, and no cell was given.
    #[error(
        "edge {edge} crosses cells with shift {shift:?}, expected no shift where no cell is given"
    )]
    MissingCell {
        /// The edge.
        edge: usize,
        /// Its shift.
        shift: [i32; 3],
    },
}

debug_is_text!(GraphError);
