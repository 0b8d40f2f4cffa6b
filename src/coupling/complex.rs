//! Complex coefficients: Wigner 3j symbols and Clebsch–Gordan coefficients with the phase of Condon
//! and Shortley.

use super::generated::SYMBOLS;
use super::root::SignedRoot;
use super::{CouplingError, check_degrees};
use crate::error::DegreeError;

/// The 3j symbol (l1 l2 l3; m1 m2 m3), exact. It is zero unless m1 + m2 + m3 = 0.
///
/// For half-integer spins and higher degrees there is [`three_j_of_spins`](super::three_j_of_spins).
///
/// # Errors
/// If a degree is above [`COUPLING_LMAX`](super::COUPLING_LMAX), the triangle inequality does not
/// hold, or an order is outside -l..=l.
///
/// ```
/// let symbol = tesseral::coupling::three_j([1, 1, 2], [1, -1, 0])?;
/// assert_eq!(symbol.to_string(), "√(1/30)");
/// # Ok::<(), tesseral::coupling::CouplingError>(())
/// ```
#[doc(alias = "wigner_3j")]
pub fn three_j(degrees: [usize; 3], orders: [i32; 3]) -> Result<SignedRoot, CouplingError> {
    check(degrees, orders)?;
    if orders.iter().sum::<i32>() != 0 {
        return Ok(SignedRoot::ZERO);
    }
    // Stored are l1 ≤ l2 ≤ l3; an odd permutation brings (-1)^(l1 + l2 + l3).
    let mut slots = [0, 1, 2];
    slots.sort_by_key(|&slot| degrees[slot]);
    let sorted = slots.map(|slot| degrees[slot]);
    let odd = matches!(slots, [1, 0, 2] | [0, 2, 1] | [2, 1, 0])
        && degrees.iter().sum::<usize>() % 2 == 1;
    Ok(stored(sorted, [orders[slots[0]], orders[slots[1]]]).scaled(odd, 1))
}

/// The error of a degree without a table, with the name of what needs none.
fn with_way_out(error: CouplingError) -> CouplingError {
    let CouplingError::Degree(DegreeError { found, limit, place: Some(place) }) = error else {
        return error;
    };
    let place = Some(format!("{place} (three_j_of_spins and clebsch_gordan_of_spins have it)"));
    DegreeError { found, limit, place }.into()
}

/// Checks that degrees couple and that every order belongs to its degree.
fn check(degrees: [usize; 3], orders: [i32; 3]) -> Result<(), CouplingError> {
    let [l1, l2, l3] = degrees;
    check_degrees(l1, l2, l3).map_err(with_way_out)?;
    for (l, m) in degrees.into_iter().zip(orders) {
        if m.unsigned_abs() as usize > l {
            return Err(CouplingError::Order { l, m });
        }
    }
    Ok(())
}

/// The symbol of sorted degrees at (m1, m2), zero where the table has none.
fn stored(degrees: [usize; 3], orders: [i32; 2]) -> SignedRoot {
    let Ok(list) = SYMBOLS.binary_search_by_key(&degrees, |(degrees, _)| *degrees) else {
        return SignedRoot::ZERO;
    };
    let symbols = SYMBOLS[list].1;
    match symbols.binary_search_by_key(&orders, |(m, _)| m.map(i32::from)) {
        Ok(index) => symbols[index].1,
        Err(_) => SignedRoot::ZERO,
    }
}

/// The Clebsch–Gordan coefficient ⟨l1 m1; l2 m2 | l3 m3⟩, exact. It is zero unless m3 = m1 + m2.
///
/// For half-integer spins and higher degrees there is
/// [`clebsch_gordan_of_spins`](super::clebsch_gordan_of_spins).
///
/// # Errors
/// As [`three_j`].
///
/// ```
/// let coefficient = tesseral::coupling::clebsch_gordan([1, 1, 2], [1, -1, 0])?;
/// assert_eq!(coefficient.to_string(), "√(1/6)");
/// # Ok::<(), tesseral::coupling::CouplingError>(())
/// ```
#[doc(alias = "clebsch")]
pub fn clebsch_gordan(degrees: [usize; 3], orders: [i32; 3]) -> Result<SignedRoot, CouplingError> {
    // Before -m3 is taken: the error names m3, and i32 has no -i32::MIN.
    check(degrees, orders)?;
    let [l1, l2, l3] = degrees;
    let [m1, m2, m3] = orders;
    let symbol = three_j(degrees, [m1, m2, -m3])?;
    let odd = (l1 as i32 - l2 as i32 + m3).rem_euclid(2) == 1;
    Ok(symbol.scaled(odd, 2 * l3 as u64 + 1))
}
