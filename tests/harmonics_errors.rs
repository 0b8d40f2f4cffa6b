//! Arguments of harmonics that are refused, and numbers that are none.
#![allow(clippy::absurd_extreme_comparisons, reason = "LMAX may be 0")]

#[path = "common/degrees.rs"]
mod degrees;

use degrees::above;
use tesseral::LMAX;
use tesseral::error::DegreeLimit;
use tesseral::sh::{self, Harmonics};

#[test]
fn a_degree_above_lmax_is_refused() {
    let [mut values, mut gradient, mut hessian] = [[0.0_f64; 1], [0.0; 1], [0.0; 1]];
    for l in [LMAX + 1, 1 << 40, usize::MAX] {
        let r = [1.0, 2.0, 3.0];
        let harmonics = Harmonics::default();
        let results = [
            harmonics.degree(l, r, &mut values),
            harmonics.degree_grad(l, r, &mut values, &mut gradient),
            harmonics.degree_hess(l, r, &mut values, &mut gradient, &mut hessian),
            harmonics.up_to(l, r, &mut values),
            harmonics.up_to_grad(l, r, &mut values, &mut gradient),
        ];
        for result in results {
            let message = result.unwrap_err().to_string();
            assert_eq!(message, above(DegreeLimit::Lmax, l, ""));
        }
    }
}

#[test]
fn slices_of_other_lengths_are_refused() {
    let r = [1.0_f64, 2.0, 3.0];
    let harmonics = Harmonics::default();
    let size = 2 * LMAX + 1;
    let all = (LMAX + 1) * (LMAX + 1);
    let slice = |length: usize| vec![0.0; length];
    let wrong = |what: &str, found: usize, expected: usize| {
        format!("the slice of {what} has length {found}, expected {expected}")
    };
    for (result, message) in [
        (harmonics.degree(LMAX, r, &mut slice(0)), wrong("values", 0, size)),
        (harmonics.degree(LMAX, r, &mut slice(size + 1)), wrong("values", size + 1, size)),
        (
            harmonics.degree_grad(LMAX, r, &mut slice(size - 1), &mut slice(3 * size)),
            wrong("values", size - 1, size),
        ),
        (
            harmonics.degree_grad(LMAX, r, &mut slice(size), &mut slice(size)),
            wrong("gradients", size, 3 * size),
        ),
        (
            harmonics.degree_hess(LMAX, r, &mut slice(size), &mut slice(0), &mut slice(9 * size)),
            wrong("gradients", 0, 3 * size),
        ),
        (
            harmonics.degree_hess(
                LMAX,
                r,
                &mut slice(size),
                &mut slice(3 * size),
                &mut slice(6 * size),
            ),
            wrong("Hessians", 6 * size, 9 * size),
        ),
        (harmonics.up_to(LMAX, r, &mut slice(all + 1)), wrong("values", all + 1, all)),
        (
            harmonics.up_to_grad(LMAX, r, &mut slice(all), &mut slice(3 * all + 1)),
            wrong("gradients", 3 * all + 1, 3 * all),
        ),
    ] {
        assert_eq!(result.unwrap_err().to_string(), message);
    }
}

#[test]
fn nan_and_infinities_give_nan() {
    let mut values = [0.0; 1];
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for axis in 0..3 {
            for other in [0.0, 1.0, 5e-324] {
                let mut r = [other; 3];
                r[axis] = bad;
                assert!(sh::direction(r)[axis].is_nan(), "{r:?}");
                if LMAX >= 1 {
                    let mut values = [0.0; 4];
                    Harmonics::NATIVE.up_to(1, r, &mut values).expect("LMAX is at least 1");
                    assert!(values[1..].iter().any(|value| value.is_nan()), "{r:?}");
                }
            }
        }
    }
    Harmonics::NATIVE.up_to(0, [f64::NAN; 3], &mut values).expect("LMAX is at least 0");
}
