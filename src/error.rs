//! What is wrong with the length of a slice or with a degree: two errors that those of all modules
//! carry, so that the same mistake reads the same everywhere; and how all errors are debugged.

use std::fmt;

use thiserror::Error;

use crate::{COUPLING_LIMIT, COUPLING_LMAX, LMAX, LMAX_LIMIT, REMEDIES};

/// `Debug` of an error is its text: that is what a program prints whose `main` returns the error,
/// and a test that unwraps it.
macro_rules! debug_is_text {
    ($error:ty) => {
        impl std::fmt::Debug for $error {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }
    };
}

pub(crate) use debug_is_text;

/// A slice has the wrong length.
///
/// ```
/// use tesseral::error::ExpectedLength;
/// use tesseral::graph::{Graph, GraphError, SelfEdges};
///
/// let pair = Graph::complete(2, SelfEdges::Without);
/// let Err(GraphError::Length(error)) = pair.displacements(&[[0.0; 3]]) else { unreachable!() };
/// assert_eq!((error.found, error.expected), (1, ExpectedLength::Exactly(2)));
/// assert_eq!(error.to_string(), "the slice of positions has length 1, expected 2");
/// ```
#[derive(Clone, Error, PartialEq, Eq)]
#[error("the slice of {what}{} has length {found}, expected {expected}", for_items(.items))]
#[non_exhaustive]
pub struct LengthError {
    /// What the slice is for.
    pub what: &'static str,
    /// How many of what the length is for, where that is not plain: `(2, "points")`.
    pub items: Option<(usize, &'static str)>,
    /// The length it needs.
    pub expected: ExpectedLength,
    /// The length it has.
    pub found: usize,
}

debug_is_text!(LengthError);

/// The length that a slice needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpectedLength {
    /// This one.
    Exactly(usize),
    /// Whole rows of this length.
    MultipleOf(usize),
}

impl fmt::Display for ExpectedLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExpectedLength::Exactly(length) => write!(f, "{length}"),
            ExpectedLength::MultipleOf(length) => write!(f, "a multiple of {length}"),
        }
    }
}

fn for_items(items: &Option<(usize, &'static str)>) -> String {
    items.map_or_else(String::new, |(count, what)| format!(" for {count} {what}"))
}

/// Checks the length of a slice.
pub(crate) fn check_length(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), LengthError> {
    if expected == found {
        return Ok(());
    }
    Err(LengthError { what, items: None, expected: ExpectedLength::Exactly(expected), found })
}

/// Checks the length of a slice that is for so many items.
pub(crate) fn check_length_for(
    items: (usize, &'static str),
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), LengthError> {
    check_length(what, expected, found).map_err(|error| LengthError { items: Some(items), ..error })
}

/// Checks that a slice holds whole rows of a size; the number of rows, zero for rows of nothing.
pub(crate) fn check_rows(
    what: &'static str,
    size: usize,
    found: usize,
) -> Result<usize, LengthError> {
    // Of zero, only zero is a multiple.
    if found.is_multiple_of(size) {
        return Ok(found.checked_div(size).unwrap_or(0));
    }
    let expected =
        if size == 0 { ExpectedLength::Exactly(0) } else { ExpectedLength::MultipleOf(size) };
    Err(LengthError { what, items: None, expected, found })
}

/// A degree for which this build has no tables. The message says how to build them.
///
/// ```
/// use tesseral::COUPLING_LMAX;
/// use tesseral::coupling::{CouplingError, Tensor};
/// use tesseral::error::DegreeLimit;
///
/// let high = COUPLING_LMAX + 1;
/// let Err(CouplingError::Degree(error)) = Tensor::new(0, high, high) else { unreachable!() };
/// assert_eq!((error.found, error.limit), (high, DegreeLimit::Coupling));
/// ```
#[derive(Clone, Error, PartialEq, Eq)]
#[error("degree {found}{} is above {limit}{}", of_place(.place), remedy(*.found, *.limit))]
#[non_exhaustive]
pub struct DegreeError {
    /// The degree.
    pub found: usize,
    /// What it is above.
    pub limit: DegreeLimit,
    /// Where it stands, such as `the coupling (0, 9, 9)`; none where it was the argument.
    pub place: Option<String>,
}

debug_is_text!(DegreeError);

fn of_place(place: &Option<String>) -> String {
    place.as_ref().map_or_else(String::new, |place| format!(" of {place}"))
}

/// How to have a degree, where that can be.
fn remedy(found: usize, limit: DegreeLimit) -> String {
    let highest = match limit {
        DegreeLimit::Lmax => LMAX_LIMIT,
        DegreeLimit::Coupling => COUPLING_LIMIT,
    };
    match REMEDIES.get(found) {
        Some(remedy) if found <= highest => format!(": {remedy}"),
        _ => format!("; no build goes above {highest}"),
    }
}

/// Checks that a degree is within LMAX.
pub(crate) fn check_degree(l: usize) -> Result<(), DegreeError> {
    if l <= LMAX {
        return Ok(());
    }
    Err(DegreeError { found: l, limit: DegreeLimit::Lmax, place: None })
}

/// The highest degree of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DegreeLimit {
    /// [`LMAX`], of harmonics and Wigner matrices.
    Lmax,
    /// [`COUPLING_LMAX`], of coupling tensors and what is made of them.
    Coupling,
}

impl DegreeLimit {
    /// The degree.
    ///
    /// ```
    /// use tesseral::error::DegreeLimit;
    ///
    /// assert_eq!(DegreeLimit::Lmax.highest(), tesseral::LMAX);
    /// ```
    pub const fn highest(self) -> usize {
        match self {
            DegreeLimit::Lmax => LMAX,
            DegreeLimit::Coupling => COUPLING_LMAX,
        }
    }
}

impl fmt::Display for DegreeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DegreeLimit::Lmax => write!(f, "this build's LMAX of {LMAX}"),
            DegreeLimit::Coupling => {
                write!(f, "{COUPLING_LMAX}, the highest of this build's coupling tables")
            }
        }
    }
}
