//! Why a radial function could not be made or evaluated.

use thiserror::Error;

use crate::error::{LengthError, debug_is_text};

/// Why a radial function could not be made or evaluated. The message says what was expected and
/// what was found.
///
/// ```
/// use tesseral::radial::Bessel;
///
/// let error = Bessel::new(8, -5.0).unwrap_err();
/// assert_eq!(error.to_string(), "the cutoff is -5, expected a finite number above zero");
/// ```
#[derive(Clone, Error, PartialEq)]
#[non_exhaustive]
pub enum RadialError {
    /// There are too few functions or too many.
    #[error("the number of functions is {found}, expected {least} to {most}")]
    Count {
        /// The least number.
        least: usize,
        /// The largest number.
        most: usize,
        /// The number given.
        found: usize,
    },
    /// A length, rate or power is zero, negative or not finite.
    #[error("the {what} is {found}, expected a finite number above zero")]
    NotPositive {
        /// Which parameter.
        what: &'static str,
        /// Its value.
        found: f64,
    },
    /// An interval is empty, reversed or not finite.
    #[error("the interval is {start} to {end}, expected finite numbers, the start below the end")]
    Interval {
        /// Where it starts.
        start: f64,
        /// Where it ends.
        end: f64,
    },
    /// The onset of a cutoff is not within it.
    #[error("the onset is {onset}, expected at least 0 and below the cutoff {cutoff}")]
    Onset {
        /// Where the function starts to fall.
        onset: f64,
        /// Where it becomes zero.
        cutoff: f64,
    },
    /// A slice has the wrong length.
    #[error(transparent)]
    Length(#[from] LengthError),
}

debug_is_text!(RadialError);

/// Checks the number of functions.
pub(super) fn check_count(least: usize, most: usize, found: usize) -> Result<(), RadialError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(RadialError::Count { least, most, found })
}

/// Checks a parameter that is positive.
pub(super) fn check_positive(what: &'static str, found: f64) -> Result<(), RadialError> {
    if found.is_finite() && found > 0.0 {
        return Ok(());
    }
    Err(RadialError::NotPositive { what, found })
}

/// Checks the ends of an interval, whose width must be finite too.
pub(super) fn check_interval(start: f64, end: f64) -> Result<(), RadialError> {
    if start < end && (end - start).is_finite() {
        return Ok(());
    }
    Err(RadialError::Interval { start, end })
}
