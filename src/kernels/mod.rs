//! Kernels on slices: what layers compute, forward and backward, without tensors or autodiff.
//!
//! Feature arrays are row-major `[row][irreps.dim()]` in the layout `mul_ir`. Kernels are plans,
//! made once from irreps and checked then; evaluating them checks lengths, and that rows which edges
//! name exist.
//!
//! All have the same calls, in the same words. Where a kernel has several inputs they are a struct:
//!
//! | call | arguments |
//! |---|---|
//! | `forward` | the inputs, and the output, which is overwritten |
//! | `backward` | the inputs, the gradient of the output, and the gradients of the inputs: what is given is added to |
//! | `backward_twice` | the inputs, the gradient of the output, the cotangents of what `backward` gives, and again gradients that are added to: those of the inputs, and that by the gradient of the output |

mod activation;
mod arithmetic;
pub mod cartesian;
mod channels;
mod error;
mod linear;
mod orthonormal;
mod standardize;
pub mod symmetric_contraction;
mod tensor_product;
pub(crate) mod unreached;

pub use activation::{Activation, ActivationError, Gate, GateConfig, ScalarFunction, SecondMoment};
pub use channels::{Channels, ScaleCotangents, ScaleGradients, ScaleInputs};
pub use error::KernelError;
pub use linear::{
    Linear, LinearCotangents, LinearGradients, LinearInputs, SpeciesInputs, SpeciesLinear,
};
pub use standardize::{ChannelNorm, Groups, Standardize, StandardizeInputs};
pub use tensor_product::{
    CouplingPath, IrrepNormalization, Mode, Normalization, Pairing, PathNormalization,
    ProductCotangents, ProductGradients, ProductInputs, TensorProduct,
};
