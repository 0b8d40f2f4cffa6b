//! The variable LMAX.

use std::ffi::OsStr;

use thiserror::Error;

use crate::tables::LMAX_LIMIT;

/// The degree without the variable.
pub const DEFAULT_LMAX: usize = 4;

/// A value of LMAX that is no degree in the range.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "LMAX=`{value}` is not a degree: expected an integer from 0 to {LMAX_LIMIT} (unset means {DEFAULT_LMAX})"
)]
pub struct LmaxError {
    /// What the variable holds.
    pub value: String,
}

/// Reads the value of the variable LMAX, `None` where it is not set.
pub fn lmax(variable: Option<&OsStr>) -> Result<usize, LmaxError> {
    let Some(variable) = variable else { return Ok(DEFAULT_LMAX) };
    let value = variable.to_string_lossy();
    match value.parse() {
        Ok(lmax) if lmax <= LMAX_LIMIT => Ok(lmax),
        _ => Err(LmaxError { value: value.escape_debug().to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_read() {
        assert_eq!(lmax(None), Ok(4));
        assert_eq!(lmax(Some(OsStr::new("0"))), Ok(0));
        assert_eq!(lmax(Some(OsStr::new("20"))), Ok(20));
    }

    #[test]
    fn anything_else_is_one_clear_line() {
        for bad in ["abc", "-1", "", "21", "99", "3.0", " 4", "99999999999999999999", "4\n5"] {
            let error = lmax(Some(OsStr::new(bad))).expect_err(bad).to_string();
            assert_eq!(error.lines().count(), 1);
            let shown = bad.escape_debug();
            assert_eq!(
                error,
                format!(
                    "LMAX=`{shown}` is not a degree: expected an integer from 0 to 20 (unset means 4)"
                )
            );
        }
    }
}
