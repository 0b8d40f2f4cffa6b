//! What a build script needs: LMAX from its environment, and the exact tables for it.

mod child;
mod lmax;

pub use lmax::{DEFAULT_LMAX, LMAX_FEATURES, LmaxError, lmax};

use std::path::Path;

use thiserror::Error;

use crate::tables::snapshot::{self, SnapshotError};
use crate::tables::{LMAX_LIMIT, Tables};

/// Tables that could not be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The derivation ran and a proof failed, or it could not write its result.
    #[error("the derivation of the harmonics failed: {0}")]
    Derivation(String),
    /// The snapshot or the derived text cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

/// Tables, and what the user should be told about how they came to be.
#[derive(Debug)]
pub struct Built {
    /// The exact tables.
    pub tables: Tables,
    /// A line for `cargo::warning`, if the derivation had to be replaced by the snapshot.
    pub warning: Option<String>,
}

/// The tables to degree `lmax`: derived in a child process, which writes into `folder`, or read
/// from the snapshot where the feature `symbolica` is off or documentation is built on docs.rs.
///
/// The child is this program again, so `main` must begin with [`serve_child`].
pub fn tables(lmax: usize, folder: &Path) -> Result<Built, BuildError> {
    let derive = cfg!(feature = "symbolica") && std::env::var_os("DOCS_RS").is_none();
    if !derive {
        return Ok(Built { tables: snapshot::read(lmax)?, warning: None });
    }
    match child::derive(lmax, folder)? {
        child::Outcome::Derived(text) => {
            Ok(Built { tables: snapshot::decode(&text, lmax)?, warning: None })
        }
        child::Outcome::Unavailable(reason) => {
            let warning = format!(
                "{reason}; the exact tables were taken from the checked-in snapshot instead"
            );
            Ok(Built { tables: snapshot::read(lmax)?, warning: Some(warning) })
        }
    }
}

/// In the child process that [`tables`] starts: derives, writes the result and ends the process.
/// Elsewhere: does nothing.
pub fn serve_child() {
    child::serve();
}

/// The text of a snapshot to the highest degree, derived afresh in a child process.
pub fn fresh_snapshot(folder: &Path) -> Result<String, BuildError> {
    match child::derive(LMAX_LIMIT, folder)? {
        child::Outcome::Derived(text) => Ok(text),
        child::Outcome::Unavailable(reason) => Err(BuildError::Derivation(reason)),
    }
}
