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
//!
//! # Threads
//! A kernel runs on the calling thread. With the feature `rayon`, `in_parallel` gives the same kernel that
//! splits large calls among the threads of the rayon pool that the caller is in, or of rayon's own, of
//! which `RAYON_NUM_THREADS` says the size. Batches of harmonics ([`sh::batch`](crate::sh::batch)) and of
//! Wigner matrices ([`wigner::batch`](crate::wigner::batch)), and searches of neighbours
//! ([`graph::Search`](crate::graph::Search)), have it too.
//!
//! **Results do not depend on the number of threads, bit for bit.** Calls are cut by their sizes alone, and
//! sums over parts are added in the order of the parts. What is computed row by row is what one thread
//! gives without `in_parallel`, and so are sums of edges that are sorted by receiver; other sums round
//! otherwise: gradients of senders and of weights that rows share, and moments of many rows.
//! Calls of less than some 50 µs stay on the calling thread.
//!
//! ```
//! # #[cfg(feature = "rayon")] {
//! use tesseral::kernels::{Linear, LinearInputs};
//!
//! let linear = Linear::new("8x1o".parse()?, "8x1o".parse()?, false);
//! let (input, parameters) = (vec![0.5; 24 * 10_000], vec![1.0; 64]);
//! let inputs = LinearInputs { input: &input, parameters: &parameters };
//! let [mut one, mut many] = [vec![0.0; 24 * 10_000], vec![0.0; 24 * 10_000]];
//! linear.forward(inputs, &mut one)?;
//! linear.in_parallel().forward(inputs, &mut many)?;
//! assert!(one == many);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
