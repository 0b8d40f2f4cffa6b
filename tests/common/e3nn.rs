//! The file of what e3nn answers, `tests/data/e3nn.json`, and comparisons with it.
//! `tests/data/renew_e3nn.py` says how the file is made.
#![allow(dead_code, reason = "not every test that includes this file uses all of it")]

use serde_json::Value;
use tesseral::Irreps;

/// The whole file.
pub fn reference() -> Value {
    serde_json::from_str(include_str!("../data/e3nn.json")).expect("the file is JSON")
}

/// The cases of one part.
pub fn cases(part: &str) -> Vec<Value> {
    let reference = reference();
    let cases = reference[part].as_array().cloned().unwrap_or_default();
    assert!(!cases.is_empty(), "no cases of {part}");
    cases
}

pub fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().unwrap_or_else(|| panic!("no list but {value}"));
    list.iter().map(|number| number.as_f64().expect("a number")).collect()
}

pub fn counts(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(|number| number as usize).collect()
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text but {value}"))
}

pub fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(text).collect()
}

pub fn irreps(value: &Value) -> Irreps {
    text(value).parse().expect("irreps")
}

/// Fails where a value differs by more than `epsilons` ε times the largest of those expected.
#[track_caller]
pub fn assert_near(what: &str, found: &[f64], expected: &[f64], epsilons: f64) {
    assert_eq!(found.len(), expected.len(), "the length of {what}");
    let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let error = (found - expected).abs() / f64::EPSILON;
        assert!(
            error <= epsilons * largest,
            "{what} at {index}: {found}, e3nn has {expected}: {:.1} ε of {largest}, at most \
             {epsilons} are allowed",
            error / largest
        );
    }
}
