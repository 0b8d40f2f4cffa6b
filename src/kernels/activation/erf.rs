//! The complementary error function, which the standard library does not have.

use std::f64::consts::PI;

/// erfc(x) = 2/√π ∫ₓ^∞ exp(-t²) dt, to a few units of the last place of the larger of it and 1 for
/// x below 2, and of itself beyond.
pub(super) fn erfc(x: f64) -> f64 {
    if x < 0.0 {
        return 2.0 - erfc(-x);
    }
    let bell = (-x * x).exp();
    if x < 2.0 { 1.0 - bell * series(x) } else { bell * fraction(x) / PI.sqrt() }
}

/// exp(x²) erf(x) = 2/√π Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!: all terms have one sign.
fn series(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..40 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    2.0 / PI.sqrt() * sum
}

/// √π exp(x²) erfc(x) = 1/(x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …)))), from the inside.
fn fraction(x: f64) -> f64 {
    let inner = (1..100).rev().fold(x, |inner, n| x + 0.5 * f64::from(n) / inner);
    inner.recip()
}
