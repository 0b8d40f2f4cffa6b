//! Machine learning and physics in three dimensions that do not care how the world is turned: real
//! spherical harmonics, coupling coefficients and Wigner matrices, derived exactly at build time up
//! to the degree [`LMAX`], and equivariant layers on them.
//!
//! - [`sh`]: harmonics and their derivatives.
//! - [`coupling`]: Clebsch–Gordan coefficients, real and complex, exact.
//! - [`wigner`]: Wigner matrices of rotations and reflections.
//! - [`irreps`]: irreducible representations of O(3) and layouts of features.
//! - [`equivariance`]: a test for functions of yours.
//! - [`graph`] and [`radial`]: neighbours, and functions of distance.
//! - [`kernels`]: tensor products, linear maps, nonlinearities, normalization, symmetric
//!   contractions and Cartesian tensors, on slices.
//! - [`error`]: wrong lengths and degrees, the same everywhere.
//! - [`simd`]: the lanes that batches and kernels run on.
//! - `nn`: layers on burn, with the feature of that name.
//! - [`coming_from_e3nn`]: the names of e3nn and those here.
//!
//! # Example
//! ```
//! use nalgebra::{Rotation3, Vector3};
//! use tesseral::{sh, wigner};
//!
//! let r = [0.36, 0.48, 0.8];
//! let rotation = Rotation3::from_euler_angles(0.1, 0.2, 0.3);
//! let turned = sh::y_1((rotation * Vector3::from(r)).into());
//! let d = wigner::d(1, rotation)?;
//! assert!((d * Vector3::from(sh::y_1(r)) - Vector3::from(turned)).norm() < 1e-15);
//! # Ok::<(), tesseral::wigner::WignerError>(())
//! ```
#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod coupling;
pub mod equivariance;
pub mod error;
pub mod graph;
pub mod irreps;
pub mod kernels;
#[cfg(feature = "nn")]
#[doc(alias = "safetensors")]
pub mod nn;
mod pages;
mod parallel;
mod quadrature;
pub mod radial;
mod random;
pub mod scalar;
pub mod sh;
pub mod simd;
pub mod wigner;

pub use irreps::{Irrep, Irreps, Parity};
pub use pages::coming_from_e3nn;
pub use random::{FeatureNormalization, Random};
pub use scalar::{Real, Scalar};
pub use simd::Number;

include!(concat!(env!("OUT_DIR"), "/lmax.rs"));

/// Fails to compile in a crate that needs degrees above this build's [`LMAX`].
///
/// ```
/// const _: () = tesseral::require_lmax(3);
/// ```
///
/// # Panics
/// If `needed` is above [`LMAX`]: in a constant, a compile error that says how to raise LMAX.
pub const fn require_lmax(needed: usize) {
    if needed > LMAX_LIMIT {
        panic!("no build of tesseral has an LMAX that high: see LMAX_LIMIT");
    }
    if needed > LMAX {
        panic!("{}", TOO_LOW[needed]);
    }
}

/// The examples of the README, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
