//! Derives real spherical harmonics and coupling coefficients exactly and writes straight-line
//! Rust for them: the build dependency of `tesseral`, and a library of its own.
//!
//! Data goes one way: `derive` proves exact [`tables`], [`ir`] builds straight-line programs from
//! them, [`emit`] writes code. [`build`] is what a build script calls.
//!
//! # Example
//! ```
//! use tesseral_codegen::ir::harmonics::{Derivatives, Points, all_degrees};
//! use tesseral_codegen::tables::snapshot;
//!
//! let tables = snapshot::read(4)?.harmonics;
//! assert_eq!(tables.formula(2, -1), "√(15/(4π)) · z · y");
//!
//! let program = all_degrees(&tables, 4, Points::Unit, Derivatives::None);
//! assert_eq!(program.count().total(), 47);
//! # Ok::<(), tesseral_codegen::tables::snapshot::SnapshotError>(())
//! ```
#![deny(missing_docs)]

pub mod build;
#[cfg(feature = "symbolica")]
pub mod derive;
pub mod emit;
pub mod ir;
pub mod tables;
pub mod unroll;
