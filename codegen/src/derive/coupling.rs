//! Wigner 3j symbols from their definition: the components of the one invariant of three spins.
//!
//! The spin of degree l has the basis u^{l+m} v^{l-m} / √((l+m)! (l-m)!). The trilinear form
//! (u1 v2 - u2 v1)^{l1+l2-l3} (u2 v3 - u3 v2)^{l2+l3-l1} (u3 v1 - u1 v3)^{l3+l1-l2} is invariant
//! (proved here: both ladder operators annihilate it), and no other is. Expanded and normalized,
//! its components are the 3j symbols, with the sign of Condon and Shortley.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_bigint::BigInt;
use num_rational::BigRational;
use symbolica::domains::integer::{IntegerRing, Z};
use symbolica::poly::PolyVariable;
use symbolica::poly::polynomial::MultivariatePolynomial;
use symbolica::prelude::*;

use super::DeriveError;
use super::number::big_int;
use crate::tables::Surd;
use crate::tables::coupling::{Coupling, Degrees, ThreeJ, triples};

/// A polynomial in u1, v1, u2, v2, u3, v3.
type Poly = MultivariatePolynomial<IntegerRing, u16>;

/// Derives all symbols to degree `lmax`.
pub fn derive(lmax: usize) -> Result<Coupling, DeriveError> {
    let variables = variables();
    let mut symbols = BTreeMap::new();
    for degrees in triples(lmax) {
        if degrees.is_sorted() {
            symbols.insert(degrees, three_j(degrees, &variables)?);
        }
    }
    Ok(Coupling::new(lmax, symbols))
}

/// The variables u1, v1, u2, v2, u3, v3 as polynomials.
fn variables() -> [Poly; 6] {
    let (u1, v1, u2, v2, u3, v3) = symbol!("u1", "v1", "u2", "v2", "u3", "v3");
    let symbols = [u1, v1, u2, v2, u3, v3];
    let zero = Poly::new(&Z, None, Arc::new(symbols.map(PolyVariable::from).to_vec()));
    symbols.map(|s| zero.variable(&s.into()).expect("the polynomial was made with this variable"))
}

/// The nonzero symbols of given degrees in order of (m1, m2).
fn three_j(degrees: Degrees, variables: &[Poly; 6]) -> Result<Vec<ThreeJ>, DeriveError> {
    let form = invariant(degrees, variables);
    prove_invariant(degrees, &form, variables)?;
    let [l1, l2, l3] = degrees.map(|l| l as i32);
    let mut components = Vec::new();
    let mut total = BigInt::from(0);
    for term in &form {
        let exponents: Vec<i32> = term.exponents.iter().map(|&e| i32::from(e)).collect();
        let m = [exponents[0] - l1, exponents[2] - l2];
        // Each basis vector brings √((l+m)! (l-m)!).
        let weight: BigInt = exponents.iter().map(|&e| factorial(e)).product();
        let coefficient = big_int(term.coefficient);
        let square = &coefficient * &coefficient * weight;
        total += &square;
        components.push((m, coefficient, square));
    }
    components.sort_by_key(|(m, ..)| *m);
    let sign_at = [l1, l3 - l1];
    let Some((_, reference, _)) = components.iter().find(|(m, ..)| *m == sign_at) else {
        return Err(DeriveError::Symbols { degrees, law: "a component that fixes the sign" });
    };
    // Condon and Shortley: ⟨l1 l1; l2 l3-l1 | l3 l3⟩ is positive.
    let odd = (l1 - l2 + l3).rem_euclid(2) == 1;
    let flip = (reference < &BigInt::from(0)) != odd;
    let symbol = |(m, coefficient, square): ([i32; 2], BigInt, BigInt)| {
        let root = Surd::sqrt(BigRational::new(square, total.clone()));
        let negative = (coefficient < BigInt::from(0)) != flip;
        ThreeJ { m, value: if negative { -&root } else { root } }
    };
    Ok(components.into_iter().map(symbol).collect())
}

fn invariant([l1, l2, l3]: Degrees, [u1, v1, u2, v2, u3, v3]: &[Poly; 6]) -> Poly {
    let bracket = |a: &Poly, b: &Poly, c: &Poly, d: &Poly| &(a * b) - &(c * d);
    let factors = [
        bracket(u1, v2, u2, v1).pow(l1 + l2 - l3),
        bracket(u2, v3, u3, v2).pow(l2 + l3 - l1),
        bracket(u3, v1, u1, v3).pow(l3 + l1 - l2),
    ];
    &(&factors[0] * &factors[1]) * &factors[2]
}

/// J± F = Σ u ∂F/∂v and Σ v ∂F/∂u vanish.
fn prove_invariant(
    degrees: Degrees,
    form: &Poly,
    variables: &[Poly; 6],
) -> Result<(), DeriveError> {
    let mut raised = form.zero();
    let mut lowered = form.zero();
    for spin in 0..3 {
        let (u, v) = (2 * spin, 2 * spin + 1);
        raised = &raised + &(&variables[u] * &form.derivative(v));
        lowered = &lowered + &(&variables[v] * &form.derivative(u));
    }
    if raised.is_zero() && lowered.is_zero() {
        return Ok(());
    }
    Err(DeriveError::Symbols { degrees, law: "invariance under rotations" })
}

fn factorial(n: i32) -> BigInt {
    (1..=n).map(BigInt::from).product()
}
