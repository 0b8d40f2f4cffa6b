//! What can be wrong with a symmetric contraction.

use thiserror::Error;

use super::polynomial::MOST;
use crate::Irreps;
use crate::coupling::CouplingError;
use crate::error::{DegreeError, LengthError, debug_is_text};
use crate::kernels::KernelError;

/// A symmetric contraction that cannot be made, or arguments that do not fit it.
///
/// ```
/// use tesseral::kernels::symmetric_contraction::SymmetricContraction;
///
/// let scalar = "0e".parse()?;
/// let error = SymmetricContraction::new(&scalar, &scalar, 5, 1).unwrap_err();
/// assert_eq!(error.to_string(), "the correlation is 5, expected 1 to 4");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum ContractionError {
    /// A slice has the wrong length.
    #[error(transparent)]
    Length(#[from] LengthError),
    /// An output that no product reaches.
    #[error(transparent)]
    Unreached(#[from] KernelError),
    /// Factors are coupled on the way to a degree that has no tensor.
    #[error(transparent)]
    Coupling(#[from] CouplingError),
    /// The correlation is none that there is.
    #[error("the correlation is {found}, expected 1 to {MOST}")]
    Correlation {
        /// The correlation.
        found: usize,
    },
    /// Blocks have different numbers of channels.
    #[error("the {side} irreps `{irreps}` have different multiplicities, expected {expected} each")]
    Multiplicities {
        /// `input` or `output`.
        side: &'static str,
        /// The multiplicity of the first block of the input.
        expected: usize,
        /// The irreps.
        irreps: Irreps,
    },
    /// A degree is above the tables of this build.
    #[error(transparent)]
    Degree(#[from] DegreeError),
    /// The weights are more than a `usize` counts.
    #[error("{species} x {paths} x {channels} weights are more than a usize counts")]
    Weights {
        /// The number of species.
        species: usize,
        /// The number of paths.
        paths: usize,
        /// The number of channels.
        channels: usize,
    },
    /// The species of a node is out of range.
    #[error("node {node} is of the species {found}, expected one below {species}")]
    Species {
        /// The node.
        node: usize,
        /// Its species.
        found: usize,
        /// The number of species.
        species: usize,
    },
    /// The attributes of a node are not one-hot.
    #[error("the attributes of node {node} are not one-hot: expected one 1 and otherwise 0")]
    NotOneHot {
        /// The node.
        node: usize,
    },
    /// There is no such block of the output.
    #[error("block {found} of the output irreps `{irreps}`, expected one below {}", .irreps.len())]
    Output {
        /// The block.
        found: usize,
        /// The irreps of the output.
        irreps: Irreps,
    },
    /// There are no products of so many factors.
    #[error("products of {found} factors, expected 1 to {correlation}")]
    Factors {
        /// The number of factors.
        found: usize,
        /// The correlation.
        correlation: usize,
    },
    /// There is no such path.
    #[error("path {found}, expected one below {paths}")]
    Path {
        /// The path.
        found: usize,
        /// The number of paths.
        paths: usize,
    },
    /// A tensor of another basis is not spanned by this one.
    #[error(
        "tensor {path} of the other basis is not equivariant: a share of {missing:e} is missing, \
         expected none but rounding"
    )]
    NotEquivariant {
        /// The path of the other basis.
        path: usize,
        /// The norm of the symmetric part that is not spanned, relative to that of the tensor.
        missing: f64,
    },
}

debug_is_text!(ContractionError);
