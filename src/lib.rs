#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![deny(unsafe_code)]

pub mod irreps;
pub mod scalar;
pub mod sh;
pub mod simd;

pub use irreps::{Irrep, Irreps, Parity};
pub use scalar::{Real, Scalar};

include!(concat!(env!("OUT_DIR"), "/lmax.rs"));

/// Fails to compile in a crate that needs degrees above this build's [`LMAX`].
///
/// ```
/// const _: () = tesseral::require_lmax(3);
/// ```
///
/// # Panics
/// If `needed` is above [`LMAX`]: in a constant, a compile error that says how to set LMAX.
pub const fn require_lmax(needed: usize) {
    if needed > LMAX_LIMIT {
        panic!("no build of tesseral has an LMAX above 20");
    }
    if needed > LMAX {
        panic!("{}", TOO_LOW[needed]);
    }
}
