//! Exact derivation with Symbolica, under its one-thread limit.
//!
//! Everything here is derived from definitions and proved before it is handed on: harmonics from
//! Rodrigues' formula (in `harmonics`), coupling from the invariant trilinear form (in `coupling`).
//! All use of Symbolica is in this room, on one thread at a time in one process at a time
//! (in `region`).

mod coupling;
mod harmonics;
mod number;
mod region;

use thiserror::Error;

use crate::tables::coupling::ProofError;
use crate::tables::{COUPLING_LMAX, LMAX_LIMIT, Tables};

/// A derivation that failed: one of its proofs did not hold.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// The degree is too high.
    #[error("cannot derive to degree {0}: the highest is {LMAX_LIMIT}")]
    Degree(usize),
    /// A property of a harmonic.
    #[error("harmonic of degree {l}, order {m}: {law} does not hold")]
    Harmonic {
        /// The degree.
        l: usize,
        /// The order.
        m: i32,
        /// The property.
        law: &'static str,
    },
    /// A property of a trilinear form.
    #[error("3j symbols of degrees {degrees:?}: {law} does not hold")]
    Symbols {
        /// The degrees.
        degrees: [usize; 3],
        /// The property.
        law: &'static str,
    },
    /// A property of a coupling tensor.
    #[error(transparent)]
    Coupling(#[from] ProofError),
}

/// Derives and proves all tables to degree `lmax`.
///
/// Waits while another process on this machine derives. Aborts the process if a Symbolica program
/// other than this crate runs meanwhile: [`crate::build::tables`] guards against that.
pub fn tables(lmax: usize) -> Result<Tables, DeriveError> {
    if lmax > LMAX_LIMIT {
        return Err(DeriveError::Degree(lmax));
    }
    let derived = region::run(move || -> Result<Tables, DeriveError> {
        Ok(Tables {
            harmonics: harmonics::derive(lmax)?,
            coupling: coupling::derive(lmax.min(COUPLING_LMAX))?,
        })
    })?;
    derived.coupling.prove()?;
    Ok(derived)
}
