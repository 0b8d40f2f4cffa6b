//! What is wrong with a kernel or the arguments of a call.

use thiserror::Error;

use super::Mode;
use crate::coupling::CouplingError;
use crate::error::{LengthError, debug_is_text};
use crate::irreps::IrrepsError;
use crate::{Irrep, Irreps};

/// A kernel that cannot be made, or arguments that do not fit it.
///
/// ```
/// use tesseral::kernels::TensorProduct;
///
/// let (first, second) = ("2x0e".parse()?, "3x0o".parse()?);
/// let error = TensorProduct::elementwise(&first, &second, |_| true).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "an elementwise product of 2 and 3 channels: expected as many in both"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KernelError {
    /// A path has no coupling tensor.
    #[error(transparent)]
    Coupling(#[from] CouplingError),
    /// A path names a block that its irreps do not have.
    #[error(
        "path {path}: block {block} of the {side} irreps `{irreps}`, expected one below {}",
        .irreps.len()
    )]
    Block {
        /// The index of the path.
        path: usize,
        /// `first`, `second` or `output`.
        side: &'static str,
        /// The block.
        block: usize,
        /// The irreps.
        irreps: Irreps,
    },
    /// The parities of a path do not multiply to that of its output.
    #[error(
        "path {path}: {first} x {second} to {output}, expected the parity `{}`, their product",
        first.parity * second.parity
    )]
    Parity {
        /// The index of the path.
        path: usize,
        /// The first irrep.
        first: Irrep,
        /// The second irrep.
        second: Irrep,
        /// The irrep of the output.
        output: Irrep,
    },
    /// The multiplicities of a path do not fit its mode.
    #[error(
        "path {path}: mode {mode} takes multiplicities {expected}, found {} x {} to {}", .found[0], .found[1], .found[2]
    )]
    Multiplicity {
        /// The index of the path.
        path: usize,
        /// The mode.
        mode: Mode,
        /// What the mode takes.
        expected: &'static str,
        /// The multiplicities of the two inputs and the output.
        found: [usize; 3],
    },
    /// A mode that brings channel pairs to all channels of the output needs weights.
    #[error(
        "path {path}: mode {mode} without weights, expected a path with weights: it would fill all \
         channels alike"
    )]
    Unweighted {
        /// The index of the path.
        path: usize,
        /// The mode.
        mode: Mode,
    },
    /// A path weight is not a variance.
    #[error("path {path}: the path weight is {found}, expected a finite number of at least zero")]
    PathWeight {
        /// The index of the path.
        path: usize,
        /// The path weight.
        found: String,
    },
    /// An output that nothing reaches.
    #[error(
        "no path leads from {inputs} to `{irrep}` of the output `{output}`, expected one to every block: it would \
         be zero whatever the weights; the function `with_unreached` allows it"
    )]
    Unreached {
        /// The irrep of the output.
        irrep: Irrep,
        /// All of the output.
        output: Irreps,
        /// The irreps of the input or inputs.
        inputs: String,
    },
    /// An elementwise product of different numbers of channels.
    #[error("an elementwise product of {first} and {second} channels: expected as many in both")]
    Channels {
        /// The channels of the first input.
        first: usize,
        /// The channels of the second input.
        second: usize,
    },
    /// The output of all paths is too large.
    #[error(transparent)]
    Irreps(#[from] IrrepsError),
    /// The weights of all paths are too many.
    #[error("path {path}: the weights are more than a usize counts")]
    Weights {
        /// The index of the path that goes beyond; in a linear map, of the pair of blocks.
        path: usize,
    },
    /// A slice has the wrong length.
    #[error(transparent)]
    Length(#[from] LengthError),
    /// The weights of all species are too many.
    #[error("{species} species of {each} weights are more than a usize counts")]
    SpeciesWeights {
        /// The number of species.
        species: usize,
        /// The weights of each.
        each: usize,
    },
    /// A map with biases, where e3nn's product has none.
    #[error(
        "the map has {biases} biases, expected none: e3nn's product with one-hot vectors has none"
    )]
    WithBiases {
        /// The number of biases of each species.
        biases: usize,
    },
    /// A row is of a species that there are no weights for.
    #[error("row {row} is of the species {found}, expected one below {expected}")]
    Species {
        /// The row.
        row: usize,
        /// Its species.
        found: usize,
        /// The number of species.
        expected: usize,
    },
    /// A row index is out of range.
    #[error("edge {edge}: the {what} is row {row}, expected one below {rows}")]
    Row {
        /// The index of the edge.
        edge: usize,
        /// `sender` or `receiver`.
        what: &'static str,
        /// The row it names.
        row: usize,
        /// The number of rows there are.
        rows: usize,
    },
}

debug_is_text!(KernelError);
