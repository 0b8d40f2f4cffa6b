//! Equivariant layers on [burn] tensors, with its autodiff, modules, records and optimizers.
//!
//! Features of all degrees are one tensor `[rows][irreps.dim()]` with its [`Irreps`]
//! beside it ([`Features`]). What depends on positions alone — edge vectors, harmonics, the radial
//! basis — is computed once per graph ([`EdgeAttributes`]) and shared by all layers. Everything
//! works in f32 and f64, as the tensors are, on burn's CPU backend `flex`; a tensor elsewhere is an
//! error.
//!
//! The layers are those of Tensor Field Networks (Thomas et al. 2018, arXiv:1802.08219):
//! [`Convolution`], [`Linear`] (self-interaction), [`TensorProduct`], [`NormGate`], [`pool`].
//! Derivatives are hand-written kernels, registered as custom operations. burn has no second
//! derivatives: `.autodiff()` twice is one level; and tensors whose devices have different
//! strategies of gradient checkpointing do not meet in one operation, burn panics.

mod convolution;
mod edges;
mod features;
mod gate;
mod init;
mod linear;
mod operation;
mod pool;
mod radial_network;
mod symmetric_contraction;
mod tensor_product;

pub use convolution::{Convolution, ConvolutionConfig};
pub use edges::EdgeAttributes;
pub use features::Features;
pub use gate::NormGate;
pub use init::Init;
pub use linear::Linear;
pub use pool::{Pooling, pool};
pub use radial_network::RadialNetwork;
pub use symmetric_contraction::SymmetricContraction;
pub use tensor_product::TensorProduct;

use burn::tensor::DType;
use thiserror::Error;

use crate::Irreps;
use crate::graph::GraphError;
use crate::kernels::KernelError;
use crate::kernels::symmetric_contraction::ContractionError;
use crate::sh::HarmonicsError;

/// Tensors that do not fit a layer.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum NnError {
    /// A tensor is not on burn's CPU backend.
    #[error(
        "a tensor is on the device {device}: the layers of tesseral run on burn's `flex` CPU backend"
    )]
    NotCpu {
        /// The device.
        device: String,
    },
    /// A tensor is neither f32 nor f64.
    #[error("a tensor holds {found:?}, expected F32 or F64")]
    Type {
        /// What it holds.
        found: DType,
    },
    /// Two tensors of one operation have different types.
    #[error("tensors of {first:?} and {second:?} meet: cast one")]
    MixedTypes {
        /// The type of the first.
        first: DType,
        /// The type of another.
        second: DType,
    },
    /// A tensor has the wrong shape.
    #[error("{what} has the shape {found:?}, expected {expected:?}")]
    Shape {
        /// Which tensor.
        what: &'static str,
        /// The shape it needs.
        expected: [usize; 2],
        /// The shape it has.
        found: [usize; 2],
    },
    /// Features have other irreps than the layer takes.
    #[error("{what} has the irreps `{found}`, expected `{expected}`")]
    Irreps {
        /// Which features.
        what: &'static str,
        /// The irreps that it needs.
        expected: Irreps,
        /// The irreps that it has.
        found: Irreps,
    },
    /// A convolution cannot divide by the square root of its number of neighbours.
    #[error("the number of neighbours is {found}, expected a finite number above zero")]
    Neighbours {
        /// The number.
        found: f64,
    },
    /// A kernel cannot be made from the irreps, or its arguments do not fit.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A symmetric contraction cannot be made, or its arguments do not fit.
    #[error(transparent)]
    Contraction(#[from] ContractionError),
    /// Harmonics that this build does not have.
    #[error(transparent)]
    Harmonics(#[from] HarmonicsError),
    /// A graph does not fit what is computed on it.
    #[error(transparent)]
    Graph(#[from] GraphError),
}
