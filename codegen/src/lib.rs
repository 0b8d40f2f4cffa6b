//! Derives real spherical harmonics and coupling coefficients exactly and writes straight-line
//! Rust for them.
#![deny(missing_docs)]
pub mod build;
#[cfg(feature = "symbolica")]
pub mod derive;
pub mod emit;
pub mod ir;
pub mod tables;
