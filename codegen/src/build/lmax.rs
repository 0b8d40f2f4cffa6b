//! The degree of a build: the larger of the variable LMAX and the features `lmax-5` to `lmax-12`.

use std::ffi::OsString;
use std::ops::RangeInclusive;

use thiserror::Error;

use crate::tables::LMAX_LIMIT;

/// The degree without the variable and without a feature.
pub const DEFAULT_LMAX: usize = 4;

/// The degrees that have a feature. Below there is nothing to raise; above, builds take minutes,
/// which nobody should get from a crate far down in the tree.
pub const LMAX_FEATURES: RangeInclusive<usize> = DEFAULT_LMAX + 1..=12;

/// A value of LMAX that is no degree in the range.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "LMAX=`{value}` is not a degree: expected an integer from 0 to {LMAX_LIMIT} (unset means {DEFAULT_LMAX})"
)]
pub struct LmaxError {
    /// What the variable holds.
    pub value: String,
}

/// The degree of a build, given what a build script finds in a variable of its environment.
///
/// Features only raise, since any crate of the tree may turn one on.
pub fn lmax(variable: impl Fn(&str) -> Option<OsString>) -> Result<usize, LmaxError> {
    let set = variable("LMAX").map_or(Ok(DEFAULT_LMAX), degree)?;
    let is_on = |l: &usize| variable(&format!("CARGO_FEATURE_LMAX_{l}")).is_some();
    Ok(LMAX_FEATURES.rev().find(is_on).map_or(set, |feature| feature.max(set)))
}

fn degree(value: OsString) -> Result<usize, LmaxError> {
    let value = value.to_string_lossy();
    match value.parse() {
        Ok(lmax) if lmax <= LMAX_LIMIT => Ok(lmax),
        _ => Err(LmaxError { value: value.escape_debug().to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The degree where LMAX has this value and these features are on.
    fn chosen(value: Option<&str>, features: &[usize]) -> Result<usize, LmaxError> {
        let features: Vec<String> =
            features.iter().map(|l| format!("CARGO_FEATURE_LMAX_{l}")).collect();
        lmax(|name| match name {
            "LMAX" => value.map(OsString::from),
            _ => features.iter().any(|feature| feature == name).then(|| "1".into()),
        })
    }

    #[test]
    fn the_range_is_read() {
        assert_eq!(chosen(None, &[]), Ok(4));
        assert_eq!(chosen(Some("0"), &[]), Ok(0));
        assert_eq!(chosen(Some("20"), &[]), Ok(20));
    }

    #[test]
    fn the_largest_of_features_and_variable_is_built() {
        for l in 5..=12 {
            assert_eq!(chosen(None, &[l]), Ok(l));
        }
        assert_eq!(chosen(None, &[7, 12, 5]), Ok(12));
        assert_eq!(chosen(Some("6"), &[5]), Ok(6));
        assert_eq!(chosen(Some("6"), &[8, 5]), Ok(8));
        assert_eq!(chosen(Some("2"), &[5]), Ok(5));
        assert_eq!(chosen(Some("20"), &[12]), Ok(20));
        // Others are no features.
        assert_eq!(chosen(None, &[4, 13]), Ok(4));
    }

    #[test]
    fn anything_else_is_one_clear_line() {
        for bad in ["abc", "-1", "", "21", "99", "3.0", " 4", "99999999999999999999", "4\n5"] {
            let error = chosen(Some(bad), &[]).expect_err(bad).to_string();
            assert_eq!(error.lines().count(), 1);
            let shown = bad.escape_debug();
            assert_eq!(
                error,
                format!(
                    "LMAX=`{shown}` is not a degree: expected an integer from 0 to 20 (unset means 4)"
                )
            );
            // A feature does not hide it.
            assert!(chosen(Some(bad), &[8]).is_err());
        }
    }
}
