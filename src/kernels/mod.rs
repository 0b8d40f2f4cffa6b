//! Kernels on slices: what layers compute, forward and backward, without tensors or autodiff.
//!
//! Feature arrays are row-major `[row][irreps.dim()]` in the layout `mul_ir`. Kernels are plans,
//! made once from irreps and checked then; evaluating them checks lengths, and that rows which edges
//! name exist.

mod activation;
mod arithmetic;
pub mod cartesian;
mod channels;
mod linear;
mod orthonormal;
mod standardize;
pub mod symmetric_contraction;
mod tensor_product;

pub use activation::{Activation, ActivationError, Gate, ScalarFunction, SecondMoment};
pub use channels::Channels;
pub use linear::Linear;
pub use standardize::{ChannelNorm, Groups, Standardize};
pub use tensor_product::{
    Cotangents, Gradients, Instruction, IrrepNormalization, Mode, Normalization, PathNormalization,
    Rows, TensorProduct,
};

use thiserror::Error;

use crate::coupling::CouplingError;
use crate::irreps::IrrepsError;
use crate::{Irrep, Irreps};

/// A kernel that cannot be made, or arguments that do not fit it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KernelError {
    /// A path has no coupling tensor.
    #[error(transparent)]
    Coupling(#[from] CouplingError),
    /// A path names a block that its irreps do not have.
    #[error("path {path}: there is no block {block} in the {side} irreps `{irreps}`")]
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
    #[error("path {path}: {first} x {second} has no {output}: the parities do not multiply to it")]
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
    #[error("path {path}: mode {mode} needs weights, it would fill all channels alike")]
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
    #[error("the slice of {what} has length {found}, expected {expected}")]
    Length {
        /// What the slice is for.
        what: &'static str,
        /// The length it needs.
        expected: usize,
        /// The length it has.
        found: usize,
    },
    /// A row index is out of range.
    #[error("edge {edge}: {what} {row} is out of range for {rows} rows")]
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

/// Checks the length of a slice.
fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), KernelError> {
    if expected == found { Ok(()) } else { Err(KernelError::Length { what, expected, found }) }
}
