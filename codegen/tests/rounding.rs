//! Every constant that is printed into code is the correctly rounded value of the exact one.

use std::collections::HashSet;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{FromPrimitive, Signed};
use tesseral_codegen::emit::rounding::{to_f32, to_f64};
use tesseral_codegen::ir::harmonics::{Derivatives, Points, all_degrees, single_degree};
use tesseral_codegen::ir::{Op, Program};
use tesseral_codegen::tables::{LMAX_LIMIT, Surd, Tables, snapshot};

fn tables() -> Tables {
    snapshot::read(LMAX_LIMIT).expect("the snapshot is readable")
}

/// Bounds of π that differ by 10^-49 (Machin: π = 16 arctan 1/5 - 4 arctan 1/239), independent of
/// the digits in the crate.
fn pi_bounds() -> [BigRational; 2] {
    let unit = BigInt::from(10).pow(60);
    let arctan_of_inverse = |n: i64| {
        let mut power = &unit / n;
        let mut sum = power.clone();
        let mut k = 1;
        while power != BigInt::from(0) {
            power = -power / (n * n);
            k += 2;
            sum += &power / k;
        }
        sum
    };
    let pi = arctan_of_inverse(5) * 16 - arctan_of_inverse(239) * 4;
    let slack = BigInt::from(10).pow(10);
    [&pi - &slack, &pi + &slack].map(|bound| BigRational::new(bound, unit.clone()))
}

/// Bounds of the square of a constant.
fn square_bounds(value: &Surd, pi: &[BigRational; 2]) -> [BigRational; 2] {
    let power = value.pi_power();
    let [low, high] = pi.clone().map(|bound| value.square() * bound.pow(power));
    if power < 0 { [high, low] } else { [low, high] }
}

/// Asserts that `rounded` is nearest to |value|: the midpoints to its neighbours enclose it. A tie,
/// where both bounds are met, can only occur for a rational.
fn assert_nearest(value: &Surd, rounded: f64, below: f64, above: f64, pi: &[BigRational; 2]) {
    let exact = |x: f64| BigRational::from_f64(x).expect("a finite number");
    let half = BigRational::new(1.into(), 2.into());
    let midpoint = |other: f64| (exact(rounded) + exact(other)) * &half;
    let [low, high] = square_bounds(value, pi);
    let (lower, upper) = (midpoint(below), midpoint(above));
    assert!(&lower * &lower <= low, "{value} is not rounded to {rounded}");
    assert!(high <= &upper * &upper, "{value} is not rounded to {rounded}");
}

fn assert_correctly_rounded<'a>(values: impl Iterator<Item = &'a Surd>) -> usize {
    let pi = pi_bounds();
    let mut seen = HashSet::new();
    for value in values.filter(|value| !value.is_zero()) {
        if !seen.insert(value.abs()) {
            continue;
        }
        let wide = to_f64(value);
        assert_eq!(wide.is_sign_negative(), value.sign() < 0);
        let wide = wide.abs();
        assert_nearest(value, wide, wide.next_down(), wide.next_up(), &pi);
        let narrow = to_f32(value).abs();
        let neighbours = [narrow.next_down(), narrow.next_up()].map(f64::from);
        assert_nearest(value, f64::from(narrow), neighbours[0], neighbours[1], &pi);
    }
    seen.len()
}

fn constants(program: &Program) -> impl Iterator<Item = &Surd> {
    program.nodes.iter().filter_map(|node| match &node.op {
        Op::Constant(value) => Some(value),
        _ => None,
    })
}

#[test]
fn constants_of_harmonics() {
    let tables = tables().harmonics;
    let mut programs = Vec::new();
    for l in 0..=LMAX_LIMIT {
        programs.push(single_degree(&tables, l, Derivatives::Second));
        programs.push(all_degrees(&tables, l, Points::Unit, Derivatives::None));
        programs.push(all_degrees(&tables, l, Points::Solid, Derivatives::First));
    }
    let checked = assert_correctly_rounded(programs.iter().flat_map(constants));
    assert!(checked > 1000, "only {checked} constants");
}

#[test]
fn constants_of_wigner_matrices() {
    let tables = tables().harmonics;
    let mut values = Vec::new();
    for l in 1..=LMAX_LIMIT {
        for term in (-(l as i32)..=l as i32).flat_map(|m| tables.isometry(l, m)) {
            values.extend([term.value, term.inverse]);
        }
    }
    assert!(assert_correctly_rounded(values.iter()) > 500);
}

#[test]
fn coupling_coefficients() {
    let tables = tables().coupling;
    let tensors = tables.triples().into_iter().map(|degrees| tables.tensor(degrees));
    let values: Vec<Surd> = tensors.flatten().map(|entry| entry.value).collect();
    let checked = assert_correctly_rounded(values.iter());
    assert!(checked > 1000, "only {checked} coefficients");
    assert!(values.iter().all(|value| !value.square().is_negative()));
}
