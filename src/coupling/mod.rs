//! Coupling coefficients: real tensors C(l1,l2→l3), complex Clebsch–Gordan coefficients and 3j
//! symbols, exact, for all degrees up to [`COUPLING_LMAX`] = min(LMAX, 8). The complex ones of any
//! spins, half-integer or large, are evaluated by [`clebsch_gordan_of_spins`] and [`three_j_of_spins`].
//!
//! C couples two vectors of degrees l1 and l2 to one of degree l3,
//! `c[m3] = Σ C[m1, m2, m3] a[m1] b[m2]`, and commutes with rotations. Σ_{m1,m2} C² = 1 for each
//! m3, and every entry is ± the square root of a rational.
//!
//! # Example
//! ```
//! use tesseral::coupling::Tensor;
//!
//! // 1 x 1 → 1 is a cross product divided by √2.
//! let cross = Tensor::new(1, 1, 1)?;
//! assert_eq!(cross.nonzeros().len(), 6);
//! assert_eq!(cross.exact(-1, 0, 1).to_string(), "√(1/2)");
//! assert_eq!(cross.get(-1, 0, 1), 0.5_f64.sqrt());
//! # Ok::<(), tesseral::coupling::CouplingError>(())
//! ```

mod complex;
mod factorials;
mod natural;
mod root;
mod rounding;
mod spin;
mod tensor;

pub use complex::{clebsch_gordan, three_j};
pub use root::SignedRoot;
pub use spin::{SpinCoefficient, clebsch_gordan_of_spins, three_j_of_spins};
pub use tensor::{Convention, Entry, Tensor, tensors};

use thiserror::Error;

pub use crate::COUPLING_LMAX;
use crate::error::{DegreeError, DegreeLimit, LengthError, debug_is_text};

/// The static tables.
#[allow(
    clippy::approx_constant,
    clippy::type_complexity,
    reason = "generated: constants such as 1/√2 are numbers here, and tables are plain arrays"
)]
mod generated {
    use super::Entry;
    use super::root::{SignedRoot, root};
    use super::tensor::entry;
    include!(concat!(env!("OUT_DIR"), "/coupling.rs"));
}

/// Degrees or orders, or spins, that have no coupling coefficient.
///
/// ```
/// use tesseral::coupling::Tensor;
///
/// let error = Tensor::new(1, 1, 3).unwrap_err();
/// assert_eq!(error.to_string(), "degrees 1 and 1 do not couple to 3: expected 0 to 2");
/// ```
#[derive(Clone, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CouplingError {
    /// A degree is above the tables. Complex coefficients of it are had from
    /// [`clebsch_gordan_of_spins`] and [`three_j_of_spins`].
    #[error(transparent)]
    Degree(#[from] DegreeError),
    /// The triangle inequality |l1 - l2| ≤ l3 ≤ l1 + l2 does not hold.
    #[error("degrees {l1} and {l2} do not couple to {l3}: expected {} to {}", l1.abs_diff(*l2), l1 + l2)]
    Triangle {
        /// The first degree.
        l1: usize,
        /// The second degree.
        l2: usize,
        /// The degree of the result.
        l3: usize,
    },
    /// An order is outside -l..=l.
    #[error("order {m} of degree {l}, expected one in -{l}..={l}")]
    Order {
        /// The degree.
        l: usize,
        /// The order.
        m: i32,
    },
    /// Spins do not couple: the triangle inequality does not hold, or j1 + j2 + j3 is no integer.
    #[error(
        "spins {} and {} do not couple to {}: expected {} to {} in steps of 1",
        half(.twice_spins[0]), half(.twice_spins[1]), half(.twice_spins[2]),
        half(.twice_spins[0].abs_diff(.twice_spins[1])),
        half(u32::from(.twice_spins[0]) + u32::from(.twice_spins[1]))
    )]
    SpinTriangle {
        /// Twice the spins j1, j2 and j3.
        twice_spins: [u16; 3],
    },
    /// An order is none of -j, -j + 1, …, j.
    #[error(
        "order {} of spin {}, expected one from {} to {1} in steps of 1",
        half(*.twice_order), half(*.twice_spin), half(-i32::from(*.twice_spin))
    )]
    SpinOrder {
        /// Twice the spin j.
        twice_spin: u16,
        /// Twice the order m.
        twice_order: i32,
    },
    /// A slice has the wrong length.
    #[error(transparent)]
    Length(#[from] LengthError),
}

debug_is_text!(CouplingError);

/// Half of a number as text, such as `2` or `-3/2`.
fn half(twice: impl Into<i64>) -> String {
    let twice = twice.into();
    if twice % 2 == 0 { (twice / 2).to_string() } else { format!("{twice}/2") }
}

/// Checks that three degrees have a table.
fn check_degrees(l1: usize, l2: usize, l3: usize) -> Result<(), CouplingError> {
    let found = l1.max(l2).max(l3);
    if found > COUPLING_LMAX {
        let place = Some(format!("the coupling ({l1}, {l2}, {l3})"));
        return Err(DegreeError { found, limit: DegreeLimit::Coupling, place }.into());
    }
    if l3 < l1.abs_diff(l2) || l3 > l1 + l2 {
        return Err(CouplingError::Triangle { l1, l2, l3 });
    }
    Ok(())
}
